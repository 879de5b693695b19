// What the changes of a group have in common, in the order of x-chat.md section 6: the path names a group that the caller
// is a member of and may change, only then the body's shape counts, and the room decides the rest.
import type { Done } from '../../engine/engine.ts'
import type { Command } from '../../room/decide.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import type { Address } from './conversation.ts'
import { about, addressOf, find, roomAt } from './conversation.ts'
import { problemOf } from './errors.ts'
import { invalidField, Refusal } from './problem.ts'
import type { Call, XchatParts } from './route.ts'

/** A room at the address that the path gave it. */
interface Addressed {
  readonly address: Address
  readonly room: RoomState
}

export interface Group extends Addressed {
  readonly address: Extract<Address, { kind: 'group' }>
}

type Caller = Pick<Call<unknown, unknown>, 'caller' | 'bytes' | 'param'>

/** `what`: how the sentence begins that says that this is for groups. `may`: why the caller may not, if so. */
export async function groupOf(
  call: Caller,
  what: string,
  parts: XchatParts,
  may: (room: RoomState) => Rejection | null = () => null,
): Promise<Group | Refusal> {
  const address = addressOf(call.param('id'), call.caller)
  if (address instanceof Refusal) return address
  if (address.kind !== 'group') return new Refusal(invalidField('id', `${what} a group`))
  return at(address, call, parts, may)
}

/** The same of a conversation of either kind. */
export async function conversationAt(
  call: Caller,
  parts: XchatParts,
  may: (room: RoomState) => Rejection | null = () => null,
): Promise<Addressed | Refusal> {
  const address = addressOf(call.param('id'), call.caller)
  return address instanceof Refusal ? address : at(address, call, parts, may)
}

async function at<A extends Address>(
  address: A,
  { caller }: Caller,
  parts: XchatParts,
  may: (room: RoomState) => Rejection | null,
): Promise<{ readonly address: A; readonly room: RoomState } | Refusal> {
  const room = await roomAt(address, caller, parts)
  if (room instanceof Refusal) return room
  const refused = may(room)
  return refused ? new Refusal(problemOf(refused, about(parts, address.id, room))) : { address, room }
}

/** Refused with what counts now, which may have changed since the conversation was looked up. */
export async function changeConversation(
  call: Caller,
  { address, room }: Addressed,
  command: Command,
  parts: XchatParts,
): Promise<Done | Refusal> {
  const done = await parts.engine.submit({
    room: room.id,
    session: call.caller.session,
    bytes: call.bytes,
    command,
  })
  if (!isRejection(done)) return done
  const now = (await find(address, parts)) ?? null
  return new Refusal(problemOf(done, about(parts, address.id, now)))
}

/** More users than a group can have are refused before the engine looks every one of them up. */
export function checkNumber(users: readonly string[], { address, room }: Group, parts: XchatParts): Refusal | null {
  const limit = parts.config.limits.groupSize
  if (new Set(users).size <= limit) return null
  return new Refusal(problemOf({ rejected: 'room.full', limit }, about(parts, address.id, room)))
}
