// The sentences about files of messages: where they are listed, by what right (L10), and that they go with their messages.
import { expect, test } from 'vitest'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import { MEDIUM } from '../projection.ts'
import type { Row } from '../store.ts'
import { append, committed, created, deleted, message, NOW, removed, room, rows, textsOf, user } from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')

const withFiles = (text: string, ...media: string[]): EventBody => ({ ...message(text), media }) as EventBody
const medium = (key: string, owner: string = ROOM): Row => ({
  put: 'document',
  document: { kind: MEDIUM, key, owner, body: '{}', dueAt: null },
})

export function fileSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const begin = async (): Promise<RoomEvent[]> => {
    const bodies = [
      created({ suite: 'rocketchat', members: ['1', '2'].map(user) }),
      withFiles('first', 'a', 'b'),
      message('plain'),
      withFiles('second', 'c'),
    ]
    const [events = []] = await committed(store(), append(ROOM, 0, bodies), rows(medium('a'), medium('b'), medium('c')))
    return events
  }
  const member = { by: 'member', user: user('2') } as const
  const listed = async (right: { by: 'member'; user: ReturnType<typeof user> } | { by: 'server' } = member) =>
    textsOf(await store().page({ room: ROOM, right, select: 'files', order: 'newest', limit: 10 }))
  const due = async () => (await store().dueDocuments(MEDIUM, NOW, 10)).map(({ key }) => key)

  test('messages with files are listed and counted, and no others', async () => {
    await begin()
    expect(await listed()).toEqual(['second', 'first'])
    expect(await listed({ by: 'server' })).toEqual(['second', 'first'])
    expect(await store().countFiles(ROOM, member)).toBe(2)
    expect(await store().countFiles(ROOM, { by: 'server' })).toBe(2)
    expect(await store().countFiles(ROOM, { by: 'grant', user: user('9'), control: 1 })).toBe(2)
    expect(await store().countFiles(OTHER, { by: 'server' })).toBe(0)
  })

  test('by who may read them now, within their spans (L10)', async () => {
    await begin()
    expect(await store().countFiles(ROOM, { by: 'member', user: user('9') })).toBeUndefined()
    expect(await store().countFiles(ROOM, { by: 'grant', user: user('9'), control: 2 })).toBeUndefined()
    await committed(store(), append(ROOM, 1, [removed(['2'])]))
    expect(await store().countFiles(ROOM, member)).toBeUndefined()
    await committed(store(), append(ROOM, 5, [withFiles('between', 'd')]))
    await committed(
      store(),
      append(ROOM, 5, [
        { type: 'members.added', users: [user('2')], reads: 'rotation', signed: null, title: null, avatar: null },
      ]),
    )
    expect(await listed()).toEqual(['second', 'first'])
    expect(await store().countFiles(ROOM, member)).toBe(2)
    expect(await store().countFiles(ROOM, { by: 'server' })).toBe(3)
  })

  test('what a member hides from themselves is not theirs to list, and is counted for the others', async () => {
    await begin()
    await committed(store(), rows({ put: 'hidden', room: ROOM, user: user('2'), sequences: [2] }))
    expect([await listed(), await store().countFiles(ROOM, member)]).toEqual([['second'], 1])
    expect(await store().countFiles(ROOM, { by: 'member', user: user('1') })).toBe(2)
  })

  test('the files of a message that is deleted are due in the same transaction, those of others are not', async () => {
    const log = await begin()
    await committed(store(), append(ROOM, 1, [deleted(log[1] as RoomEvent, log[2] as RoomEvent)]))
    expect((await due()).sort()).toEqual(['a', 'b'])
    expect(await listed()).toEqual(['second'])
    expect(await store().countFiles(ROOM, member)).toBe(1)
    expect(JSON.stringify(await store().eventAt(ROOM, 2))).not.toContain('media')
  })

  test('and of one whose own time has ended', async () => {
    await begin()
    await committed(
      store(),
      append(ROOM, 1, [{ ...withFiles('fading', 'd'), expiresAt: NOW } as EventBody]),
      rows(medium('d')),
      rows({ erase: 'expired', room: ROOM, sequences: [2, 5], at: NOW }),
    )
    expect(await due()).toEqual(['d'])
    expect(await listed()).toEqual(['second', 'first'])
  })

  test('a message that names a file of another room takes nothing along (attack)', async () => {
    await committed(store(), rows(medium('far', OTHER)))
    const [log = []] = await committed(store(), append(ROOM, 0, [created(), withFiles('claims it', 'far', 'nowhere')]))
    await committed(store(), append(ROOM, 1, [deleted(log[1] as RoomEvent)]))
    expect(await due()).toEqual([])
  })

  test('a document that is due with its message is another version of itself: what was decided on it is stale', async () => {
    const log = await begin()
    const { version = 0 } = (await store().document(MEDIUM, 'a')) ?? {}
    const outcomes = await store().commit([
      append(ROOM, 1, [deleted(log[1] as RoomEvent)]),
      { ...rows(medium('a')), guards: [{ of: 'document', id: `${MEDIUM}/a`, version }] },
    ])
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'stale'])
  })
}
