// Loaded before the server (`node --import`): its messages are given a sequence and an id as always and are told to all, and are
// not written. What is no message, such as a log-in's rows, is kept as ever. Only so can what storing costs be measured.

import type { RoomEvent } from '../../packages/server/src/room/events.ts'
import { Commits } from '../../packages/server/src/store/sqlite/commit.ts'
import type { Append, Item, Outcome } from '../../packages/server/src/store/store.ts'
import type { EventId } from '../../packages/wire/src/ids.ts'
import { IdSequence, type RoomId } from '../../packages/wire/src/index.ts'

/** Beyond whatever a room's log has come to. */
const FIRST = 1_000_000
const sequences = new Map<RoomId, number>()
const ids = new IdSequence(0)

function isMessage(append: Append | null): append is Append {
  return append !== null && append.claims.length === 0 && append.bodies.every(({ type }) => type === 'message')
}

function made({ room, at, actor, bodies }: Append, now: number): Outcome {
  const events = bodies.map((body): RoomEvent => {
    const sequence = (sequences.get(room) ?? FIRST) + 1
    sequences.set(room, sequence)
    return { room, sequence, id: ids.next(now) as EventId, at, actor, body }
  })
  return { outcome: 'committed', events }
}

const stored = Commits.prototype.run
Commits.prototype.run = function run(items: readonly Item[], now: number): Outcome[] {
  const rest = items.filter(({ append }) => !isMessage(append))
  const outcomes = rest.length === 0 ? [] : stored.call(this, rest, now)
  return items.map(({ append }) => (isMessage(append) ? made(append, now) : outcomes.shift()!))
}
