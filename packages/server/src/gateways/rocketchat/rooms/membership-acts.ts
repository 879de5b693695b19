// What a user does to their own membership of a room: reads it, hides it, says what they want of it. Nobody else sees it;
// the user's own sessions on every wire hear of it.
import type { UserId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import type { KeptRow, Membership } from '../../../store/store.ts'
import type { Caller, Gate } from '../gate.ts'
import { THREADS_KEPT } from '../limits.ts'
import { type Found, roomOf } from '../names.ts'
import { counted } from './subscription-document.ts'

export interface Own extends Found {
  readonly membership: Membership
}

/** The caller's membership of a room; undefined where they have none, or there is no such room. */
export async function ownMembership(gate: Gate, caller: Caller, rid: string): Promise<Own | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  return found && membershipIn(gate, caller, found)
}

export async function membershipIn(gate: Gate, { account }: Caller, found: Found): Promise<Own | undefined> {
  const named = [{ user: account.id, room: found.room.id }]
  const [membership] = await gate.parts.reading.memberships(named, counted(gate))
  return membership && { ...found, membership }
}

export function keep({ parts }: Gate, { membership }: Own, change: Omit<KeptRow, 'put' | 'room' | 'user' | 'at'>) {
  const { room, user } = membership
  return parts.receipts.write({ put: 'kept', room, user, at: parts.clock.now(), ...change })
}

/** Everything so far is read, and of threads too where they are meant. */
export async function readAll({ parts }: Gate, { membership }: Own, threads: boolean): Promise<void> {
  const { room, user, through } = membership
  const at = parts.clock.now()
  const cursor = { put: 'cursor', room, user, sequence: through, at } as const
  const isKept = !membership.open || membership.unreadFrom !== null || threads || membership.keptAt === 0
  if (!isKept) return parts.receipts.write(cursor)
  const kept = { put: 'kept', room, user, at, hidden: false, unreadFrom: null } as const
  return parts.receipts.write(cursor, threads ? { ...kept, threadsRead: true } : kept)
}

/** A thread is read up to its newest reply. `root`: the message that began it. */
export async function readThread(gate: Gate, user: UserId, root: RoomEvent): Promise<void> {
  const sequence = root.done?.thread?.sequence
  if (sequence === undefined) return
  const { parts } = gate
  const [membership] = await parts.reading.memberships([{ user, room: root.room }], 'direct')
  if (!membership?.unreadThreads.some(({ id }) => id === root.id)) return
  const known = Object.entries(Object(membership.kept.threads) as Record<string, number>)
  const dropped = known.sort(([, a], [, b]) => b - a).slice(THREADS_KEPT - 1)
  const threads = { ...Object.fromEntries(dropped.map(([key]) => [key, null])), [root.sequence]: sequence }
  const at = parts.clock.now()
  await parts.receipts.write({ put: 'kept', room: root.room, user, at, fields: { threads } })
}

/** Unread again from that message on, whatever was read. */
export function markUnread(gate: Gate, own: Own, sequence: number): Promise<void> {
  return keep(gate, own, { hidden: false, unreadFrom: sequence })
}
