// The sentences about whispers (L10): whoever they are not for reads the room as if they were not there.
import { expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { PageQuery, Right } from '../store.ts'
import {
  append,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  removed,
  room,
  sequencesOf,
  user,
  whisper,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const MEMBERS = ['1', '2', '3', '22', '100'].map(user)

/** Who sees which of the sequences 1 to 8 in the room that `begin` makes. */
const SEEN: Readonly<Record<string, readonly number[]>> = {
  1: [1, 2, 3, 4, 5, 6, 7, 8],
  2: [1, 2, 3, 5, 8],
  3: [1, 2, 5, 6, 8],
  22: [1, 2, 4, 5, 8],
  100: [1, 2, 5, 8],
}

export function whisperSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const begin = async (): Promise<RoomEvent[]> => {
    const bodies = [
      created({ members: MEMBERS }),
      message('all'),
      whisper('to 2', '2'),
      whisper('to 22', '22'),
      message('all'),
      whisper('to 3 and nobody', '3', '4'),
      whisper('to nobody'),
      message('all'),
    ]
    const [events] = await committed(store(), append(ROOM, 0, bodies))
    return events ?? []
  }
  const rightsOf = (who: string): Right[] => [
    { by: 'member', user: user(who) },
    { by: 'grant', user: user(who), control: 1 },
  ]

  test('they are in no page for who is not meant, whatever is selected, in whatever order and bounds', async () => {
    const log = await begin()
    for (const [who, seen] of Object.entries(SEEN)) {
      for (const right of rightsOf(who)) {
        for (const order of ['newest', 'oldest'] as const) {
          const read = async (query: Partial<PageQuery>) =>
            sequencesOf(await store().page({ room: ROOM, right, select: 'all', order, limit: 100, ...query }))
          const inOrder = (sequences: readonly number[]) => (order === 'newest' ? sequences.toReversed() : sequences)
          const messages = seen.filter(sequence => sequence > 1)
          expect(await read({})).toEqual(inOrder(seen))
          expect(await read({ select: 'messages' })).toEqual(inOrder(messages))
          expect(await read({ select: 'control' })).toEqual([1])
          expect(await read({ after: 2, before: 8 })).toEqual(inOrder(seen.filter(each => each > 2 && each < 8)))
          expect(await read({ since: NOW, until: NOW + 1, select: 'messages' })).toEqual(inOrder(messages))
          // A limit counts what is shown.
          expect(await read({ select: 'messages', limit: 2 })).toEqual(inOrder(messages).slice(0, 2))
        }
      }
    }
    const all = { room: ROOM, right: { by: 'server' }, select: 'all', order: 'oldest', limit: 100 } as const
    expect(await store().page(all)).toEqual(log)
  })

  test('they are not found by their id by who is not meant', async () => {
    const log = await begin()
    for (const [who, seen] of Object.entries(SEEN)) {
      for (const right of rightsOf(who)) {
        for (const event of log) {
          const found = await store().event(ROOM, event.id, right)
          expect(found).toEqual(seen.includes(event.sequence) ? event : undefined)
        }
      }
    }
  })

  test('a page of nothing but whispers of others is empty, and a right that does not hold is still none', async () => {
    await begin()
    const page = { room: ROOM, select: 'all', order: 'oldest', limit: 10, after: 5, before: 8 } as const
    for (const right of rightsOf('100')) expect(await store().page({ ...page, right })).toEqual([])
    expect(await store().page({ ...page, right: { by: 'grant', user: user('3'), control: 9 } })).toBeUndefined()
    await committed(store(), append(ROOM, 1, [removed(['3'])]))
    expect(await store().page({ ...page, right: { by: 'member', user: user('3') } })).toBeUndefined()
  })

  test('the sender of another one is as much a stranger to it as anybody (attack: sending to be shown more)', async () => {
    await begin()
    await committed(store(), append(ROOM, 1, [whisper('from 2', '3'), message('from 2')], { actor: user('2') }))
    const query = { room: ROOM, select: 'messages', order: 'oldest', limit: 100 } as const
    for (const right of rightsOf('2')) {
      expect(sequencesOf(await store().page({ ...query, right }))).toEqual([2, 3, 5, 8, 9, 10])
    }
    for (const right of rightsOf('1')) {
      expect(sequencesOf(await store().page({ ...query, right }))).toEqual([2, 3, 4, 5, 6, 7, 8, 10])
    }
  })

  test('they stay hidden, and say to whom they were, when their content is erased', async () => {
    const log = await begin()
    await committed(store(), append(ROOM, 1, [deleted(log[2] as RoomEvent, log[5] as RoomEvent)]))
    const query = { room: ROOM, select: 'all', order: 'oldest', limit: 100 } as const
    for (const [who, seen] of Object.entries(SEEN)) {
      for (const right of rightsOf(who)) {
        expect(sequencesOf(await store().page({ ...query, right }))).toEqual([...seen, 9])
        expect((await store().event(ROOM, log[2]?.id as never, right)) !== undefined).toBe(seen.includes(3))
      }
    }
    expect(await store().eventAt(ROOM, 3)).toEqual({ ...log[2], body: whisper('', '2'), erased: true })
    expect(JSON.stringify(await logOf(store(), ROOM))).not.toContain('to 2"')
  })

  test('many of them and many plain messages in one append keep their order', async () => {
    const bodies = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? whisper(`${n}`, '2') : message(`${n}`)))
    const [events] = await committed(store(), append(ROOM, 0, [created({ members: MEMBERS }), ...bodies]))
    expect(await logOf(store(), ROOM)).toEqual(events)
    const right = { by: 'member', user: user('3') } as const
    const shown = await store().page({ room: ROOM, right, select: 'messages', order: 'oldest', limit: 1_000 })
    expect(shown).toEqual(events?.filter(({ body }) => body.type === 'message' && body.to === undefined))
  })
}
