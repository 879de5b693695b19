// The ports Clock, Random and Timers: time and chance come in from outside so that tests can hold them still.

export interface Clock {
  /** ms since 1970. */
  now(): number
}

export interface Random {
  /** That many unpredictable bytes. */
  bytes(count: number): Uint8Array
}

export interface Timers {
  /** Runs once, in so many ms; gives what calls it off. Such a timer keeps no process alive. */
  after(milliseconds: number, run: () => void): () => void
}
