// The sentences about reading a log: what a page holds, and for whom (L10).
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import type { PageQuery, Right } from '../store.ts'
import {
  added,
  append,
  committed,
  created,
  deleted,
  eventId,
  message,
  NOW,
  removed,
  role,
  room,
  rotated,
  sequencesOf,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const SERVER: Right = { by: 'server' }

function member(id: string): Right {
  return { by: 'member', user: user(id) }
}

export function pageSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const read = async (query: Partial<PageQuery>): Promise<number[] | undefined> => {
    const defaults: PageQuery = { room: ROOM, right: SERVER, select: 'all', order: 'oldest', limit: 100 }
    return sequencesOf(await store().page({ ...defaults, ...query }))
  }

  test('a page is bounded by sequence on both sides, exclusively, and by its limit', async () => {
    await committed(store(), append(ROOM, 0, [created(), ...Array.from({ length: 9 }, (_, n) => message(`${n}`))]))
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(await read({ order: 'newest' })).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(await read({ after: 3, before: 7 })).toEqual([4, 5, 6])
    expect(await read({ order: 'newest', before: 7, limit: 2 })).toEqual([6, 5])
    expect(await read({ after: 3, limit: 2 })).toEqual([4, 5])
    expect(await read({ limit: 0 })).toEqual([])
    expect(await read({ after: 10 })).toEqual([])
    expect(await read({ after: 5, before: 6 })).toEqual([])
    expect(await read({ room: OTHER })).toEqual([])
  })

  test('a page is bounded by time: from since on, before until', async () => {
    await committed(store(), append(ROOM, 0, [created()], { at: NOW }))
    for (const [index, at] of [10, 20, 20, 20, 30, 50].entries()) {
      await committed(store(), append(ROOM, 1, [message(`${index}`)], { at: NOW + at }))
    }
    expect(await read({ since: NOW + 20 })).toEqual([3, 4, 5, 6, 7])
    expect(await read({ until: NOW + 20 })).toEqual([1, 2])
    expect(await read({ since: NOW + 11, until: NOW + 31 })).toEqual([3, 4, 5, 6])
    expect(await read({ since: NOW + 51 })).toEqual([])
    expect(await read({ until: NOW })).toEqual([])
    expect(await read({ until: NOW + 1_000, order: 'newest', limit: 2 })).toEqual([7, 6])
    expect(await read({ since: NOW + 20, after: 3, before: 7 })).toEqual([4, 5, 6])
    expect(await read({ since: NOW + 20, order: 'newest', limit: 2, until: NOW + 30 })).toEqual([5, 4])
  })

  test('a page selects messages, control events or all', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [created(), message('a'), added(['2']), message('b')]))
    const [, a] = events ?? []
    if (a === undefined) throw new Error('no message')
    await committed(store(), append(ROOM, 3, [deleted(a), message('c'), role('2', 'owner', true)]))
    expect(await read({ select: 'messages' })).toEqual([4, 6])
    expect(await read({ select: 'messages', order: 'newest', limit: 1 })).toEqual([6])
    expect(await read({ select: 'control' })).toEqual([1, 3, 7])
    expect(await read({ select: 'control', order: 'newest' })).toEqual([7, 3, 1])
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(sequencesOf(await store().control(ROOM, 0))).toEqual([1, 3, 7])
    expect(sequencesOf(await store().control(ROOM, 3))).toEqual([7])
    expect(await store().control(OTHER, 0)).toEqual([])
  })

  test('a member of the first hour reads the whole log, a stranger nothing (L10)', async () => {
    await committed(store(), append(ROOM, 0, [created({ members: [user('1')] }), message('a')]))
    for (const select of ['all', 'messages', 'control'] as const) {
      expect((await read({ right: member('1'), select }))?.length).toBeGreaterThan(0)
      expect(await read({ right: member('2'), select })).toBeUndefined()
      expect(await read({ right: member('1'), select, room: OTHER })).toBeUndefined()
    }
  })

  test('who is added with a rotation reads from the rotation on, who is added with all reads all (L10)', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] }), message('before')]),
      append(ROOM, 1, [rotated('7'), added(['2'], 'rotation')]),
      append(ROOM, 4, [added(['3'], 'all'), message('after')]),
    )
    expect(await read({ right: member('2') })).toEqual([3, 4, 5, 6])
    expect(await read({ right: member('2'), order: 'newest' })).toEqual([6, 5, 4, 3])
    expect(await read({ right: member('2'), select: 'messages' })).toEqual([6])
    expect(await read({ right: member('2'), select: 'control', limit: 1 })).toEqual([3])
    expect(await read({ right: member('3') })).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('who is added with a rotation of another append reads from their own entry on', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] }), message('before')]),
      append(ROOM, 1, [added(['2'], 'rotation')]),
    )
    expect(await read({ right: member('2') })).toEqual([3])
  })

  test('who is out reads nothing; who is let in again reads both spans, their own removal, and nothing between (L10)', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] }), message('2')]),
      append(ROOM, 1, [rotated('1'), added(['2'], 'rotation'), message('5'), message('6')]),
      append(ROOM, 4, [removed(['2']), message('8'), message('9')]),
    )
    expect(await read({ right: member('2') })).toBeUndefined()
    await committed(store(), append(ROOM, 7, [rotated('2'), added(['2'], 'rotation'), message('12')]))
    expect(await read({ right: member('2') })).toEqual([3, 4, 5, 6, 7, 10, 11, 12])
    expect(await read({ right: member('2'), order: 'newest' })).toEqual([12, 11, 10, 7, 6, 5, 4, 3])
    expect(await read({ right: member('2'), order: 'newest', limit: 4 })).toEqual([12, 11, 10, 7])
    expect(await read({ right: member('2'), order: 'newest', before: 10, limit: 2 })).toEqual([7, 6])
    expect(await read({ right: member('2'), after: 5, limit: 3 })).toEqual([6, 7, 10])
    expect(await read({ right: member('2'), select: 'messages' })).toEqual([5, 6, 12])
    expect(await read({ right: member('2'), after: 7, before: 10 })).toEqual([])
  })

  test('spans that overlap show each event once', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1'), user('2')] }), message('2')]),
      append(ROOM, 1, [removed(['2']), message('4')]),
      append(ROOM, 3, [added(['2'], 'all'), message('6')]),
    )
    expect(await read({ right: member('2') })).toEqual([1, 2, 3, 4, 5, 6])
    expect(await read({ right: member('2'), order: 'newest' })).toEqual([6, 5, 4, 3, 2, 1])
  })

  test('who is added twice has one span, from the first time', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] })]),
      append(ROOM, 1, [rotated('1'), added(['2'], 'rotation')]),
      append(ROOM, 3, [rotated('2'), added(['2'], 'rotation')]),
    )
    expect(await read({ right: member('2') })).toEqual([2, 3, 4, 5])
    await committed(store(), append(ROOM, 5, [removed(['2'])]))
    expect(await read({ right: member('2') })).toBeUndefined()
  })

  test('nobody reads a removed room as a member', async () => {
    await committed(store(), append(ROOM, 0, [created({ members: [user('1')] }), { type: 'room.removed', reason: '' }]))
    expect(await read({ right: member('1') })).toBeUndefined()
  })

  test('a grant holds at its control sequence only (L3)', async () => {
    await committed(store(), append(ROOM, 0, [created(), message('a')]))
    expect(await read({ right: { by: 'grant', user: user('1'), control: 1 } })).toEqual([1, 2])
    expect(
      await read({ right: { by: 'grant', user: user('1'), control: 1 }, select: 'messages', order: 'newest' }),
    ).toEqual([2])
    expect(await read({ right: { by: 'grant', user: user('1'), control: 1 }, after: 2 })).toEqual([])
    await committed(store(), append(ROOM, 1, [{ type: 'acls.changed', acls: [] }]))
    expect(await read({ right: { by: 'grant', user: user('1'), control: 1 } })).toBeUndefined()
    expect(await read({ right: { by: 'grant', user: user('1'), control: 1 }, after: 9 })).toBeUndefined()
    expect(await read({ right: { by: 'grant', user: user('1'), control: 3 } })).toEqual([1, 2, 3])
    expect(await read({ room: OTHER, right: { by: 'grant', user: user('1'), control: 0 } })).toBeUndefined()
  })

  test('one event is read by its id under the same rights', async () => {
    const [first, second] = await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] }), message('a')]),
      append(ROOM, 1, [rotated('1'), added(['2'], 'rotation'), message('b')]),
      append(OTHER, 0, [created({ members: [user('1')] })]),
    )
    const a = first?.[1]
    const b = second?.[2]
    if (a === undefined || b === undefined) throw new Error('no events')
    expect(await store().event(ROOM, a.id, member('1'))).toEqual(a)
    expect(await store().event(ROOM, a.id, member('2'))).toBeUndefined()
    expect(await store().event(ROOM, b.id, member('2'))).toEqual(b)
    expect(await store().event(ROOM, b.id, member('3'))).toBeUndefined()
    expect(await store().event(OTHER, a.id, member('1'))).toBeUndefined()
    expect(await store().event(ROOM, a.id, { by: 'grant', user: user('1'), control: 4 })).toEqual(a)
    expect(await store().event(ROOM, a.id, { by: 'grant', user: user('1'), control: 1 })).toBeUndefined()
    expect(await store().event(ROOM, a.id, SERVER)).toEqual(a)
    expect(await store().event(ROOM, eventId('12345'), SERVER)).toBeUndefined()
    await committed(store(), append(ROOM, 4, [removed(['2'])]))
    expect(await store().event(ROOM, b.id, member('2'))).toBeUndefined()
    expect(await store().eventAt(ROOM, 2)).toEqual(a)
    expect(await store().eventAt(ROOM, 99)).toBeUndefined()
  })
}
