// The sentences about messages that somebody has hidden from themselves: they read the room as if those had been erased,
// and nobody else notices.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { Item, PageQuery, Row, Store } from '../store.ts'
import {
  added,
  append,
  committed,
  created,
  deleted,
  fading,
  logOf,
  message,
  NOW,
  removed,
  role,
  room,
  rows,
  sequencesOf,
  textsOf,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')

const hide = (...sequences: readonly number[]): Row => ({ put: 'hidden', room: ROOM, user: user('2'), sequences })

export function hiddenSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const begin = async (of = ROOM): Promise<RoomEvent[]> => {
    const bodies = [created({ members: ['1', '2', '3'].map(user) }), ...'abcdef'.split('').map(text => message(text))]
    const [events = []] = await committed(store(), append(of, 0, bodies))
    return events
  }
  const texts = async (who: string, query: Partial<PageQuery> = {}) => {
    const right = { by: 'member', user: user(who) } as const
    const all = { room: ROOM, right, select: 'messages', order: 'oldest', limit: 100, ...query } as const
    return textsOf(await store().page(all))?.join('')
  }

  test('who hid them reads the room without them, for ever; everybody else as before', async () => {
    const log = await begin()
    await committed(store(), rows(hide(3, 4, 6)))
    expect(await texts('2')).toBe('adf')
    expect(await texts('2', { order: 'newest' })).toBe('fda')
    expect(await texts('2', { order: 'newest', limit: 2 })).toBe('fd')
    expect(await texts('2', { after: 2, before: 7 })).toBe('d')
    expect(await texts('2', { select: 'kept' })).toBe('room.createdadf')
    expect(await texts('2', { select: 'all' })).toBe('room.createdadf')
    expect(await texts('1')).toBe('abcdef')
    const mine = await store().event(ROOM, log[2]?.id as never, { by: 'member', user: user('2') })
    expect(mine).toEqual({ ...log[2], body: message(''), erased: true })
    for (const right of [{ by: 'member', user: user('3') }, { by: 'server' }] as const)
      expect(await store().event(ROOM, log[2]?.id as never, right)).toEqual(log[2])
    expect(await logOf(store(), ROOM)).toEqual(log)
    expect(await store().head(ROOM)).toMatchObject({ sequence: 7, messages: 6 })
  })

  test('what is hidden waits for nobody: it is not unacked, and no hole below the cursor', async () => {
    await begin()
    await committed(store(), rows(hide(2, 4)))
    expect(textsOf(await store().unacked(user('2'), [ROOM], 10))).toEqual(['b', 'd', 'e', 'f'])
    expect(textsOf(await store().unacked(user('3'), [ROOM], 10))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    const read = { put: 'acks', room: ROOM, user: user('2'), status: 2, sequences: [3, 5] } as const
    await committed(store(), rows(read))
    expect((await store().cursor(ROOM, user('2')))?.sequence).toBe(5)
  })

  test('it is still known where they stand, to members alone', async () => {
    const log = await begin()
    await committed(store(), rows(hide(3)))
    const ids = log.map(event => event.id)
    expect([...(await store().locate(ROOM, ids, user('2'))).values()].map(each => each.sequence)).toEqual([
      2, 3, 4, 5, 6, 7,
    ])
    expect((await store().locate(ROOM, ids, user('4'))).size).toBe(0)
    expect((await store().locate(OTHER, ids, user('2'))).size).toBe(0)
    await committed(store(), append(ROOM, 1, [removed(['2']), message('out'), added(['2'], 'rotation')]))
    const [spanned = []] = await committed(store(), append(ROOM, 10, [message('in')]))
    const outside = (await logOf(store(), ROOM))[8]
    const again = await store().locate(ROOM, [ids[1], outside?.id, spanned[0]?.id] as never, user('2'))
    expect([...again.values()].map(each => each.sequence)).toEqual([2, 9, 11])
    expect((await store().locate(ROOM, ids, user('3'))).size).toBe(6)
  })

  test('hiding them again, or what is no message, changes nothing', async () => {
    await begin()
    await begin(OTHER)
    await committed(store(), rows(hide(1, 3, 3, 99)), rows(hide(3)))
    expect(await texts('2')).toBe('acdef')
    expect(await texts('2', { room: OTHER })).toBe('abcdef')
    expect(await store().hiddenStretches(ROOM, user('2'))).toBe(1)
    expect(await store().hiddenStretches(ROOM, user('3'))).toBe(0)
  })

  test('an append without events hides under its condition, and uses its keys (L3, L7)', async () => {
    await begin()
    const key = { key: 'k', digest: 'd', by: user('2') }
    const item = (control: number, ...sequences: readonly number[]): Item => ({
      ...append(ROOM, control, [], { messageKeys: [key] }),
      rows: [hide(...sequences)],
    })
    expect(await store().commit([item(0, 2)])).toEqual([{ outcome: 'moved', control: 1 }])
    expect(await store().commit([item(1, 3), item(1, 4)])).toEqual([
      { outcome: 'committed', events: [] },
      { outcome: 'exists', index: 0, room: ROOM, sequence: 7, by: user('2'), digest: 'd' },
    ])
    expect(await texts('2')).toBe('acdef')
    expect((await logOf(store(), ROOM)).length).toBe(7)
  })

  test('stretches without a message between them that is left are one', async () => {
    const log = await begin()
    await committed(store(), rows(hide(2)), rows(hide(4)), rows(hide(6)))
    expect(await store().hiddenStretches(ROOM, user('2'))).toBe(3)
    await committed(store(), rows(hide(3)))
    expect(await store().hiddenStretches(ROOM, user('2'))).toBe(2)
    // Control events and erased messages do not part them, and are not hidden by them.
    await committed(
      store(),
      append(ROOM, 1, [role('3', 'moderator', true), message('g'), deleted(log[4] as RoomEvent)]),
    )
    await committed(store(), rows(hide(7, 9)))
    await committed(store(), rows(hide(6)))
    expect(await store().hiddenStretches(ROOM, user('2'))).toBe(1)
    expect(await texts('2', { select: 'kept' })).toBe('room.createdroles.changedmessages.deleted')
  })

  test('what is erased between two of them makes them one, for each who hid them', async () => {
    const log = await begin()
    const theirs: Row = { put: 'hidden', room: ROOM, user: user('3'), sequences: [2, 5, 7] }
    await committed(store(), rows(hide(2), hide(5), hide(7), theirs))
    const stretches = () => Promise.all(['2', '3'].map(who => store().hiddenStretches(ROOM, user(who))))
    expect(await stretches()).toEqual([3, 3])
    await committed(store(), append(ROOM, 1, [deleted(log[2] as RoomEvent)]))
    expect(await stretches()).toEqual([3, 3])
    await committed(store(), rows(hide(4)))
    expect(await stretches()).toEqual([2, 3])
    await committed(store(), append(ROOM, 1, [deleted(log[3] as RoomEvent)]))
    expect(await stretches()).toEqual([2, 2])
    await committed(store(), append(ROOM, 1, [deleted(log[5] as RoomEvent)]))
    expect(await stretches()).toEqual([1, 1])
    expect([await texts('1'), await texts('2'), await texts('3')]).toEqual(['adf', '', ''])
  })

  const step = fc.record({
    what: fc.constantFrom('message', 'message', 'fading', 'role', 'delete', 'hide', 'hide', 'hide'),
    picks: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
  })
  test('random hiding and deleting: every page is what a plain list gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async steps => {
        const held = await open()
        try {
          await compare(held.store, steps)
        } finally {
          await held.close()
        }
      }),
      { numRuns: 60 },
    )
  })
}

async function compare(store: Store, steps: readonly { what: string; picks: readonly number[] }[]): Promise<void> {
  const members = ['1', '2'].map(user)
  const log: RoomEvent[] = []
  let control = 1
  const hidden = new Set<number>()
  const erased = new Set<number>()
  /** Erased by now, and not only at their end. */
  const deletions = new Set<number>()
  const take = async (...bodies: RoomEvent['body'][]): Promise<void> => {
    const [events = []] = await committed(store, append(ROOM, log.length === 0 ? 0 : control, bodies))
    log.push(...events)
  }
  await take(created({ members }), message('first'))
  for (const { what, picks } of steps) {
    const messages = log.filter(({ body }) => body.type === 'message')
    const targets = picks.map(pick => messages[pick % messages.length] as RoomEvent)
    if (what === 'message') await take(message('x'))
    else if (what === 'fading') {
      await take(fading('x', NOW))
      erased.add(log.length)
    } else if (what === 'role') {
      await take(role('1', 'moderator', true))
      control = log.length
    } else if (what === 'delete') {
      await take(deleted(...targets))
      for (const { sequence } of targets) for (const gone of [erased, deletions]) gone.add(sequence)
    } else {
      await committed(store, rows(hide(...targets.map(({ sequence }) => sequence))))
      for (const { sequence } of targets) hidden.add(sequence)
    }
  }
  const places = log.filter(({ body, sequence }) => body.type === 'message' && !deletions.has(sequence))
  expect(await store.hiddenStretches(ROOM, user('2'))).toBe(stretchesIn(hidden, places))
  for (const who of members) {
    const gone = (sequence: number): boolean => erased.has(sequence) || (who === '2' && hidden.has(sequence))
    const right = { by: 'member', user: who } as const
    for (const select of ['messages', 'kept', 'all'] as const) {
      const wanted = log
        .filter(
          ({ body, sequence }) =>
            select === 'all' || (!gone(sequence) && (select === 'kept' || body.type === 'message')),
        )
        .map(event => event.sequence)
      for (const order of ['oldest', 'newest'] as const) {
        const inOrder = order === 'oldest' ? wanted : wanted.toReversed()
        const read = async (bounds: Partial<PageQuery>) =>
          sequencesOf(await store.page({ room: ROOM, right, select, order, limit: 100, ...bounds }))
        expect(await read({})).toEqual(inOrder)
        expect(await read({ limit: 3 })).toEqual(inOrder.slice(0, 3))
        const middle = Math.floor(log.length / 2)
        expect(await read({ after: middle })).toEqual(inOrder.filter(each => each > middle))
        expect(await read({ before: middle })).toEqual(inOrder.filter(each => each < middle))
      }
    }
  }
}

/** As many as are kept apart by something that is there and not hidden. */
function stretchesIn(hidden: ReadonlySet<number>, kept: readonly RoomEvent[]): number {
  const inOrder = [...hidden].sort((a, b) => a - b)
  return inOrder.filter((low, index) => {
    const before = inOrder[index - 1]
    return before === undefined || kept.some(({ sequence }) => sequence > before && sequence < low)
  }).length
}
