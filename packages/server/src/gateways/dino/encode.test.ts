// What is remembered of pushes between the delivery and the answer.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { apply } from '../../room/apply.ts'
import { blankRoom } from '../../room/commands/create-room.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import { messageFrame } from './encode.ts'

const TURNS = 60
const MESSAGES = 64
const TEXT = 2_000

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void

const ROOM = '2070276095283454003' as RoomId
const CHANNEL = '2070276095283454004' as ChannelId
const body = {
  type: 'room.created' as const,
  channel: CHANNEL,
  ...blankRoom({ suite: 'none', kind: 'public', name: 'room' }),
}
const room = apply(undefined, {
  room: ROOM,
  sequence: 1,
  id: '2070276095283454005' as EventId,
  at: 0,
  actor: null,
  body,
})
const channel = { id: CHANNEL, name: 'channel' } as Channel
const account = { id: '5' as UserId, name: 'Anna', dinoName: '', username: 'anna' } as Account

function said(text: string): RoomEvent {
  const id = '2070276095283454006' as EventId
  const body = { type: 'message', messageId: null, content: { suite: 'none', text } } as const
  return { room: ROOM, sequence: 2, id, at: 1_000, actor: account.id, body }
}

const frameOf = (event: RoomEvent) => messageFrame(event, { room, channel }, account, { publicUrl: () => '' })

/** As many messages a turn as a commit may hold; what is in memory when the garbage of the young is gone. */
async function talk(turns: number): Promise<number> {
  for (let turn = 0; turn < turns; turn++) {
    for (let n = 0; n < MESSAGES; n++) {
      frameOf(said(`${turn} ${n} `.padEnd(TEXT, '.')))
      // What is there at two collections is old.
      if (turn % 10 === 0 && n % 20 === 19) gc({ type: 'minor' })
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  gc({ type: 'minor' })
  gc({ type: 'minor' })
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('a push is encoded once while its turn lasts, and afterwards anew', async () => {
  const event = said('hello')
  const frame = frameOf(event)
  expect(frameOf(event)).toBe(frame)
  await Promise.resolve()
  expect(frameOf(event)).toBe(frame)
  await new Promise(resolve => setImmediate(resolve))
  expect(frameOf(event)).not.toBe(frame)
  expect(frameOf(event)).toEqual(frame)
})

test('pushes that are forgotten are garbage at once, without a full collection', async () => {
  await talk(TURNS)
  gc({ type: 'major' })
  const before = await talk(TURNS)
  const after = await talk(TURNS)
  // Texts alone; there are frames as well.
  expect(after - before).toBeLessThan(TURNS * MESSAGES * TEXT)
})
