// Files that go with messages, through the engine with the clock in hand: how long one waits, what binds it, who reads it, and
// what becomes of it with its message, its room, or a crash in between.
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MEDIA_GRACE } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import type { EventBody, RoomEvent } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { isRejection } from '../room/rejection.ts'
import { append, created, deleted, removed } from '../store/testing/items.ts'
import type { Core } from './core.ts'
import { isMediaRejection, type Media } from './media.ts'
import { type FileInfo, MEDIUM, TRASH, UPLOAD, USAGE, usageOf } from './media-records.ts'
import { openTestCore, type TestCore } from './testing.ts'

const [anna, ben, cleo] = ['1000', '1001', '1002'] as [UserId, UserId, UserId]
const ROOM = '2080000000000000001' as RoomId
const OTHER = '2080000000000000002' as RoomId
const HOUR = 3_600_000
const DAY = 24 * HOUR

let core: Core
let clock: TestCore['clock']
let media: Media

beforeEach(async () => {
  ;({ core, clock } = await openTestCore({}))
  ;({ media } = core)
  const users = [anna, ben, cleo].map(id => ({ id, username: `user${id}` }))
  await importWorld(core, { users, channels: [{ ref: 'c', name: 'channel' }] })
  const channel = (await core.store.channels())[0]!.id
  for (const room of [ROOM, OTHER])
    await log(room, created({ channel, kind: 'private', members: [anna, ben], owners: [anna] }))
})
afterEach(() => core.close())

async function log(room: RoomId, ...bodies: readonly EventBody[]): Promise<readonly RoomEvent[]> {
  const control = (await core.store.head(room))?.control ?? 0
  const outcome = await core.writer.write(append(room, control, bodies))
  if (outcome.outcome !== 'committed') throw new Error(outcome.outcome)
  await core.rooms.refresh(room)
  return outcome.events
}

async function who(user: UserId): Promise<Account> {
  return (await core.store.account(user)) as Account
}

const infoOf = (sealed = false): FileInfo => ({
  name: 'a.txt',
  type: 'text/plain',
  sealed,
  content: null,
  size: null,
  uploadedAt: clock.now(),
})

function good<T extends object>(answer: T): Exclude<T, { rejected: unknown }> {
  if (isMediaRejection(answer)) throw new Error(JSON.stringify(answer))
  return answer as Exclude<T, { rejected: unknown }>
}

async function upload(bytes = randomBytes(100), by = anna, room = ROOM): Promise<string> {
  const account = await who(by)
  const begun = good(await media.begin(account, room, bytes.length + 1_000))
  good(await media.append(account, begun, 0, bytes))
  return good(await media.finish(account, begun, 1, DAY, infoOf())).key
}

async function send(key: string, { by = anna, room = ROOM, messageId = `m-${key}`, digest = '' } = {}) {
  const beside = media.files.binding(await who(by), room, new Map([[key, infoOf()]]), messageId)
  const command = {
    command: 'send-message',
    actor: by,
    content: { suite: 'none', text: 'see' },
    messageId,
    digest,
    inside: false,
    attributes: null,
    origin: null,
    media: [{ key, sealed: false }],
  } as const
  return core.engine.submit({ room, command, session: null, bytes: 0, beside })
}

async function read(key: string, by: UserId | null = ben, members = false): Promise<Buffer | null> {
  const found = await media.files.open(by && (await who(by)), key, members)
  if (!found) return null
  const stream = await found.read()
  return isRejection(stream) ? null : buffer(stream)
}

async function counts(): Promise<number[]> {
  const kinds = [UPLOAD, MEDIUM, TRASH].map(kind => core.store.documents(kind, { limit: 100 }))
  return (await Promise.all(kinds)).map(({ length }) => length)
}
const kept = async () => usageOf(await core.store.document(USAGE, anna)).kept

test('is its sender’s alone until it goes with a message, and then its readers’, at each reading (L10)', async () => {
  const bytes = randomBytes(100)
  const key = await upload(bytes)
  expect([await read(key, anna), await read(key), await read(key, cleo), await read(key, null)]).toEqual([
    bytes,
    null,
    null,
    null,
  ])
  expect(isRejection(await send(key))).toBe(false)
  expect([await read(key), await read(key, cleo), await read(key, null)]).toEqual([bytes, null, null])
  await log(ROOM, removed([ben]))
  expect(await read(key)).toBeNull()
  expect(await media.open(await who(anna), ROOM, key)).toEqual({ rejected: 'media.unknown' })
})

test('waits a day for its message and is gone then, and no more counts for its sender; with a message it stays', async () => {
  const [alone, sent] = [await upload(), await upload()]
  expect(usageOf(await core.store.document(USAGE, anna))).toMatchObject({ uploads: 0, announced: 0 })
  good(await send(sent))
  const before = await kept()
  clock.set(clock.now() + DAY + 1)
  expect([await read(alone, anna), (await read(sent))?.length]).toEqual([null, 100])
  expect(await send(alone)).toEqual({ rejected: 'medium.unknown', key: alone })
  await media.sweep()
  await media.sweep()
  expect(await counts()).toEqual([0, 1, 0])
  expect(await kept()).toBe(before / 2)
})

test('is bound once, by its sender, in its room; again is the first answer (L7)', async () => {
  const key = await upload()
  for (const more of [{ by: ben }, { room: OTHER }])
    expect(await send(key, more)).toEqual({ rejected: 'medium.unknown', key })
  const answers = await Promise.all(Array.from({ length: 5 }, () => send(key)))
  const events = answers.map(answer => good(answer).events[0]?.id)
  expect(new Set(events).size).toBe(1)
  expect(answers.filter(answer => !good(answer).repeated)).toHaveLength(1)
  expect(await send(key, { messageId: 'another' })).toEqual({ rejected: 'medium.unknown', key })
  expect(await core.store.head(ROOM)).toMatchObject({ messages: 1 })
})

test('of two messages at once that would take it along, one does', async () => {
  const key = await upload()
  const answers = await Promise.all(['a', 'b', 'c'].map(messageId => send(key, { messageId })))
  const refused = answers.filter(answer => isRejection(answer))
  expect(refused).toEqual([
    { rejected: 'medium.unknown', key },
    { rejected: 'medium.unknown', key },
  ])
  expect(await core.store.head(ROOM)).toMatchObject({ messages: 1 })
})

test('a refused message binds nothing, and the file may go with another', async () => {
  const key = await upload()
  await log(ROOM, {
    type: 'sanction.set',
    sanction: { kind: 'mute', user: anna, from: 0, until: null, reason: '', by: null },
  })
  expect(await send(key)).toMatchObject({ rejected: 'muted' })
  expect(await read(key)).toBeNull()
  await log(ROOM, { type: 'sanction.lifted', kind: 'mute', user: anna })
  expect(isRejection(await send(key))).toBe(false)
  expect((await read(key))?.length).toBe(100)
})

test('goes with its message at once, and its bytes at the next sweep', async () => {
  const key = await upload()
  const done = good(await send(key))
  await log(ROOM, deleted(done.events[0] as RoomEvent))
  expect([await read(key), await read(key, anna)]).toEqual([null, null])
  expect(await media.files.named(ROOM, [key])).toEqual(new Map())
  await media.sweep()
  await media.sweep()
  expect([await counts(), await kept()]).toEqual([[0, 0, 0], 0])
})

test('goes with its room', async () => {
  const key = await upload()
  good(await send(key))
  await core.engine.submit({
    room: ROOM,
    command: { command: 'remove-room', actor: null, reason: '' },
    session: null,
    bytes: 0,
  })
  expect(await read(key)).toBeNull()
  clock.set(clock.now() + MEDIA_GRACE * 2)
  for (let count = 0; count < 3; count++) await media.sweep()
  expect([await counts(), await kept()]).toEqual([[0, 0, 0], 0])
})

test('an upload that a crash left unfinished goes with its time, to the last byte', async () => {
  const account = await who(anna)
  const begun = good(await media.begin(account, ROOM, 5_000))
  good(await media.append(account, begun, 0, randomBytes(100)))
  clock.set(clock.now() + DAY + 1)
  await media.sweep()
  clock.set(clock.now() + MEDIA_GRACE + 1)
  await media.sweep()
  expect(await counts()).toEqual([0, 0, 0])
  expect(usageOf(await core.store.document(USAGE, anna))).toEqual({ kept: 0, uploads: 0, announced: 0 })
})

test('one that is given up goes at once', async () => {
  const account = await who(anna)
  const begun = good(await media.begin(account, ROOM, 5_000))
  good(await media.append(account, begun, 0, randomBytes(100)))
  await media.abandon(account, begun)
  await media.sweep()
  await media.sweep()
  expect(await counts()).toEqual([0, 0, 0])
  expect(usageOf(await core.store.document(USAGE, anna))).toEqual({ kept: 0, uploads: 0, announced: 0 })
  await media.abandon(account, begun)
})
