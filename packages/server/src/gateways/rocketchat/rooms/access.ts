// Which rooms somebody may find and enter (design 6): what they may not see is not there for them.
import type { Account } from '../../../room/facts.ts'
import { isAdmin } from '../../../room/facts.ts'
import { checkJoin, visitorOf } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Caller, Gate } from '../gate.ts'
import { type Found, roomOf, slugOf, typeOf } from '../names.ts'

type Who = Pick<Caller, 'account'>

/** Access to a room: what lets somebody in. */
export function mayEnter(gate: Gate, caller: Who, found: Found): boolean {
  return opens(gate, caller, found, undefined)
}

/** The same, or what would with the room's code: whoever may join a room knows that it is there. */
export function mayKnow(gate: Gate, caller: Who, found: Found): boolean {
  return opens(gate, caller, found, found.room.config.joinCode?.digest)
}

function opens({ parts }: Gate, { account }: Who, { room, channel }: Found, code: string | undefined): boolean {
  const visitor = visitorOf(parts.engine.settings.acl, room, channel, account)
  return checkJoin(room, channel, account, visitor, parts.clock.now(), code) === null
}

const VIEW = { c: 'view-c-room', p: 'view-p-room', d: 'view-d-room' } as const

/** Whether somebody may look at what is in a room that they may enter: by their roles everywhere, or for being a member. */
export function mayView(gate: Gate, caller: Who, found: Found): boolean {
  if (!mayEnter(gate, caller, found)) return false
  const { permissions } = gate
  if (permissions.may(caller.account, VIEW[typeOf(found.room)])) return true
  return found.room.members.has(caller.account.id) && permissions.may(caller.account, 'view-joined-room')
}

/** An administrator knows which rooms there are and what they are set to, of X's too little to name them; what is said in
 * a hidden one they do not read (L10). */
export function mayGovern({ account }: Who, { room }: Found): boolean {
  return isAdmin(account) && room.suite !== 'xchat' && !room.removed
}

/** The room of that id, if the caller may enter it. */
export async function enterable(gate: Gate, caller: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  return found && mayEnter(gate, caller, found) ? found : undefined
}

/** The first room of that name that the caller may enter. */
export async function enterableNamed(gate: Gate, caller: Caller, name: string): Promise<Found | undefined> {
  for (const { id } of await gate.parts.reading.named(name)) {
    const found = await gate.parts.reading.room(id)
    if (found && mayEnter(gate, caller, found)) return found
  }
  return undefined
}

/** Whether an account may listen to a room now. Who is no member of a public room needs the right to look at such rooms;
 * to read what is written there, the right to preview them is enough. */
export function mayWatch(gate: Gate, account: Account, found: Found, what: 'messages' | 'events'): boolean {
  if (!mayEnter(gate, { account }, found)) return false
  if (typeOf(found.room) !== 'c' || found.room.members.has(account.id)) return true
  const { permissions } = gate
  return permissions.may(account, 'view-c-room') || (what === 'messages' && permissions.may(account, 'preview-c-room'))
}

/** The room of that id, if the caller may know of it, or could come into it as a discussion of a room of theirs. */
export async function known(gate: Gate, caller: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  if (!found || mayKnow(gate, caller, found)) return found
  return (await isOfParent(gate, caller, found.room)) ? found : undefined
}

/** Whether somebody is a member of the room that this one is a discussion of. */
export async function isOfParent({ parts }: Gate, { account }: Who, { discussionOf }: RoomState): Promise<boolean> {
  if (!discussionOf) return false
  const parent = await parts.reading.room(discussionOf.parent)
  return parent?.room.members.has(account.id) ?? false
}

/** The first room of that name that the caller may know of: its name as it was given, or as this wire shows it. */
export async function knownNamed(gate: Gate, caller: Caller, name: string): Promise<Found | undefined> {
  const { reading } = gate.parts
  for (const { id } of await reading.named(name)) {
    const found = await reading.room(id)
    if (found && mayKnow(gate, caller, found)) return found
  }
  for (const room of await reading.roomsOf(caller.account.id))
    if (room.name !== null && slugOf(room.name) === name) return reading.room(room.id)
  return undefined
}

/** The room of that id, if the caller may change it for being in it, or for being an administrator. */
export async function governed(gate: Gate, caller: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  return found && (mayKnow(gate, caller, found) || mayGovern(caller, found)) ? found : undefined
}

/** The same by name. */
export async function governedNamed(gate: Gate, caller: Caller, name: string): Promise<Found | undefined> {
  const found = await knownNamed(gate, caller, name)
  if (found || !isAdmin(caller.account)) return found
  for (const { id } of await gate.parts.reading.named(name)) {
    const other = await gate.parts.reading.room(id)
    if (other && mayGovern(caller, other)) return other
  }
  return undefined
}

/** The same for whoever leaves: a rule that lets nobody in keeps nobody there. */
export async function ownOrKnown(gate: Gate, caller: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  return found && (found.room.members.has(caller.account.id) || mayKnow(gate, caller, found)) ? found : undefined
}
