// The sentences about messages that go by themselves: from the moment their time ends nobody reads them, whether or not
// they are erased yet, and erasing them is no entry of the log.
import { describe, expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { Row } from '../store.ts'
import {
  append,
  committed,
  created,
  deleted,
  fading,
  logOf,
  message,
  NOW,
  room,
  rows,
  sequencesOf,
  textsOf,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const HOUR = 3_600_000

const erasure = (sequences: readonly number[], at = NOW, of = ROOM): Row => ({
  erase: 'expired',
  room: of,
  sequences,
  at,
})

export function fadingSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  /** 2 stays, 3 has ended, 4 ends now, 5 ends later. */
  const begin = async (of = ROOM): Promise<RoomEvent[]> => {
    const bodies = [
      created({ members: ['1', '2'].map(user) }),
      message('stays'),
      fading('ended', NOW - 1),
      fading('ends now', NOW),
      fading('ends later', NOW + HOUR),
    ]
    const [events = []] = await committed(store(), append(of, 0, bodies))
    return events
  }
  const rights = [
    { by: 'member', user: user('2') },
    { by: 'grant', user: user('2'), control: 1 },
    { by: 'server' },
  ] as const

  test.each([false, true])('one whose time has ended is read by nobody, erased (%s) or not yet', async erased => {
    const log = await begin()
    if (erased) await committed(store(), rows(erasure([3, 4])))
    for (const right of rights) {
      const read = async (select: 'messages' | 'all' | 'kept', order: 'oldest' | 'newest' = 'oldest', limit = 100) =>
        store().page({ room: ROOM, right, select, order, limit })
      expect(textsOf(await read('messages'))).toEqual(['stays', 'ends later'])
      expect(textsOf(await read('kept'))).toEqual(['room.created', 'stays', 'ends later'])
      expect(textsOf(await read('kept', 'newest'))).toEqual(['ends later', 'stays', 'room.created'])
      // A limit counts what is shown.
      expect(textsOf(await read('messages', 'newest', 2))).toEqual(['ends later', 'stays'])
      expect(textsOf(await read('all'))).toEqual(['room.created', 'stays', '', '', 'ends later'])
      for (const event of log.slice(2, 4)) {
        const found = await store().event(ROOM, event.id, right)
        expect(found).toEqual({ ...event, body: message(''), erased: true })
      }
    }
    expect(await store().eventAt(ROOM, 3)).toMatchObject({ erased: true, body: message('') })
    expect(await store().eventAt(ROOM, 5)).toEqual(log[4])
    expect(textsOf(await store().sentBy(user('1'), NOW, NOW + 1, 10))).toEqual(['stays', 'ends later'])
    expect(textsOf(await store().unacked(user('2'), [ROOM], 10))).toEqual(['stays', 'ends later'])
    expect(JSON.stringify(await logOf(store(), ROOM))).not.toContain('end now')
  })

  test('reading what is left moves the cursor over what has ended', async () => {
    await begin()
    const read = { put: 'acks', room: ROOM, user: user('2'), status: 2, sequences: [2] } as const
    await committed(store(), rows(read))
    expect(await store().cursor(ROOM, user('2'))).toEqual({ sequence: 4, at: NOW })
  })

  test('what has ended is listed until it is erased, the first first, and when the next one ends is known', async () => {
    expect(await store().nextExpiry()).toBeNull()
    const log = await begin()
    const placed = (index: number) => ({ room: ROOM, sequence: index + 1, id: log[index]?.id, messageId: null })
    expect(await store().nextExpiry()).toBe(NOW - 1)
    expect(await store().expired(NOW, 10)).toEqual([placed(2), placed(3)])
    expect(await store().expired(NOW, 1)).toEqual([placed(2)])
    expect(await store().expired(NOW - 2, 10)).toEqual([])
    await committed(store(), rows(erasure([3])))
    expect(await store().expired(NOW, 10)).toEqual([placed(3)])
    await committed(store(), rows(erasure([4])))
    expect(await store().expired(NOW, 10)).toEqual([])
    expect(await store().nextExpiry()).toBe(NOW + HOUR)
  })

  test('erasing appends nothing, and is counted once', async () => {
    const before = await begin().then(() => store().head(ROOM))
    expect(before).toMatchObject({ sequence: 5, messages: 4 })
    await committed(store(), rows(erasure([3, 4])), rows(erasure([3, 4])))
    await committed(store(), rows(erasure([3, 4])))
    expect(await store().head(ROOM)).toEqual({ ...before, messages: 2 })
    expect(await logOf(store(), ROOM)).toHaveLength(5)
    const [events = []] = await committed(store(), append(ROOM, 1, [message('next')]))
    expect(events[0]?.sequence).toBe(6)
  })

  test('only what has ended is erased, and only in its room (attack: erasing at will)', async () => {
    await begin()
    await begin(OTHER)
    await committed(store(), rows(erasure([1, 2, 5, 6, 99])), rows(erasure([3], NOW - 2)), rows(erasure([4], NOW - 1)))
    expect(await store().expired(NOW, 10)).toHaveLength(4)
    await committed(store(), rows(erasure([3, 4], NOW, OTHER)), rows(erasure([1], NOW, room('5'))))
    expect((await store().expired(NOW, 10)).map(each => each.room)).toEqual([ROOM, ROOM])
    expect(await store().head(ROOM)).toMatchObject({ messages: 4 })
    expect(await store().head(room('5'))).toBeUndefined()
  })

  test('one that is deleted before its time is not listed, and is erased once', async () => {
    const log = await begin()
    await committed(store(), append(ROOM, 1, [deleted(log[2] as RoomEvent, log[4] as RoomEvent)]))
    expect(await store().expired(NOW + HOUR, 10)).toMatchObject([{ sequence: 4 }])
    await committed(store(), rows(erasure([3, 4, 5], NOW + HOUR)))
    expect(await store().head(ROOM)).toMatchObject({ sequence: 6, messages: 1 })
    expect(await store().nextExpiry()).toBeNull()
  })

  test('one that is sent and ends within a batch', async () => {
    await begin()
    await committed(store(), append(ROOM, 1, [fading('short', NOW)]), rows(erasure([6])))
    expect(await store().head(ROOM)).toMatchObject({ sequence: 6, messages: 4 })
    expect(await store().eventAt(ROOM, 6)).toMatchObject({ body: message(''), erased: true })
  })

  describe('keys of X rooms', () => {
    test('each is found where it was opened, in its own room', async () => {
      const opening = (version: string) => ({ type: 'epoch.opened', version, wraps: [], signed: null }) as const
      const xchat = created({ suite: 'xchat', members: [user('1')] })
      await committed(store(), append(ROOM, 0, [xchat, opening('10'), message('a'), opening('11')]))
      await committed(store(), append(OTHER, 0, [created({ suite: 'rocketchat' }), opening('10')]))
      expect(await store().epochAt(ROOM, '10')).toBe(2)
      expect(await store().epochAt(ROOM, '11')).toBe(4)
      expect(await store().epochAt(ROOM, '12')).toBeUndefined()
      expect(await store().epochAt(OTHER, '10')).toBeUndefined()
      expect(sequencesOf(await store().control(ROOM, 0))).toEqual([1, 2, 4])
    })
  })
}
