// What a change of status tells the rooms in which the user is (dino.md section 4, status): the event `status`, log-ins
// and the HTTP API all come here. Who is hidden is told of to operators alone.
import type { UserId } from '@conclave/wire'
import type { StatusChange, Wanted } from '../../engine/statuses.ts'
import { isRefused } from '../../identity/rejection.ts'
import { type Account, isOperator } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { disconnectedJson, joinedJson, seenJson } from './encode-people.ts'
import { malformed, type Refusal } from './errors.ts'
import { tellStatus } from './external.ts'
import { type Gate, stamp } from './gate.ts'
import type { Found } from './rooms.ts'
import { type Audience, tellRoom } from './tell.ts'

/** The first three come over this wire; all of them over the HTTP API. */
export const STATUS_VERBS = ['online', 'offline', 'invisible', 'visible', 'away', 'back'] as const
export type StatusVerb = (typeof STATUS_VERBS)[number]

/** Whether somebody may become invisible (`dino.invisibleUnrestricted`). Who is invisible stays so when they log in. */
export function mayHide({ config }: GatewayParts, account: Account): boolean {
  return config.dino.invisibleUnrestricted || isOperator(account)
}

/** What each verb makes of a status. Going online or offline is told again when it is asked for again. */
const WANTED: Readonly<Record<StatusVerb, Wanted>> = {
  online: () => 'online',
  offline: () => 'offline',
  invisible: before => (before === 'invisible' ? null : 'invisible'),
  visible: (_, { invisible }) => (invisible ? 'online' : null),
  away: before => (before === 'online' ? 'away' : null),
  back: before => (before === 'away' ? 'online' : null),
}

/**
 * Changes the status of a user, with all sessions and on every wire. Of who is not there, whether they are invisible
 * holds from the next log-in on. Whether the user may do so is the caller's to check. null when it is done.
 */
export async function setStatus(gate: Gate, user: UserId, verb: StatusVerb): Promise<Refusal | null> {
  const isTold = verb !== 'away' && verb !== 'back'
  return change(gate, user, WANTED[verb], isTold, verb)
}

/** A log-in: whoever was away or offline with other sessions is back, whoever is invisible stays so. */
export async function setStatusAtLogin(gate: Gate, user: UserId, invisible: boolean): Promise<Refusal | null> {
  if (invisible) return setStatus(gate, user, 'invisible')
  const { presence } = gate.parts
  if ((await presence.sessionsOf(user)).length === 0) return null
  const wanted: Wanted = (before, account) => {
    if (before === 'offline') return account.invisible ? 'invisible' : 'online'
    return before === 'away' ? 'online' : null
  }
  return change(gate, user, wanted, true)
}

/** `verb`: what the embedding site is told; null for what a log-in says. */
async function change(
  gate: Gate,
  user: UserId,
  wanted: Wanted,
  isTold: boolean,
  verb: StatusVerb | null = null,
): Promise<Refusal | null> {
  const tell = (change: StatusChange): Promise<void> => tellRooms(gate, change)
  const changed = await gate.parts.statuses.change(user, wanted, isTold ? tell : undefined)
  if (changed === null) return null
  if (!isRefused(changed)) {
    if (verb) tellStatus(gate, verb, changed.account, await gate.parts.reading.seenAt(user))
    return null
  }
  return malformed(changed.rejected === 'user.unknown' ? 'no such user' : 'the server is busy, try again')
}

async function tellRooms(gate: Gate, change: StatusChange): Promise<void> {
  const { occupancy, reading } = gate.parts
  for (const id of await occupancy.roomsOf(change.account.id)) {
    const found = await reading.room(id)
    if (found) tellOne(gate, change, found)
  }
}

/** Nobody is told of themselves. */
function tellOne(gate: Gate, { account, before, after, wasHidden }: StatusChange, { room }: Found): void {
  const tell = (to: Audience['to'], event: string, json: string): void =>
    tellRoom(gate.parts.bus, room.id, event, json, { to, exceptUser: account.id, exceptSession: null })
  switch (after) {
    case 'online':
    case 'away': {
      const wasInvisible = before === 'invisible'
      tell(wasInvisible ? 'others' : 'all', 'gn_user_joined', joinedJson(room, account, stamp(gate)))
      if (wasInvisible) tell('operators', 'gn_user_visible', seenJson(account, 'visible', stamp(gate)))
      return
    }
    case 'invisible':
      if (!wasHidden) tell('others', 'gn_user_disconnected', disconnectedJson(account, stamp(gate)))
      tell('operators', 'gn_user_invisible', seenJson(account, 'invisible', stamp(gate)))
      return
    case 'offline':
      tell(wasHidden ? 'operators' : 'all', 'gn_user_disconnected', disconnectedJson(account, stamp(gate)))
  }
}
