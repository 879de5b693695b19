// Files of rooms through the engine, with the clock in hand: who may send and read them, what they take up, what becomes
// of them. Rooms of suite xchat, of which the logs are written as they are.
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BlobsFailure } from '../blobs/blobs.ts'
import { MEDIA_GRACE, MEDIA_LEAST, MEDIA_READS, MEDIA_SEGMENT, MEDIA_SEGMENTS, WAITING_MEDIA } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import type { EventBody } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import { isRejection } from '../room/rejection.ts'
import { added, append, created, message, removed, rotated } from '../store/testing/items.ts'
import type { Core } from './core.ts'
import { isMediaRejection, Media, type MediaRejection, type UploadName } from './media.ts'
import { MEDIUM, TRASH, UPLOAD, USAGE, usageOf } from './media-records.ts'
import { openTestCore, roomOf, type TestCore } from './testing.ts'

const [anna, ben, cleo] = ['1000', '1001', '1002'] as [UserId, UserId, UserId]
const ROOM = '2080000000000000001' as RoomId
const OTHER = '2080000000000000002' as RoomId
const HOUR = 3_600_000
const world = {
  users: [anna, ben, cleo].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'brought', channel: 'c', name: 'brought', kind: 'temporary', members: [anna], owners: [anna] }],
}
const LIMITS = { bytes: 10_000_000, kept: 20_000, uploads: 3, announced: 15_000, hours: 2 }

let core: Core
let clock: TestCore['clock']
let media: Media

async function start(limits: object = LIMITS): Promise<void> {
  ;({ core, clock } = await openTestCore({ CONCLAVE_LIMITS_MEDIA: JSON.stringify(limits) }))
  ;({ media } = core)
  await importWorld(core, world)
  const channel = (await core.store.channels())[0]!.id
  for (const room of [ROOM, OTHER]) {
    const creation = created({ channel, suite: 'xchat', kind: 'private', members: [anna, ben], owners: [anna] })
    await log(room, creation, rotated('1'))
  }
}
beforeEach(() => start())
afterEach(() => core.close())

/** Writes events as they are, and lets the engine know. */
async function log(room: RoomId, ...bodies: readonly EventBody[]): Promise<void> {
  const control = (await core.store.head(room))?.control ?? 0
  const { outcome } = await core.writer.write(append(room, control, bodies))
  expect(outcome).toBe('committed')
  await core.rooms.refresh(room)
}

async function who(user: UserId): Promise<Account> {
  return (await core.store.account(user)) as Account
}

function good<T extends object>(answer: T | MediaRejection): T {
  if (isMediaRejection(answer)) throw new Error(JSON.stringify(answer))
  return answer
}

async function begin(bytes: number, by: UserId = anna, room: RoomId = ROOM) {
  return media.begin(await who(by), room, bytes)
}

async function send(bytes: Uint8Array, by: UserId = anna, lifetime: number | null = null, room = ROOM) {
  const upload = good(await begin(bytes.length, by, room))
  good(await media.append(await who(by), upload, 0, bytes))
  return good(await media.finish(await who(by), upload, 1, lifetime)).key
}

/** The bytes, or why there are none. */
async function read(key: string, by: UserId = anna, room: RoomId = ROOM, part?: { from: number; to: number }) {
  const found = await media.open(await who(by), room, key)
  if (isMediaRejection(found)) return found.rejected
  const stream = await found.read(part)
  return isRejection(stream) ? stream.rejected : buffer(stream)
}

async function usage(of: UserId = anna) {
  return usageOf(await core.store.document(USAGE, of))
}

async function kinds(): Promise<number[]> {
  const counts = await Promise.all([UPLOAD, MEDIUM, TRASH].map(kind => core.store.documents(kind, { limit: 100 })))
  return counts.map(({ length }) => length)
}

/** Takes them away with a message to the log, unless `allowed` is false. */
async function remove(keys: readonly string[], { allowed = true } = {}) {
  return media.removing(await media.named(ROOM, keys), async beside => {
    const { guards, rows } = await beside()
    const control = allowed ? ((await core.store.head(ROOM))?.control ?? 0) : 99
    return core.writer.write({ ...append(ROOM, control, [message('gone')]), guards, rows })
  })
}

describe('an upload', () => {
  test('is read as it was sent, whatever the order of its segments', async () => {
    const parts = [randomBytes(1_000), randomBytes(1), randomBytes(7_000), randomBytes(30)]
    const upload = good(await begin(8_031))
    const by = await who(anna)
    for (const index of [2, 0]) good(await media.append(by, upload, index, parts[index]!))
    await Promise.all([3, 1].map(async index => good(await media.append(by, upload, index, parts[index]!))))
    good(await media.finish(by, upload, 4, null))
    const whole = Buffer.concat(parts)
    expect(await read(upload.key, ben)).toEqual(whole)
    for (const [from, to] of [
      [0, 1],
      [999, 1_002],
      [1_000, 1_001],
      [8_030, 8_031],
      [500, 8_010],
    ] as const)
      expect(await read(upload.key, ben, ROOM, { from, to })).toEqual(whole.subarray(from, to))
  })

  test('of many segments side by side has every one of them', async () => {
    const parts = Array.from({ length: 40 }, () => randomBytes(50))
    const upload = good(await begin(2_000))
    const by = await who(anna)
    const answers = await Promise.all(parts.map((part, index) => media.append(by, upload, index, part)))
    for (const answer of answers) good(answer)
    good(await media.finish(by, upload, 40, null))
    expect(await read(upload.key)).toEqual(Buffer.concat(parts))
  })

  test('of nothing is a file of nothing', async () => {
    const upload = good(await begin(0))
    good(await media.finish(await who(anna), upload, 0, null))
    expect(await read(upload.key)).toEqual(Buffer.alloc(0))
  })

  test('takes a segment again with the same bytes, and not with others', async () => {
    const upload = good(await begin(10))
    const [by, first] = [await who(anna), randomBytes(5)]
    good(await media.append(by, upload, 0, first))
    good(await media.append(by, upload, 0, first))
    expect(await media.append(by, upload, 0, randomBytes(5))).toEqual({ rejected: 'media.taken', index: 0 })
    good(await media.append(by, upload, 1, first))
    good(await media.finish(by, upload, 2, null))
    expect(await read(upload.key)).toEqual(Buffer.concat([first, first]))
  })

  test('is no longer than announced, and no shorter', async () => {
    const upload = good(await begin(10))
    const by = await who(anna)
    expect(await media.append(by, upload, 0, randomBytes(11))).toMatchObject({ rejected: 'media.total' })
    good(await media.append(by, upload, 0, randomBytes(6)))
    expect(await media.append(by, upload, 1, randomBytes(5))).toMatchObject({ rejected: 'media.total', held: 11 })
    expect(await media.finish(by, upload, 1, null)).toMatchObject({ rejected: 'media.total', held: 6 })
    good(await media.append(by, upload, 999, randomBytes(4)))
    expect(await media.finish(by, upload, 1, null)).toEqual({ rejected: 'media.parts', held: 2 })
    good(await media.finish(by, upload, 2, null))
  })

  test('side by side is no longer than announced either', async () => {
    const upload = good(await begin(100))
    const by = await who(anna)
    const sent = Array.from({ length: 30 }, (_, index) => media.append(by, upload, index, randomBytes(10)))
    const taken = (await Promise.all(sent)).filter(answer => !isMediaRejection(answer))
    expect(taken).toHaveLength(10)
  })

  test.each([-1, 0.5, MEDIA_SEGMENTS, Number.NaN, Number.POSITIVE_INFINITY])('has no segment %d', async index => {
    const upload = good(await begin(10))
    expect(await media.append(await who(anna), upload, index, randomBytes(1))).toMatchObject({
      rejected: 'media.index',
    })
  })

  test('has no empty segment and none that is too large', async () => {
    await start({})
    const upload = good(await begin(9_000_000))
    for (const size of [0, MEDIA_SEGMENT + 1])
      expect(await media.append(await who(anna), upload, 0, Buffer.alloc(size))).toMatchObject({
        rejected: 'media.segment',
      })
    good(await media.append(await who(anna), upload, 0, Buffer.alloc(MEDIA_SEGMENT)))
  })

  test('finished again gives the same answer, also at the same time, and no other number of parts', async () => {
    const upload = good(await begin(5))
    const by = await who(anna)
    good(await media.append(by, upload, 0, randomBytes(5)))
    const answers = await Promise.all([1, 2, 3].map(() => media.finish(by, upload, 1, null)))
    expect(new Set(answers.map(answer => good(answer).key))).toEqual(new Set([upload.key]))
    expect(await media.finish(by, upload, 1, null)).toEqual(answers[0])
    expect(await media.finish(by, upload, 2, null)).toEqual({ rejected: 'media.parts', held: 1 })
    expect(await usage()).toEqual({ kept: MEDIA_LEAST, uploads: 0, announced: 0 })
    expect(await media.append(by, upload, 1, randomBytes(1))).toEqual({ rejected: 'media.unknown' })
  })

  test('is nobody else’s, and nothing of it may be another’s', async () => {
    const upload = good(await begin(5))
    const others = good(await begin(5, ben))
    const wrong: [UserId, UploadName][] = [
      [ben, upload],
      [anna, { ...upload, session: others.session }],
      [anna, { ...upload, key: others.key }],
      [anna, { ...upload, room: OTHER }],
      [anna, others],
    ]
    for (const [user, name] of wrong) {
      const by = await who(user)
      expect(await media.append(by, name, 0, randomBytes(5))).toEqual({ rejected: 'media.unknown' })
      expect(await media.finish(by, name, 0, null)).toEqual({ rejected: 'media.unknown' })
    }
    good(await media.append(await who(anna), upload, 0, randomBytes(5)))
    good(await media.finish(await who(anna), upload, 1, null))
    for (const [user, name] of wrong.slice(0, 4))
      expect(await media.finish(await who(user), name, 1, null)).toEqual({ rejected: 'media.unknown' })
  })

  test('needs a member whom nobody has barred, and an open room (L4)', async () => {
    expect(await begin(5, cleo)).toEqual({ rejected: 'member.required' })
    const upload = good(await begin(5))
    const by = await who(anna)
    good(await media.append(by, upload, 0, randomBytes(5)))
    const mute = { user: anna, kind: 'mute', until: null, by: null, reason: '' } as const
    const changed = { ...by, sanctions: [{ ...mute, at: clock.now() }] } as unknown as Account
    expect(await media.finish(changed, upload, 1, null)).toMatchObject({ rejected: 'muted' })
    await log(ROOM, { ...(removed([ben]) as object), closes: true } as EventBody)
    expect(await begin(5)).toEqual({ rejected: 'room.closed' })
    expect(await media.finish(by, upload, 1, null)).toEqual({ rejected: 'room.closed' })
    await log(ROOM, rotated('2'))
    good(await media.finish(by, upload, 1, null))
    await log(ROOM, removed([anna]))
    expect(await media.finish(by, upload, 1, null)).toEqual({ rejected: 'member.required' })
  })
})

describe('a medium', () => {
  test('is for members, of the time when it was finished (L10)', async () => {
    const old = await send(Buffer.from('old'))
    await log(ROOM, rotated('2'), added([cleo], 'rotation'))
    const during = await send(Buffer.from('during'))
    expect(await read(old, cleo)).toBe('media.unknown')
    expect(String(await read(during, cleo))).toBe('during')

    await log(ROOM, removed([cleo]))
    const between = await send(Buffer.from('between'))
    for (const key of [old, during, between]) expect(await read(key, cleo)).toBe('member.required')

    await log(ROOM, rotated('3'), added([cleo], 'rotation'))
    const after = await send(Buffer.from('after'))
    for (const key of [old, between]) expect(await read(key, cleo)).toBe('media.unknown')
    for (const key of [during, after]) expect(await read(key, cleo)).toBeInstanceOf(Buffer)
    for (const key of [old, during, between, after]) expect(await read(key, ben)).toBeInstanceOf(Buffer)
  })

  test('is not found in another room, and an outsider learns nothing', async () => {
    const key = await send(Buffer.from('here'))
    expect(await read(key, anna, OTHER)).toBe('media.unknown')
    expect(await read('nothing', anna)).toBe('media.unknown')
    expect(await read(key, cleo)).toBe(await read('nothing', cleo))
    expect(await read(key, anna, '77' as RoomId)).toBe('room.unknown')
  })

  test('that is not finished is not there', async () => {
    const upload = good(await begin(5))
    good(await media.append(await who(anna), upload, 0, randomBytes(5)))
    expect(await read(upload.key)).toBe('media.unknown')
  })

  test('with a lifetime is gone to the millisecond, and its bytes after that', async () => {
    const key = await send(Buffer.from('short'), anna, 5_000)
    clock.set(clock.now() + 4_999)
    expect(await read(key)).toBeInstanceOf(Buffer)
    clock.set(clock.now() + 1)
    expect(await read(key)).toBe('media.unknown')
    expect(await core.blobs.get(`${key}-0`)).toBeDefined()
    await media.sweep()
    expect(await core.blobs.get(`${key}-0`)).toBeUndefined()
    expect([await kinds(), await usage()]).toEqual([[0, 0, 0], { kept: 0, uploads: 0, announced: 0 }])
  })

  test('lasts no longer than the messages of its room', async () => {
    await log(ROOM, { type: 'ttl.changed', ttlMs: 1_000, signed: null } as unknown as EventBody)
    const keys = [await send(Buffer.from('a')), await send(Buffer.from('b'), anna, 5_000)]
    const shorter = await send(Buffer.from('c'), anna, 500)
    clock.set(clock.now() + 500)
    expect(await read(shorter)).toBe('media.unknown')
    for (const key of keys) expect(await read(key)).toBeInstanceOf(Buffer)
    clock.set(clock.now() + 500)
    for (const key of keys) expect(await read(key)).toBe('media.unknown')
  })

  test('is read by one user so many times at once, and a reader who goes makes room', async () => {
    const key = await send(Buffer.from('bytes'))
    const found = good(await media.open(await who(anna), ROOM, key))
    const streams = await Promise.all(Array.from({ length: MEDIA_READS }, () => found.read() as Promise<Readable>))
    expect(await found.read()).toEqual({ rejected: 'busy' })
    expect(await read(key, ben)).toBeInstanceOf(Buffer)
    streams[0]?.destroy()
    await vi.waitFor(async () => expect(await read(key)).toBeInstanceOf(Buffer))
    for (const stream of streams) stream.destroy()
  })

  test('whose bytes are missing is unavailable, and no file cut short', async () => {
    const key = await send(Buffer.from('bytes'))
    await core.blobs.delete(`${key}-0`)
    expect(await read(key)).toBe('unavailable')
  })
})

describe('removal', () => {
  test('goes into one transaction with what takes them away, and frees what they took up', async () => {
    const [annas, bens] = [await send(Buffer.from('a')), await send(Buffer.from('bb'), ben)]
    expect(await media.named(ROOM, [bens, 'nothing', annas])).toEqual([
      { key: bens, by: ben },
      { key: 'nothing', by: null },
      { key: annas, by: anna },
    ])
    expect(await media.named(OTHER, [bens])).toEqual([{ key: bens, by: null }])
    expect(await remove([annas, bens], { allowed: false })).toMatchObject({ outcome: 'moved' })
    expect([await read(bens), (await usage(ben)).kept]).toEqual([Buffer.from('bb'), MEDIA_LEAST])
    expect(await remove([annas, bens, 'nothing'])).toMatchObject({ outcome: 'committed' })
    for (const key of [annas, bens]) expect(await read(key)).toBe('media.unknown')
    await media.sweep()
    await media.sweep()
    for (const key of [annas, bens]) expect(await core.blobs.get(`${key}-0`)).toBeUndefined()
    expect([await kinds(), (await usage()).kept, (await usage(ben)).kept]).toEqual([[0, 0, 0], 0, 0])
  })

  test('many at once count each medium once, whoever they belong to', async () => {
    await start({ ...LIMITS, kept: 0 })
    const keys: string[] = []
    for (let sent = 0; sent < 12; sent++) keys.push(await send(randomBytes(10), sent % 2 === 0 ? anna : ben))
    const groups = keys.map((key, index) => [key, keys[(index + 1) % keys.length] as string])
    const outcomes = await Promise.all(groups.map(group => remove(group)))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'committed' })
    expect([(await usage()).kept, (await usage(ben)).kept]).toEqual([0, 0])
  })

  test('whoever reads at that time reads to the end', async () => {
    const bytes = randomBytes(14_000)
    const key = await send(bytes)
    const stream = (await good(await media.open(await who(ben), ROOM, key)).read()) as Readable
    expect(await remove([key])).toMatchObject({ outcome: 'committed' })
    await media.sweep()
    expect(await buffer(stream)).toEqual(bytes)
  })

  test('of a room takes its media, also one that was being finished', async () => {
    await start({})
    const room = await roomOf(core, 'brought')
    const keys: string[] = []
    for (let sent = 0; sent < 3; sent++) keys.push(await send(Buffer.from('a'), anna, null, room))
    const elsewhere = await send(Buffer.from('b'))
    const upload = good(await begin(1, anna, room))
    good(await media.append(await who(anna), upload, 0, Buffer.from('c')))
    const command = { command: 'remove-room', actor: null, reason: '' } as const
    const finishing = media.finish(await who(anna), upload, 1, null)
    await core.engine.submit({ room, command, session: null, bytes: 0 })
    await finishing
    await media.sweep()
    clock.set(clock.now() + 25 * HOUR)
    await media.sweep()
    clock.set(clock.now() + MEDIA_GRACE)
    await media.sweep()
    for (const key of [...keys, upload.key]) expect(await core.blobs.get(`${key}-0`)).toBeUndefined()
    expect(await read(elsewhere)).toBeInstanceOf(Buffer)
    expect([await kinds(), await usage()]).toEqual([[0, 1, 0], { kept: MEDIA_LEAST, uploads: 0, announced: 0 }])
    expect(await core.store.documents('media.room', { limit: 1 })).toEqual([])
  })
})

describe('what a user takes up', () => {
  test('is bounded, one by one and all at once', async () => {
    expect(await begin(10_000_001)).toEqual({ rejected: 'media.size', most: 10_000_000 })
    expect(await begin(15_001)).toEqual({ rejected: 'media.quota', of: 'announced', most: 15_000 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => begin(10)))
    expect(answers.filter(answer => !isMediaRejection(answer))).toHaveLength(3)
    expect(answers.at(-1)).toEqual({ rejected: 'media.quota', of: 'uploads', most: 3 })
    good(await begin(10, ben))
  })

  test('counts what is kept and what is announced together', async () => {
    await send(randomBytes(9_000))
    good(await begin(9_000))
    expect(await begin(2_001)).toEqual({ rejected: 'media.quota', of: 'kept', most: 20_000 })
    good(await begin(2_000))
    expect(await usage()).toEqual({ kept: 9_000, uploads: 2, announced: 11_000 })
  })

  test('of many small files is what they take on a disk, and so is one of nothing', async () => {
    for (let sent = 0; sent < 4; sent++) await send(randomBytes(1))
    const nothing = good(await begin(0))
    good(await media.finish(await who(anna), nothing, 0, null))
    expect((await usage()).kept).toBe(5 * MEDIA_LEAST)
    expect(await begin(0)).toEqual({ rejected: 'media.quota', of: 'kept', most: 20_000 })
    expect(await remove([nothing.key])).toMatchObject({ outcome: 'committed' })
    expect((await usage()).kept).toBe(4 * MEDIA_LEAST)
    const pieces = good(await begin(2))
    for (const index of [0, 1]) good(await media.append(await who(anna), pieces, index, randomBytes(1)))
    good(await media.finish(await who(anna), pieces, 2, null))
    expect((await usage()).kept).toBe(6 * MEDIA_LEAST)
  })

  test('is given back although somebody else never ceases to change theirs', async () => {
    good(await begin(10))
    good(await begin(10, ben))
    const kept = await send(randomBytes(10))
    clock.set(clock.now() + 2 * HOUR)
    const by = await who(anna)
    const crowd = Array.from({ length: 2 * WAITING_MEDIA }, () => media.begin(by, ROOM, 10))
    const removed = remove([kept])
    await media.sweep()
    expect((await Promise.all(crowd)).at(-1)).toEqual({ rejected: 'busy' })
    expect(await usage(ben)).toEqual({ kept: 0, uploads: 0, announced: 0 })
    expect(await removed).toMatchObject({ outcome: 'committed' })
  })

  test('is given back by an upload that was not finished in its time, and its bytes are', async () => {
    const upload = good(await begin(10))
    const by = await who(anna)
    good(await media.append(by, upload, 0, randomBytes(5)))
    clock.set(clock.now() + 2 * HOUR)
    expect(await media.append(by, upload, 1, randomBytes(5))).toEqual({ rejected: 'media.unknown' })
    expect(await media.finish(by, upload, 1, null)).toEqual({ rejected: 'media.unknown' })
    await media.sweep()
    expect(await usage()).toEqual({ kept: 0, uploads: 0, announced: 0 })
    clock.set(clock.now() + MEDIA_GRACE)
    await media.sweep()
    expect(await core.blobs.get(`${upload.key}-0`)).toBeUndefined()
    expect(await kinds()).toEqual([0, 0, 0])
  })

  test('is right when two nodes look for what has run out at the same time', async () => {
    await start({})
    for (let sent = 0; sent < 20; sent++) await send(randomBytes(10), anna, 1_000)
    for (let begun = 0; begun < 5; begun++) good(await begin(10))
    const kept = await send(randomBytes(10))
    const { write } = core.writer
    const node = new Media({ ...core, write, limits: core.config.limits.media })
    clock.set(clock.now() + 25 * HOUR)
    await Promise.all([node.sweep(), media.sweep()])
    clock.set(clock.now() + MEDIA_GRACE)
    await Promise.all([node.sweep(), media.sweep()])
    expect([await kinds(), await usage()]).toEqual([[0, 1, 0], { kept: MEDIA_LEAST, uploads: 0, announced: 0 }])
    expect(await read(kept)).toBeInstanceOf(Buffer)
    await node.stop()
  })
})

describe('when the disk refuses', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('a segment is not there, and may be sent again', async () => {
    const upload = good(await begin(5))
    const [by, bytes] = [await who(anna), randomBytes(5)]
    vi.spyOn(core.blobs, 'put').mockRejectedValueOnce(new BlobsFailure('full'))
    expect(await media.append(by, upload, 0, bytes)).toEqual({ rejected: 'unavailable' })
    expect(await media.finish(by, upload, 1, null)).toEqual({ rejected: 'media.parts', held: 0 })
    good(await media.append(by, upload, 0, bytes))
    good(await media.finish(by, upload, 1, null))
    expect(await read(upload.key)).toEqual(bytes)
  })

  test('what cannot be deleted is deleted later', async () => {
    const key = await send(Buffer.from('a'), anna, 1)
    clock.set(clock.now() + 1)
    vi.spyOn(core.blobs, 'delete').mockRejectedValueOnce(new BlobsFailure('read-only'))
    await media.sweep()
    expect(await kinds()).toEqual([0, 0, 1])
    clock.set(clock.now() + MEDIA_GRACE)
    await media.sweep()
    expect(await kinds()).toEqual([0, 0, 0])
    expect(await core.blobs.get(`${key}-0`)).toBeUndefined()
  })

  test('a segment that was written while its upload expired leaves nothing', async () => {
    const upload = good(await begin(5))
    const put = core.blobs.put.bind(core.blobs)
    vi.spyOn(core.blobs, 'put').mockImplementationOnce(async (...blob) => {
      clock.set(clock.now() + 2 * HOUR)
      await media.sweep()
      return put(...blob)
    })
    expect(await media.append(await who(anna), upload, 0, randomBytes(5))).toEqual({ rejected: 'media.unknown' })
    expect(await core.blobs.get(`${upload.key}-0`)).toBeUndefined()
  })

  test('the same segment twice at once does not take it from the finished file', async () => {
    const upload = good(await begin(5))
    const [by, bytes] = [await who(anna), randomBytes(5)]
    const put = core.blobs.put.bind(core.blobs)
    let again: Promise<unknown> = Promise.resolve()
    vi.spyOn(core.blobs, 'put').mockImplementationOnce(async (...blob) => {
      good(await media.append(by, upload, 0, bytes))
      again = media.finish(by, upload, 1, null)
      await again
      return put(...blob)
    })
    good(await media.append(by, upload, 0, bytes))
    good((await again) as object)
    expect(await read(upload.key)).toEqual(bytes)
  })
})
