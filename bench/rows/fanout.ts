// The fan-out module alone, on a plain `ws` server and under Socket.IO, against both libraries as they come.

import { Child } from '../child.ts'
import { type Contestant, contest, type Load, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { figure, type Row, row } from '../rows.ts'

/** 300 bytes on the raw wire: 9 digits of id are put into the text. */
export const TEXT = 291

/** Loads of the target table. Many in flight show joining; one in flight shows that it costs nothing. */
export function loads(pace: Pace): { name: string; load: Load; accept: number; aim: number }[] {
  const common = { size: TEXT, seconds: pace.seconds, rounds: pace.rounds }
  return [
    { name: '100', load: { sockets: 100, senders: 64, window: 512, ...common }, accept: 20, aim: 35 },
    { name: '100/one-per-turn', load: { sockets: 100, senders: 1, window: 1, ...common }, accept: 2, aim: 2.5 },
    { name: '1000', load: { sockets: 1_000, senders: 4, window: 4, ...common }, accept: 3, aim: 5 },
  ]
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

export async function moduleRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  const servers = await Promise.all(['naive', 'prepared', 'joined'].map(name => start('servers/bare.ts', name, 'raw')))
  for (const { name, load, accept, aim } of loads(pace)) {
    const scores = await contest(servers, load)
    const [naive, prepared, joined] = ['naive', 'prepared', 'joined'].map(way => scores.get(way)!) as [
      Score,
      Score,
      Score,
    ]
    const unit = 'deliveries/CPU-s'
    rows.push(row(`fanout/ws-naive/${name}`, naive.deliveriesPerCpu, unit, { detail: detail(naive) }))
    rows.push(
      row(`fanout/ws-prepared/${name}`, prepared.deliveriesPerCpu, unit, {
        reference: naive.deliveriesPerCpu,
        against: 'naive ws',
        detail: detail(prepared),
      }),
    )
    rows.push(
      row(`fanout/ws/${name}`, joined.deliveriesPerCpu, unit, {
        reference: naive.deliveriesPerCpu,
        against: 'naive ws',
        accept,
        aim,
        detail: detail(joined),
      }),
    )
  }
  for (const { child } of servers) await child.stop()
  return rows
}

export async function socketIoRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  const servers = await Promise.all(['shipped', 'joined'].map(name => start('servers/socketio.ts', name, 'socket.io')))
  const targets: Record<string, { accept: number; aim: number }> = {
    '100': { accept: 15, aim: 30 },
    '1000': { accept: 5, aim: 8 },
  }
  for (const { name, load } of loads(pace)) {
    if (targets[name] === undefined) continue
    const scores = await contest(servers, load)
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
