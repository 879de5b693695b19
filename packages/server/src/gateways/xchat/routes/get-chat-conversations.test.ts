// A membership that ends while its owner's list is put together.
import { afterEach, expect, test } from 'vitest'
import { blankRoom } from '../../../room/commands/create-room.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Head } from '../../../store/store.ts'
import { startXchat, type XchatServer } from '../testing.ts'

let server: XchatServer
afterEach(() => server.close())

test('who is put out of a group while it is listed is told nothing of it, its people included', async () => {
  server = await startXchat()
  for (const id of ['1001', '1002']) await server.user(id)
  const { reading } = server.core
  const id = '2143981510456250369'
  reading.headsOf = async () => [{ room: id, suite: 'xchat', removed: false, lastId: id } as unknown as Head]
  const left = { ...blankRoom({ suite: 'xchat', kind: 'private', members: [] }), id, createdAt: 0, updatedAt: 0 }
  const members = new Map([['1002', { from: 0, at: 0 }]])
  reading.states = async () => [{ ...left, members, roles: new Map(), closed: false } as unknown as RoomState]
  const answer = await fetch(`${server.url}/2/chat/conversations?expansions=member_ids`, {
    headers: { authorization: 'Bearer token-1001' },
  })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    data: [],
    meta: { result_count: 0, has_more: false, has_message_requests: false },
  })
})
