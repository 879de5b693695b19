// The fan-out module alone, on a plain `ws` server and under Socket.IO, against both libraries as they come.

import { Child } from '../child.ts'
import { type Contestant, contests, type Load, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { type Entry, figure, notInstalled, type Row, row } from '../rows.ts'
import { startLimit } from '../servers/limit.ts'

/** 300 bytes on the raw wire: 9 digits of id are put into the text. */
export const TEXT = 291

/** Loads of the target table, those of as many sockets together. Many in flight show joining; one in flight shows that it costs nothing. */
export interface Size {
  readonly name: string
  readonly load: Load
  readonly accept: number
  readonly aim: number
}

export function loads(pace: Pace): Size[] {
  const common = { size: TEXT, seconds: pace.seconds, rounds: pace.rounds }
  const all = [
    { name: '100', load: { sockets: 100, senders: 64, window: 512, warm: pace.warm, ...common }, accept: 20, aim: 35 },
    { name: '100/one-per-turn', load: { sockets: 100, senders: 1, window: 1, ...common }, accept: 2, aim: 2.5 },
    { name: '1000', load: { sockets: 1_000, senders: 4, window: 4, warm: pace.warm, ...common }, accept: 3, aim: 5 },
  ]
  return all.filter(({ load }) => pace.sockets.includes(load.sockets))
}

/** Each load with its scores; connections are opened once for all loads of as many sockets. */
export async function measured<T extends { readonly load: Load }>(
  contestants: readonly Contestant[],
  sizes: readonly T[],
): Promise<[T, Map<string, Score>][]> {
  const results: [T, Map<string, Score>][] = []
  for (const alike of Map.groupBy(sizes, ({ load }) => load.sockets).values()) {
    const scores = await contests(
      contestants,
      alike.map(({ load }) => load),
    )
    for (const [index, size] of alike.entries()) results.push([size, scores[index]!])
  }
  return results
}

export function detail(score: Score): string {
  const ms = `p50 ${figure(score.deliveryP50)} p99 ${figure(score.deliveryP99)} ms`
  return `${figure(score.deliveries)}/s wall, ${ms}, load ${Math.round(score.loadShare * 100)} %`
}

async function start(file: string, name: string, wire: 'raw' | 'socket.io'): Promise<Contestant & { child: Child }> {
  const child = new Child(file, [name])
  const { port } = await child.answer<{ port: number }>()
  return { child, name, wire, pid: child.pid, port }
}

const UNIT = 'deliveries/CPU-s'

export async function moduleRows(pace: Pace): Promise<Entry[]> {
  const entries: Entry[] = []
  const servers = await Promise.all(['naive', 'prepared', 'joined'].map(name => start('servers/bare.ts', name, 'raw')))
  const limits = (await Promise.all([startLimit('batch'), startLimit('each')])).filter(limit => limit !== null)
  if (limits.length === 0) entries.push(notInstalled('fanout/c-batcher', 'a C compiler'))
  try {
    for (const [{ name, load, accept, aim }, scores] of await measured([...servers, ...limits], loads(pace))) {
      const naive = scores.get('naive')!
      for (const { name: id } of [...servers, ...limits]) {
        const score = scores.get(id)!
        const against = id === 'naive' ? {} : { reference: naive.deliveriesPerCpu, against: 'naive ws' }
        const targets = id === 'joined' ? { accept, aim } : {}
        const rest = { ...against, ...targets, detail: detail(score) }
        entries.push(row(`fanout/${IDS[id] ?? id}/${name}`, score.deliveriesPerCpu, UNIT, rest))
      }
      const batcher = scores.get('c-batcher')
      if (batcher && load.sockets === 100 && load.window > 1)
        entries.push(
          row(`fanout/ws/${name}/c-batcher`, scores.get('joined')!.deliveriesPerCpu, UNIT, {
            reference: batcher.deliveriesPerCpu,
            against: 'the C batcher',
            aim: 0.6,
          }),
        )
    }
  } finally {
    for (const { child } of servers) await child.stop()
    for (const limit of limits) await limit.stop()
  }
  return entries
}

const IDS: Readonly<Record<string, string>> = { naive: 'ws-naive', prepared: 'ws-prepared', joined: 'ws' }

export async function socketIoRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  const servers = await Promise.all(['shipped', 'joined'].map(name => start('servers/socketio.ts', name, 'socket.io')))
  const targets: Record<string, { accept: number; aim: number }> = {
    '100': { accept: 15, aim: 30 },
    '1000': { accept: 5, aim: 8 },
  }
  const saturated = loads(pace).filter(({ name }) => targets[name] !== undefined)
  for (const [{ name }, scores] of await measured(servers, saturated)) {
    const [shipped, joined] = ['shipped', 'joined'].map(way => scores.get(way)!) as [Score, Score]
    rows.push(
      row(`fanout/socket.io-shipped/${name}`, shipped.deliveriesPerCpu, 'deliveries/CPU-s', {
        detail: detail(shipped),
      }),
    )
    rows.push(
      row(`fanout/socket.io/${name}`, joined.deliveriesPerCpu, 'deliveries/CPU-s', {
        reference: shipped.deliveriesPerCpu,
        against: 'socket.io as shipped',
        ...targets[name],
        detail: detail(joined),
      }),
    )
  }
  for (const { child } of servers) await child.stop()
  return rows
}
