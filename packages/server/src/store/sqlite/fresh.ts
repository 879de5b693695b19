// Messages on their way into the log. The table `events` is clustered by room, so a batch of messages into many rooms dirties
// some pages for each of them; `fresh` is a ring of rows in the order of coming, which puts a dozen messages on one page. From
// there they go to their places later, many of a room at a time, and at once where somebody reads that room's messages: whoever
// reads messages from `events` settles their room first. What is in the ring is committed like all else (decisions/0034).

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { EventId, RoomId } from '@conclave/wire'
import { ManyRows } from './many-rows.ts'

/** Rows of each of the ring's two halves: one is filled while the other is emptied. Sixteen messages for each of a thousand
 * busy rooms go to their places together then, and the ring takes 20 MB of the file. */
const HALF = 16_384
/** Messages of one room from which on they go to their places before others: whoever reads the room next waits for what is
 * left, some ms. */
const LONG = 256
/** Rows that are taken to their places for each that is appended, so that a half is empty before it is needed; and how many of
 * them together: those of one room lie on a few pages of the log, but all over the index of ids. Measured 64 to 2,048; more
 * only holds the batch longer that does it, which is some ms. */
const FOLDED_PER_ROW = 2
const FOLDED = 512
/** `room, sequence, id, at, actor, body`. */
const COLUMNS_GIVEN = 6
const ROW = '(?, ?, ?, ?, ?, ?, ?)'

const COLUMNS = 'room, sequence, id, at, actor, body'
const PLACE = `INTO events (room, sequence, id, at, actor, class, body)
  SELECT f.room, f.sequence, f.id, f.at, f.actor, 'm', f.body FROM`

/** Others are asked for too, and are nowhere. */
const ID = /^\d{1,19}$/

type Pending = Map<RoomId, number[]>

export class Fresh {
  readonly #database: DatabaseSync
  readonly #rows: ManyRows
  readonly #place: StatementSync
  readonly #placeAll: StatementSync
  readonly #drop: StatementSync
  readonly #clear: StatementSync
  /** Slots of each half whose rows are not in `events` yet. */
  readonly #pending: readonly [Pending, Pending] = [new Map(), new Map()]
  /** What lies or lay in the slots, in its place or not. Numbers, for sixteen thousand texts that live for a second or two are
   * work for the collector. */
  readonly #ids = new BigUint64Array(2 * HALF)
  readonly #rooms: RoomId[] = []
  /** Rooms of which too many are not in their places, in the order in which they came to that. */
  #long: RoomId[] = []
  /** The last batch has taken many rows to their places. */
  folded = false
  /** Rows that have yet to be taken to their places for those that came. */
  #owed = 0
  #next = 0
  /** All slots have been filled. */
  #full = false
  /** A transaction was undone: what is noted here may be wrong. */
  #doubtful = false
  /** Everything is in its place in a transaction that is not going to be committed. */
  #held = false

  /** Puts in their places what an earlier process has left. */
  constructor(database: DatabaseSync) {
    this.#database = database
    const insert = `INSERT OR REPLACE INTO fresh (number, ${COLUMNS}) VALUES`
    this.#rows = new ManyRows(database, insert, ROW, COLUMNS_GIVEN + 1)
    this.#place = database.prepare(`INSERT ${PLACE} json_each(?) j CROSS JOIN fresh f ON f.number = j.value`)
    // Some may be in their places, and changed since.
    this.#placeAll = database.prepare(`INSERT OR IGNORE ${PLACE} fresh f ORDER BY f.room, f.sequence`)
    this.#drop = database.prepare('DELETE FROM fresh WHERE number = ?')
    this.#clear = database.prepare('DELETE FROM fresh')
    if (database.prepare('SELECT 1 FROM fresh LIMIT 1').get() !== undefined) this.#recover()
  }

  /** Plain messages as `room, sequence, id, at, actor, body`, within a transaction. */
  add(rows: readonly SQLInputValue[]): void {
    if (this.#doubtful) this.#recover()
    let values: SQLInputValue[] = []
    for (let start = 0; start < rows.length; start += COLUMNS_GIVEN) {
      // What goes to its place when a half is begun may be of this batch: it is written before.
      if (this.#next % HALF === 0) {
        this.#rows.write(values)
        values = []
      }
      values.push(this.#slot(rows[start] as RoomId, rows[start + 2] as EventId))
      for (let column = 0; column < COLUMNS_GIVEN; column++) values.push(rows[start + column] as SQLInputValue)
    }
    this.#rows.write(values)
  }

  /** Within the transaction of a batch, at its end: once in a while a part of what rooms have too much of, and of the half
   * that is not being filled. */
  fold(appended: number): void {
    this.folded = false
    this.#owed += appended * FOLDED_PER_ROW
    if (this.#owed < FOLDED) return
    const most = this.#owed
    this.#owed = 0
    const [older, newer] = this.#filling === 0 ? ([1, 0] as const) : ([0, 1] as const)
    const slots: number[] = []
    while (this.#long.length > 0 && slots.length < most) {
      const room = this.#long[0] as RoomId
      for (const half of [older, newer] as const) take(this.#pending[half], room, most, slots)
      if (slots.length < most) this.#long.shift()
    }
    takeAny(this.#pending[older], most, slots)
    this.#put(slots)
    this.folded = slots.length > 0
  }

  /** Before the messages of these rooms are read. */
  settle(rooms: Iterable<RoomId>): void {
    if (this.#held) return
    if (this.#doubtful) this.#recover()
    const slots: number[] = []
    for (const room of rooms) {
      for (const pending of this.#pending) {
        const waiting = pending.get(room)
        if (waiting === undefined) continue
        pending.delete(room)
        slots.push(...waiting)
      }
    }
    this.#placed(slots)
  }

  /** The same for messages of which only the ids are known. */
  settleOf(ids: readonly EventId[]): void {
    const slots = ids.map(id => this.#slotOf(id)).filter(slot => slot >= 0)
    this.settle(slots.map(slot => this.#rooms[slot] as RoomId))
  }

  /** Up to `most` of all that there is; whether more is left. */
  settleSome(most: number): boolean {
    if (this.#held) return false
    if (this.#doubtful) this.#recover()
    const slots: number[] = []
    for (const pending of this.#pending) takeAny(pending, most, slots)
    this.#placed(slots)
    return this.#pending.some(({ size }) => size > 0)
  }

  settleAll(): void {
    this.settleSome(2 * HALF)
  }

  /** Within a transaction: the message is in its place afterwards, and what is here of it is overwritten. */
  forget(id: EventId): void {
    const slot = this.#slotOf(id)
    if (slot < 0) return
    this.settle([this.#rooms[slot] as RoomId])
    this.#drop.run(slot)
  }

  /** The transaction that used this was undone. */
  undone(): void {
    this.#doubtful = true
  }

  /** Where nothing can be written any more: messages are read as if they were in their places. */
  hold(): void {
    // A page that cannot be read ends a transaction, and with it what was put in its place.
    if (this.#held && this.#database.isTransaction) return
    // Nothing of a transaction that stays open goes to the disk, however much it changes.
    this.#database.exec('PRAGMA cache_spill = OFF; BEGIN IMMEDIATE')
    try {
      this.#placeAll.run()
      this.#held = true
    } catch (error) {
      undo(this.#database)
      throw error
    }
  }

  /** Ends what `hold` began. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#doubtful = true
    undo(this.#database)
    this.#database.exec('PRAGMA cache_spill = ON')
  }

  get #filling(): 0 | 1 {
    return this.#next < HALF ? 0 : 1
  }

  /** The next slot, for a message. */
  #slot(room: RoomId, id: EventId): number {
    if (this.#next % HALF === 0) {
      if (this.#next === 2 * HALF) {
        this.#next = 0
        this.#full = true
      }
      const left: number[] = []
      takeAny(this.#pending[this.#filling], HALF, left)
      this.#put(left)
    }
    const slot = this.#next++
    this.#ids[slot] = BigInt(id)
    this.#rooms[slot] = room
    const pending = this.#pending[slot < HALF ? 0 : 1]
    const waiting = pending.get(room)
    if (waiting === undefined) pending.set(room, [slot])
    else if (waiting.push(slot) === LONG) this.#long.push(room)
    return slot
  }

  /** -1: it was never here, or its slot is another's by now. Ids come in their order, so halving finds it. */
  #slotOf(id: EventId): number {
    if (!ID.test(id)) return -1
    const sought = BigInt(id)
    const oldest = this.#full ? this.#next : 0
    let low = 0
    let high = this.#full ? 2 * HALF : this.#next
    while (low < high) {
      const middle = (low + high) >> 1
      const slot = (oldest + middle) % (2 * HALF)
      const found = this.#ids[slot] as bigint
      if (found === sought) return slot
      if (found < sought) low = middle + 1
      else high = middle
    }
    return -1
  }

  #put(slots: readonly number[]): void {
    if (slots.length > 0) this.#place.run(JSON.stringify(slots))
  }

  /** In a transaction of its own unless there is one. It needs no sync: what a crash undoes is in the ring still. */
  #placed(slots: readonly number[]): void {
    if (slots.length === 0) return
    if (this.#database.isTransaction) this.#put(slots)
    else this.#transact(() => this.#put(slots), 'NORMAL')
  }

  #recover(): void {
    const all = () => {
      this.#placeAll.run()
      this.#clear.run()
    }
    if (this.#database.isTransaction) all()
    else this.#transact(all, 'FULL')
    for (const pending of this.#pending) pending.clear()
    this.#long = []
    this.#rooms.length = 0
    this.#next = 0
    this.#full = false
    this.#doubtful = false
  }

  #transact(run: () => void, synchronous: 'NORMAL' | 'FULL'): void {
    const database = this.#database
    database.exec(`PRAGMA synchronous = ${synchronous}`)
    try {
      database.exec('BEGIN IMMEDIATE')
      run()
      database.exec('COMMIT')
    } catch (error) {
      this.#doubtful = true
      undo(database)
      throw error
    } finally {
      if (synchronous !== 'FULL' && !database.isTransaction) database.exec('PRAGMA synchronous = FULL')
    }
  }
}

/** Many failures have rolled back already; one that the rollback adds says nothing new. */
export function undo(database: DatabaseSync): void {
  if (!database.isTransaction) return
  try {
    database.exec('ROLLBACK')
  } catch {}
}

/** Adds a room's slots to those that are taken out, until there are `most`. */
function take(pending: Pending, room: RoomId, most: number, slots: number[]): void {
  const waiting = pending.get(room)
  if (waiting === undefined) return
  if (waiting.length <= most - slots.length) {
    pending.delete(room)
    slots.push(...waiting)
  } else slots.push(...waiting.splice(0, most - slots.length))
}

/** The same of any rooms, whole ones before a part of one. */
function takeAny(pending: Pending, most: number, slots: number[]): void {
  for (const room of pending.keys()) {
    if (slots.length >= most) return
    take(pending, room, most, slots)
  }
}
