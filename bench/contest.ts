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
  /** Seconds of the same load before the first round, for those with rooms: whole servers. */
  readonly warm?: number
  /** Names of those that it is for; all without it. */
  readonly only?: readonly string[]
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
  const [scores] = await contests(contestants, [load], asides)
  return scores!
}

/** Several loads, one after the other, on the same connections: of as many sockets each. */
export async function contests(
  contestants: readonly Contestant[],
  loads: readonly Load[],
  asides: readonly Aside[] = [],
): Promise<Map<string, Score>[]> {
  const clients = new Map<Contestant, Child>()
  try {
    for (const one of contestants) {
      const client = new Child('client/load.ts')
      clients.set(one, client)
      const { wire, port, firstUser = 0, rooms = [] } = one
      const open: Open = { do: 'open', wire, port, sockets: loads[0]!.sockets, firstUser, rooms }
      await named(one.name, client.ask(open))
    }
    const scores: Map<string, Score>[] = []
    for (const load of loads) scores.push(await rounds(clients, load, asides))
    return scores
  } finally {
    for (const client of clients.values()) await client.stop()
  }
}

async function rounds(
  clients: ReadonlyMap<Contestant, Child>,
  { rounds: count, senders, window, seconds, size, rate, only, warm = 0 }: Load,
  asides: readonly Aside[],
): Promise<Map<string, Score>> {
  const results = new Map<string, Result[]>()
  const add = (name: string, result: Result) => results.set(name, [...(results.get(name) ?? []), result])
  const run: Omit<Run, 'pid'> = { do: 'run', seconds, senders, window, size, ...(rate === undefined ? {} : { rate }) }
  for (const [{ name, pid, rooms = [] }, client] of warm > 0 ? clients : []) {
    if (rooms.length > 0 && only?.includes(name) !== false)
      await named(name, client.ask<Result>({ ...run, pid, seconds: warm }))
  }
  for (let round = 0; round < count; round++) {
    for (const [{ name, pid }, client] of clients) {
      if (only?.includes(name) === false) continue
      add(name, await named(name, client.ask<Result>({ ...run, pid })))
    }
    for (const { name, measure } of asides) add(name, await named(name, measure()))
  }
  return new Map([...results].map(([name, of]) => [name, score(of)]))
}

/** Says of whom an error is. */
async function named<T>(name: string, doing: Promise<T>): Promise<T> {
  try {
    return await doing
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`)
  }
}

function score(results: readonly Result[]): Score {
  const of = (pick: (result: Result) => number) => median(results.map(pick))
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
