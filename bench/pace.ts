// How long a run takes: seconds and rounds of each measurement, how many connections are opened for memory, how long the longest
// history is, and how many are in the most crowded room.

export interface Pace {
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  /** Events of a room's log, shortest first; the first is what the others are compared with. */
  readonly history: readonly number[]
  /** Who are in a room that is joined over Dino, where each who is let in is told to all before. */
  readonly crowds: readonly number[]
  /** The same over DDP, where they are members already. */
  readonly members: readonly number[]
  /** Flags of Node for the server, such as those of a profiler. */
  readonly node?: string[]
}

export const USUAL: Pace = {
  seconds: 1,
  rounds: 3,
  connections: 2_000,
  history: [10_000, 1_000_000],
  crowds: [1_000],
  members: [1_000, 10_000],
}
export const QUICK: Pace = {
  seconds: 0.4,
  rounds: 1,
  connections: 500,
  history: [10_000, 100_000],
  crowds: [],
  members: [1_000],
}
/** Longer than most wait. */
export const FULL: Pace = {
  seconds: 2,
  rounds: 5,
  connections: 10_000,
  history: [10_000, 1_000_000, 10_000_000],
  crowds: [1_000, 10_000],
  members: [1_000, 10_000],
}
/** Of `npm run bench -- memory` alone. */
export const MANY = 10_000
