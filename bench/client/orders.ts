// What a load process is told and what it answers.

import type { WireName } from './wires.ts'

export interface Open {
  readonly do: 'open'
  readonly wire: WireName
  readonly port: number
  readonly sockets: number
  /** Users are numbered from here, one per socket. */
  readonly firstUser: number
  /** One room for all, or one for each socket (append without fan-out), or none. */
  readonly rooms: readonly string[]
}

export interface Run {
  readonly do: 'run'
  /** The server's process, whose CPU time is read at both ends of the measured time. */
  readonly pid: number
  readonly seconds: number
  /** The first so many sockets send. */
  readonly senders: number
  /** Messages in flight over all senders; each is replaced as soon as it is answered. */
  readonly window: number
  /** Instead of a window: messages a second. */
  readonly rate?: number
  /** Characters of a message. */
  readonly size: number
}

export interface Result {
  readonly seconds: number
  /** Frames that reached sockets which do not send, scaled up to all sockets. */
  readonly deliveries: number
  readonly answers: number
  /** Milliseconds. */
  readonly deliveryP50: number
  readonly deliveryP99: number
  readonly answerP50: number
  readonly answerP99: number
  readonly serverCpu: number
  /** CPU seconds of the load process: at or above `seconds` it was the bottleneck. */
  readonly loadCpu: number
  readonly bytesPerFrame: number
}

export type Order = Open | Run | { readonly do: 'close' }
