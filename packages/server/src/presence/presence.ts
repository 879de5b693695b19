// The Presence port: who is where with which session, and with what status, across all nodes. Occupants are never in a
// room's log.
import type { RoomId, UserId } from '@conclave/wire'

export type Wire = 'dino' | 'rocketchat' | 'xchat'

/**
 * What a user is to others, with all sessions alike (dino.md section 4, status). `away` counts as online; `invisible` is
 * seen by operators alone; `offline` is who has no session, or says so with sessions open.
 */
export type Status = 'online' | 'away' | 'invisible' | 'offline'

/** A live session as other nodes may know it. `token` is the token's public id. */
export interface SessionRef {
  readonly id: string
  readonly user: UserId
  readonly wire: Wire
  readonly token: string | null
}

/** A session with what its user wants to be to others at this moment. */
export interface PresentSession extends SessionRef {
  /** Hidden from all but operators. Stays so for who is offline after being invisible. */
  readonly invisible: boolean
}

/** How a session's end leaves its user. */
export interface Closed {
  /** Rooms that the user has left by it, in which no other session of theirs remains. */
  readonly rooms: readonly RoomId[]
  /** The status until now, where it was the user's last session; null while others remain, or where there was none. */
  readonly last: Status | null
}

/** A session that ended with its node. */
export interface Swept extends Closed {
  readonly session: SessionRef
}

export interface EnteredAs {
  /** The user was inside before, with any session; also for a session that is not there (it closed meanwhile) and so does
   * not enter: nobody is told. */
  readonly again: boolean
  /** The session did not enter: more users than it allows are inside, its own not among them. */
  readonly full: boolean
}

export interface Presence {
  /** A session is there; under an id that is there already nothing changes, but for another user it throws. `status` is
   * for the user's first session alone, others take what the user has. `first`: there was no other. */
  open(session: SessionRef, status?: Exclude<Status, 'offline'>): Promise<{ readonly first: boolean }>
  close(sessionId: string): Promise<Closed>
  /** `most`: with more users than this inside (invisible ones too) nobody new enters; null for no limit. Counting and
   * entering are one step. */
  enter(room: RoomId, sessionId: string, most?: number | null): Promise<EnteredAs>
  /** `last` when no session of the user remains in the room. False for a session that was not inside. */
  leave(room: RoomId, sessionId: string): Promise<{ readonly last: boolean }>
  /** Every session in the room, in the order of entering. */
  occupants(room: RoomId): Promise<readonly PresentSession[]>
  /** Distinct users in each of the rooms; invisible users are not counted. */
  counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>>
  /** At once where it is in memory. */
  inside(room: RoomId, user: UserId): boolean | Promise<boolean>
  /** The rooms in which the user is, with any session, each once. */
  roomsOf(user: UserId): Promise<readonly RoomId[]>
  /** In the order of opening. */
  sessionsOf(user: UserId): Promise<readonly PresentSession[]>
  /** Users with a session, at most so many, in no order that means anything. */
  present(most: number): Promise<readonly UserId[]>
  statusOf(user: UserId): Promise<Status>
  /** For all sessions of the user, until the last one closes; nothing for who has none. `online` shows the user again,
   * `invisible` hides them, `away` and `offline` leave that as it is. Gives the status before. */
  setStatus(user: UserId, status: Status): Promise<Status>
  /** Takes away sessions whose nodes count no more, at most so many; each of them is given to one caller alone, on whatever
   * node. None where all nodes count. Makes whole what this node knows of its own, too. */
  sweep(most: number): Promise<readonly Swept[]>
  /** Another node says that it has taken every session of the user out of the room: that one is inside is not answered from
   * memory any more. */
  doubt(room: RoomId, user: UserId): void
  /** Told of each session of this node that another one took out of a room, at the latest by `sweep`. Must not throw or
   * wait. */
  onPutOut(listener: (room: RoomId, session: SessionRef) => void): void
}
