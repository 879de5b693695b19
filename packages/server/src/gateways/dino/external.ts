// What the embedding site is told (dino.md section 13): one activity for each verb, as the real server publishes it. What
// stands in a log, over whatever wire it came, is told with it (external/log.ts); this is the rest: sessions, occupants,
// statuses. Ids and names alone, never what somebody wrote; the one exception is what a report discloses (L8).
import type { RoomId, UserId } from '@conclave/wire'
import type { Verb } from '../../config.ts'
import type { Account } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import { PROVIDER, published } from './encode.ts'
import { atLogin, objectOf, placed, type Shown, shown } from './external/parts.ts'
import { type Gate, stamp } from './gate.ts'

type Telling = Pick<Gate, 'parts'>

/** Tells the site in the next transaction, in the order of the room where it happened in one. Costs nothing where nobody
 * wants to hear of it. `activity`: without id, time and provider; without anything that somebody wrote. */
export function externally(gate: Telling, verb: Verb, activity: object, room: RoomId | null = null): void {
  if (gate.parts.outgoing.wants(verb)) gate.parts.outgoing.tell(toldOf(gate, verb, activity, room))
}

function toldOf(gate: Telling, verb: Verb, activity: object, room: RoomId | null) {
  const { id, published } = stamp(gate)
  return { verb, body: bodyOf(gate, verb, { id, published, ...activity }), room }
}

/** An activity as it is told; its id comes first. */
export function bodyOf({ parts }: Telling, verb: Verb, activity: Readonly<Record<string, unknown>>): string {
  const { titlePrefix } = parts.config.outlet
  const title = titlePrefix === null ? {} : { title: `${titlePrefix}${verb}` }
  return JSON.stringify({ ...activity, verb, ...title, provider: PROVIDER })
}

/** A user has logged in: each time over this wire, and over another one when they had no session. Who they are is told
 * in plain text, as nowhere else on this wire. */
export function tellLogin(gate: Telling, account: Account): void {
  externally(gate, 'login', { actor: { ...shown(account), attachments: atLogin(account) } })
}

/** One session has ended. `id`: the socket's, which its own client knows too. Of those that end because the server stops
 * nobody is told one by one: `restart` says it of all of them. */
export function tellEnded(gate: Gate, user: UserId, id: string): void {
  if (!gate.closing) externally(gate, 'ended', { actor: { ...known(gate, user), content: id } })
}

/** A user's last session has ended, on whatever wire. */
export function tellDisconnect(gate: Gate, user: UserId): void {
  if (!gate.closing) externally(gate, 'disconnect', { actor: known(gate, user) })
}

/** The account of whoever has a session here is in memory. */
function known({ parts }: Gate, user: UserId): Shown {
  return objectOf(user, parts.identity.accounts.peek(user))
}

/** A user has become an occupant of a room. */
export function tellJoin(gate: Telling, account: Account, room: RoomState): void {
  externally(gate, 'join', { actor: shown(account), target: placed(room) }, room.id)
}

/** A user has another status. `seen`: when they were last online, ms since 1970. */
export function tellStatus(
  gate: Telling,
  verb: Extract<Verb, 'online' | 'offline' | 'invisible' | 'visible' | 'away' | 'back'>,
  account: Account,
  seen: number | null,
): void {
  externally(gate, verb, { actor: shown(account), ...(seen === null ? {} : { updated: published(seen) }) })
}

/** A message was withheld for one of its words. `id`: that of the message, which is stored nowhere. */
export function tellBlacklisted(gate: Telling, account: Account, room: RoomState, id: string): void {
  externally(gate, 'blacklisted', { actor: shown(account), object: { id }, target: placed(room) }, room.id)
}

/** Somebody reported a message. `activity`: as the admins get it, with what was disclosed. `room`: where the message is,
 * if the reporter could read it there. Resolves when it is on disk, for the reporter is told that it was taken. */
export async function tellReport(gate: Telling, activity: object, room: RoomId | null): Promise<void> {
  const { outgoing } = gate.parts
  if (outgoing.wants('report')) await outgoing.keep(toldOf(gate, 'report', activity, room))
}
