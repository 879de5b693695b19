// The Bus port: how a commit reaches every gateway of every node. Messages are one tagged union; the local
// adapter hands them over in the same turn, in the order they were published.
import type { RoomId, UserId } from '@conclave/wire'
import type { SessionRef } from '../presence/presence.ts'
import type { RoomEvent } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'

/** A committed event with what encoders need and must not fetch: the room after it, its channel, who did it. */
export interface Delivery {
  readonly event: RoomEvent
  readonly room: RoomState
  readonly channel: Channel
  /** null where the server itself acted. */
  readonly actor: Account | null
  /** The session that sent it, so that an encoder may echo what only that request carried. */
  readonly origin: string | null
}

export type BusMessage =
  | { readonly kind: 'event'; readonly delivery: Delivery }
  /** A user became an occupant, or a session of an occupant was added. `again`: the user was inside before. */
  | {
      readonly kind: 'entered'
      readonly room: RoomState
      readonly session: SessionRef
      readonly account: Account
      readonly again: boolean
    }
  /** A user's last session left the room. */
  | { readonly kind: 'left'; readonly room: RoomState; readonly session: SessionRef; readonly account: Account }
  /** Fleeting: typing, key requests. Never stored. */
  | {
      readonly kind: 'signal'
      readonly name: string
      readonly room: RoomId | null
      readonly from: SessionRef | null
      readonly args: readonly unknown[]
    }
  /** Sessions to close at once: those of a token, of a user, or of a user on one wire. */
  | {
      readonly kind: 'end'
      readonly token: string | null
      readonly user: UserId | null
      readonly wire: string | null
      readonly reason: string
    }
  /** An account or a channel changed: cached copies are old. */
  | { readonly kind: 'changed'; readonly of: 'account' | 'channel' | 'keys'; readonly id: string }

/** `room:<id>` for one room, `user:<id>` for what concerns one user wherever it happens, `all` for every node. */
export type Topic = `room:${string}` | `user:${string}` | 'all'

export type Unsubscribe = () => void

export interface Bus {
  /** What a receiver publishes is delivered after the message at hand; a receiver that throws costs the others nothing. */
  publish(topic: Topic, message: BusMessage): void
  /** From the next message on. Safe within a receiver, as is unsubscribing; a closed bus delivers nothing. */
  subscribe(topic: Topic, receive: (message: BusMessage) => void): Unsubscribe
  close(): Promise<void>
}
