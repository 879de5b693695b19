// The sentences about cursors, acks, what has not reached somebody yet, and the last time online.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { Item } from '../store.ts'
import {
  added,
  append,
  committed,
  created,
  deleted,
  message,
  NOW,
  removed,
  role,
  room,
  rotated,
  rows,
  textsOf,
  user,
  whisper,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const THIRD = room('2070276095283455001')
/** In the sentences user 1 sends, user 2 receives. */
const PRIVATE = created({ kind: 'private', owners: [user('1'), user('2')] })

export function receiptSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const acked = (status: 1 | 2, ...sequences: number[]): Item =>
    rows({ put: 'acks', room: ROOM, user: user('2'), status, sequences })
  const read = (sequence: number, at = NOW): Item => rows({ put: 'cursor', room: ROOM, user: user('2'), sequence, at })
  const statuses = async (who: string, ...sequences: number[]): Promise<object> =>
    Object.fromEntries(await store().acks(ROOM, user(who), sequences))
  const cursorOf = async (who: string): Promise<number | undefined> => (await store().cursor(ROOM, user(who)))?.sequence
  const waiting = async (who: string, limit = 100): Promise<string[] | undefined> =>
    textsOf(await store().unacked(user(who), [ROOM], limit))

  test('an ack is sent, received, then read, and is never lowered', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), message('4')]))
    expect(await statuses('2', 2, 3, 4)).toEqual({ 2: 0, 3: 0, 4: 0 })
    await committed(store(), acked(1, 3, 4))
    expect(await statuses('2', 2, 3, 4)).toEqual({ 2: 0, 3: 1, 4: 1 })
    await committed(store(), acked(2, 4))
    await committed(store(), acked(1, 4, 3))
    expect(await statuses('2', 2, 3, 4)).toEqual({ 2: 0, 3: 1, 4: 2 })
    // Of everybody else nothing is known by it.
    expect(await statuses('3', 2, 3, 4)).toEqual({ 2: 0, 3: 0, 4: 0 })
  })

  test('within one item and one batch the highest ack stays, whatever the order', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), message('4')]))
    await committed(store(), acked(2, 4, 4, 4), acked(1, 4), acked(1, 3, 3), acked(2, 3), acked(1, 3))
    expect(await statuses('2', 2, 3, 4)).toEqual({ 2: 0, 3: 2, 4: 2 })
  })

  test('an ack names a message that its batch has appended before', async () => {
    const sent: Item = append(ROOM, 1, [message('2'), message('3')])
    await committed(store(), append(ROOM, 0, [PRIVATE]), sent, acked(1, 3))
    expect(await statuses('2', 2, 3)).toEqual({ 2: 0, 3: 1 })
  })

  test('the cursor moves on as far as everything of others is read, and not past a hole', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), message('4'), message('5')]))
    await committed(store(), acked(1, 2, 3, 4))
    expect(await cursorOf('2')).toBeUndefined()
    await committed(store(), acked(2, 3, 5))
    expect(await cursorOf('2')).toBe(1)
    expect(await statuses('2', 2, 3, 4, 5)).toEqual({ 2: 1, 3: 2, 4: 1, 5: 2 })
    await committed(store(), acked(2, 2))
    expect(await cursorOf('2')).toBe(3)
    expect(await statuses('2', 2, 3, 4, 5)).toEqual({ 2: 2, 3: 2, 4: 1, 5: 2 })
    await committed(store(), acked(2, 4))
    expect(await cursorOf('2')).toBe(5)
  })

  test('a cursor that acks have moved bears the time of the commit', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2')]), acked(2, 2))
    expect(await store().cursor(ROOM, user('2'))).toEqual({ sequence: 2, at: NOW })
  })

  test('what the reader sent, what is erased and what is no message is no hole', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3')]))
    await committed(
      store(),
      append(ROOM, 1, [message('own 4')], { actor: user('2') }),
      append(ROOM, 1, [deleted(events?.[1] as RoomEvent), role('3', 'owner', true), message('7')]),
      append(ROOM, 6, [message('own 8')], { actor: user('2') }),
    )
    await committed(store(), acked(2, 3))
    expect(await cursorOf('2')).toBe(6)
    await committed(store(), acked(2, 7))
    expect(await cursorOf('2')).toBe(8)
  })

  test('what the server sent is of others', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3')], { actor: null }))
    expect(await waiting('2')).toEqual(['2', '3'])
    await committed(store(), acked(2, 3))
    expect(await cursorOf('2')).toBe(1)
    expect(await statuses('2', 2, 3)).toEqual({ 2: 0, 3: 2 })
  })

  test('a cursor never moves back, and what lies at or below it is read', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), message('4'), message('5')]))
    await committed(store(), acked(1, 3), read(4, NOW + 1))
    await committed(store(), read(3, NOW + 9))
    expect(await store().cursor(ROOM, user('2'))).toEqual({ sequence: 4, at: NOW + 1 })
    await committed(store(), read(4, NOW + 5))
    expect(await store().cursor(ROOM, user('2'))).toEqual({ sequence: 4, at: NOW + 5 })
    expect(await statuses('2', 2, 3, 4, 5)).toEqual({ 2: 2, 3: 2, 4: 2, 5: 0 })
    await committed(store(), acked(1, 2, 4))
    expect(await statuses('2', 2, 3, 4, 5)).toEqual({ 2: 2, 3: 2, 4: 2, 5: 0 })
  })

  test('a cursor that closes a hole goes on over what was read behind it', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), message('4'), message('5')]))
    await committed(store(), acked(2, 3, 4))
    await committed(store(), read(2))
    expect(await cursorOf('2')).toBe(4)
    expect(await waiting('2')).toEqual(['5'])
  })

  test('one reader moves nobody else, and one room no other', async () => {
    await committed(
      store(),
      append(ROOM, 0, [PRIVATE, message('2')]),
      append(OTHER, 0, [PRIVATE, message('2')]),
      acked(2, 2),
    )
    expect(await cursorOf('2')).toBe(2)
    expect(await store().cursor(OTHER, user('2'))).toBeUndefined()
    expect(await store().cursor(ROOM, user('3'))).toBeUndefined()
    expect(Object.fromEntries(await store().acks(OTHER, user('2'), [2]))).toEqual({ 2: 0 })
  })

  test('the sender has read what they sent, and cannot ack it', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3')]))
    await committed(store(), rows({ put: 'acks', room: ROOM, user: user('1'), status: 1, sequences: [2, 3] }))
    expect(await statuses('1', 2, 3)).toEqual({ 2: 2, 3: 2 })
    expect(await waiting('1')).toEqual([])
  })

  test('acks of what is not there, or is no message, are nothing (attack: acks in advance)', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2')]))
    const far = Number.MAX_SAFE_INTEGER
    await committed(store(), acked(2, 1, 0, -1, 3, 4, far), acked(1, 3))
    await committed(
      store(),
      rows({ put: 'acks', room: THIRD, user: user('2'), status: 2, sequences: [1, 2] }),
      append(THIRD, 0, [PRIVATE]),
      append(ROOM, 1, [message('3'), message('4')]),
    )
    expect(await cursorOf('2')).toBeUndefined()
    expect(await store().cursor(THIRD, user('2'))).toBeUndefined()
    expect(await statuses('2', 0, 1, 2, 3, 4, far)).toEqual({ 2: 0, 3: 0, 4: 0 })
    expect(await store().acks(room('1'), user('2'), [1])).toEqual(new Map())
    expect(await waiting('2')).toEqual(['2', '3', '4'])
  })

  test('an ack outlives the content of its message', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3')]))
    await committed(store(), acked(1, 3))
    await committed(store(), append(ROOM, 1, [deleted(events?.[2] as RoomEvent)]))
    expect(await statuses('2', 3)).toEqual({ 3: 1 })
    await committed(store(), acked(2, 3))
    expect(await statuses('2', 3)).toEqual({ 3: 2 })
  })

  test('unacked are messages of others without an ack above the cursor', async () => {
    const bodies = ['2', '3', '4', '5', '6'].map(text => message(text))
    const [events] = await committed(store(), append(ROOM, 0, [PRIVATE, ...bodies]))
    await committed(
      store(),
      append(ROOM, 1, [message('own')], { actor: user('2') }),
      append(ROOM, 1, [deleted(events?.[3] as RoomEvent)]),
      append(ROOM, 1, [message('9')]),
    )
    expect(await waiting('2')).toEqual(['2', '3', '5', '6', '9'])
    await committed(store(), acked(1, 5), read(2))
    expect(await waiting('2')).toEqual(['3', '6', '9'])
    await committed(store(), acked(2, 6))
    expect(await waiting('2')).toEqual(['3', '9'])
    await committed(store(), read(9))
    expect(await waiting('2')).toEqual([])
  })

  test('unacked are the newest of all rooms, the oldest of them first', async () => {
    await committed(
      store(),
      ...[ROOM, OTHER, THIRD].map(each => append(each, 0, [PRIVATE])),
      append(OTHER, 1, [message('a')]),
      append(ROOM, 1, [message('b'), message('c')]),
      append(THIRD, 1, [message('d')]),
      append(ROOM, 1, [message('e')]),
      append(OTHER, 1, [message('f')]),
    )
    const rooms = [THIRD, ROOM, OTHER, ROOM, room('77')]
    const of = async (limit: number) => textsOf(await store().unacked(user('2'), rooms, limit))
    expect(await of(100)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    for (const limit of [0, 1, 2, 3, 4, 5]) {
      expect(await of(limit)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].slice(6 - limit))
    }
    expect(await store().unacked(user('2'), [], 10)).toEqual([])
    const [first] = await store().unacked(user('2'), rooms, 100)
    expect(first).toEqual(await store().eventAt(OTHER, 2))
  })

  test('a long list of rooms gives the same as a short one', async () => {
    const rooms = Array.from({ length: 200 }, (_, n) => room(`${2070276095283455100n + BigInt(n)}`))
    await committed(store(), ...rooms.map((each, n) => append(each, 0, [PRIVATE, message(`${n}`)])))
    const all = Array.from({ length: 200 }, (_, n) => `${n}`)
    expect(textsOf(await store().unacked(user('2'), rooms, 1_000))).toEqual(all)
    expect(textsOf(await store().unacked(user('2'), rooms.toReversed(), 150))).toEqual(all.slice(50))
  })

  test('nothing waits in a hidden room for who does not belong to it, nor in a removed one (L10)', async () => {
    const direct = created({ kind: 'direct', members: [user('1'), user('2')] })
    await committed(
      store(),
      append(ROOM, 0, [PRIVATE, message('private')]),
      append(OTHER, 0, [direct, message('direct')]),
      append(THIRD, 0, [
        created({ suite: 'xchat', members: [user('1')], owners: [user('1'), user('2')] }),
        message('x'),
      ]),
    )
    const of = async (who: string) => textsOf(await store().unacked(user(who), [ROOM, OTHER, THIRD], 10))
    expect(await of('2')).toEqual(['private', 'direct'])
    expect(await of('3')).toEqual([])
    await committed(store(), append(ROOM, 1, [role('2', 'owner', false)]), append(OTHER, 1, [removed(['2'])]))
    expect(await of('2')).toEqual([])
    await committed(store(), append(ROOM, 3, [role('2', 'owner', true), { type: 'room.removed', reason: '' }]))
    expect(await of('2')).toEqual([])
  })

  test('what was said outside of the spans of a member neither waits, nor is acked, nor is a hole (L10)', async () => {
    const xchat = created({ suite: 'xchat', kind: 'private', members: [user('1')] })
    await committed(
      store(),
      append(ROOM, 0, [xchat, message('2'), message('3')]),
      append(ROOM, 1, [rotated('1'), added(['2'], 'rotation'), message('6'), message('7')]),
    )
    expect(await waiting('2')).toEqual(['6', '7'])
    await committed(store(), acked(1, 2, 3), acked(2, 7))
    expect(await statuses('2', 2, 3, 6, 7)).toEqual({ 6: 0, 7: 2 })
    expect(await cursorOf('2')).toBe(5)
    await committed(store(), append(ROOM, 5, [removed(['2']), message('9'), message('10')]))
    expect(await waiting('2')).toEqual([])
    await committed(store(), append(ROOM, 8, [rotated('2'), added(['2'], 'rotation'), message('13'), message('14')]))
    expect(await waiting('2')).toEqual(['6', '13', '14'])
    await committed(store(), acked(2, 6, 9, 13))
    expect(await cursorOf('2')).toBe(13)
    expect(await waiting('2')).toEqual(['14'])
  })

  test('a whisper to others neither waits, nor is acked, nor is a hole', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, whisper('to 3', '3'), whisper('to 2', '2'), message('4')]))
    expect(await waiting('2')).toEqual(['to 2', '4'])
    expect(await waiting('3')).toEqual([])
    await committed(store(), acked(2, 2, 4))
    expect(await statuses('2', 2, 3, 4)).toEqual({ 3: 0, 4: 2 })
    expect(await cursorOf('2')).toBe(2)
    await committed(store(), acked(2, 3))
    expect(await cursorOf('2')).toBe(4)
    // Its sender may ask how far its receiver has got, and is told nothing of those who never saw it.
    expect(await statuses('3', 2, 3, 4)).toEqual({ 2: 0, 4: 0 })
  })

  test('whatever is sent, erased and acked in whatever order, a plain model says the same', async () => {
    const sequence = fc.integer({ min: 1, max: 14 })
    const step = fc.oneof(
      fc.record({ what: fc.constant('message'), by: fc.constantFrom('1', '1', '2') }),
      fc.record({ what: fc.constant('whisper'), by: fc.constant('1'), to: fc.constantFrom('2', '3') }),
      fc.record({ what: fc.constant('erase'), sequence }),
      fc.record({
        what: fc.constant('acks'),
        status: fc.constantFrom<1 | 2>(1, 2),
        sequences: fc.array(sequence, { maxLength: 5 }),
      }),
      fc.record({ what: fc.constant('cursor'), sequence }),
    )
    const run = async (steps: readonly Step[]): Promise<void> => {
      const each = await open()
      try {
        const model = new Reader()
        await committed(each.store, append(ROOM, 0, [PRIVATE]))
        for (const taken of steps) {
          if (taken.what === 'cursor' && (taken.sequence ?? 0) > model.log.length) continue
          const item = model.take(taken, (await each.store.eventAt(ROOM, taken.sequence ?? 0)) as RoomEvent)
          if (item) await committed(each.store, item)
          const all = model.log.map((_, index) => index + 1)
          expect(await each.store.acks(ROOM, user('2'), all)).toEqual(model.statuses())
          expect((await each.store.cursor(ROOM, user('2')))?.sequence ?? 0).toBe(model.cursor)
          const unacked = await each.store.unacked(user('2'), [ROOM], 100)
          expect(unacked.map(event => event.sequence)).toEqual(model.waiting())
        }
      } finally {
        await each.close()
      }
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), run), { numRuns: 40 })
  })

  test('an item that is refused acks nothing', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2')]))
    const late = { ...append(ROOM, 9, [message('late')]), rows: acked(2, 2).rows }
    const outcomes = await store().commit([late])
    expect(outcomes).toEqual([{ outcome: 'moved', control: 1 }])
    expect(await statuses('2', 2)).toEqual({ 2: 0 })
    expect(await cursorOf('2')).toBeUndefined()
  })

  test('ids keep every digit up to 2^63 - 1', async () => {
    const [big, near] = ['9223372036854775807', '9223372036854775806']
    const owners = [big, near].map(user)
    await committed(
      store(),
      append(ROOM, 0, [created({ kind: 'private', owners }), message('2'), whisper('3', near)], { actor: user(big) }),
      rows({ put: 'acks', room: ROOM, user: user(near), status: 1, sequences: [2] }),
      rows({ put: 'seen', user: user(big), at: NOW }),
    )
    expect(await statuses(near, 2, 3)).toEqual({ 2: 1, 3: 0 })
    expect(await statuses(big, 2, 3)).toEqual({ 2: 2, 3: 2 })
    expect(await waiting(near)).toEqual(['3'])
    expect(await waiting(big)).toEqual([])
    expect(await store().seenAt(user(near))).toBeNull()
  })

  test('last online never goes back', async () => {
    expect(await store().seenAt(user('2'))).toBeNull()
    const seen = (at: number): Item => rows({ put: 'seen', user: user('2'), at })
    await committed(store(), seen(NOW))
    await committed(store(), seen(NOW + 5), seen(NOW + 3), seen(NOW - 1))
    expect(await store().seenAt(user('2'))).toBe(NOW + 5)
    expect(await store().seenAt(user('3'))).toBeNull()
  })
}

interface Step {
  readonly what: string
  readonly by?: string
  readonly to?: string
  readonly sequence?: number
  readonly status?: 1 | 2
  readonly sequences?: readonly number[]
}

/** What user 2 has read of a plain room, as plainly as it can be written. */
class Reader {
  /** By sequence - 1. `own` and `hidden` messages are nobody's to ack; `none` is no message. */
  readonly log: { kind: 'none' | 'own' | 'hidden' | 'theirs'; erased: boolean; status: 0 | 1 | 2 }[] = [
    { kind: 'none', erased: false, status: 0 },
  ]
  cursor = 0

  take(step: Step, event: RoomEvent | undefined): Item | null {
    switch (step.what) {
      case 'message':
        this.#append(step.by === '2' ? 'own' : 'theirs')
        return append(ROOM, 1, [message('a')], { actor: user(step.by ?? '') })
      case 'whisper':
        this.#append(step.to === '2' ? 'theirs' : 'hidden')
        return append(ROOM, 1, [whisper('a', step.to ?? '')], { actor: user(step.by ?? '') })
      case 'erase': {
        const target = this.log[(step.sequence ?? 0) - 1]
        if (target === undefined || target.kind === 'none' || event === undefined) return null
        target.erased = true
        this.#append('none')
        return append(ROOM, 1, [deleted(event)])
      }
      case 'acks': {
        const { status = 1, sequences = [] } = step
        const hit = sequences.filter(each => each > this.cursor && this.log[each - 1]?.kind === 'theirs')
        for (const each of hit) {
          const entry = this.log[each - 1]
          if (entry && entry.status < status) entry.status = status
        }
        if (status === 2 && hit.length > 0) this.#advance()
        return rows({ put: 'acks', room: ROOM, user: user('2'), status, sequences })
      }
      default: {
        const sequence = step.sequence ?? 0
        if (sequence >= this.cursor) {
          this.cursor = sequence
          this.#advance()
        }
        return rows({ put: 'cursor', room: ROOM, user: user('2'), sequence, at: NOW })
      }
    }
  }

  statuses(): Map<number, number> {
    const statuses = new Map<number, number>()
    for (const [index, { kind, status }] of this.log.entries()) {
      if (kind === 'own' || (kind === 'theirs' && index < this.cursor)) statuses.set(index + 1, 2)
      else if (kind === 'theirs') statuses.set(index + 1, status)
    }
    return statuses
  }

  waiting(): number[] {
    return this.#sequencesWhere(({ kind, erased, status }) => kind === 'theirs' && !erased && status === 0)
  }

  #advance(): void {
    const [hole] = this.#sequencesWhere(({ kind, erased, status }) => kind === 'theirs' && !erased && status < 2)
    this.cursor = hole === undefined ? this.log.length : hole - 1
  }

  /** Above the cursor. */
  #sequencesWhere(holds: (entry: Reader['log'][number]) => boolean): number[] {
    return this.log.flatMap((entry, index) => (index >= this.cursor && holds(entry) ? [index + 1] : []))
  }

  #append(kind: Reader['log'][number]['kind']): void {
    this.log.push({ kind, erased: false, status: 0 })
  }
}
