// Forms with a file as they arrive: whole, in pieces, broken off, stalled, never ending, and with more than they may hold.
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FORM_ENDING, FORM_FIELDS, FORM_STALLED } from '../limits.ts'
import { type FilePart, isRefused, type Refused, readForm } from './form.ts'

class Sender extends PassThrough {
  readonly headers = { 'content-type': 'multipart/form-data; boundary=x' }
  complete = false

  /** All of it has come. */
  last(text = ''): void {
    this.complete = true
    this.end(text)
  }
}

const part = (name: string, value: string) =>
  `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (value: string, name = 'file') =>
  `--x\r\ncontent-disposition: form-data; name="${name}"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n${value}`
const END = '\r\n--x--\r\n'

let sender: Sender
let taken: string | null
let ended: 'well' | 'badly' | null
beforeEach(() => {
  sender = new Sender()
  taken = null
  ended = null
})
afterEach(() => {
  vi.useRealTimers()
})

async function take({ chunks }: FilePart): Promise<Refused | null> {
  try {
    for await (const chunk of chunks) taken = `${taken ?? ''}${chunk.toString()}`
    ended = 'well'
    return null
  } catch (error) {
    ended = 'badly'
    throw error
  }
}
const read = (taking = take) => readForm(sender as unknown as IncomingMessage, taking)
async function errorOf(reading: ReturnType<typeof read>): Promise<string> {
  const result = await reading
  if (!isRefused(result)) throw new Error('it was read')
  return 'error' in result ? String(result.error) : JSON.stringify(result.body)
}

test('fields before and after the file, whatever the pieces', async () => {
  const text = `${part('before', '1')}${file('hello')}\r\n${part('after', '2').trimEnd()}${END}`
  for (const size of [1, 7, text.length]) {
    taken = null
    sender = new Sender()
    const reading = read()
    for (let at = 0; at < text.length; at += size) sender.write(text.slice(at, at + size))
    sender.last()
    const fields = await reading
    expect(isRefused(fields)).toBe(false)
    expect([...(fields as ReadonlyMap<string, string>)]).toEqual([
      ['before', '1'],
      ['after', '2'],
    ])
    expect(taken).toBe('hello')
  }
})

test('one that breaks off tells the reader of its file, and waits for it', async () => {
  const reading = read()
  sender.write(file('hel'))
  await vi.waitFor(() => expect(taken).toBe('hel'))
  sender.destroy()
  expect(await errorOf(reading)).toBe('invalid-params')
  expect(ended).toBe('badly')
})

test('one that stalls is ended, and one that goes on is not', async () => {
  vi.useFakeTimers()
  const reading = read()
  sender.write(file(''))
  for (let count = 0; count < 3; count++) {
    await vi.advanceTimersByTimeAsync(FORM_STALLED - 1_000)
    sender.write('drop')
  }
  await vi.advanceTimersByTimeAsync(FORM_STALLED - 1_000)
  expect(ended).toBeNull()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await errorOf(reading)).toBe('invalid-params')
  expect(ended).toBe('badly')
})

test('one that has come whole without an end is ended soon', async () => {
  vi.useFakeTimers()
  const reading = read()
  sender.last(file('hello'))
  await vi.advanceTimersByTimeAsync(FORM_ENDING + 1_000)
  expect(await errorOf(reading)).toBe('invalid-params')
})

test.each([
  ['another file field', `${file('x', 'other')}${END}`, 'invalid-field'],
  ['a field twice', `${part('a', '1')}${part('a', '2')}${file('x')}${END}`, 'invalid-field'],
  [
    'too many fields',
    `${Array.from({ length: 40 }, (_, i) => part(`f${i}`, 'x')).join('')}${file('x')}${END}`,
    'invalid-field',
  ],
  ['a field that is too long', `${part('a', 'x'.repeat(FORM_FIELDS.bytes + 1))}${file('x')}${END}`, 'invalid-field'],
  [
    'two files',
    `${file('x')}\r\n${file('y')}${END}`,
    '{"success":false,"error":"Just 1 file is allowed","errorType":"error-too-many-files"}',
  ],
  ['no file', `${part('a', '1').trimEnd()}${END}`, 'No file uploaded'],
])('%s', async (_, text, error) => {
  const reading = read()
  sender.last(text)
  expect(await errorOf(reading)).toBe(error)
})

test('what the file is refused for is what is said, and the rest is not read', async () => {
  const refused = { success: false, error: 'no' }
  const { Envelope } = await import('../route.ts')
  const reading = read(async () => new Envelope(400, refused))
  sender.write(file('x'.repeat(100_000)))
  expect(await errorOf(reading)).toBe(JSON.stringify(refused))
})

test('a bug in what takes the file is no refusal of the form', async () => {
  const reading = read(async () => {
    throw new Error('a bug')
  })
  sender.write(file('x'))
  await expect(reading).rejects.toThrow('a bug')
})
