// Who changes an X group: its admins, and nobody for being something else on this server, since what they do stands
// under their own signature for all members to judge (x-chat.md 1.3, REQUESTER_NOT_ADMIN).
import type { UserId } from '@conclave/wire'
import type { Rejection } from './rejection.ts'
import type { RoomState } from './state.ts'
import { hasRole, usersWith } from './state.ts'

export function checkAdmin(state: RoomState, user: UserId): Rejection | null {
  if (hasRole(state, user, 'owner')) return null
  return { rejected: 'role.required', text: 'only admins of the group may do this' }
}

/** The same for making admins: where the last one left, any member may make the next. */
export function checkMakesAdmins(state: RoomState, user: UserId): Rejection | null {
  return usersWith(state, 'owner').length === 0 ? null : checkAdmin(state, user)
}
