// The Presence port: who is where with which session, across all nodes. Occupants are never in a room's log.
import type { RoomId, UserId } from '@conclave/wire'

export type Wire = 'dino' | 'rocketchat' | 'xchat'

/** A live session as other nodes may know it. `token` is the token's public id. */
export interface SessionRef {
  readonly id: string
  readonly user: UserId
  readonly wire: Wire
  readonly token: string | null
  readonly invisible: boolean
}

export interface Presence {
  /** A session is there. Opened again under its id it takes its new form (it became invisible), never another user. */
  open(session: SessionRef): Promise<void>
  /** It is gone; gives the rooms that its user has left by that, in which no other session of the user remains. */
  close(sessionId: string): Promise<readonly RoomId[]>
  /** `again` when the user was inside before, with any session. A session that is not there (it closed meanwhile)
   * does not enter; `again` is true for it, so that nobody is told. */
  enter(room: RoomId, sessionId: string): Promise<{ readonly again: boolean }>
  /** `last` when no session of the user remains in the room. False for a session that was not inside. */
  leave(room: RoomId, sessionId: string): Promise<{ readonly last: boolean }>
  /** Every session in the room, in the order of entering. */
  occupants(room: RoomId): Promise<readonly SessionRef[]>
  /** Distinct users in each of the rooms; invisible users are not counted. */
  counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>>
  inside(room: RoomId, user: UserId): Promise<boolean>
  /** The rooms in which the user is, with any session, each once. */
  roomsOf(user: UserId): Promise<readonly RoomId[]>
  sessionsOf(user: UserId): Promise<readonly SessionRef[]>
}
