// How long a run takes, and how large what it measures is.

export interface Pace {
  readonly seconds: number
  readonly rounds: number
  /** Seconds of load before anything is measured, for whole servers: what V8 has not compiled yet takes several times as long. */
  readonly warm: number
  /** Coming back at once. */
  readonly connections: number
  /** Opened for memory. */
  readonly idle: number
  /** In one room, for fan-out. */
  readonly sockets: readonly number[]
  /** Each in a room of its own, for append. */
  readonly senders: readonly number[]
  /** Whether what is slow to start and only looked at beside is started too. */
  readonly slow: boolean
  /** Times that what takes milliseconds is done in a round. */
  readonly times: number
  /** What is large: occupants, members or rooms. */
  readonly large: number
  /** Events of a room's log, shortest first; the first is what the others are compared with. */
  readonly history: readonly number[]
  /** Who are in a room that is joined over Dino, beside `large`: each who is let in is told to all before. */
  readonly crowds: readonly number[]
  /** The same over DDP, where they are members already. */
  readonly members: readonly number[]
  /** Seconds that a group may take before it is ended: some times what it takes on a quiet machine. */
  readonly limit: number
  /** Flags of Node for the server, such as those of a profiler. */
  readonly node?: string[]
}

export const USUAL: Pace = {
  seconds: 0.8,
  rounds: 3,
  warm: 4,
  connections: 2_000,
  idle: 10_000,
  sockets: [100, 1_000],
  senders: [1, 64, 1_000],
  slow: true,
  times: 25,
  large: 1_000,
  history: [10_000, 1_000_000],
  crowds: [],
  members: [1_000, 10_000],
  limit: 900,
}
/** To see that it works: ids of rows name what was measured, so that nothing is taken for what it is not. */
export const QUICK: Pace = {
  seconds: 0.4,
  rounds: 1,
  warm: 0,
  connections: 300,
  idle: 300,
  sockets: [100],
  senders: [1, 64],
  slow: false,
  times: 8,
  large: 100,
  history: [5_000, 50_000],
  crowds: [],
  members: [100],
  limit: 120,
}
/** Longer than most wait. */
export const FULL: Pace = {
  ...USUAL,
  seconds: 2,
  rounds: 5,
  connections: 10_000,
  history: [10_000, 1_000_000, 10_000_000],
  crowds: [10_000],
  limit: 3_600,
}

/** A round before those that count. */
export function warming(pace: Pace): Pace {
  return { ...pace, seconds: Math.max(pace.seconds, pace.warm) }
}
