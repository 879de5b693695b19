// What a subscription is while it lasts, and what asks for one.
import type { MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import type { DdpSession } from '../session.ts'
import type { RoomFeed } from './feeds.ts'

/** An open subscription. */
export interface Opened {
  /** True where it ends with the log-in. */
  readonly personal: boolean
  /** The room that it listens to, and whether to its messages or to something else of it. */
  readonly room: { readonly feed: RoomFeed; readonly of: 'messages' | 'events' } | null
  /** Ends it; called once. */
  close(): Promise<void>
}

export interface Asking {
  readonly gate: Gate
  readonly session: DdpSession
  /** null before the log-in. */
  readonly caller: Caller | null
}

/** `options`: the second argument of the `sub`, as it came. */
export type Publication = (asking: Asking, eventName: string, options: unknown) => Promise<Opened | MeteorError>

/** Accepted, and nothing comes of it. */
export const NOTHING: Opened = { personal: false, room: null, close: async () => {} }
