// What happened before, read from the logs by the right of the user whom it concerns (L10): room by room, each in its
// order, within bounds of time. Rooms that the user has left meanwhile are not among them.
import type { EventId, RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { isShown } from '../encode.ts'
import { typeFor } from './event-types.ts'
import { LOG_PAGE } from './limits.ts'

type Parts = Pick<GatewayParts, 'reading'>

/** ms since 1970, inclusive and exclusive; null: no end. */
export interface Span {
  readonly since: number
  readonly until: number | null
}

export interface LogPage {
  readonly room: RoomState
  readonly events: readonly RoomEvent[]
  /** The last sequence that was read, whether or not it is shown: nothing between these and it is. */
  readonly last: number
  /** There is nothing behind it now. */
  readonly end: boolean
}

/** ms since 1970 in which X's snowflakes begin. */
const EPOCH = 1_288_834_974_657
const TIME_BITS = 22n

/** The rooms in which something may have happened since, by id. */
export async function roomsSince(account: Account, { since }: Span, { reading }: Parts): Promise<RoomId[]> {
  const heads = await reading.headsOf(account.id)
  return heads
    .filter(({ suite, removed, lastId }) => suite === 'xchat' && !removed && timeOf(lastId) >= since)
    .map(({ room }) => room)
    .sort()
}

/** One page of a room after a sequence; undefined where the user may not read it (any more). */
export async function logPage(
  account: Account,
  room: RoomId,
  { since, until }: Span,
  after: number,
  { reading }: Parts,
): Promise<LogPage | undefined> {
  const bounds = { since, ...(until === null ? {} : { until }), after }
  const read = await reading.page(account, room, { select: 'kept', order: 'oldest', limit: LOG_PAGE, ...bounds })
  if (isRejection(read)) return undefined
  const last = read.events.at(-1)?.sequence ?? after
  return { room: read.room, events: read.events, last, end: read.events.length < LOG_PAGE }
}

/** What an event that the user could read was to them. */
export function typeThen(event: RoomEvent, account: Account): string | null {
  return isShown(event) ? typeFor(event.body, event.actor, account.id, true) : null
}

/** Not before the event's own time: ids move past it, never behind it. */
function timeOf(id: EventId): number {
  return Number(BigInt(id) >> TIME_BITS) + EPOCH
}
