// Emptying a room of what was said in a span of time: a page of messages after the other, each deleted in one event. Whoever
// cleans a room is one who may read it (L10).
import { setImmediate } from 'node:timers/promises'
import type { UserId } from '@conclave/wire'
import { DELETED_TOGETHER } from '../../../limits.ts'
import type { RoomEvent } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { errorOf, type MeteorError, notAllowed } from '../errors.ts'
import { tellRoom } from '../live/tell.ts'
import type { Call } from '../method.ts'
import type { Found } from '../names.ts'
import { ridOf } from '../names.ts'
import { may } from '../rooms/room-acts.ts'
import { submit } from '../submit.ts'
import { personNamed } from '../users/find.ts'
import { messageIdOf } from './encode-message.ts'

export interface Span {
  readonly oldest: Date
  readonly latest: Date
  /** Whether messages of these two very moments go too. */
  readonly inclusive: boolean
  /** At most so many; 0 for all. */
  readonly limit: number
  readonly excludePinned: boolean
  readonly filesOnly: boolean
  readonly ignoreThreads: boolean
  readonly ignoreDiscussion: boolean
  /** Usernames; of everybody where there is none. */
  readonly fromUsers: readonly string[]
}

const METHOD = 'cleanRoomHistory'

/** How many went. */
export async function clean(call: Call, { room }: Found, span: Span): Promise<number | MeteorError> {
  const { gate, caller } = call
  const { account } = caller
  if (!may(call, 'clean-channel-history', room)) return notAllowed(METHOD)
  const senders = new Set<UserId>()
  for (const name of span.fromUsers) {
    const person = await personNamed(gate, name)
    if (person) senders.add(person.account.id)
  }
  if (span.fromUsers.length > 0 && senders.size === 0) return 0
  const most = span.limit > 0 ? span.limit : Number.POSITIVE_INFINITY
  const edge = span.inclusive ? 0 : 1
  const bounds = { since: span.oldest.getTime() + edge, until: span.latest.getTime() + 1 - edge }
  let gone = 0
  for (let before: number | undefined; gone < most; ) {
    const select = span.filesOnly ? 'files' : 'messages'
    const from = before === undefined ? {} : { before }
    const query = { select, order: 'newest', limit: DELETED_TOGETHER, ...bounds, ...from } as const
    const page = await gate.parts.reading.page(account, room.id, query)
    if (isRejection(page)) return errorOf(page, METHOD)
    const last = page.events.at(-1)
    if (!last) break
    before = last.sequence
    const meant = page.events.filter(event => !event.erased && isMeant(event, span, senders)).slice(0, most - gone)
    const targets = meant.map(({ id, sequence, actor }) => ({ id, sequence, sender: actor }))
    if (targets.length > 0) {
      const command = { command: 'delete-messages', actor: account.id, targets, senderMay: false } as const
      const done = await submit(call, room.id, command)
      if (isRejection(done)) return errorOf(done, METHOD)
      tellRoom(gate.parts, room, 'deleteMessageBulk', bulk(room, span, meant))
    }
    gone += targets.length
    if (page.events.length < DELETED_TOGETHER) break
    await setImmediate()
  }
  return gone
}

/** With the ids always: by the bounds alone a client would take away what whoever cleaned could not see (L10). */
function bulk(room: RoomState, { oldest, latest, ...span }: Span, gone: readonly RoomEvent[]): Document {
  return {
    rid: ridOf(room),
    excludePinned: span.excludePinned,
    ignoreDiscussion: span.ignoreDiscussion,
    ts: span.inclusive ? { $gte: oldest, $lte: latest } : { $gt: oldest, $lt: latest },
    users: span.fromUsers,
    ids: gone.map(messageIdOf),
    ...(span.filesOnly ? { filesOnly: true } : {}),
  }
}

function isMeant(event: RoomEvent, span: Span, senders: ReadonlySet<UserId>): boolean {
  if (event.body.type !== 'message') return false
  if (senders.size > 0 && (event.actor === null || !senders.has(event.actor))) return false
  if (span.excludePinned && event.done?.pinned) return false
  return !(span.ignoreThreads && event.body.thread)
}
