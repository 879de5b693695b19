// Requests over many keep-alive connections, each of which waits for its answer before it asks again.

import { Connection } from './client/posts.ts'
import { cpuSeconds } from './machine.ts'
import type { Pace } from './pace.ts'

export const CONNECTIONS = 64
const SECOND = 1_000

export interface Round {
  readonly perSecond: number
  readonly perCpu: number
  /** Share of a core that this process used meanwhile. */
  readonly loadShare: number
}

/** `next` gives the next request, or undefined when there is none left. */
export async function flood(
  port: number,
  pid: number,
  { seconds }: Pace,
  status: number,
  next: () => Buffer | undefined,
): Promise<Round> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(port)))
  const cpu = cpuSeconds(pid)
  const own = process.cpuUsage()
  const began = performance.now()
  const until = began + seconds * SECOND
  let answered = 0
  await Promise.all(
    connections.map(async connection => {
      while (performance.now() < until) {
        const request = next()
        if (!request) return
        const got = await connection.ask(request)
        if (got !== status) throw new Error(`a request was answered ${got}`)
        answered++
      }
    }),
  )
  const took = (performance.now() - began) / SECOND
  const used = cpuSeconds(pid) - cpu
  const { user, system } = process.cpuUsage(own)
  for (const connection of connections) connection.close()
  return { perSecond: answered / took, perCpu: answered / used, loadShare: (user + system) / 1e6 / took }
}
