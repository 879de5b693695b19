// Who changes an X group: its admins, and nobody for being something else on this server, since what they do stands
// under their own signature for all members to judge (x-chat.md 1.3, REQUESTER_NOT_ADMIN).
import type { UserId } from '@conclave/wire'
import type { Context, Facts } from './facts.ts'
import type { Rejection } from './rejection.ts'
import { isRejection } from './rejection.ts'
import { rulerOf } from './rights.ts'
import type { RoomState } from './state.ts'
import { hasRole, usersWith } from './state.ts'

/** What every change by an admin begins with: a group of which the actor is an admin in good standing. `text`: what is
 * said of a room that is none. `may`: who counts as one. */
export function checkGroupAdmin(
  state: RoomState,
  actor: UserId,
  text: string,
  facts: Facts,
  context: Context,
  may = checkAdmin,
): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  if (!state.members.has(actor)) return { rejected: 'member.required' }
  if (state.suite !== 'xchat' || state.kind === 'direct') return { rejected: 'room.kind', text }
  return may(state, actor)
}

export function checkAdmin(state: RoomState, user: UserId): Rejection | null {
  if (hasRole(state, user, 'owner')) return null
  return { rejected: 'role.required', text: 'only admins of the group may do this' }
}

/** The same for making admins: where the last one left, any member may make the next. */
export function checkMakesAdmins(state: RoomState, user: UserId): Rejection | null {
  return usersWith(state, 'owner').length === 0 ? null : checkAdmin(state, user)
}
