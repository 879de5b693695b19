// 7: history, and what changed since.
import { general } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { IDS } from '../start.ts'
import { ask, type Derived, group, is, nap, OK, post, says, send, subOf } from './tools.ts'

export const HISTORY: Derived[] = [
  [
    '7',
    'loadHistory: newest first',
    async () => {
      const rid = await group('alice')
      await send('alice', rid, 'one')
      await send('alice', rid, 'two')
      const got = await says({}, 'alice', 'loadHistory', rid, null, 20, null)
      is(got.messages.slice(0, 2).map((m: Frame) => m.msg)).toEqual(['two', 'one'])
      is(got.unreadNotLoaded).toEqual(is.any(Number))
    },
  ],
  [
    '7',
    'loadHistory: limit',
    async () => {
      const rid = await group('alice')
      for (const m of ['1', '2', '3']) await send('alice', rid, m)
      is((await says({}, 'alice', 'loadHistory', rid, null, 2, null)).messages.map((m: Frame) => m.msg)).toEqual([
        '3',
        '2',
      ])
    },
  ],
  [
    '7',
    'loadHistory: before an end',
    async () => {
      const rid = await group('alice')
      await send('alice', rid, '1')
      await nap(5)
      const m = await send('alice', rid, '2')
      is((await says({}, 'alice', 'loadHistory', rid, { $date: Date.parse(m.ts) }, 20, null)).messages[0].msg).toBe('1')
    },
  ],
  [
    '7',
    'loadHistory: firstUnread',
    async () => {
      const rid = await group('alice', ['bob'])
      await post('bob', 'subscriptions.read', { rid }, OK)
      const { ls } = await subOf('bob', rid)
      await nap(5)
      const m = await send('alice', rid, 'first new')
      await send('alice', rid, 'second')
      const got = await says({}, 'bob', 'loadHistory', rid, null, 1, ls)
      is([got.firstUnread._id, got.unreadNotLoaded]).toEqual([m._id, 1])
    },
  ],
  [
    '7',
    'loadHistory: unknown room is false',
    async () => is((await ask('alice', 'loadHistory', 'none')).result).toBe(false),
  ],
  [
    '7',
    'loadHistory: not logged in',
    async () => is((await ask(null, 'loadHistory', general)).error?.error).toBe('error-invalid-user'),
  ],
  [
    '7',
    'loadNextMessages',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid, '1')
      await nap(5)
      await send('alice', rid, '2')
      is(
        (await says({}, 'alice', 'loadNextMessages', rid, { $date: Date.parse(m.ts) }, 20)).messages.map(
          (x: Frame) => x.msg,
        ),
      ).toContain('2')
    },
  ],
  [
    '7',
    'loadSurroundingMessages',
    async () => {
      const rid = await group('alice')
      await send('alice', rid, '1')
      const m = await send('alice', rid, '2')
      await send('alice', rid, '3')
      is(await says({}, 'alice', 'loadSurroundingMessages', { _id: m._id, rid }, 10)).toMatchObject({
        messages: is.any(Array),
        moreBefore: is.any(Boolean),
        moreAfter: is.any(Boolean),
      })
    },
  ],
  [
    '7',
    'messages/get since',
    async () => {
      const rid = await group('alice')
      const t = Date.now() - 1000
      await send('alice', rid, '1')
      is(await says({}, 'alice', 'messages/get', rid, { lastUpdate: { $date: t } })).toMatchObject({
        updated: is.any(Array),
        deleted: [],
      })
    },
  ],
  [
    '7',
    'messages/get: deleted',
    async () => {
      const rid = await group('alice')
      const t = Date.now() - 1000
      const m = await send('alice', rid, '1')
      await post('alice', 'chat.delete', { roomId: rid, msgId: m._id }, OK)
      is((await says({}, 'alice', 'messages/get', rid, { lastUpdate: { $date: t } })).deleted).toMatchObject([
        { _id: m._id, _deletedAt: { $date: is.any(Number) } },
      ])
    },
  ],
  [
    '7',
    'subscriptions/get without a date is a list',
    async () => is(Array.isArray(await says({}, 'alice', 'subscriptions/get'))).toBe(true),
  ],
  [
    '7',
    'rooms/get with a date',
    async () =>
      is(await says({}, 'alice', 'rooms/get', { $date: 0 })).toMatchObject({
        update: is.any(Array),
        remove: is.any(Array),
      }),
  ],
  [
    '7',
    'rooms/get: what is new only',
    async () => {
      const t = Date.now() + 1
      await nap(10)
      const rid = await group('alice')
      is((await says({}, 'alice', 'rooms/get', { $date: t })).update.map((r: Frame) => r._id)).toContain(rid)
    },
  ],
  [
    '7',
    'remove has _id and _deletedAt',
    async () => {
      const t = Date.now() - 5
      const rid = await group('alice', ['bob'])
      const { _id } = await subOf('bob', rid)
      await post('alice', 'groups.kick', { roomId: rid, userId: IDS.bob }, OK)
      is((await says({}, 'bob', 'subscriptions/get', { $date: t })).remove).toContainEqual(
        is.objectContaining({ _id, _deletedAt: { $date: is.any(Number) } }),
      )
    },
  ],
  [
    '7',
    'readMessages',
    async () => {
      const rid = await group('alice', ['bob'])
      await send('alice', rid, 'hi @bob')
      is((await subOf('bob', rid)).alert).toBe(true)
      is((await ask('bob', 'readMessages', rid)).error).toBeUndefined()
      is(await subOf('bob', rid)).toMatchObject({ alert: false, unread: 0, userMentions: 0 })
    },
  ],
  [
    '7',
    'readMessages not logged in',
    async () => is((await ask(null, 'readMessages', general)).error.errorType).toBe('Meteor.Error'),
  ],
]
