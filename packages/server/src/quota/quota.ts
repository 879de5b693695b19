// The Quota port: counters that must hold across nodes (log-ins, floods, PIN guesses). Fixed windows.

export interface Allowance {
  /** How many in one window. */
  readonly limit: number
  /** ms. */
  readonly window: number
}

export interface Taken {
  readonly allowed: boolean
  readonly remaining: number
  /** ms since 1970 at which the window ends. */
  readonly resetsAt: number
}

export interface Quota {
  /** Counts `cost` against the key; refused takings are not counted. */
  take(key: string, allowance: Allowance, cost?: number): Promise<Taken>
  /** The same at once, of what each node counts by itself: what only protects a machine from being flooded, and guesses
   * nothing. */
  takeHere(key: string, allowance: Allowance, cost?: number): Taken
  /** Forgets the key, as after a right PIN. */
  clear(key: string): Promise<void>
}
