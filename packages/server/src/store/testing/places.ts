// The sentences about finding messages by id, by room and by sender.
import { expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import { append, committed, created, deleted, eventId, message, NOW, room, textsOf, user, whisper } from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const MINUTE = 60_000

export function placeSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)

  test('messages of a room are located by their ids, erased ones too, and nothing else is', async () => {
    const [events, elsewhere] = await committed(
      store(),
      append(ROOM, 0, [created(), message('2'), whisper('3', '9')]),
      append(OTHER, 0, [created(), message('2')]),
    )
    const [creation, second, third] = events as [RoomEvent, RoomEvent, RoomEvent]
    const [own] = await committed(store(), append(ROOM, 1, [message('4'), deleted(second)], { actor: null }))
    const [fourth, deletion] = own as [RoomEvent, RoomEvent]
    const ids = [creation, second, third, fourth, deletion, elsewhere?.[1] as RoomEvent, fourth].map(each => each.id)
    const located = await store().locate(ROOM, [...ids, eventId('0'), eventId('9223372036854775807')])
    expect(located).toEqual(
      new Map([
        [second.id, { sequence: 2, sender: '1' }],
        [third.id, { sequence: 3, sender: '1' }],
        [fourth.id, { sequence: 4, sender: null }],
      ]),
    )
    expect(await store().locate(ROOM, [])).toEqual(new Map())
    expect(await store().roomsOfMessages([...ids, eventId('0')])).toEqual(
      new Map([
        [second.id, ROOM],
        [third.id, ROOM],
        [fourth.id, ROOM],
        [elsewhere?.[1]?.id, OTHER],
      ]),
    )
    expect(await store().locate(room('77'), ids)).toEqual(new Map())
    const rooms = await store().roomsOfMessages([...ids, eventId('0'), eventId('9223372036854775807')])
    expect(rooms).toEqual(
      new Map([
        [second.id, ROOM],
        [third.id, ROOM],
        [fourth.id, ROOM],
        [ids[5], OTHER],
      ]),
    )
    expect(await store().roomsOfMessages([])).toEqual(new Map())
  })

  test('messages of a room come newest first without the erased ones, of all or of one sender', async () => {
    const [events] = await committed(store(), append(ROOM, 0, [created(), message('2'), message('3')]))
    const [, second, third] = events as [RoomEvent, RoomEvent, RoomEvent]
    await committed(
      store(),
      append(ROOM, 1, [message('4'), message('5')], { actor: user('2') }),
      append(ROOM, 1, [deleted(third), message('7')]),
      append(OTHER, 0, [created(), message('2')]),
    )
    const sequences = async (query: Parameters<ReturnType<typeof store>['messagesIn']>[1]) =>
      (await store().messagesIn(ROOM, query)).map(each => each.sequence)
    expect(await sequences({ limit: 10 })).toEqual([7, 5, 4, 2])
    expect(await sequences({ limit: 2 })).toEqual([7, 5])
    expect(await sequences({ limit: 2, before: 5 })).toEqual([4, 2])
    expect(await sequences({ limit: 0 })).toEqual([])
    expect(await sequences({ limit: 10, sender: user('1') })).toEqual([7, 2])
    expect(await sequences({ limit: 10, sender: user('2'), before: 5 })).toEqual([4])
    expect(await sequences({ limit: 1, sender: user('2') })).toEqual([5])
    expect(await sequences({ limit: 0, sender: user('2') })).toEqual([])
    expect(await sequences({ limit: 10, sender: user('3') })).toEqual([])
    expect(await store().messagesIn(room('77'), { limit: 10 })).toEqual([])
    expect(await store().messagesIn(room('77'), { limit: 10, sender: user('1') })).toEqual([])
    const [last] = (await store().messagesIn(ROOM, { limit: 10 })).toReversed()
    expect(last).toEqual({ id: second.id, sequence: 2, sender: '1' })
  })

  test('few messages of one sender are found in a long log', async () => {
    const crowd = Array.from({ length: 5_000 }, () => message('x'))
    await committed(store(), append(ROOM, 0, [created()]), append(ROOM, 1, [message('first')], { actor: user('7') }))
    for (const text of ['second', 'third']) {
      await committed(store(), append(ROOM, 1, crowd), append(ROOM, 1, [message(text)], { actor: user('7') }))
    }
    const found = await store().messagesIn(ROOM, { sender: user('7'), limit: 10 })
    expect(found.map(each => each.sequence)).toEqual([10_004, 5_003, 2])
    expect(await store().messagesIn(ROOM, { sender: user('7'), limit: 10, before: 10_004 })).toEqual(found.slice(1))
    expect(await store().messagesIn(ROOM, { sender: user('7'), limit: 2 })).toEqual(found.slice(0, 2))
    const sent = await store().sentBy(user('7'), NOW, NOW + 1, 10)
    expect(textsOf(sent)).toEqual(['first', 'second', 'third'])
    expect(textsOf(await store().sentBy(user('7'), NOW, NOW + 1, 2))).toEqual(['first', 'second'])
    expect(await store().sentBy(user('8'), NOW, NOW + 1, 10)).toEqual([])
    const crowded = { sender: user('1'), limit: 10_000 }
    const all = (await store().messagesIn(ROOM, { limit: 10_000 })).filter(each => each.sender === '1')
    expect(await store().messagesIn(ROOM, { ...crowded, limit: all.length })).toEqual(all)
    const ids = (await store().messagesIn(ROOM, crowded)).map(each => each.id)
    expect((await store().sentBy(user('1'), NOW, NOW + 1, 10_000)).map(each => each.id)).toEqual(ids.toReversed())
  })

  test('others are served while a long log is walked', async () => {
    const crowd = Array.from({ length: 10_000 }, () => message('x'))
    await committed(store(), append(ROOM, 0, [created()]), append(ROOM, 1, crowd))
    for (const walk of [
      () => store().messagesIn(ROOM, { sender: user('7'), limit: 10 }),
      () => store().sentBy(user('7'), NOW, NOW + 1, 10),
    ]) {
      let turns = 0
      let walking = true
      const count = (): void => {
        turns += 1
        if (walking) setImmediate(count)
      }
      setImmediate(count)
      expect(await walk()).toEqual([])
      walking = false
      expect(turns).toBeGreaterThan(2)
    }
  })

  test('what somebody sent is found in all rooms by its time: from since on, before until', async () => {
    await committed(store(), append(ROOM, 0, [created()]), append(OTHER, 0, [created()]))
    const [first] = await committed(store(), append(OTHER, 1, [message('a')], { at: NOW, actor: user('2') }))
    const [events] = await committed(store(), append(ROOM, 1, [message('b')], { at: NOW + 1, actor: user('2') }))
    const [, , third] = await committed(
      store(),
      append(ROOM, 1, [message('not mine')], { at: NOW + 2 }),
      append(ROOM, 1, [{ type: 'acls.changed', acls: [] }], { at: NOW + 2, actor: user('2') }),
      append(OTHER, 1, [whisper('c', '9')], { at: NOW + MINUTE, actor: user('2') }),
    )
    const sent = async (since: number, until: number) => textsOf(await store().sentBy(user('2'), since, until, 10))
    expect(await sent(0, Number.MAX_SAFE_INTEGER)).toEqual(['a', 'b', 'c'])
    expect(await sent(NOW, NOW + MINUTE)).toEqual(['a', 'b'])
    expect(await sent(NOW + 1, NOW + MINUTE + 1)).toEqual(['b', 'c'])
    expect(await sent(NOW + 2, NOW + MINUTE)).toEqual([])
    expect(await sent(NOW + 5, NOW)).toEqual([])
    expect(await store().sentBy(user('2'), NOW, NOW + 2 * MINUTE, 2)).toEqual([first?.[0], events?.[0]])
    await committed(store(), append(ROOM, 4, [deleted(events?.[0] as RoomEvent)]))
    expect(await sent(0, Number.MAX_SAFE_INTEGER)).toEqual(['a', 'c'])
    expect(third?.length).toBe(1)
  })

  test('temporary rooms are listed until they are removed', async () => {
    await committed(
      store(),
      append(OTHER, 0, [created({ kind: 'temporary' })]),
      append(ROOM, 0, [created({ kind: 'temporary' })]),
      append(room('2070276095283455001'), 0, [created({ kind: 'static' })]),
      append(room('2070276095283455002'), 0, [created({ kind: 'private' })]),
    )
    expect(await store().temporaryRooms()).toEqual([ROOM, OTHER])
    await committed(store(), append(ROOM, 1, [message('a'), { type: 'room.removed', reason: '' }]))
    expect(await store().temporaryRooms()).toEqual([OTHER])
  })
}
