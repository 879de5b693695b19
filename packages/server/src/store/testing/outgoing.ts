// The sentences about the outbox: what waits for delivery, for whom, and that it stands or falls with what it tells of.
import { compareIds } from '@conclave/wire'
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import { type Item, type Outgoing, type OutgoingRow, StoreFailure } from '../store.ts'
import { append, committed, created, message, NOW, outcomeOf, room, rows } from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')

export function outgoingSentences(open: () => Promise<OpenStore>, durable: boolean): void {
  const store = opened(open)
  const made = (fields: Partial<Outgoing> = {}): Outgoing => ({
    id: store().newId(),
    to: 'site',
    at: NOW,
    verb: 'send',
    body: '{"verb":"send"}',
    room: null,
    sequence: null,
    attempts: 0,
    dueAt: NOW,
    error: '',
    ...fields,
  })
  const put = (outgoing: Outgoing, event: number | null = null): OutgoingRow => ({ put: 'outgoing', outgoing, event })
  const texts = (found: readonly Outgoing[]) => found.map(each => each.verb)

  test('an outgoing event comes back as it was put', async () => {
    const outgoing = made({ room: ROOM, sequence: 7, attempts: 2, dueAt: NOW + 5, error: 'é "quoted"' })
    await committed(store(), rows(put(outgoing)))
    expect(await store().outgoingOf(outgoing.id)).toEqual(outgoing)
    expect(await store().outgoingOf(store().newId())).toBeUndefined()
    expect(await store().dueOutgoing('site', NOW + 5, 10)).toEqual([outgoing])
  })

  test('it gets the place of the event that it tells of', async () => {
    const [a, b] = [made(), made()]
    await committed(store(), append(ROOM, 0, [created()]))
    const item: Item = { ...append(ROOM, 1, [message('2'), message('3')]), rows: [put(b, 1), put(a, 0)] }
    await committed(store(), append(ROOM, 1, [message('4')]), item)
    expect(await store().outgoingOf(a.id)).toEqual({ ...a, room: ROOM, sequence: 3 })
    expect(await store().outgoingOf(b.id)).toEqual({ ...b, room: ROOM, sequence: 4 })
  })

  test('an item that is refused leaves none', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const [moved, stale, kept] = [made(), made(), made()]
    const outcomes = await store().commit([
      { ...append(ROOM, 9, [message('late')]), rows: [put(moved, 0)] },
      { guards: [{ of: 'account', id: '1', version: 4 }], append: null, rows: [put(stale)] },
      { ...append(ROOM, 1, [message('2')]), rows: [put(kept, 0)] },
    ])
    expect(outcomes.map(each => each.outcome)).toEqual(['moved', 'stale', 'committed'])
    expect(await store().dueOutgoing('site', NOW, 10)).toEqual([{ ...kept, room: ROOM, sequence: 2 }])
    // Decided again under the same id, it is there once.
    await committed(store(), { ...append(ROOM, 1, [message('late')]), rows: [put(moved, 0)] })
    expect(await store().outgoingOf(moved.id)).toEqual({ ...moved, room: ROOM, sequence: 3 })
  })

  test('one that names an event which is not there is a bug, and nothing of its batch is written', async () => {
    for (const index of [1, -1]) {
      const outgoing = made()
      const wrong: Item = { ...append(ROOM, 0, [created()]), rows: [put(outgoing, index)] }
      const failure = await store()
        .commit([append(OTHER, 0, [created()]), wrong])
        .catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(Error)
      expect(failure).not.toBeInstanceOf(StoreFailure)
      expect(await store().head(OTHER)).toBeUndefined()
      expect(await store().head(ROOM)).toBeUndefined()
      expect(await store().outgoingOf(outgoing.id)).toBeUndefined()
    }
  })

  test('what is due comes by id, as much as is asked for, for one destination', async () => {
    const first = made({ verb: 'first' })
    const second = made({ verb: 'second', dueAt: NOW - 5 })
    const later = made({ verb: 'later', dueAt: NOW + 10 })
    const dead = made({ verb: 'dead', dueAt: null })
    const elsewhere = made({ verb: 'elsewhere', to: 'other', dueAt: NOW - 9 })
    await committed(store(), rows(...[later, second, dead, first, elsewhere].map(each => put(each))))
    expect(texts(await store().dueOutgoing('site', NOW, 10))).toEqual(['first', 'second'])
    expect(texts(await store().dueOutgoing('site', NOW + 10, 10))).toEqual(['first', 'second', 'later'])
    // Who has waited longest goes first when there is not room for all.
    expect(texts(await store().dueOutgoing('site', NOW + 10, 1))).toEqual(['second'])
    expect(texts(await store().dueOutgoing('site', NOW + 10, 2))).toEqual(['first', 'second'])
    expect(await store().dueOutgoing('site', NOW - 6, 10)).toEqual([])
    expect(texts(await store().dueOutgoing('other', NOW, 10))).toEqual(['elsewhere'])
    expect(await store().dueOutgoing('nobody', NOW, 10)).toEqual([])
    expect(await store().nextOutgoing('site')).toBe(NOW - 5)
    expect(await store().nextOutgoing('other')).toBe(NOW - 9)
    expect(await store().nextOutgoing('nobody')).toBeNull()
    const counts = await store().countOutgoing()
    expect([...counts].sort((a, b) => (a.to < b.to ? -1 : 1))).toEqual([
      { to: 'other', waiting: 1, dead: 0 },
      { to: 'site', waiting: 3, dead: 1 },
    ])
  })

  test('a try is written down, a delivery taken away, and what is given up is a dead letter', async () => {
    const [a, b, c] = [made(), made(), made()]
    const change = (id: string, attempts: number, dueAt: number | null, error: string): Item =>
      rows({ change: 'outgoing', id, attempts, dueAt, error })
    await committed(store(), rows(put(a), put(b), put(c)))
    await committed(store(), change(a.id, 1, NOW + 60, '503'), rows({ drop: 'outgoing', id: b.id }))
    expect(await store().dueOutgoing('site', NOW, 10)).toEqual([c])
    expect(await store().outgoingOf(a.id)).toEqual({ ...a, attempts: 1, dueAt: NOW + 60, error: '503' })
    expect(await store().outgoingOf(b.id)).toBeUndefined()
    await committed(store(), change(a.id, 2, null, 'gone'), change(c.id, 1, null, 'gone'))
    expect(await store().nextOutgoing('site')).toBeNull()
    expect((await store().deadOutgoing(null, 10)).map(each => each.id)).toEqual([a.id, c.id])
    expect((await store().deadOutgoing(null, 1)).map(each => each.id)).toEqual([a.id])
    expect((await store().deadOutgoing(a.id, 10)).map(each => each.id)).toEqual([c.id])
    expect(await store().deadOutgoing(c.id, 10)).toEqual([])
    await committed(store(), change(a.id, 0, NOW, ''))
    expect(await store().dueOutgoing('site', NOW, 10)).toEqual([a])
    await committed(store(), change(b.id, 9, NOW, ''), rows({ drop: 'outgoing', id: b.id }))
    expect(await store().outgoingOf(b.id)).toBeUndefined()
  })

  test('what is put and taken away in one batch is gone', async () => {
    const outgoing = made()
    await committed(store(), rows(put(outgoing)), rows({ drop: 'outgoing', id: outgoing.id }))
    expect(await outcomeOf(store(), rows())).toEqual({ outcome: 'committed', events: [] })
    expect(await store().dueOutgoing('site', NOW, 10)).toEqual([])
  })

  if (!durable) return

  test('it is there after a crash, and no id that waits is given again', async () => {
    const outgoing = made()
    await committed(store(), { ...append(ROOM, 0, [created()]), rows: [put(outgoing, 0)] })
    // As after a clock that was set back: the newest id is ahead of the clock, and no event bears it.
    const last = made({ id: `${BigInt(store().newId()) + (60_000n << 22n)}` })
    await committed(store(), rows(put(last)))
    const again = await store.crash()
    if (again === undefined) throw new Error('a durable store can crash')
    expect(await again.dueOutgoing('site', NOW, 10)).toEqual([{ ...outgoing, room: ROOM, sequence: 1 }, last])
    expect(compareIds(again.newId(), last.id)).toBeGreaterThan(0)
  })
}
