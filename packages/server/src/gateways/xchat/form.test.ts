// Forms as they should be and as they should not be: whatever comes, the reader ends and says what it found.
import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readForm } from './form.ts'
import { FORM_FIELDS } from './limits.ts'

const BOUNDARY = 'xxBOUNDARYxx'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`

interface Part {
  readonly headers: readonly string[]
  readonly body: Uint8Array | string
}

const field = (name: string, body: string): Part => ({
  headers: [`Content-Disposition: form-data; name="${name}"`],
  body,
})
const file = (
  name: string,
  body: Uint8Array | string,
  type = 'application/octet-stream',
  filename = 'a.bin',
): Part => ({
  headers: [`Content-Disposition: form-data; name="${name}"; filename="${filename}"`, `Content-Type: ${type}`],
  body,
})

function formOf(parts: readonly Part[], end = `--${BOUNDARY}--\r\n`): Buffer {
  const pieces = parts.flatMap(({ headers, body }) => [
    Buffer.from(`--${BOUNDARY}\r\n${headers.map(line => `${line}\r\n`).join('')}\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(end)])
}

const read = (parts: readonly Part[], type = TYPE) => readForm(type, formOf(parts))

describe('a form', () => {
  test('gives texts as texts and files as bytes, byte for byte', async () => {
    const bytes = Buffer.concat([randomBytes(200_000), Buffer.from(`\r\n--${BOUNDARX}\r\n\0\xff`, 'latin1')])
    const { fields } = await read([field('segment_index', '7'), file('media', bytes), field('text', 'zoë 💬')])
    expect(fields).toEqual({ segment_index: '7', media: bytes, text: 'zoë 💬' })
  })

  test('may say what a part holds in place of a file name', async () => {
    const bytes = randomBytes(50)
    const headers = ['Content-Disposition: form-data; name="media"', 'Content-Type: image/jpeg']
    expect((await read([{ headers, body: bytes }])).fields).toEqual({ media: bytes })
  })

  test('may be empty, and so may its parts', async () => {
    expect((await readForm(TYPE, Buffer.from(`--${BOUNDARY}--\r\n`))).fields).toEqual({})
    expect((await read([field('a', ''), file('b', '')])).fields).toEqual({ a: '', b: Buffer.alloc(0) })
  })

  test('has each name once', async () => {
    for (const second of [field('media', 'x'), file('media', 'y')])
      expect(await read([file('media', 'x'), second])).toEqual({ fields: null, error: 'duplicate field media' })
  })

  test('takes names of the language for names', async () => {
    const { fields } = await read([field('__proto__', 'a'), field('constructor', 'b')])
    expect(Object.entries(fields ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })

  test('has so many parts at most', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => field(`f${index}`, 'x'))
    expect((await read(many(FORM_FIELDS))).fields).not.toBeNull()
    expect((await read(many(FORM_FIELDS + 1))).error).toContain('parts')
    expect((await read(many(5_000))).error).toContain('parts')
  })

  test.each([
    ['no boundary', 'multipart/form-data', undefined],
    ['another boundary', 'multipart/form-data; boundary=other', undefined],
    ['an empty boundary', 'multipart/form-data; boundary=', undefined],
    ['no end', TYPE, formOf([file('media', 'x')], '')],
    ['an end within a file', TYPE, formOf([file('media', 'x'.repeat(1_000))]).subarray(0, 500)],
    ['an end within the headers', TYPE, formOf([file('media', 'x')]).subarray(0, 40)],
    ['nothing', TYPE, Buffer.alloc(0)],
    ['no form', TYPE, Buffer.from('hello')],
    ['a part without a name', TYPE, formOf([{ headers: ['Content-Disposition: form-data'], body: 'x' }])],
  ])('with %s is none', async (_, type, body = formOf([file('media', 'x')])) => {
    const { fields, error } = await readForm(type, body)
    expect([fields, error.length > 0]).toEqual([null, true])
  })

  test('with a part that is no field has none of that', async () => {
    const strange = [
      { headers: ['Content-Type: text/plain'], body: 'x' },
      { headers: [], body: 'y' },
    ]
    const { fields } = await read([...strange, field('a', 'b')])
    expect(fields === null || Object.keys(fields).join() === 'a').toBe(true)
  })

  test('that was changed anywhere is read or refused, and nothing else happens', async () => {
    const good = formOf([field('conversation_id', 'g1'), field('segment_index', '0'), file('media', randomBytes(300))])
    const faults: unknown[] = []
    let last = good
    const listen = (error: unknown) => void faults.push([error, last.toString('base64')])
    process.on('uncaughtException', listen)
    let refused = 0
    try {
      for (let round = 0; round < 3_000; round++) {
        const body = Buffer.from(good)
        const changed = mutated(body, round)
        last = changed
        const form = await readForm(TYPE, changed)
        if (form.fields === null) refused++
        else
          for (const value of Object.values(form.fields))
            expect(value.length, changed.toString('base64')).toBeLessThanOrEqual(changed.length)
      }
    } finally {
      process.off('uncaughtException', listen)
    }
    expect(faults).toEqual([])
    expect(refused).toBeGreaterThan(100)
  })
})

/** Nearly the boundary. */
const BOUNDARX = `${BOUNDARY.slice(0, -1)}X`

function mutated(body: Buffer, round: number): Buffer {
  const at = randomInt(body.length)
  switch (round % 5) {
    case 0:
      return body.subarray(0, at)
    case 1:
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.min(at + randomInt(1, 40), body.length))])
    case 2:
      return Buffer.concat([body.subarray(0, at), randomBytes(randomInt(1, 30)), body.subarray(at)])
    case 3:
      return Buffer.concat([body.subarray(0, at), body.subarray(0, randomInt(body.length)), body.subarray(at)])
    default:
      for (let flips = randomInt(1, 5); flips > 0; flips--) body[randomInt(body.length)] = randomInt(256)
      return body
  }
}
