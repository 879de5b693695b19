import type { RoomId, UserId } from '@conclave/wire'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { initializedBy, rememberInitialized } from './initialized.ts'
import { INITIALIZED } from './limits.ts'
import type { XchatParts } from './route.ts'
import { startXchat, type XchatServer } from './testing.ts'

let server: XchatServer
beforeAll(async () => {
  server = await startXchat()
})
afterAll(() => server.close())

test('whoever initialises ids without end holds the newest of them, and nobody else loses theirs', async () => {
  const { store, writer, reading } = server.core
  const parts = { write: writer.write, reading } as XchatParts
  const begin = async (user: string): Promise<RoomId> => {
    const room = store.newId() as RoomId
    await rememberInitialized(room, user as UserId, parts)
    return room
  }
  const other = await begin('2')
  const ids: RoomId[] = []
  for (let count = 0; count < INITIALIZED + 5; count++) ids.push(await begin('1'))
  for (const id of ids.slice(0, 5)) expect(await initializedBy(id, parts)).toBeUndefined()
  for (const id of ids.slice(5)) expect(await initializedBy(id, parts)).toBe('1')
  expect(await initializedBy(other, parts)).toBe('2')
})
