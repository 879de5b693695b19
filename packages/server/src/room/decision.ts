// The result of deciding a command: what to append and which unique rows go with it, or a refusal.
import { compareIds, type UserId } from '@conclave/wire'
import type { DiscussionOf, EventBody, Signed } from './events.ts'
import type { Context, Facts, Needs } from './facts.ts'
import type { Rejection } from './rejection.ts'
import type { RoomState } from './state.ts'

/** A unique row: a room name, a direct pair, a slot of an owner's rooms, the token of an invite, the message that a discussion
 * is about. Held by a room; first come, first served. */
export interface Claim {
  readonly space: 'name' | 'direct' | 'direct.xchat' | 'slot' | 'invite' | 'discussion'
  readonly key: string
}

/** A client-chosen id, used once on the whole server (L7). */
export interface MessageKey {
  readonly key: string
  /** Digest of what was sent under it; the same id with the same digest by the same user is a repetition. */
  readonly digest: string
  readonly by: UserId
}

export interface Decision {
  readonly events: readonly EventBody[]
  readonly claims?: readonly Claim[]
  readonly releases?: readonly Claim[]
  readonly messageKeys?: readonly MessageKey[]
  /** Messages that somebody hides from themselves, of which no event tells. */
  readonly hides?: { readonly user: UserId; readonly sequences: readonly number[] }
  /** A member's own switch, of which no event tells. */
  readonly notifications?: { readonly user: UserId; readonly muted: boolean; readonly signed: Signed }
}

/** One command: what it wants to know and how it is decided. `state` is undefined where no such room exists. */
export interface CommandRule<C> {
  needs(state: RoomState | undefined, command: C): Needs
  decide(state: RoomState | undefined, command: C, facts: Facts, context: Context): Decision | Rejection
}

/** The key of a name: names are unique without regard to case. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** The key of a message that has a discussion, or of none. */
export function discussionKeys(of: DiscussionOf | null | undefined): readonly Claim[] {
  return of?.message ? [{ space: 'discussion', key: `${of.parent}:${of.message.sequence}` }] : []
}

/** The key of a place among the rooms that somebody made. */
export function slotKey(maker: UserId, slot: number): string {
  return `${maker}:${slot}`
}

/** The key of a direct room: its users in the order of their ids. */
export function directKey(users: readonly UserId[]): string {
  return users.toSorted(compareIds).join(':')
}
