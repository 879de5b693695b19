// The sentences about what a store keeps beside the logs: heads, spans, roles, names.
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import {
  added,
  append,
  asked,
  channelId,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  removed,
  role,
  room,
  rotated,
  sequencesOf,
  textsOf,
  turnedAway,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const THIRD = room('2070276095283455001')

export function roomSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)

  test('a head tells where the room stands', async () => {
    const [events] = await committed(
      store(),
      append(ROOM, 0, [created({ suite: 'xchat', kind: 'private' }), message('a'), added(['2'])]),
      append(ROOM, 3, [message('b')], { at: NOW + 7 }),
    )
    const newest = (await logOf(store(), ROOM)).at(-1)
    expect(events?.length).toBe(3)
    expect(await store().head(ROOM)).toEqual({
      room: ROOM,
      channel: '5',
      suite: 'xchat',
      kind: 'private',
      sequence: 4,
      control: 3,
      lastId: newest?.id,
      lastAt: NOW + 7,
      lastMessageAt: NOW + 7,
      messages: 2,
      removed: false,
    })
  })

  test('a room without a message has no time of one', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    expect(await store().head(ROOM)).toMatchObject({ lastMessageAt: null, messages: 0 })
  })

  test('heads come for the rooms that are there', async () => {
    await committed(store(), append(ROOM, 0, [created()]), append(OTHER, 0, [created()]))
    const heads = await store().heads([OTHER, THIRD, ROOM])
    expect(heads.map(head => head.room).sort()).toEqual([ROOM, OTHER].sort())
    expect(await store().heads([])).toEqual([])
  })

  test('a switched suite stands in the head', async () => {
    await committed(store(), append(ROOM, 0, [created(), { type: 'suite.switched', suite: 'rocketchat' }]))
    expect((await store().head(ROOM))?.suite).toBe('rocketchat')
  })

  test('members find their rooms while they are members', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1'), user('2')] })]),
      append(OTHER, 0, [created({ members: [user('1')] }), added(['2', '3'])]),
    )
    expect(await store().roomsOf(user('1'))).toEqual([ROOM, OTHER])
    expect(await store().roomsOf(user('3'))).toEqual([OTHER])
    await committed(store(), append(OTHER, 2, [removed(['1', '3'])]))
    expect(await store().roomsOf(user('1'))).toEqual([ROOM])
    expect(await store().roomsOf(user('3'))).toEqual([])
  })

  test('who has a role is found by it, whether a member or not', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ owners: [user('1')], moderators: [user('1'), user('2')] })]),
      append(OTHER, 0, [created({ owners: [user('2')] })]),
    )
    expect(await store().rolesOf(user('1'))).toEqual([ROOM])
    expect(await store().rolesOf(user('2'))).toEqual([ROOM, OTHER])
    await committed(store(), append(ROOM, 1, [role('1', 'owner', false)]))
    expect(await store().rolesOf(user('1'))).toEqual([ROOM])
    await committed(store(), append(ROOM, 2, [role('1', 'moderator', false), role('3', 'moderator', true)]))
    expect(await store().rolesOf(user('1'))).toEqual([])
    expect(await store().rolesOf(user('3'))).toEqual([ROOM])
  })

  test('roles go with membership in an encrypted room and stay in a plain one', async () => {
    const fields = { members: [user('1')], owners: [user('1')] }
    await committed(
      store(),
      append(ROOM, 0, [created(fields), removed(['1'])]),
      append(OTHER, 0, [created({ ...fields, suite: 'xchat' }), removed(['1'])]),
    )
    expect(await store().rolesOf(user('1'))).toEqual([ROOM])
  })

  test('who asks to be let in is found until they are in, turned away, banned, or the room is gone', async () => {
    const xchat = { suite: 'xchat', members: [user('9')] } as const
    await committed(
      store(),
      append(ROOM, 0, [created(xchat), asked('1'), asked('2'), asked('3')]),
      append(OTHER, 0, [created(xchat), asked('3'), asked('1')]),
    )
    expect(await store().requestsOf(user('1'))).toEqual([ROOM, OTHER])
    const ban = { kind: 'ban', user: user('1'), from: NOW, until: null, reason: '', by: null } as const
    await committed(store(), append(OTHER, 3, [{ type: 'sanction.set', sanction: { ...ban, kind: 'mute' } }]))
    expect(await store().requestsOf(user('1'))).toEqual([ROOM, OTHER])
    await committed(store(), append(OTHER, 4, [{ type: 'sanction.set', sanction: ban }]))
    await committed(store(), append(ROOM, 4, [turnedAway('3'), rotated('1'), added(['2'], 'rotation')]))
    const found = async () => Promise.all(['1', '2', '3'].map(each => store().requestsOf(user(each))))
    expect(await found()).toEqual([[ROOM], [], [OTHER]])
    const gone = { type: 'room.removed', reason: '' } as const
    await committed(store(), append(ROOM, 7, [gone]), append(OTHER, 5, [turnedAway('3'), asked('3')]))
    expect(await found()).toEqual([[], [], [OTHER]])
  })

  test('rooms are found by their plain name without regard to case', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ name: 'ÄRGER im Büro' })]),
      append(OTHER, 0, [created({ name: 'ärger IM büro' })]),
      append(THIRD, 0, [created({ title: 'ärger im büro' })]),
    )
    expect(await store().roomsNamed('Ärger im BÜRO')).toEqual([ROOM, OTHER])
    await committed(store(), append(ROOM, 1, [{ type: 'room.renamed', name: 'Ruhe' }]))
    expect(await store().roomsNamed('ärger im büro')).toEqual([OTHER])
    expect(await store().roomsNamed('RUHE')).toEqual([ROOM])
  })

  test('a removed room has no members, roles, name or place in its channel, and keeps its log', async () => {
    const fields = { members: [user('1')], owners: [user('1')], name: 'Gone' }
    await committed(store(), append(ROOM, 0, [created(fields), message('a'), { type: 'room.removed', reason: '' }]))
    expect(await store().roomsOf(user('1'))).toEqual([])
    expect(await store().rolesOf(user('1'))).toEqual([])
    expect(await store().roomsNamed('gone')).toEqual([])
    expect(await store().roomsIn(channelId('5'))).toEqual([])
    expect(await store().allRooms(null, 10)).toEqual([ROOM])
    expect(await store().head(ROOM)).toMatchObject({ removed: true, sequence: 3, control: 3 })
    expect((await logOf(store(), ROOM)).length).toBe(3)
  })

  test('a channel lists its rooms, and all rooms come in pages', async () => {
    await committed(
      store(),
      append(OTHER, 0, [created()]),
      append(ROOM, 0, [created()]),
      append(THIRD, 0, [created({ channel: channelId('6') })]),
    )
    expect(await store().roomsIn(channelId('5'))).toEqual([ROOM, OTHER])
    expect(await store().allRooms(null, 2)).toEqual([ROOM, OTHER])
    expect(await store().allRooms(OTHER, 2)).toEqual([THIRD])
    expect(await store().allRooms(THIRD, 2)).toEqual([])
  })

  test('a deleted message keeps its place and loses its content', async () => {
    const [events] = await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1')] }), message('kept'), message('secret', 'id-1'), message('kept')]),
    )
    const [, , secret] = events ?? []
    if (secret === undefined) throw new Error('no message')
    await committed(store(), append(ROOM, 1, [deleted(secret)]))
    const erased = { ...secret, body: message('', 'id-1'), erased: true }
    expect(await store().eventAt(ROOM, 3)).toEqual(erased)
    expect(await store().event(ROOM, secret.id, { by: 'server' })).toEqual(erased)
    expect((await logOf(store(), ROOM))[2]).toEqual(erased)
    expect(JSON.stringify(await logOf(store(), ROOM))).not.toContain('secret')
    const page = { room: ROOM, right: { by: 'member', user: user('1') }, order: 'oldest', limit: 10 } as const
    expect(sequencesOf(await store().page({ ...page, select: 'messages' }))).toEqual([2, 4])
    expect(sequencesOf(await store().page({ ...page, select: 'all' }))).toEqual([1, 2, 3, 4, 5])
    expect(await store().head(ROOM)).toMatchObject({ messages: 2, control: 1, sequence: 5 })
  })

  test('a deletion erases what its sequence and its id both name, and nothing else', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [created(), message('a')]))
    const [, a] = events ?? []
    if (a === undefined) throw new Error('no message')
    const [, later] = await committed(
      store(),
      append(ROOM, 1, [message('b')]),
      append(ROOM, 1, [deleted({ ...a }, { ...a, sequence: 3 })]),
    )
    // The second target names another event's id: nothing but what both name is erased.
    expect(later?.length).toBe(1)
    expect(textsOf(await logOf(store(), ROOM))).toEqual(['room.created', '', 'b', 'messages.deleted'])
  })

  test('deleting again, or deleting what is no message, changes nothing', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [created({ name: 'N' }), message('a')]))
    const [creation, a] = events ?? []
    if (creation === undefined || a === undefined) throw new Error('no events')
    await committed(store(), append(ROOM, 1, [deleted(a)]), append(ROOM, 1, [deleted(a, creation)]))
    expect(await store().head(ROOM)).toMatchObject({ messages: 0, sequence: 4 })
    expect(await store().eventAt(ROOM, 1)).toEqual(creation)
  })
}
