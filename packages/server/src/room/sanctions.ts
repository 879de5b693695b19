// What imposing a sanction on somebody in one room comes to: used by the ban and the mute, and by a kick that bans.
import type { UserId } from '@conclave/wire'
import { SANCTIONS } from '../limits.ts'
import type { EventBody, Sanction } from './events.ts'
import type { Context } from './facts.ts'
import type { Rejection } from './rejection.ts'
import type { RoomState } from './state.ts'

/** The event, or why the room takes none. Those that have run out do not count. */
export function imposed(
  state: RoomState,
  sanction: Sanction,
  now: number,
): Extract<EventBody, { type: 'sanction.set' }> | Rejection {
  // Nobody could be added to it again.
  if (sanction.kind === 'ban' && state.kind === 'direct')
    return { rejected: 'room.kind', text: 'nobody is banned from a direct room' }
  const held = state.sanctions.some(({ kind, user }) => kind === sanction.kind && user === sanction.user)
  const inForce = state.sanctions.filter(({ until }) => until === null || until > now)
  if (!held && inForce.length >= SANCTIONS) return { rejected: 'limit', text: 'too many sanctions on this room' }
  return { type: 'sanction.set', sanction }
}

/** The end of what somebody is in a room, by another's hand; the room closes where its key has to change (L4). */
export function putOut(
  state: RoomState,
  user: UserId,
  how: 'kicked' | 'banned',
  reason: string,
  context: Context,
): EventBody[] {
  const roles = rolesLost(state, user)
  if (!state.members.has(user)) return roles
  const closes = needsRotation(state, context)
  // First what everybody inside is told.
  return [{ type: 'members.removed', users: [user], how, reason, closes, signed: null }, ...roles]
}

/** A role in a private room is a place in it: who holds one sees and hears everything there without being a member. It
 * stays in rooms that everybody sees (but `everywhere`), and goes with the membership by itself in encrypted ones. */
export function rolesLost(state: RoomState, user: UserId, everywhere = false): EventBody[] {
  if (state.suite !== 'none' || (state.kind !== 'private' && !everywhere)) return []
  const held = state.roles.get(user) ?? []
  return held.map(role => ({ type: 'roles.changed', user, role, granted: false, signed: null, lost: true }))
}

/** Whether a removal leaves somebody outside who still holds the key that counts, or that counts again when a
 * Rocket.Chat room's encryption is switched on again. */
export function needsRotation(state: RoomState, context: Context): boolean {
  return state.epoch !== null && (state.suite === 'xchat' || context.settings.lockstep)
}
