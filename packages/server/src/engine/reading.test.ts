import { expect, test } from 'vitest'
import { openTestCore } from './testing.ts'

test('the words that are not let through are read as they were written', async () => {
  const { core } = await openTestCore()
  expect(await core.reading.words()).toEqual([])
  await core.writer.write({ guards: [], append: null, rows: [{ put: 'word', word: 'BadWord' }] })
  expect(await core.reading.words()).toEqual(['BadWord'])
  await core.close()
})
