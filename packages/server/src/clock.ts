// The ports Clock and Random: time and chance come in from outside so that tests can hold them still.

export interface Clock {
  /** ms since 1970. */
  now(): number
}

export interface Random {
  /** That many unpredictable bytes. */
  bytes(count: number): Uint8Array
}
