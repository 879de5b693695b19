// Who listens to a hidden room without being in it, and is banned from its channel on another node.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { expect, test, vi } from 'vitest'
import { localBus } from '../../bus/local.ts'
import { Turn } from '../../fanout/turn.ts'
import type { GatewayParts } from '../gateway.ts'
import { Feeds } from './feeds.ts'
import type { DinoSession } from './session.ts'

const [banned, other] = ['1001', '1002'] as [UserId, UserId]
const channel = '7' as ChannelId
const session = (user: UserId) => ({ user, rooms: new Set(), belongs: new Set(), outlet: {} }) as unknown as DinoSession

test('hears nothing more of it when only the change of the channel is heard', async () => {
  const bus = localBus()
  let asked = 0
  const load = async () => {
    asked += 1
    return { id: channel, sanctions: [{ kind: 'ban', user: banned, from: 0, until: null, reason: '', by: null }] }
  }
  const parts = { bus, identity: { channels: { load } }, clock: { now: () => 1 } } as unknown as GatewayParts
  const feeds = new Feeds(parts, new Turn(), { room: () => {}, user: () => {} })
  const feed = feeds.hold('5' as RoomId)
  const [out, stays] = [session(banned), session(other)]
  for (const one of [out, stays]) feed.listen(one, channel)
  bus.publish('all', { kind: 'changed', of: 'channel', id: '8' })
  expect(asked).toBe(0)
  bus.publish('all', { kind: 'changed', of: 'channel', id: channel })
  await vi.waitFor(() => expect([...feed.belonging]).toEqual([stays]))
})
