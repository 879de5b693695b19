import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from './testing.ts'
import { fromStored, fromStoredJson, storedJson, toStored } from './text.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())

/** Whatever a client may send: NUL, the mark itself, quotes, backslashes, halves of pairs. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\0', '\u0001', '\u0002', '\\', 'u0000', '"', '\ud800', '\udc00', 'é', '\u{1f600}', 'd800'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
})

test('every text comes back as it was, but for halves of pairs', async () => {
  const asked = async (text: string): Promise<void> => {
    const { rows } = await database.query('SELECT $1::text AS text', [toStored(text)])
    expect(fromStored(rows[0].text)).toBe(text.toWellFormed())
  }
  for (const text of ['', '\0', '\u0001\0\u0002', 'a\ud800b', '\\u0000']) await asked(text)
  await fc.assert(fc.asyncProperty(hostile, asked), { numRuns: 200 })
})

test('every JSON value is one to PostgreSQL, and its texts are those that parameters are', async () => {
  const asked = async (text: string, inner: string): Promise<void> => {
    const value = { text, [`name ${inner}`]: [inner, { body: JSON.stringify({ text }) }], number: 1 }
    const { rows } = await database.query(`SELECT ($1::jsonb)::text AS json, $1::jsonb ->> 'text' AS text`, [
      storedJson(value),
    ])
    expect(rows[0].text).toBe(toStored(text))
    const whole = { ...JSON.parse(JSON.stringify(value).replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f]../g, '$1\\ufffd')) }
    expect(fromStoredJson(rows[0].json)).toEqual(whole)
  }
  for (const text of ['\0', '\u0001', '\ud800', '\\\0', '\\u0000', '\\\\u0001']) await asked(text, text)
  await fc.assert(fc.asyncProperty(hostile, hostile, asked), { numRuns: 200 })
})

test('texts stand in the order of their bytes, as in SQLite', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'utf8')
  const sign = (one: string, other: string): number => Buffer.compare(bytes(one), bytes(other))
  const ordered = (one: string, other: string): void => {
    expect(sign(toStored(one), toStored(other))).toBe(sign(one, other))
  }
  fc.assert(fc.property(hostile, hostile, ordered), { numRuns: 2_000 })
})
