// What travels between nodes: a version, and a message as JSON. Rooms, accounts and channels travel as id and version and
// are looked up where they arrive, so a message is as small as what is new in it. Whoever writes to the transport may write
// into rooms, so it is trusted; what cannot be read is another version's, and is left alone: what must not be lost is read
// from the store.
import type { RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { BusMessage, Delivery } from '../bus.ts'

export interface RoomRef {
  readonly id: RoomId
  readonly control: number
}

export interface Ref {
  readonly id: string
  readonly version: number
}

type Referred<T> = T extends RoomState ? RoomRef : T extends Account | Channel ? Ref : T
type Travelling<M> = M extends unknown ? { readonly [F in keyof M]: Referred<M[F]> } : never

/** `event` null: too large to travel; it stands in the log. */
export type ToldEvent = Omit<Travelling<Delivery>, 'event'> & {
  readonly kind: 'event'
  readonly sequence: number
  readonly event: RoomEvent | null
}
export type ToldOther = Travelling<Exclude<BusMessage, { kind: 'event' }>>
/** The newest sequences of rooms that a node wrote to. */
export interface ToldHeads {
  readonly kind: 'heads'
  readonly heads: readonly (readonly [RoomId, number])[]
}
export type Told = ToldEvent | ToldOther | ToldHeads

/** Of the form. A node reads its own version alone: nodes of two versions find each other's events in the store. */
const VERSION = '1'
/** Whatever else arrives is of a newer version. The table is total. */
const KINDS: Readonly<Record<Told['kind'], true>> = {
  event: true,
  entered: true,
  left: true,
  sanctioned: true,
  expired: true,
  kicked: true,
  typing: true,
  presence: true,
  notifications: true,
  receipt: true,
  signal: true,
  end: true,
  changed: true,
  heads: true,
}

/** undefined for what is larger than `most` bytes and stands in no log. */
export function encodeMessage(message: BusMessage, most: number): Uint8Array | undefined {
  if (message.kind !== 'event') return encoded(otherOf(message), most)
  const told = eventOf(message.delivery)
  return encoded(told, most) ?? encoded({ ...told, event: null }, most)
}

export function encodeHeads(heads: ToldHeads['heads']): Uint8Array {
  return bytesOf({ kind: 'heads', heads })
}

/** undefined for what this version does not know. */
export function decode(bytes: Uint8Array): Told | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (!text.startsWith(VERSION)) return undefined
  try {
    const told = JSON.parse(text.slice(VERSION.length)) as Told | null
    return told !== null && Object.hasOwn(KINDS, told.kind) ? told : undefined
  } catch {
    return undefined
  }
}

function encoded(told: Told, most: number): Uint8Array | undefined {
  const bytes = bytesOf(told)
  return bytes.byteLength <= most ? bytes : undefined
}

function bytesOf(told: Told): Uint8Array {
  return Buffer.from(VERSION + JSON.stringify(told))
}

function eventOf({ event, room, formerName, channel, actor, origin }: Delivery): ToldEvent {
  const { sequence } = event
  return {
    kind: 'event',
    sequence,
    room: roomRef(room),
    channel: refOf(channel),
    actor: actor && refOf(actor),
    formerName,
    origin,
    event,
  }
}

function otherOf(message: Exclude<BusMessage, { kind: 'event' }>): ToldOther {
  switch (message.kind) {
    case 'entered':
    case 'left':
      return { ...message, room: roomRef(message.room), account: refOf(message.account) }
    case 'sanctioned':
      return {
        ...message,
        room: message.room && roomRef(message.room),
        channel: message.channel && refOf(message.channel),
        account: refOf(message.account),
        actor: message.actor && refOf(message.actor),
      }
    case 'expired':
    case 'notifications':
      return { ...message, room: roomRef(message.room) }
    case 'kicked':
      return {
        ...message,
        room: roomRef(message.room),
        account: refOf(message.account),
        actor: message.actor && refOf(message.actor),
      }
    case 'typing':
      return { ...message, account: refOf(message.account) }
    case 'presence':
    case 'receipt':
    case 'signal':
    case 'end':
    case 'changed':
      return message
  }
}

function roomRef({ id, control }: RoomState): RoomRef {
  return { id, control }
}

function refOf({ id, version }: Account | Channel): Ref {
  return { id, version }
}
