// Chains for what an older Conclave wrote, made when its database is opened: rooms' control events and key logs had no
// hashes. They say from now on that nothing of it changes; of the time before they know no more than the log.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { RoomId, UserId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import type { PublicKey } from '../../room/facts.ts'
import { type ChainDraft, linkOfEvent, linkOfKey, SALT_BYTES, startOfKeys, startOfRoom } from '../chains.ts'
import type { KeyLogEntry } from '../store.ts'
import { eventAs, eventOf, iterate, prepareRows } from './rows.ts'

/** Before this step's time nothing was done to messages. */
const AS_IT_WAS = eventAs('e.class', 'NULL')

export function fillChains(database: DatabaseSync): void {
  fillRooms(database)
  fillKeyLogs(database)
}

function fillRooms(database: DatabaseSync): void {
  const put = database.prepare(
    'INSERT INTO chain (room, number, sequence, salt, digest, hash) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const events = prepareRows(
    database,
    `SELECT CAST(e.room AS TEXT), ${AS_IT_WAS} FROM events e WHERE e.class = 'c' ORDER BY e.room, e.sequence`,
  )
  let current: RoomEvent['room'] | null = null
  let last: ChainDraft | null = null
  for (const [of, ...columns] of iterate(events)) {
    const room = of as RoomId
    const event = eventOf(room, columns)
    const salt = randomBytes(SALT_BYTES)
    const link = linkOfEvent(last === null || room !== current ? startOfRoom(room) : last, event, salt)
    put.run(room, link.number, event.sequence, salt, link.digest, link.hash)
    current = room
    last = link
  }
}

/** The n-th registration of a log is the user's n-th key. */
function fillKeyLogs(database: DatabaseSync): void {
  const put = database.prepare('UPDATE key_log SET version = ?, hash = ? WHERE user = ? AND number = ?')
  const keyAt = database.prepare('SELECT body FROM public_keys WHERE user = ? AND number = ?')
  // All at once: rows are written while they are walked over.
  const entries = database
    .prepare(
      'SELECT CAST(user AS TEXT) AS user, number, at, kind, fingerprint FROM key_log ORDER BY key_log.user, number',
    )
    .all() as unknown as Omit<KeyLogEntry, 'key' | 'hash'>[]
  let current: UserId | null = null
  let last: ChainDraft | null = null
  let registered = 0
  for (const { user, number, ...change } of entries) {
    if (user !== current) registered = 0
    const isRegistration = change.kind === 'xchat.registered'
    const body = isRegistration ? keyAt.get(user, ++registered)?.body : undefined
    const key = body === undefined ? null : (JSON.parse(body as string) as PublicKey)
    const link = linkOfKey(last === null || user !== current ? startOfKeys(user) : last, change, key)
    put.run(key?.version ?? null, link.hash, user, number)
    current = user
    last = link
  }
}
