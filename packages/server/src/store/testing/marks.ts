// The sentences about what is done to messages: edits, reactions, pins, threads, stars and mentions show with the message,
// go with it, and are found by whoever may read it and by nobody else (L10).
import { expect, test } from 'vitest'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { MarkedQuery, Right } from '../store.ts'
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
  room,
  rows,
  sequencesOf,
  user,
  whisper,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
type Changing = 'message.edited' | 'message.reacted' | 'message.pinned' | 'thread.followed'
type Change<T extends Changing> = Omit<Extract<EventBody, { type: T }>, 'type' | 'target' | 'sequence'>

function change<T extends Changing>(type: T, { id, sequence }: RoomEvent, fields: Change<T>): EventBody {
  return { type, target: id, sequence, ...fields } as unknown as EventBody
}
const plain = (text: string) => ({ suite: 'none', text }) as const
const reply = (text: string, { id, sequence }: RoomEvent): EventBody => ({
  type: 'message',
  messageId: null,
  content: plain(text),
  thread: { id, sequence },
})
const naming = (text: string, ...users: string[]): EventBody => ({
  type: 'message',
  messageId: null,
  content: plain(text),
  mentions: { users: users.map(id => ({ id: user(id), username: id, name: id })), groups: [] },
})

export function markSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const as = (who: string): Right & { by: 'member' } => ({ by: 'member', user: user(who) })
  const write = async (actor: string, ...bodies: EventBody[]): Promise<RoomEvent[]> => {
    const control = (await store().head(ROOM))?.control ?? 0
    const [events] = await committed(store(), append(ROOM, control, bodies, { actor: user(actor) }))
    return events ?? []
  }
  const begin = async (...bodies: EventBody[]): Promise<RoomEvent[]> => {
    const [, ...events] = await write('1', created({ members: [user('1'), user('2')] }), ...bodies)
    return events
  }
  const read = (sequence: number) => store().eventAt(ROOM, sequence)
  const found = async (who: string, of: MarkedQuery['of'], sought?: MarkedQuery['sought']) => {
    const query = { room: ROOM, right: as(who), of, offset: 0, limit: 100, ...(sought === undefined ? {} : { sought }) }
    const page = await store().marked(query)
    expect(page?.total).toBe(page?.events.length)
    return page && sequencesOf(page.events)
  }

  test('an edit shows its text in place of the old one, which is nowhere any more', async () => {
    const [said] = (await begin(message('first words', 'id-1'))) as [RoomEvent]
    const [edit] = await write('1', change('message.edited', said, { content: plain('second words') }))
    expect(edit?.body).toMatchObject({ content: plain('second words') })
    const now = await read(said.sequence)
    expect(now).toMatchObject({ id: said.id, at: said.at, body: { content: plain('second words'), messageId: 'id-1' } })
    expect(now?.done).toEqual({ at: NOW, edited: { at: NOW, by: user('1') } })
    await write('2', change('message.edited', said, { content: plain('third words') }))
    const log = JSON.stringify(await logOf(store(), ROOM))
    expect(log).toContain('third words')
    expect(log).not.toMatch(/first|second/)
    expect((await store().head(ROOM))?.messages).toBe(1)
  })

  test('an edit of what is deleted brings nothing back, whichever comes first', async () => {
    const [said, other] = (await begin(message('gone'), message('gone too'))) as [RoomEvent, RoomEvent]
    await write('1', deleted(said), change('message.edited', said, { content: plain('back again') }))
    await write('1', change('message.edited', other, { content: plain('back again') }), deleted(other))
    expect(await read(said.sequence)).toMatchObject({ erased: true, body: { content: plain('') } })
    expect(JSON.stringify(await logOf(store(), ROOM))).not.toContain('again')
  })

  test('an event that names another id at that place does nothing (attack: a target that is not what it says)', async () => {
    const [one, other] = (await begin(message('one'), message('other'))) as [RoomEvent, RoomEvent]
    const forged = { ...one, id: other.id }
    await write('2', change('message.edited', forged, { content: plain('forged') }))
    await write('2', change('message.pinned', forged, { on: true }))
    expect(await read(one.sequence)).toEqual(one)
    expect(await read(other.sequence)).toEqual(other)
    expect(await found('1', 'pinned')).toEqual([])
  })

  test('reactions are kept per emoji in the order of reacting, each user once, and go one by one', async () => {
    const [said] = (await begin(message('said'))) as [RoomEvent]
    const put = (who: string, emoji: string, on = true) =>
      write(who, change('message.reacted', said, { user: user(who), emoji, on }))
    for (const [who, emoji] of ['1:a', '2:b', '2:a', '2:a'].map(text => text.split(':')))
      await put(who as string, emoji as string)
    const reactions = async () => (await read(said.sequence))?.done?.reactions
    expect(await reactions()).toEqual([
      { emoji: 'a', users: ['1', '2'] },
      { emoji: 'b', users: ['2'] },
    ])
    await put('2', 'b', false)
    await put('1', 'b', false)
    expect(await reactions()).toEqual([{ emoji: 'a', users: ['1', '2'] }])
  })

  test('a page shows what was done to its messages, and reactions are no entries of it', async () => {
    const [one, two] = (await begin(message('one'), message('two'))) as [RoomEvent, RoomEvent]
    await write('2', change('message.reacted', one, { user: user('2'), emoji: 'a', on: true }))
    await write(
      '1',
      change('message.pinned', two, { on: true }),
      change('message.edited', two, { content: plain('2') }),
    )
    const query = { room: ROOM, right: as('2'), order: 'oldest', limit: 100 } as const
    const kept = await store().page({ ...query, select: 'kept' })
    expect(kept?.map(({ body }) => body.type)).toEqual(['room.created', 'message', 'message', 'message.pinned'])
    expect(kept?.[1]?.done?.reactions).toEqual([{ emoji: 'a', users: ['2'] }])
    expect(kept?.[2]).toMatchObject({
      body: { content: plain('2') },
      done: { pinned: { by: '1' }, edited: { by: '1' } },
    })
    expect(sequencesOf(await store().page({ ...query, select: 'messages' }))).toEqual([2, 3])
    expect(sequencesOf(await store().page({ ...query, select: 'all' }))).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('pinned messages are found until they are unpinned or deleted', async () => {
    const said = await begin(message('a'), message('b'), message('c'))
    for (const event of said) await write('1', change('message.pinned', event, { on: true }))
    expect((await found('2', 'pinned'))?.toSorted()).toEqual([2, 3, 4])
    await write('1', change('message.pinned', said[0] as RoomEvent, { on: false }), deleted(said[1] as RoomEvent))
    expect(await found('2', 'pinned')).toEqual([4])
    expect(await store().countPinned(ROOM)).toBe(1)
  })

  test('a thread counts its replies, is followed by who wrote in it and who is named, and loses those that are erased', async () => {
    const [root] = (await begin(message('root'))) as [RoomEvent]
    const [first] = (await write('2', reply('first', root))) as [RoomEvent]
    const second = reply('second', root) as Extract<EventBody, { type: 'message' }>
    const mentions = { users: [{ id: user('3'), username: 'three', name: '' }], groups: [] }
    await write('2', { ...second, mentions })
    const thread = async () => (await read(root.sequence))?.done
    expect(await thread()).toMatchObject({ thread: { count: 2, last: NOW, sequence: 4 }, followers: ['1', '2', '3'] })
    expect(await found('1', 'replies', root.sequence)).toEqual([3, 4])
    expect(await found('1', 'threads')).toEqual([2])
    expect(await found('2', 'threads followed')).toEqual([2])
    await write('2', change('thread.followed', root, { user: user('2'), on: false }))
    expect(await found('2', 'threads followed')).toEqual([])
    await write('1', deleted(first))
    expect((await thread())?.thread?.count).toBe(1)
    expect(await found('1', 'replies', root.sequence)).toEqual([4])
    await write('1', deleted(root))
    expect(await found('1', 'threads')).toEqual([])
  })

  test('an unread thread is a followed one whose newest reply lies above the cursor', async () => {
    const [root] = (await begin(message('root'))) as [RoomEvent]
    await write('2', reply('reply', root))
    expect(await found('1', 'threads unread')).toEqual([2])
    await store().commit([rows({ put: 'cursor', room: ROOM, user: user('1'), sequence: 3, at: NOW })])
    expect(await found('1', 'threads unread')).toEqual([])
  })

  test("stars are their user's alone, and go with the message", async () => {
    const [one, two] = (await begin(message('one'), message('two'))) as [RoomEvent, RoomEvent]
    const star = (sequence: number, on = true) =>
      store().commit([rows({ put: 'star', room: ROOM, user: user('1'), sequence, on, at: NOW })])
    for (const sequence of [1, one.sequence, two.sequence, 99]) await star(sequence)
    expect(await store().starred(ROOM, user('1'), [1, 2, 3, 4, 99])).toEqual(new Set([2, 3]))
    expect(await store().starred(ROOM, user('2'), [1, 2, 3, 4])).toEqual(new Set())
    expect([await found('1', 'starred'), await found('2', 'starred')]).toEqual([[2, 3], []])
    await star(one.sequence, false)
    await write('1', deleted(two))
    expect(await found('1', 'starred')).toEqual([])
    expect(await store().countStarred(ROOM, user('1'))).toBe(0)
  })

  test('who is named is found by it, also after an edit, and not after a deletion', async () => {
    const [one, two] = (await begin(naming('@2 @3', '2', '3'), naming('@2', '2'))) as [RoomEvent, RoomEvent]
    expect(await found('2', 'mentioning', user('2'))).toEqual([3, 2])
    const { mentions } = naming('', '1') as Extract<EventBody, { type: 'message' }>
    await write('1', change('message.edited', one, { content: plain('@1'), ...(mentions ? { mentions } : {}) }))
    expect(await found('2', 'mentioning', user('2'))).toEqual([3])
    expect(await found('2', 'mentioning', user('1'))).toEqual([2])
    await write('1', deleted(two))
    expect(await found('2', 'mentioning', user('2'))).toEqual([])
  })

  test('none of it is found by who is no member, came later or was not meant (L10)', async () => {
    const [, secret] = (await begin(message('root'), whisper('secret', '2'), fading('short', NOW))) as RoomEvent[]
    const [root, , gone] = (await store().page({
      room: ROOM,
      right: { by: 'server' },
      select: 'all',
      order: 'oldest',
      after: 1,
      limit: 9,
    })) as [RoomEvent, RoomEvent, RoomEvent]
    await write('1', reply('reply', root))
    for (const event of [root, secret as RoomEvent, gone])
      await write('1', change('message.pinned', event, { on: true }))
    await write('1', added(['3'], 'rotation'))
    const [late] = (await write('1', reply('late', root))) as [RoomEvent]
    await write('1', change('message.pinned', late, { on: true }))
    expect((await found('2', 'pinned'))?.toSorted((a, b) => a - b)).toEqual([2, 3, late.sequence])
    expect(await found('3', 'pinned')).toEqual([late.sequence])
    expect(await found('3', 'threads')).toEqual([])
    expect(await found('3', 'replies', root.sequence)).toEqual([late.sequence])
    expect(await found('4', 'pinned')).toBeUndefined()
    await write('1', removed(['2']))
    expect(await found('2', 'pinned')).toBeUndefined()
    const control = (await store().head(ROOM))?.control as number
    const granted = { room: ROOM, of: 'pinned', offset: 0, limit: 9 } as const
    const of = (at: number) => store().marked({ ...granted, right: { by: 'grant', user: user('4'), control: at } })
    expect((await of(control))?.total).toBe(2)
    expect(await of(control - 1)).toBeUndefined()
  })

  test('a search finds plain messages that the reader may see, newest first', async () => {
    await begin(message('red'), whisper('red whisper', '3'), message('blue'), message('red again'))
    const words = (text: string) => (event: RoomEvent) => JSON.stringify(event.body).includes(text)
    const search = async (who: string, text: string, limit = 10) =>
      store().search({ room: ROOM, right: as(who), matches: words(text), limit })
    expect(sequencesOf((await search('2', 'red')) ?? [])).toEqual([5, 2])
    expect(sequencesOf((await search('1', 'red', 2)) ?? [])).toEqual([5, 3])
    expect(await search('9', 'red')).toBeUndefined()
    const byTwo = { room: ROOM, right: as('1'), sender: user('2'), matches: () => true, limit: 9 }
    expect(await store().search(byTwo)).toEqual([])
  })
}
