// The Transport port: what carries bytes between nodes and promises nothing (design: at most once on the wire). The cluster
// bus makes whole what it loses, repeats or brings late; the rules that an adapter keeps are the few below.

/** `room.<id>`, `user.<id>`, `public`, `all`, `node.<number>`; an adapter puts the cluster's name before it. */
export type Subject = `room.${string}` | `user.${string}` | 'public' | 'all' | `node.${number}`

export interface Carried {
  /**
   * Resolves when what any other node publishes on the subject from now on is on its way to `receive`; at once where there
   * is no connection (the bus looks into the store after `reconnected`). Never rejects, and waits a bounded time.
   */
  readonly ready: Promise<void>
  /** No more is received, from the next turn at the latest. Harmless when repeated. */
  stop(): void
}

export interface Transport {
  /** Most bytes of one message; more are not handed over. */
  readonly most: number
  /** False while nothing that others publish can arrive. */
  readonly connected: boolean
  /** Hands bytes over without a wait. What is handed over in one turn leaves together, in its order; it may be lost, also
   * where there is no connection. Never throws. */
  publish(subject: Subject, bytes: Uint8Array): void
  /** What this very node publishes is not received. `receive` may be called for one message more than once. */
  subscribe(subject: Subject, receive: (bytes: Uint8Array) => void): Carried
  /** After every time that something may have been lost because the connection was gone. One listener. */
  onReconnected(listener: () => void): void
  close(): Promise<void>
}
