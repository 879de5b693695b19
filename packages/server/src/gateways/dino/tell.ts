// Pushes that stand in no log: who changed their status, who has read what, an invitation. They travel over the bus like
// everything else, so that the sockets of every node get them; each node makes the frame once.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../../bus/bus.ts'
import { isHidden } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'

/** Who of those that a push reaches is meant. `operators`: superusers and global moderators; `others`: all but these;
 * `belonging`: not those inside, but every session that gets the messages of a hidden room without joining. */
export interface Audience {
  readonly to: 'all' | 'operators' | 'others' | 'belonging'
  /** Every session of this user is left out. */
  readonly exceptUser: UserId | null
  /** This session is left out. */
  readonly exceptSession: string | null
}

export const EVERYBODY: Audience = { to: 'all', exceptUser: null, exceptSession: null }

/** A push as it came over the bus. */
export interface Told {
  /** `gn_…`. */
  readonly event: string
  /** Its one argument, as JSON text. */
  readonly json: string
  readonly audience: Audience
}

const SIGNAL = 'dino'

/** To everybody who is inside the room with a session of this wire. */
export function tellRoom(bus: Bus, room: RoomId, event: string, json: string, audience = EVERYBODY): void {
  bus.publish(`room:${room}`, signal(room, event, json, audience))
}

/** To whoever gets the room's messages at this moment: in a hidden room those who belong to it and are not banned. */
export function tellListeners(bus: Bus, room: RoomState, event: string, json: string): void {
  tellRoom(bus, room.id, event, json, isHidden(room) ? { ...EVERYBODY, to: 'belonging' } : EVERYBODY)
}

/** To every session of one user. */
export function tellUser(bus: Bus, user: UserId, event: string, json: string, audience = EVERYBODY): void {
  bus.publish(`user:${user}`, signal(null, event, json, audience))
}

/** To every session that has logged in. */
export function tellAll(bus: Bus, event: string, json: string, audience = EVERYBODY): void {
  bus.publish('all', signal(null, event, json, audience))
}

function signal(room: RoomId | null, event: string, json: string, audience: Audience): BusMessage {
  return { kind: 'signal', name: SIGNAL, room, from: null, args: [event, json, audience] }
}

/** undefined for what is no push of this wire. */
export function toldBy(message: BusMessage): Told | undefined {
  if (message.kind !== 'signal' || message.name !== SIGNAL) return undefined
  const [event, json, audience] = message.args as [string, string, Audience]
  return { event, json, audience }
}
