// Several servers under the same load, in turns: round by round each is measured once, so that what the machine does
// beside hits all alike; medians over the rounds.

import { Child } from './child.ts'
import type { Open, Result, Run } from './client/orders.ts'
import type { WireName } from './client/wires.ts'
import { median } from './numbers.ts'

export interface Contestant {
  readonly name: string
  readonly wire: WireName
  readonly pid: number
  readonly port: number
  readonly rooms?: readonly string[]
  readonly firstUser?: number
}

export interface Load {
  readonly sockets: number
  readonly senders: number
  readonly window: number
  readonly rate?: number
  readonly size: number
  readonly seconds: number
  readonly rounds: number
}

/** Medians of a server's rounds, per second and per CPU second of the server. */
export interface Score {
  readonly deliveries: number
  readonly deliveriesPerCpu: number
  readonly answers: number
  readonly answersPerCpu: number
  readonly deliveryP50: number
  readonly deliveryP99: number
  readonly answerP50: number
  readonly answerP99: number
  /** Share of one core that the load process used: near 1 it may have been the bottleneck. */
  readonly loadShare: number
  readonly bytesPerFrame: number
}

/** Something that takes its turn in each round without the load generator. */
export interface Aside {
  readonly name: string
  readonly measure: () => Promise<Result>
}

export async function contest(
  contestants: readonly Contestant[],
  load: Load,
  asides: readonly Aside[] = [],
): Promise<Map<string, Score>> {
  const results = new Map<string, Result[]>()
  const clients = new Map<string, Child>()
  try {
    for (const one of contestants) {
      const client = new Child('client/load.ts')
      clients.set(one.name, client)
      results.set(one.name, [])
      const open: Open = {
        do: 'open',
        wire: one.wire,
        port: one.port,
        sockets: load.sockets,
        senders: load.senders,
        firstUser: one.firstUser ?? 0,
        rooms: one.rooms ?? [],
      }
      await client.ask(open)
    }
    for (let round = 0; round < load.rounds; round++) {
      for (const { name, pid } of contestants) {
        const { window, seconds, size, rate } = load
        const run: Run = { do: 'run', pid, seconds, window, size, ...(rate === undefined ? {} : { rate }) }
        results.get(name)!.push(await clients.get(name)!.ask<Result>(run))
      }
      for (const { name, measure } of asides) results.set(name, [...(results.get(name) ?? []), await measure()])
    }
  } finally {
    for (const client of clients.values()) await client.stop()
  }
  return new Map([...results].map(([name, rounds]) => [name, score(rounds)]))
}

function score(rounds: readonly Result[]): Score {
  const of = (pick: (result: Result) => number) => median(rounds.map(pick))
  return {
    deliveries: of(r => r.deliveries / r.seconds),
    deliveriesPerCpu: of(r => r.deliveries / r.serverCpu),
    answers: of(r => r.answers / r.seconds),
    answersPerCpu: of(r => r.answers / r.serverCpu),
    deliveryP50: of(r => r.deliveryP50),
    deliveryP99: of(r => r.deliveryP99),
    answerP50: of(r => r.answerP50),
    answerP99: of(r => r.answerP99),
    loadShare: of(r => r.loadCpu / r.seconds),
    bytesPerFrame: of(r => r.bytesPerFrame),
  }
}
