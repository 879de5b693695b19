// A load process: many sockets of one wire against one server. Takes orders over the IPC channel, one at a time.

import { cpuSeconds } from '../machine.ts'
import { percentile, sum } from '../numbers.ts'
import type { Open, Order, Result, Run } from './orders.ts'
import { type LoadSocket, SHORT } from './socket.ts'
import { stamped, type Wire, wires } from './wires.ts'

/** Log-ins at a time: enough to be quick, few enough not to be a storm. */
const AT_A_TIME = 32
const WARM_UP = 300
const DRAIN = 3_000
/** Both engines ask for a sign of life within 25 seconds. */
const BEAT = 15_000
/** Sockets that read every frame as text, for the time it was sent: some of those written first, and some of the last. */
const PROBES = 4

let wire: Wire = wires.raw
let opened: Open | undefined
let sockets: LoadSocket[] = []
let beat: NodeJS.Timeout | undefined

async function open(order: Open): Promise<{ opened: number; seconds: number }> {
  const began = performance.now()
  opened = order
  wire = wires[order.wire]
  const entered: LoadSocket[] = Array(order.sockets)
  let next = 0
  const worker = async () => {
    while (next < order.sockets) {
      const i = next++
      const socket = await wire.enter(order.port, order.firstUser + i, room(i))
      keepAlive(socket)
      entered[i] = socket
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  sockets = entered
  return { opened: entered.length, seconds: (performance.now() - began) / 1_000 }
}

function room(i: number): string {
  const rooms = opened?.rooms ?? []
  return (rooms.length > 1 ? rooms[i] : rooms[0]) ?? ''
}

function keepAlive(socket: LoadSocket): void {
  const signs = wire.beat
  if ('send' in signs) {
    beat ??= setInterval(() => {
      for (const one of sockets) if (!one.closed) one.send(signs.send)
    }, BEAT)
  } else {
    socket.onShort = text => {
      if (text === signs.asked) socket.send(signs.answer)
    }
  }
}

async function run(order: Run): Promise<Result> {
  const { senders } = order
  const waiting = new Map<number, number>()
  const answers: number[] = []
  const deliveries: number[] = []
  let measuring = false
  let sending = true
  let answered = 0
  let turn = 0

  const send = (sender: number) => {
    const id = turn++ * senders + sender
    waiting.set(id, performance.now())
    sockets[sender]!.send(wire.message(id, room(sender), stamped(order.size)))
  }
  for (let i = 0; i < senders; i++) {
    sockets[i]!.onFrame = (buffer, start, end) => {
      const id = wire.answered(buffer, start, end)
      if (id < 0 || id % senders !== i) {
        if (end - start < 3 && !('send' in wire.beat) && wire.beat.answer) sockets[i]!.send(wire.beat.answer)
        return
      }
      const began = waiting.get(id)
      if (began === undefined) return
      waiting.delete(id)
      if (measuring) {
        answered++
        answers.push(performance.now() - began)
      }
      if (sending && order.rate === undefined) send(i)
    }
  }
  const listeners = sockets.slice(senders)
  const apart = Math.ceil(listeners.length / PROBES)
  const probes = listeners.filter((_, i) => i % apart === apart >> 1)
  for (const probe of probes) {
    probe.onFrame = (buffer, start, end) => {
      if (end - start < SHORT) {
        probe.onShort?.(buffer.toString('latin1', start, end))
        return
      }
      const at = measuring ? wire.sentAt(buffer.toString('latin1', start, end)) : undefined
      if (at !== undefined) deliveries.push(performance.now() - at)
    }
  }

  let pace: NodeJS.Timeout | undefined
  if (order.rate !== undefined) {
    const began = performance.now()
    let sent = 0
    pace = setInterval(() => {
      const due = ((performance.now() - began) / 1_000) * order.rate!
      for (; sent < due; sent++) send(sent % senders)
    }, 1)
  } else for (let i = 0; i < order.window; i++) send(i % senders)

  await sleep(WARM_UP)
  const before = total(listeners)
  const cpuBefore = cpuSeconds(order.pid)
  const ownBefore = process.cpuUsage()
  const began = performance.now()
  measuring = true
  await sleep(order.seconds * 1_000)
  measuring = false
  const seconds = (performance.now() - began) / 1_000
  const serverCpu = cpuSeconds(order.pid) - cpuBefore
  const own = process.cpuUsage(ownBefore)
  const after = total(listeners)

  sending = false
  clearInterval(pace)
  const drained = performance.now() + DRAIN
  while (waiting.size > 0 && performance.now() < drained) await sleep(10)
  for (const socket of [...sockets.slice(0, senders), ...probes]) socket.onFrame = undefined
  const lost = sockets.filter(socket => socket.closed).length
  if (lost > 0) throw new Error(`${lost} of ${sockets.length} sockets were closed by the server`)

  const frames = after.frames - before.frames
  return {
    seconds,
    deliveries: listeners.length === 0 ? 0 : (frames * sockets.length) / listeners.length,
    answers: answered,
    deliveryP50: percentile(deliveries, 0.5),
    deliveryP99: percentile(deliveries, 0.99),
    answerP50: percentile(answers, 0.5),
    answerP99: percentile(answers, 0.99),
    serverCpu,
    loadCpu: (own.user + own.system) / 1e6,
    bytesPerFrame: frames === 0 ? 0 : (after.bytes - before.bytes) / frames,
  }
}

function total(of: readonly LoadSocket[]): { frames: number; bytes: number } {
  return { frames: sum(of.map(socket => socket.frames)), bytes: sum(of.map(socket => socket.bytes)) }
}

function close(): { closed: number } {
  clearInterval(beat)
  beat = undefined
  for (const socket of sockets) socket.close()
  const closed = sockets.length
  sockets = []
  return { closed }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

async function obey(order: Order): Promise<object> {
  try {
    return await (order.do === 'open' ? open(order) : order.do === 'run' ? run(order) : close())
  } catch (error) {
    return { failed: (error as Error).message }
  }
}

process.on('message', (order: Order) => void obey(order).then(answer => process.send!(answer)))
process.on('disconnect', () => process.exit())
