import { expect, test } from 'vitest'
import { openTestCore } from './testing.ts'

test('the channel of rooms is made once, however many ask for it together', async () => {
  const { core } = await openTestCore()
  const found = await Promise.all([1, 2, 3].map(() => core.roomsChannel()))
  expect(new Set([...found, await core.roomsChannel()]).size).toBe(1)
  expect(await core.store.channels()).toHaveLength(1)
  await core.close()
})
