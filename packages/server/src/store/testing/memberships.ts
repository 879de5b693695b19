// The sentences about memberships as their users see them: what is unread, what they keep, and what has ended.

import type { EventId } from '@conclave/wire'
import { expect, test } from 'vitest'
import type { EventBody, Mentions, RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import type { Item, KeptRow, Membership } from '../store.ts'
import {
  added,
  append,
  committed,
  created,
  deleted,
  message,
  NOW,
  removed,
  room,
  rotated,
  rows,
  user,
  whisper,
} from './items.ts'
import { opened } from './opened.ts'

type Message = Extract<EventBody, { type: 'message' }>

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
/** In the sentences user 1 sends, user 2 reads. */
const PRIVATE = created({ kind: 'private', owners: [user('1')], members: [user('1'), user('2')] })
const DIRECT = created({ kind: 'direct', members: [user('1'), user('2')], pair: [user('1'), user('2')] })

export function membershipSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const read = (sequence: number, at = NOW): Item => rows({ put: 'cursor', room: ROOM, user: user('2'), sequence, at })
  const keep = (fields: Partial<KeptRow>): Item =>
    rows({ put: 'kept', room: ROOM, user: user('2'), at: NOW, ...fields })
  const of = async (who = '2', counted: 'direct' | 'all' = 'direct'): Promise<Membership | undefined> =>
    (await store().memberships([{ user: user(who), room: ROOM }], counted))[0]
  const seen = async (who = '2'): Promise<object> => {
    const found = await of(who)
    return [found?.alert, found?.unread, found?.open]
  }

  test('what others wrote after the cursor alerts, and is counted in direct rooms', async () => {
    await committed(store(), append(ROOM, 0, [DIRECT]))
    expect(await seen()).toEqual([false, 0, true])
    await committed(store(), append(ROOM, 1, [message('2'), message('3')]))
    expect(await seen()).toEqual([true, 2, true])
    expect(await seen('1')).toEqual([false, 0, true])
    expect(await of()).toMatchObject({ opened: 1, through: 3, cursor: null, kept: {}, keptAt: 0, unreadFrom: null })
    await committed(store(), read(2, NOW + 7))
    expect(await seen()).toEqual([true, 1, true])
    expect((await of())?.cursor).toEqual({ sequence: 2, at: NOW + 7 })
    await committed(store(), read(3))
    expect(await seen()).toEqual([false, 0, true])
  })

  test('elsewhere unread messages are counted only for whoever asks for it', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3')]))
    expect([(await of())?.unread, (await of('2', 'all'))?.unread]).toEqual([0, 2])
  })

  test('nothing counts that its user cannot see, sent, or has read by an ack', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [DIRECT, message('2'), message('3'), message('4')]))
    await committed(
      store(),
      append(ROOM, 1, [whisper('for nobody here', '3')]),
      append(ROOM, 1, [message('own')], { actor: user('2') }),
      append(ROOM, 1, [deleted(events?.[1] as RoomEvent)]),
      rows({ put: 'acks', room: ROOM, user: user('2'), status: 2, sequences: [4] }),
    )
    expect(await seen()).toEqual([true, 1, true])
    await committed(store(), rows({ put: 'hidden', room: ROOM, user: user('2'), sequences: [3] }))
    expect(await seen()).toEqual([false, 0, true])
  })

  test('what was said before somebody came, or while they were out, is not unread', async () => {
    await committed(store(), append(ROOM, 0, [created({ kind: 'private', members: [user('1')] }), message('2')]))
    await committed(store(), append(ROOM, 1, [added(['2'], 'all')]))
    expect(await seen()).toEqual([false, 0, true])
    await committed(store(), append(ROOM, 3, [message('4'), removed(['2']), message('6')]))
    expect(await of()).toBeUndefined()
    await committed(store(), append(ROOM, 5, [added(['2'], 'all')]))
    expect(await seen()).toEqual([false, 0, true])
    await committed(store(), append(ROOM, 7, [message('8')]))
    expect((await of('2', 'all'))?.unread).toBe(1)
  })

  test('messages that name the user, or everybody, are counted apart', async () => {
    const naming = (text: string, mentions: Mentions): EventBody => ({ ...(message(text) as Message), mentions })
    const bob = { id: user('2'), username: 'u2', name: 'U2' }
    await committed(store(), append(ROOM, 0, [PRIVATE, naming('2', { users: [bob], groups: [] }), message('3')]))
    const both = naming('4', { users: [bob], groups: ['all'] })
    const everybody = naming('5', { users: [], groups: ['here'] })
    const [events] = await committed(store(), append(ROOM, 1, [both, everybody, everybody]))
    expect(await of()).toMatchObject({ userMentions: 2, groupMentions: 2, unread: 0 })
    expect(await of('1')).toMatchObject({ userMentions: 0, groupMentions: 0 })
    await committed(store(), append(ROOM, 1, [deleted(events?.[2] as RoomEvent)]), read(3))
    expect(await of()).toMatchObject({ userMentions: 1, groupMentions: 1 })
    await committed(store(), read(7))
    expect(await of()).toMatchObject({ userMentions: 0, groupMentions: 0, alert: false })
  })

  test('replies count in their threads alone, for those who follow them, until they are read there', async () => {
    const [[, root, other] = []] = await committed(store(), append(ROOM, 0, [DIRECT, message('2'), message('3')]))
    const reply = (to: RoomEvent | undefined, extra: Readonly<Record<string, unknown>> = {}): EventBody => ({
      ...(message('reply') as Message),
      content: { suite: 'none', text: 'reply', extra: { rocketchat: extra } },
      thread: { id: to?.id as EventId, sequence: to?.sequence as number },
    })
    const follow = (to: RoomEvent | undefined): EventBody =>
      ({ type: 'thread.followed', target: to?.id, sequence: to?.sequence, user: user('2'), on: true }) as EventBody
    const unreadThreads = async () => (await of())?.unreadThreads.map(({ id }) => id)
    await committed(store(), read(3), append(ROOM, 1, [follow(root), follow(other), reply(root)]))
    expect(await of()).toMatchObject({ alert: false, unread: 0, repliedAt: NOW })
    expect(await unreadThreads()).toEqual([root?.id])
    await committed(store(), append(ROOM, 1, [reply(other)], { actor: user('2') }))
    expect(await unreadThreads()).toEqual([root?.id])
    await committed(store(), keep({ fields: { threads: { 2: 6 } } }))
    expect(await unreadThreads()).toEqual([])
    await committed(store(), append(ROOM, 1, [reply(root), reply(other, { tshow: true })]))
    expect(new Set(await unreadThreads())).toEqual(new Set([root?.id, other?.id]))
    expect(await of()).toMatchObject({ alert: true, unread: 1 })
    await committed(store(), keep({ threadsRead: true }))
    expect([await unreadThreads(), (await of())?.kept]).toEqual([[], {}])
    await committed(store(), append(ROOM, 1, [reply(root)]))
    expect(await unreadThreads()).toEqual([root?.id])
    // Their own thread, and the newest reply is their own.
    expect((await of('1'))?.unreadThreads.map(({ id }) => id)).toEqual([])
  })

  test('only the newest events are looked through', async () => {
    await committed(store(), append(ROOM, 0, [DIRECT, message('2')]))
    const many = Array.from({ length: 1_000 }, (_, at) => message(`${at}`))
    await committed(store(), append(ROOM, 1, many, { actor: user('2') }))
    expect(await seen()).toEqual([false, 0, true])
    await committed(store(), append(ROOM, 1, many))
    expect(await seen()).toEqual([true, 1_000, true])
  })

  test('fields are merged one by one, a null takes one away, and each change has a later time', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE]), keep({ fields: { f: true, ignored: { '1': true } } }))
    const first = (await of())?.keptAt as number
    await committed(store(), keep({ fields: { ignored: { '1': null, '3': true }, sound: 'beep' } }))
    expect((await of())?.kept).toEqual({ f: true, ignored: { '3': true }, sound: 'beep' })
    await committed(store(), keep({ fields: { f: null } }))
    expect((await of())?.kept).toEqual({ ignored: { '3': true }, sound: 'beep' })
    expect((await of())?.keptAt).toBeGreaterThan(first)
    expect((await of('1'))?.kept).toEqual({})
  })

  test('a hidden room comes back with the next message of somebody else, and alerts only then', async () => {
    await committed(store(), append(ROOM, 0, [DIRECT, message('2')]), keep({ hidden: true }))
    expect(await seen()).toEqual([false, 1, false])
    await committed(store(), append(ROOM, 1, [message('own')], { actor: user('2') }))
    expect(await seen()).toEqual([false, 1, false])
    await committed(store(), keep({ fields: { f: true } }))
    expect(await seen()).toEqual([false, 1, false])
    await committed(store(), append(ROOM, 1, [message('4')]))
    expect(await seen()).toEqual([true, 2, true])
    await committed(store(), keep({ hidden: true }), keep({ hidden: false }))
    expect(await seen()).toEqual([false, 2, true])
  })

  test('marked as unread, it is so from there on until it is read again', async () => {
    await committed(store(), append(ROOM, 0, [DIRECT, message('2'), message('3'), message('4')]), read(4))
    await committed(store(), keep({ unreadFrom: 3 }))
    expect(await of()).toMatchObject({ alert: true, unread: 2, unreadFrom: { sequence: 3, at: NOW } })
    await committed(store(), read(4, NOW + 1))
    expect(await of()).toMatchObject({ alert: false, unread: 0, unreadFrom: null })
    await committed(store(), keep({ unreadFrom: 3 }), keep({ unreadFrom: null }))
    expect((await of())?.unreadFrom).toBeNull()
  })

  test('what is kept is for members, and goes with the membership', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE]), keep({ fields: { f: true } }))
    await committed(store(), rows({ put: 'kept', room: ROOM, user: user('9'), at: NOW, fields: { f: true } }))
    await committed(store(), append(ROOM, 1, [removed(['2'])]), append(ROOM, 2, [added(['2', '9'], 'all')]))
    expect([(await of())?.kept, (await of('9'))?.kept]).toEqual([{}, {}])
    await committed(store(), keep({ fields: { f: true } }), append(ROOM, 3, [{ type: 'room.removed', reason: '' }]))
    expect(await of()).toBeUndefined()
  })

  test('many are read at once, of one user or of one room', async () => {
    await committed(store(), append(ROOM, 0, [DIRECT, message('2')]), append(OTHER, 0, [PRIVATE]))
    const names = [ROOM, OTHER, room('1')].flatMap(at => ['1', '2', '3'].map(who => ({ user: user(who), room: at })))
    const found = await store().memberships([...names, ...Array(300).fill(names[1])], 'direct')
    expect(found.filter(({ room: at, user: who }) => at === ROOM && who === '2')).toHaveLength(301)
    expect(new Set(found.map(one => `${one.room} ${one.user} ${one.unread}`))).toEqual(
      new Set([`${ROOM} 1 0`, `${ROOM} 2 1`, `${OTHER} 1 0`, `${OTHER} 2 0`]),
    )
  })

  test('ended memberships are those that were not begun again, the newest first', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE]), append(OTHER, 0, [PRIVATE]))
    await committed(store(), append(ROOM, 1, [removed(['2'])], { at: NOW + 5 }))
    await committed(store(), append(OTHER, 1, [{ type: 'room.removed', reason: '' }], { at: NOW + 9 }))
    const ended = (since: number, limit = 9) => store().endedMemberships(user('2'), since, limit)
    expect(await ended(0)).toEqual([
      { room: OTHER, at: NOW + 9 },
      { room: ROOM, at: NOW + 5 },
    ])
    expect(await ended(NOW + 5)).toEqual([{ room: OTHER, at: NOW + 9 }])
    expect(await ended(0, 1)).toEqual([{ room: OTHER, at: NOW + 9 }])
    await committed(store(), append(ROOM, 2, [added(['2'], 'all')]))
    expect(await ended(0)).toEqual([{ room: OTHER, at: NOW + 9 }])
    expect(await store().endedMemberships(user('3'), 0, 9)).toEqual([])
  })

  test('the last message of a room is one that its reader sees, and no whisper', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), message('3'), whisper('4', '2')]))
    const last = async (who = '2') => (await store().lastMessages(user(who), [ROOM, OTHER])).map(one => one.sequence)
    expect([await last(), await last('3')]).toEqual([[3], []])
    await committed(store(), rows({ put: 'hidden', room: ROOM, user: user('2'), sequences: [3] }))
    expect([await last(), await last('1')]).toEqual([[2], [3]])
  })

  test('the last message of an encrypted room lies in the spans of its reader, whoever else has seen it (L10)', async () => {
    const last = async () => (await store().lastMessages(user('2'), [ROOM])).map(one => one.sequence)
    const begun = created({ suite: 'xchat', members: [user('1'), user('2')] })
    await committed(store(), append(ROOM, 0, [begun, message('2'), removed(['2']), message('4'), rotated('5')]))
    await committed(store(), append(ROOM, 5, [added(['2'], 'rotation')]))
    expect(await last()).toEqual([2])
    await committed(store(), append(ROOM, 6, [message('7')]))
    expect(await last()).toEqual([7])
  })

  test('heads and control events of many rooms come at once', async () => {
    await committed(store(), append(ROOM, 0, [PRIVATE, message('2'), added(['3'], 'all')]), append(OTHER, 0, [PRIVATE]))
    const heads = await store().heads([OTHER, ROOM, room('1')])
    expect(new Map(heads.map(head => [head.room, head]))).toEqual(
      new Map([
        [ROOM, await store().head(ROOM)],
        [OTHER, await store().head(OTHER)],
      ]),
    )
    expect(heads.every(({ lastAt }) => lastAt === NOW)).toBe(true)
    const controls = await store().controls([ROOM, OTHER, room('1')])
    expect(controls).toEqual(
      new Map([
        [ROOM, await store().control(ROOM, 0)],
        [OTHER, await store().control(OTHER, 0)],
      ]),
    )
  })
}
