// The Bus port: how a commit reaches every gateway of every node. Messages are one tagged union; the local
// adapter hands them over in the same turn, in the order they were published.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { SessionRef } from '../presence/presence.ts'
import type { RoomEvent, Sanction } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'

/** A committed event with what encoders need and must not fetch: the room after it, its channel, who did it. */
export interface Delivery {
  readonly event: RoomEvent
  readonly room: RoomState
  /** What a renamed room was called before; null with every other event. */
  readonly formerName: string | null
  readonly channel: Channel
  /** null where the server itself acted. */
  readonly actor: Account | null
  /** The session that sent it, so that an encoder may echo what only that request carried. */
  readonly origin: string | null
}

/**
 * A ban or a mute was set or lifted. On `user:` of whom it is on, whatever its scope. Those of a channel or of the whole
 * server stand in no log, so they go on `room:` of every room in `rooms` as well, and come before anybody is put out or cut
 * off. A room's own stand in its log: that event tells the room, and this, after it, tells the user how long.
 */
export interface Sanctioned {
  readonly kind: 'sanctioned'
  /** As it is in force now; as it was, where it is lifted. */
  readonly sanction: Sanction
  readonly scope: 'room' | 'channel' | 'global'
  readonly lifted: boolean
  /** For the scope `room`, else null. */
  readonly room: RoomState | null
  /** For the scopes `room` and `channel`, else null. */
  readonly channel: Channel | null
  /** Whom it is on. */
  readonly account: Account
  /** Who did it; null where the server itself acted. */
  readonly actor: Account | null
  /** How long it lasts, as who imposed it wrote it (`5m`); empty where nobody wrote anything. */
  readonly summary: string
  /** Rooms that it covers and in which the user is with a session, or a member. */
  readonly rooms: readonly RoomId[]
}

export type PutOut = 'kicked' | 'banned'

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
  /** A user's last session left the room. `putOut`: by a kick or a ban, which is told apart from this; else by itself. */
  | {
      readonly kind: 'left'
      readonly room: RoomState
      readonly session: SessionRef
      readonly account: Account
      readonly putOut?: PutOut
    }
  | Sanctioned
  /** Messages whose own time has ended are erased: no log says so. On `room:`. */
  | {
      readonly kind: 'expired'
      readonly room: RoomState
      /** ms since 1970. */
      readonly at: number
      readonly messages: readonly { readonly id: EventId; readonly messageId: string | null }[]
    }
  /** Somebody who is no member was kicked: no log says so. On `room:` and on their `user:`. */
  | {
      readonly kind: 'kicked'
      readonly room: RoomState
      readonly account: Account
      /** null where the server itself acted. */
      readonly actor: Account | null
      /** Plain text. */
      readonly reason: string
    }
  /** Somebody is writing in a room, for every wire that shows it. On `room:`; fleeting as signals are. */
  | { readonly kind: 'typing'; readonly room: RoomId; readonly account: Account }
  /** What others see of a user may be another now: whoever shows it looks it up. On `all`. */
  | { readonly kind: 'presence'; readonly user: UserId }
  /** A user has switched notifications of a room on or off. On their `user:`, and nobody else's matter. */
  | { readonly kind: 'notifications'; readonly room: RoomState }
  /** A user keeps something else of a room or, `read`, has read more of it. On their `user:`, and of what is read on `room:`. */
  | { readonly kind: 'receipt'; readonly room: RoomId; readonly user: UserId; readonly read: boolean }
  /** Fleeting: what one wire's clients tell each other (typing, key requests). Never stored. */
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
  /** An account, a channel or a document (`kind/key`) changed: cached copies are old. */
  | { readonly kind: 'changed'; readonly of: 'account' | 'channel' | 'keys' | 'document'; readonly id: string }

/** `room:<id>` for one room, `user:<id>` for what concerns one user wherever it happens, `public` for
 * messages to everybody in plain rooms that are not private, `all` for every node. */
export type Topic = `room:${string}` | `user:${string}` | 'public' | 'all'

export type Unsubscribe = () => void

export interface Bus {
  /** What a receiver publishes is delivered after the message at hand; a receiver that throws costs the others nothing. */
  publish(topic: Topic, message: BusMessage): void
  /**
   * Resolves when whatever any node publishes on the topic from now on reaches this node's subscribers. Awaited before a
   * session's subscription and before what the session reads first, nothing falls between the two. It holds for 30 s, within
   * which somebody has to subscribe, and as long as somebody does. Rejects with StoreFailure where the store is not there.
   */
  follow(topic: Topic): Promise<void>
  /** No other node writes: what this one remembers is what there is. */
  readonly alone: boolean
  /** Whether what this node remembers of the room is as new as what was delivered, so that it may be answered from memory. */
  keeps(room: RoomId): boolean
  /** From the next message on. Safe within a receiver, as is unsubscribing; a closed bus delivers nothing. */
  subscribe(topic: Topic, receive: (message: BusMessage) => void): Unsubscribe
  close(): Promise<void>
}
