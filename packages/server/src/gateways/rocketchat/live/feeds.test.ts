// Who follows which rooms, in the moment in which a membership ends or a look-up fails.
import type { RoomId, UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { localBus } from '../../../bus/local.ts'
import { Turn } from '../../../fanout/turn.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { Feeds } from './feeds.ts'

const user = '1001' as UserId
const room = (members: readonly UserId[]) =>
  ({ id: '5', members: new Map(members.map(member => [member, { from: 0, at: 0 }])) }) as unknown as RoomState

function feedsOver(reading: { roomsOf(): Promise<readonly RoomState[]>; newest(room: RoomState): RoomState }): Feeds {
  const parts = { bus: localBus(), turn: new Turn(), reading } as unknown as GatewayParts
  return new Feeds({ parts, receiveRoom: () => {}, receiveUser: () => {}, receiveAbout: () => {}, bug: () => {} })
}

test('who is removed while the list of their rooms is read follows the room no more', async () => {
  const feeds = feedsOver({ roomsOf: async () => [room([user])], newest: () => room([]) })
  const follower = await feeds.follow(user, follower => follower.event('rooms-changed'))
  expect([...follower.rooms]).toEqual([])
  expect(feeds.get('5' as RoomId)).toBeUndefined()
})

test('a list of rooms that could not be read once is read anew for the next who asks', async () => {
  let fails = true
  const roomsOf = async () => {
    if (fails) throw new Error('the store failed')
    return [room([user])]
  }
  const feeds = feedsOver({ roomsOf, newest: state => state })
  await expect(feeds.follow(user, () => {})).rejects.toThrow('the store failed')
  expect(feeds.follower(user)).toBeUndefined()
  fails = false
  const follower = await feeds.follow(user, follower => follower.event('rooms-changed'))
  expect([...follower.rooms].map(feed => feed.room)).toEqual(['5'])
})
