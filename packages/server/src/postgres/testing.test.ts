import { expect, test } from 'vitest'
import { testDatabase } from './testing.ts'

test('each test has a database of its own, which is gone afterwards', async () => {
  const one = await testDatabase()
  const other = await testDatabase()
  await one.query('CREATE TABLE here (id bigint)')
  await expect(other.query('SELECT * FROM here')).rejects.toThrow('does not exist')
  await Promise.all([one.drop(), other.drop()])
  await expect(one.query('SELECT 1')).rejects.toThrow('does not exist')
})
