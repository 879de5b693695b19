// On many nodes what concerns a user and what concerns a room come by two ways, and either may be first.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import type { BusMessage } from '../../../bus/bus.ts'
import { localBus } from '../../../bus/local.ts'
import { Turn } from '../../../fanout/turn.ts'
import { Feeds } from '../feeds.ts'
import type { Gate } from '../gate.ts'
import { push, pushToUser } from '../pushes.ts'
import type { DinoSession } from '../session.ts'

const ROOM = '5' as RoomId
const [KICKED, ALSO, OTHER] = ['1001', '1002', '1003'] as [UserId, UserId, UserId]
/** Of the event that tells. */
const SEQUENCE = 9

const accountOf = (id: UserId) => ({
  id,
  username: `user${id}`,
  name: `user${id}`,
  dinoName: '',
  version: 1,
  roles: [],
})
const room = {
  id: ROOM,
  name: 'room',
  suite: 'none',
  kind: 'public',
  members: new Map(),
  roles: new Map(),
  sanctions: [],
}
const channel = { id: '7' as ChannelId, name: 'channel', sanctions: [] }
const ban = (user: UserId) => ({ kind: 'ban', user, from: 0, until: null, reason: '', by: null })

function event(body: object): BusMessage {
  const delivery = { event: { room: ROOM, sequence: SEQUENCE, body }, room, channel, actor: null, formerName: null }
  return { kind: 'event', delivery } as unknown as BusMessage
}

const CASES: readonly [string, readonly UserId[], BusMessage, readonly string[]][] = [
  [
    'members who are kicked together',
    [KICKED, ALSO],
    event({ type: 'members.removed', users: [KICKED, ALSO], how: 'kicked', reason: '', closes: false }),
    [KICKED, ALSO].map(user => `gn_user_kicked ${user}`),
  ],
  [
    'who is kicked and is no member',
    [KICKED],
    { kind: 'kicked', room, account: accountOf(KICKED), actor: null, reason: '' } as unknown as BusMessage,
    [`gn_user_kicked ${KICKED}`],
  ],
  [
    'who is banned from the room',
    [KICKED],
    event({ type: 'sanction.set', sanction: ban(KICKED), kick: false }),
    [`gn_user_banned ${KICKED}`, `gn_user_kicked ${KICKED}`],
  ],
]

/** Of one node, with sessions that write down what they are told. */
function start() {
  const bus = localBus()
  const told = new Map<DinoSession, string[]>()
  const session = (user: UserId): DinoSession => {
    const heard: string[] = []
    const write = (frame: Buffer): void => {
      const [name, json] = JSON.parse(String(frame).replace(/^[^[]*/, ''))
      heard.push(`${name} ${json.object.id}`)
    }
    const made = { user, rooms: new Set(), belongs: new Set(), outlet: { write } } as unknown as DinoSession
    told.set(made, heard)
    return made
  }
  const parts = {
    bus,
    identity: { accounts: { peek: accountOf } },
    occupancy: { heardLeft: () => {} },
    clock: { now: () => 1 },
    random: { bytes: (length: number) => new Uint8Array(length) },
  }
  const gate = { parts } as unknown as { -readonly [K in keyof Gate]: Gate[K] }
  gate.feeds = new Feeds(parts as never, new Turn(), {
    room: (feed, message) => push(gate, feed, message),
    user: (sessions, message) => pushToUser(gate, sessions, message),
  })
  const add = (user: UserId): DinoSession => {
    const made = session(user)
    gate.feeds.add(accountOf(user) as never, made)
    return made
  }
  return { bus, told, gate, add }
}

for (const roomFirst of [false, true])
  test.each(CASES)(
    `%s: each session hears it once, ${roomFirst ? 'the room' : 'the user'} first`,
    (_, users, message, expected) => {
      const { bus, told, gate, add } = start()
      const feed = gate.feeds.hold(ROOM)
      const inside = [...users, OTHER].map(add)
      // A session of each who is outside, and somebody who is just coming in.
      for (const user of users) add(user)
      for (const one of inside) feed.enter(one, SEQUENCE - 1)
      const entering = feed.beginEntering(add('1004' as UserId))
      const enteringThemselves = feed.beginEntering(add(KICKED))
      const topics = [...users.map(user => `user:${user}` as const), `room:${ROOM}` as const]
      for (const topic of roomFirst ? topics.reverse() : topics) bus.publish(topic, message)
      const others = told.get(inside.at(-1) as DinoSession)
      expect(others).toEqual(expected)
      expect(entering.frames).toHaveLength(expected.length)
      expect(enteringThemselves.frames).toHaveLength(expected.filter(each => !each.endsWith(KICKED)).length)
      for (const [session, heard] of told) {
        if (session.user === null || !users.includes(session.user)) continue
        const own = expected.filter(each => each.endsWith(session.user as UserId))
        // Whoever is inside hears of the others with the room.
        expect([...heard].sort()).toEqual(inside.includes(session) ? expected : own)
      }
      expect([...feed.inside].map(({ user }) => user)).toEqual([OTHER])
    },
  )

test('whoever has come in again stays when the room is told late', () => {
  const { bus, gate, add } = start()
  const feed = gate.feeds.hold(ROOM)
  const [again, before] = [add(KICKED), add(KICKED)]
  feed.enter(again, SEQUENCE)
  feed.enter(before, SEQUENCE - 1)
  feed.enter(add(OTHER), 1)
  bus.publish(`room:${ROOM}`, CASES[0]?.[2] as BusMessage)
  expect([...feed.inside].map(({ user }) => user)).toEqual([KICKED, OTHER])
  expect([feed.isInside(again), feed.isInside(before)]).toEqual([true, false])
})
