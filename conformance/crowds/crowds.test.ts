// Bad input by the hundreds at once: who says nothing, half of something, too much, or does not read. Each is closed as its
// wire closes, the server's memory stays within a bound for each of them, and people who talk meanwhile notice little.
// 5,000 of each: CONCLAVE_TEST_CROWD=5000 (the system has to allow the open files).
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WAITING_PASSWORDS } from '@conclave/server/identity/limits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { framed, RawClient, type WireName } from '../raw-clients.ts'
import { startServer, type TestServer } from '../server.ts'
import { type Generation, Poller } from './poller.ts'

const CROWD = Number(process.env.CONCLAVE_TEST_CROWD ?? 500)
/** Open files of the server and of this process beside the crowd's. */
const BESIDE = 500
const FILES = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()) || Number.POSITIVE_INFINITY
const isAllowed = FILES >= CROWD + BESIDE
const reason = isAllowed ? '' : ` # the system allows ${FILES} open files`

/** Of those who do not read, whose unread bytes the system holds too; and what they do not read, with ms between. */
const UNREAD = Math.ceil(CROWD / 10)
const LONG = { count: 350, characters: 45_000, rest: 15 }

/** ms of a window, of which each has a p99; windows of which the median counts. */
const WINDOW = 500
const WINDOWS = 5
/** ms up to which a p99 is good whatever it was before: other programs of a busy machine make as much. A server that takes
 * whatever comes is beyond it by seconds. */
const FLOOR = 500
/** MiB that the process may grow by, whatever the crowd, and KiB for each of it. */
const GROWTH = 160
const EACH = 48

const TALKING = Array.from({ length: 12 }, (_, at) => `${2001 + at}`)
const CROWDED = Array.from({ length: 20 }, (_, at) => `${3001 + at}`)
/** ms between messages of somebody who keeps to the limit. */
const BETWEEN = 20
/** More than may wait for their passwords to be looked at. */
const LOGGING_IN = Array.from({ length: WAITING_PASSWORDS + 100 }, (_, at) => `${4001 + at}`)
const CONFIG = {
  limits: { flood: 100 },
  dino: { anonymous: 4 },
  rocketchat: { silence: 4, anonymous: 4 },
}

let server: TestServer
let bystanders: ChildProcess
/** Why somebody does not talk any more. */
let failed: string | null = null

const WORLD = {
  users: [...TALKING, ...CROWDED, ...LOGGING_IN].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'talk', channel: 'c', name: 'where they talk', members: TALKING },
    { ref: 'crowd', channel: 'c', name: 'where the crowd is', members: CROWDED },
  ],
}

beforeAll(async () => {
  server = await startServer({ config: CONFIG, world: WORLD })
  const file = new URL('./bystanders.ts', import.meta.url)
  bystanders = fork(file, [`${server.port}`, server.rooms.talk as string, TALKING.join(',')], { execArgv: [] })
  await once(bystanders, 'message')
  bystanders.on('message', (message: { failed?: string }) => {
    failed ??= message.failed ?? null
  })
}, 60_000)
afterAll(async () => {
  if (bystanders.connected) bystanders.disconnect()
  await server.remove()
})

/** ms: the median of several windows' p99. Whoever talks was answered in each. */
async function p99(): Promise<number> {
  const all: number[] = []
  await ask()
  for (let n = 0; n < WINDOWS; n++) {
    await sleep(WINDOW)
    all.push(await ask())
  }
  return all.sort((a, b) => a - b)[Math.floor(WINDOWS / 2)] as number
}

async function ask(): Promise<number> {
  if (failed !== null) throw new Error(failed)
  const answered = once(bystanders, 'message')
  bystanders.send('window')
  const [{ p99 }] = (await answered) as [{ p99?: number | null }]
  return p99 ?? WINDOW
}

/** MiB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** One of the crowd: a socket, and what came over it until it was closed. */
interface Bad {
  readonly socket: Socket
  heard: string
  closed: boolean
}

async function bad(begin: string | Buffer = '', reads = true): Promise<Bad> {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  const one: Bad = { socket, heard: '', closed: false }
  socket.on('error', () => {})
  socket.on('close', () => {
    one.closed = true
  })
  if (reads)
    socket.on('data', (chunk: Buffer) => {
      // Its beginning says that it was let in, its end how it was closed.
      one.heard = `${one.heard}${chunk.toString('latin1')}`.slice(-4_096)
    })
  await once(socket, 'connect')
  if (begin !== '') socket.write(begin)
  return one
}

/** So many that come in handfuls. */
async function crowd<T>(make: (at: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  while (all.length < CROWD)
    all.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, CROWD - all.length) }, (_, n) => make(all.length + n)))),
    )
  return all
}

const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n'
/** How they come, by turns. */
const WAYS: readonly Way[] = ['ddp', 'dino 3', 'sockjs', 'dino 4', 'polling 3', 'polling 4']
type Way = WireName | 'polling 3' | 'polling 4'
const wayOf = (at: number): Way => WAYS[at % WAYS.length] as Way
/** Every other one of a way. */
const isOdd = (at: number): boolean => Math.floor(at / WAYS.length) % 2 === 1
const PATHS: Readonly<Record<WireName, string>> = {
  ddp: '/websocket',
  sockjs: '/sockjs/000/crowd/websocket',
  'dino 3': '/socket.io/?EIO=3&transport=websocket',
  'dino 4': '/socket.io/?EIO=4&transport=websocket',
}
const isDdp = (way: Way): boolean => way === 'ddp' || way === 'sockjs'
const polls = (way: Way): way is 'polling 3' | 'polling 4' => way.startsWith('polling')
const opened = (way: 'polling 3' | 'polling 4'): Promise<Poller> =>
  Poller.open(server.port, Number(way.at(-1)) as Generation)

/** The crowd does its worst: what that does to the others, and to memory. */
async function withstands(
  name: string,
  gather: () => Promise<readonly Bad[]>,
  during = async () => {},
): Promise<readonly Bad[]> {
  const [calm, before] = [await p99(), await memory()]
  const all = await gather()
  const doing = during()
  const meanwhile = await p99()
  await doing
  if (failed !== null) throw new Error(failed)
  const grown = (await memory()) - before
  console.info(
    `${name}: ${CROWD} sockets; p99 ${calm.toFixed(1)} ms, meanwhile ${meanwhile.toFixed(1)} ms; memory +${grown.toFixed(0)} MiB`,
  )
  expect(meanwhile).toBeLessThanOrEqual(Math.max(2 * calm, FLOOR))
  expect(grown).toBeLessThanOrEqual(GROWTH + (EACH * CROWD) / 1024)
  expect(server.output()).not.toMatch(/bug|unhandled|uncaught/i)
  return all
}

async function areClosed(all: readonly Bad[]): Promise<void> {
  await expect.poll(() => all.filter(({ closed }) => !closed).length, { timeout: 60_000, interval: 200 }).toBe(0)
}

/** The sessions of who polls. */
async function areOver(pollers: readonly Poller[]): Promise<void> {
  for (const poller of pollers) await expect.poll(() => poller.isOver()).toBe(true)
}

/** The code of a WebSocket's close frame at the end of what came. */
function closeCode({ heard }: Bad): number | null {
  const at = heard.lastIndexOf('\x88')
  return at < 0 || heard.length < at + 4 ? null : heard.charCodeAt(at + 2) * 256 + heard.charCodeAt(at + 3)
}

const wanted = { skip: !isAllowed, timeout: 240_000 }

/** Their time is not over before all others have had theirs. */
let silent: readonly Bad[] = []

test(
  `${CROWD} connections that say nothing, or half of a request’s head, disturb nobody${reason}`,
  wanted,
  async () => {
    const gather = () => crowd(at => bad(at % 2 === 0 ? '' : 'GET /health HTTP/1.1\r\nHost: x'))
    silent = await withstands('silent', gather)
  },
)

test(`${CROWD} connections on which nobody says who they are are closed${reason}`, wanted, async () => {
  const pollers: Poller[] = []
  const all = await withstands('nameless', () =>
    crowd(async at => {
      const way = wayOf(at)
      // Those of Socket.IO are inside of the namespace, every other time.
      if (polls(way)) {
        const poller = await opened(way)
        if (isOdd(at)) await poller.enter()
        pollers.push(poller)
        return bad(poller.waiting)
      }
      const one = await bad(upgrade(PATHS[way]))
      if (!isDdp(way) && isOdd(at)) one.socket.write(framed(['40/ws,']))
      return one
    }),
  )
  await areClosed(all)
  for (const [at, one] of all.entries()) {
    if (isDdp(wayOf(at))) expect(closeCode(one)).toBe(4000)
    // Those of the third generation are in the main namespace too, and their next poll would bring the other end.
    else if (isOdd(at)) expect(one.heard).toMatch(wayOf(at) === 'polling 3' ? /2:41$/ : /41\/ws/)
  }
  await areOver(pollers)
})

test(
  `${CROWD} connections that send half a frame, or half a post, and no more are closed${reason}`,
  wanted,
  async () => {
    const half = framed(['x'.repeat(16_000)]).subarray(0, 12_000)
    const all = await withstands('half a frame', () =>
      crowd(async at => {
        const way = wayOf(at)
        if (polls(way)) return bad((await opened(way)).post(['x'.repeat(16_000)]).slice(0, 12_000))
        const one = await bad(upgrade(PATHS[way]))
        one.socket.write(half)
        return one
      }),
    )
    await areClosed(all)
    for (const [at, one] of all.entries()) if (isDdp(wayOf(at))) expect(closeCode(one)).toBe(4000)
  },
)

const PING = '{"msg":"ping"}'
const LIST = '42/ws,7["list_rooms",{"verb":"list"}]'
const MANY = 200

/** Frames in one piece, of what costs the server an answer each. */
function pouring(wire: WireName): Buffer {
  const text = wire === 'ddp' ? PING : wire === 'sockjs' ? JSON.stringify([PING]) : LIST
  return framed(Array.from({ length: MANY }, () => text))
}

/** The same in posts, one after the other, until one is answered that the session is over: then its client goes too. */
async function pourPosts(poller: Poller): Promise<Bad> {
  // A post is answered before the next is read: this makes up for the time between.
  const piece = poller.post(Array.from({ length: 2 * MANY }, () => LIST))
  const one = await bad()
  one.socket.on('data', () => {
    if (one.heard.includes('HTTP/1.1 400')) one.socket.destroy()
  })
  pour(one, Buffer.from(piece))
  return one
}

/** Twenty times as many as anybody may send, until the server closes. */
function pour({ socket }: Bad, piece: Buffer): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer)
    else if (socket.writableLength === 0) socket.write(piece)
  }, 100)
  socket.write(piece)
}

test(`${CROWD} strangers who pour in requests are closed${reason}`, wanted, async () => {
  const all = await withstands('strangers pouring', () =>
    crowd(async at => {
      const way = wayOf(at)
      if (polls(way)) {
        const poller = await opened(way)
        if (isOdd(at)) await poller.enter()
        return pourPosts(poller)
      }
      const one = await bad(upgrade(PATHS[way]))
      pour(one, pouring(way))
      return one
    }),
  )
  await areClosed(all)
})

/** Logged in as one of the crowd. */
async function member(wire: WireName, at: number): Promise<Bad & { readonly client: RawClient }> {
  const client = await RawClient.open(wire, server.port)
  await client.login(CROWDED[at % CROWDED.length] as string)
  const one = { socket: client.socket, client, heard: '', closed: false }
  client.socket.on('close', () => {
    one.closed = true
  })
  client.socket.on('data', (chunk: Buffer) => {
    one.heard = `${one.heard}${chunk.toString('latin1')}`.slice(-4_096)
  })
  return one
}

test(`${CROWD} users who go on sending more than they may are closed${reason}`, wanted, async () => {
  /** On which those who poll wait for what comes. */
  const waiting: Bad[] = []
  const all = await withstands('users pouring', () =>
    crowd(async at => {
      const way = wayOf(at)
      if (polls(way)) {
        const poller = await opened(way)
        await poller.login(CROWDED[at % CROWDED.length] as string)
        waiting[at] = await bad(poller.waiting)
        return pourPosts(poller)
      }
      const one = await member(way, at)
      pour(one, pouring(way))
      return one
    }),
  )
  await areClosed(all)
  // Who goes on writing may lose the last that was sent to them: most have read it. Who polls is told by what comes next.
  const told = all.filter((one, at) => (isDdp(wayOf(at)) ? closeCode(one) === 4003 : one.heard.includes('41/ws')))
  expect(told.length).toBeGreaterThan((CROWD - Object.keys(waiting).length) / 2)
  await areClosed(Object.values(waiting))
})

test(`${UNREAD} users who read nothing of what is said are closed${reason}`, wanted, async () => {
  const crowded = server.rooms.crowd as string
  const speaker = await member('dino 4', 0)
  await speaker.client.join(crowded)
  const all: Awaited<ReturnType<typeof member>>[] = []
  const pollers: Poller[] = []
  const gather = async () => {
    for (let at = 0; at < UNREAD; at++) {
      const way = wayOf(at)
      if (polls(way)) {
        const poller = await opened(way)
        await poller.login(CROWDED[at % CROWDED.length] as string)
        await poller.join(crowded)
        pollers.push(poller)
        continue
      }
      const one = await member(way, at)
      await one.client.join(crowded)
      one.socket.pause()
      all.push(one)
    }
    return all
  }
  // The system takes some megabytes of each before the server's own bound is reached.
  const speak = async (): Promise<void> => {
    for (let n = 0; n < LONG.count; n++) {
      speaker.socket.write(framed([speaker.client.saying(crowded, 'x'.repeat(LONG.characters)).request]))
      await sleep(LONG.rest)
    }
    const dinos = pollers.length + all.filter(({ client }) => !isDdp(client.wire)).length
    await expect.poll(() => server.output().match(/does not read/g)?.length).toBe(dinos)
    for (const { socket } of all) socket.resume()
  }
  await withstands('not reading', gather, speak)
  await areClosed(all)
  // Not because they were silent after they had read it all.
  for (const one of all) expect(closeCode(one)).not.toBe(4000)
  await areOver(pollers)
  speaker.socket.destroy()
})

test('of many log-ins by password at once those that find no place are told so, and messages overtake the others', async () => {
  // Of its own: where nobody may stay for long without having logged in, the last of them are closed while they wait.
  const patient = await startServer({ config: { limits: CONFIG.limits }, world: WORLD })
  try {
    const crowded = await Promise.all(LOGGING_IN.map(() => RawClient.open('ddp', patient.port)))
    const talker = await RawClient.enter('dino 4', patient.port, TALKING[0] as string, patient.rooms.talk as string)
    for (const client of crowded) client.send('{"msg":"connect","version":"1","support":["1"]}')
    await Promise.all(crowded.map(client => client.until('connected')))
    let pending = crowded.length
    const [busy, wrong] = ['"error":"too-many-requests"', '"error":403']
    const answering = crowded.map(async (client, at) => {
      const params = [
        { user: { username: `user${LOGGING_IN[at]}` }, password: { digest: 'ab'.repeat(32), algorithm: 'sha-256' } },
      ]
      client.send(JSON.stringify({ msg: 'method', method: 'login', id: 'l', params }))
      return client.untilAny([busy, wrong]).finally(() => {
        pending--
      })
    })
    const answers = Promise.all(answering)
    let overtaking = 0
    const overtakes = async (): Promise<void> => {
      while (pending > 0) {
        const { request, answered } = talker.saying(patient.rooms.talk as string, 'meanwhile')
        talker.send(request)
        await talker.until(answered)
        if (pending > 0) overtaking++
        await sleep(BETWEEN)
      }
    }
    const [said] = await Promise.all([answers, overtakes()])
    const all = Map.groupBy(said, answer => answer)
    // Each holds a place until it is answered, and few are while the others come.
    expect(all.get(busy)?.length).toBeGreaterThan(0)
    expect(all.get(wrong)?.length).toBeGreaterThanOrEqual(WAITING_PASSWORDS)
    // One hash takes as long as several messages.
    expect(overtaking).toBeGreaterThan(10)
    for (const client of [...crowded, talker]) client.close()
  } finally {
    await patient.remove()
  }
})

test(
  `the ${CROWD} connections that said nothing, or half of a request’s head, are told 408${reason}`,
  wanted,
  async () => {
    await areClosed(silent)
    for (const { heard } of silent) expect(heard).toMatch(/^HTTP\/1\.1 408 /)
  },
)
