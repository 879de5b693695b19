// Who follows a room as its member, and is banned from its channel on another node, of which nothing but the change is heard.
import type { UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { localBus } from '../../../bus/local.ts'
import { Turn } from '../../../fanout/turn.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Gate } from '../gate.ts'
import type { Found } from '../names.ts'
import { Feeds } from './feeds.ts'
import { review } from './review.ts'

const [banned, other] = ['1001', '1002'] as [UserId, UserId]
const place = { from: 0, at: 0 }
const room = {
  id: '5',
  channel: '7',
  members: new Map([banned, other].map(user => [user, place])),
} as unknown as RoomState

test('follows it no more', async () => {
  const reading = { roomsOf: async () => [room], newest: () => room }
  const parts = { bus: localBus(), turn: new Turn(), reading, clock: { now: () => 1 } } as unknown as GatewayParts
  const feeds = new Feeds({
    parts,
    receiveRoom: () => {},
    receiveUser: () => {},
    receiveAbout: () => {},
    bug: () => {},
  })
  for (const user of [banned, other]) await feeds.follow(user, follower => follower.event('rooms-changed'))
  const sanctions = [{ kind: 'ban', user: banned, from: 0, until: null, reason: '', by: null }]
  const gate = { parts, feeds } as unknown as Gate
  for (const feed of feeds.rooms()) review(gate, feed, { room, channel: { id: '7', sanctions } } as unknown as Found)
  expect(feeds.rooms().flatMap(feed => [...feed.followers.keys()])).toEqual([other])
  expect([...(feeds.follower(banned)?.rooms ?? [])]).toEqual([])
})
