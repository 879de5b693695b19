// How long a run takes: seconds and rounds of each measurement, and how many connections are opened for memory.

export interface Pace {
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  /** Flags of Node for the server, such as those of a profiler. */
  readonly node?: string[]
}

export const USUAL: Pace = { seconds: 1, rounds: 3, connections: 2_000 }
export const QUICK: Pace = { seconds: 0.4, rounds: 1, connections: 500 }
