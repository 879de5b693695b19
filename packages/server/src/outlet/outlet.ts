// The Outlet port: how the embedding site is told of what happens (dino.md section 13). An adapter brings one event to
// one destination, once; when and how often that is tried, and in which order, is the dispatcher's matter
// (engine/outgoing.ts), so that every adapter is tried again in the same way.

export interface ExternalEvent {
  /** The same at every try: whoever is told tells repetitions by it. */
  readonly id: string
  readonly verb: string
  /** The activity as JSON text, the same bytes at every try. */
  readonly body: string
}

/** Whoever takes events. Each has its own queue, its own tries and its own dead letters. */
export interface Destination {
  /** Unique, without secrets; what waits for it is kept under this name. */
  readonly name: string
  /** Events that it is told at the same time. */
  readonly width: number
  wants(verb: string): boolean
}

export type Delivered =
  | { readonly delivered: 'taken' }
  /** It does not answer, or asks to be left alone: what else waits for it can wait too. `after`: ms for which it asks. */
  | { readonly delivered: 'unwell'; readonly error: string; readonly after: number | null }
  /** It answers, and does not take this event; others it may take. */
  | { readonly delivered: 'refused'; readonly error: string }
  /** It never wants to be told again. */
  | { readonly delivered: 'gone'; readonly error: string }

export interface Outlet {
  readonly destinations: readonly Destination[]
  /**
   * Tells one destination of one event. Resolves within a bound time whatever the other side does; rejects for bugs
   * alone. `error` is our own words and codes, never what the other side wrote.
   */
  deliver(event: ExternalEvent, to: string): Promise<Delivered>
  /** Gives up what is under way, which then is `unwell`, and takes nothing more. */
  close(): Promise<void>
}
