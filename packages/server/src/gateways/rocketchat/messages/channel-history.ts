// A part of a room's history between two times, as `getChannelHistory`, `*.history` and `messages/get` give it.
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import { errorOf, type MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { PAGE_MOST } from '../limits.ts'
import { historyOf, unreadBefore } from './history.ts'

export interface Between {
  readonly latest?: Date
  readonly oldest?: Date
  /** Those of exactly these times too. */
  readonly inclusive: boolean
  readonly count: number
  readonly offset?: number
  readonly unreads: boolean
  readonly withoutReplies?: boolean
}

export async function channelHistory(
  { parts }: Gate,
  { account }: Caller,
  room: RoomState,
  { latest, oldest, inclusive, count, offset = 0, unreads, withoutReplies = false }: Between,
): Promise<object | MeteorError> {
  const shown = await historyOf(parts, account, room, {
    count: Math.min(Math.max(count, 1), PAGE_MOST),
    skip: offset,
    withoutReplies,
    ...(latest ? { until: latest.getTime() + (inclusive ? 1 : 0) } : {}),
    ...(oldest ? { since: oldest.getTime() + (inclusive ? 0 : 1) } : {}),
  })
  if (isRejection(shown)) return errorOf(shown, 'getChannelHistory')
  const messages = shown.map(({ document }) => document)
  if (!unreads || !oldest) return { messages }
  return { messages, ...(await unreadBefore(parts, account, room, oldest.getTime(), shown)) }
}
