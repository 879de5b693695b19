// Files over the X wire, with X's own software and against it: round trips, who reads what, and everything that a client
// may send that is no upload.
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { addTo, enroll, type Group, type Hand, keysBody, leaveBody, makeGroup, removalBody } from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, startXchatServer, tokenOf } from './start.ts'
import {
  append,
  appendForm,
  appendRaw,
  begin,
  download,
  finalize,
  initialize,
  SEGMENT,
  sendMedium,
  type Upload,
} from './upload.ts'

let server: TestServer
let url: string
let a: Hand
let b: Hand
let c: Hand

beforeAll(async () => {
  server = await startXchatServer()
  ;({ url } = server)
  ;[a, b, c] = [await enroll(url, A), await enroll(url, B), await enroll(url, C)]
})
afterAll(() => server?.remove())

const team = (): Promise<Group> => makeGroup(url, a, [a, b])
const refused = (status: number, parameter?: string) =>
  expect.objectContaining({
    status,
    ...(parameter === undefined ? {} : { body: expect.objectContaining({ parameter }) }),
  })

describe("X's own software", () => {
  const [one, two, three] = [CROWD[0]!, CROWD[1]!, CROWD[2]!]
  let people: Person[]

  beforeAll(async () => {
    people = [one, two, three].map(id => new Person(url, id))
    for (const person of people) await person.register()
  })

  /** As X's samples do it: encrypted as a stream, cut into segments, sent with X's SDK. */
  async function upload(person: Person, conversationId: string, plain: Uint8Array, key: Uint8Array): Promise<string> {
    const bytes = person.engine.encryptStream(plain, key)
    const begun = await person.client.chat.mediaUploadInitialize({ conversationId, totalBytes: bytes.length } as never)
    const { sessionId, mediaHashKey } = begun.data as { sessionId: string; mediaHashKey: string }
    const parts = Math.ceil(bytes.length / SEGMENT)
    for (let index = 0; index < parts; index++) {
      const media = Buffer.from(bytes.subarray(index * SEGMENT, (index + 1) * SEGMENT)).toString('base64')
      const segmentIndex = index % 2 === 0 ? index : String(index)
      const body = { conversationId, mediaHashKey, segmentIndex, media }
      const answer = await person.client.chat.mediaUploadAppend(sessionId, body as never)
      expect((answer.data as { expiresAt: number }).expiresAt * 1000).toBeGreaterThan(Date.now())
    }
    const body = { conversationId, mediaHashKey, numParts: String(parts) }
    const done = await person.client.chat.mediaUploadFinalize(sessionId, body as never)
    expect(done).toEqual({ data: { success: true } })
    return mediaHashKey
  }

  async function fetched(person: Person, conversation: string, mediaHashKey: string): Promise<Uint8Array> {
    return new Uint8Array(
      (await person.client.chat.mediaDownload(conversation, mediaHashKey)) as unknown as ArrayBuffer,
    )
  }

  test('sends a file of 200 kB and one of several segments, and another member decrypts both', async () => {
    const [from, to, outsider] = people as [Person, Person, Person]
    const { id, version } = await from.createGroup([two])
    await to.read(id, [one, two])
    for (const size of [200_000, 7_000_000]) {
      const plain = randomBytes(size)
      const key = await upload(from, id, plain, from.keys.get(version)!)
      const cipher = await fetched(to, id, key)
      expect(cipher.length).toBe(24 + size + 17 * Math.ceil(size / 1024))
      expect(digest(to.engine.decryptStream(cipher, to.keys.get(version)!))).toBe(digest(plain))
      await expect(fetched(outsider, id, key)).rejects.toMatchObject({ status: 403 })
    }
  })

  test('sends a file in a conversation of two, under any of its names', async () => {
    const [from, to] = people as [Person, Person]
    const { version } = await from.begin(two)
    await to.read(one, [one, two])
    const plain = randomBytes(5_000)
    for (const name of [`${one}:${two}`, `${two}-${one}`, two]) {
      const key = await upload(from, name, plain, from.keys.get(version)!)
      for (const other of [one, `${one}-${two}`, `${two}:${one}`]) {
        const cipher = await fetched(to, other, key)
        expect(digest(to.engine.decryptStream(cipher, to.keys.get(version)!))).toBe(digest(plain))
      }
    }
  })
})

describe('who may read (L10)', () => {
  test('not who comes later, not who has gone, and who comes back not what was between', async () => {
    const group = await team()
    const status = async (by: string, key: string) => (await download(url, by, group.id, key)).status
    const old = await sendMedium(url, A, group.id, randomBytes(10))
    expect([await status(B, old), await status(C, old)]).toEqual([200, 403])
    await addTo(url, group, a, [c])
    const during = await sendMedium(url, B, group.id, randomBytes(10))
    expect([await status(C, old), await status(C, during)]).toEqual([404, 200])
    const gone = await ask(url, tokenOf(A), 'DELETE', `/2/chat/conversations/${group.id}/members`, {
      body: removalBody(group, a, [c]),
    })
    expect(gone.status).toBe(200)
    group.members = [a, b]
    const between = await sendMedium(url, A, group.id, randomBytes(10))
    expect(await Promise.all([old, during, between].map(key => status(C, key)))).toEqual([403, 403, 403])
    await addTo(url, group, a, [c])
    const after = await sendMedium(url, A, group.id, randomBytes(10))
    expect(await Promise.all([old, during, between, after].map(key => status(C, key)))).toEqual([404, 200, 404, 200])
    expect(await Promise.all([old, during, between, after].map(key => status(B, key)))).toEqual([200, 200, 200, 200])
  })

  test('nothing comes into a conversation that somebody left with its key (L4)', async () => {
    const group = await team()
    const old = await sendMedium(url, A, group.id, randomBytes(10))
    const upload = await begin(url, A, group.id, 3)
    await append(url, A, upload, 0, 'AAEC')
    await ask(url, tokenOf(B), 'POST', `/2/chat/conversations/${group.id}/leave`, { body: leaveBody(group, b) })
    const closed = { status: 409, body: { type: expect.stringMatching(/conversation-closed$/) } }
    expect(await initialize(url, A, group.id, 3)).toMatchObject(closed)
    expect(await finalize(url, A, upload, '1')).toMatchObject(closed)
    expect((await download(url, A, group.id, old)).status).toBe(200)
    const keys = await ask(url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/keys`, {
      body: keysBody(a, group.id, [a]),
    })
    expect(keys.status).toBe(200)
    expect((await finalize(url, A, upload, '1')).status).toBe(200)
  })

  test('an outsider hears the same of every key and session', async () => {
    const group = await team()
    const key = await sendMedium(url, A, group.id, randomBytes(10))
    const [real, made] = [await download(url, C, group.id, key), await download(url, C, group.id, 'madeup')]
    expect([real.status, made.status]).toEqual([403, 403])
    expect(real.bytes.toString().replaceAll(key, '')).toBe(made.bytes.toString().replaceAll('madeup', ''))
    const upload = await begin(url, A, group.id, 3)
    const [theirs, none] = [{ ...upload, session: '12345' }, upload]
    expect((await append(url, C, theirs, 0, 'AAEC')).text).toBe((await append(url, C, none, 0, 'AAEC')).text)
    expect(await append(url, B, upload, 0, 'AAEC')).toEqual(refused(404, 'id'))
    expect(await finalize(url, B, upload, '0')).toEqual(refused(404, 'id'))
  })
})

describe('a download', () => {
  let group: Group
  let key: string
  const bytes = randomBytes(2 * SEGMENT + 1_000)
  beforeAll(async () => {
    group = await team()
    key = await sendMedium(url, A, group.id, bytes)
  })

  test('is bytes, and nothing that a browser or a cache may take for more', async () => {
    const { headers, bytes: got } = await download(url, B, group.id, key)
    expect(digest(got)).toBe(digest(bytes))
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'cache-control': 'private',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    })
  })

  test('may be of a part, across segments too', async () => {
    for (const [from, to] of [
      [0, 1],
      [SEGMENT - 10, SEGMENT + 10],
      [SEGMENT, 2 * SEGMENT + 1],
      [5, bytes.length],
    ] as const) {
      const got = await download(url, B, group.id, key, { range: `bytes=${from}-${to - 1}` })
      expect([got.status, got.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/${bytes.length}`])
      expect(digest(got.bytes)).toBe(digest(bytes.subarray(from, to)))
    }
    const beyond = await download(url, B, group.id, key, { range: `bytes=${bytes.length}-` })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    const tag = (await download(url, B, group.id, key, { range: 'bytes=0-0' })).headers.get('etag')!
    const same = await download(url, B, group.id, key, { range: 'bytes=0-0', 'if-range': tag })
    const other = await download(url, B, group.id, key, { range: 'bytes=0-0', 'if-range': '"other"' })
    expect([same.status, other.status]).toEqual([206, 200])
  })

  test('that is broken off leaves nothing open', async () => {
    const files = () => readdirSync(`/proc/${server.pid}/fd`).length
    const before = files()
    for (let round = 0; round < 60; round++) {
      await new Promise<void>(resolve => {
        const headers = { authorization: `Bearer ${tokenOf(B)}` }
        const call = request(`${url}/2/chat/media/${group.id}/${key}`, { headers }, answer => {
          answer.once('data', () => call.destroy())
          answer.on('error', () => {})
          answer.on('close', resolve)
        })
        call.on('error', () => resolve())
        call.end()
      })
    }
    await expect.poll(files).toBeLessThan(before + 10)
    expect((await download(url, B, group.id, key)).status).toBe(200)
  })

  test.each(['%2e%2e%2f%2e%2e%2fconclave.db', '..%2f..%2f', 'a-0', 'a.b', '%00', 'é', 'a'.repeat(51), '%2f', 'A%20'])(
    'of a key that no key can be is refused: %s',
    async made => {
      const answer = await ask(url, tokenOf(A), 'GET', `/2/chat/media/${group.id}/${made}`)
      expect(answer).toEqual(refused(400, 'media_hash_key'))
    },
  )

  test('needs the scope, a user and a conversation', async () => {
    const get = (who: string, id = group.id) => ask(url, who, 'GET', `/2/chat/media/${id}/${key}`)
    expect((await get('unknown')).status).toBe(401)
    expect((await get('app-token')).status).toBe(403)
    expect(await get(tokenOf(A), '..')).toMatchObject({ status: 404 })
    expect(await get(tokenOf(A), 'g%2e%2e')).toEqual(refused(400, 'id'))
    expect((await get(tokenOf(A), 'g5')).status).toBe(404)
    expect((await get(tokenOf(A), `${B}-${C}`)).status).toBe(403)
  })
})

describe('an upload', () => {
  test('takes base64 of either alphabet, padded or not', async () => {
    const group = await team()
    for (const media of ['-_-_', '+/+/', '-_8=', '-_8', '+w==', '+w', '-w']) {
      const bytes = Buffer.from(media, 'base64url')
      const upload = await begin(url, A, group.id, bytes.length)
      expect((await append(url, A, upload, '0', media)).status).toBe(200)
      expect((await finalize(url, A, upload, '1')).status).toBe(200)
      expect((await download(url, B, group.id, upload.key)).bytes.equals(bytes)).toBe(true)
    }
  })

  test('takes forms, and segments in any order side by side', async () => {
    const group = await team()
    const bytes = randomBytes(2 * SEGMENT + 5)
    const upload = await begin(url, A, group.id, bytes.length)
    const part = (index: number) => bytes.subarray(index * SEGMENT, (index + 1) * SEGMENT)
    const answers = await Promise.all([
      appendForm(url, A, upload.session, [...formFields(upload, 2), ['media', part(2)]]),
      append(url, A, upload, 0, part(0)),
      appendForm(url, A, upload.session, [['media', part(1)], ...formFields(upload, 1)]),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await finalize(url, A, upload, '3')).status).toBe(200)
    expect(digest((await download(url, B, group.id, upload.key)).bytes)).toBe(digest(bytes))
  })

  test('finalized again gives the same answer, a segment again too, and other bytes are refused', async () => {
    const upload = await begin(url, A, (await team()).id, 3)
    const [first, again] = [await append(url, A, upload, 0, 'AAEC'), await append(url, A, upload, 0, 'AAEC')]
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(await append(url, A, upload, 0, 'AAED')).toEqual(refused(400, 'segment_index'))
    const [one, two] = [await finalize(url, A, upload, '1'), await finalize(url, A, upload, '1')]
    expect([one.text, two.text]).toEqual(['{"data":{"success":true}}', one.text])
    expect(await finalize(url, A, upload, '2')).toEqual(refused(400, 'num_parts'))
  })

  test('says when it was not so many bytes or parts', async () => {
    const upload = await begin(url, A, (await team()).id, 5)
    await append(url, A, upload, 7, 'AAEC')
    expect(await finalize(url, A, upload, '2')).toEqual(refused(400, 'num_parts'))
    expect(await finalize(url, A, upload, '1')).toEqual(refused(400, 'total_bytes'))
    expect(await append(url, A, upload, 8, 'AAEC')).toEqual(refused(400, 'total_bytes'))
    expect((await append(url, A, upload, 8, 'AAE=')).status).toBe(200)
    expect((await finalize(url, A, upload, '2')).status).toBe(200)
  })

  test('names the field that is wrong', async () => {
    const group = await team()
    const upload = await begin(url, A, group.id, 5)
    const initializes: [unknown, string][] = [
      [-1, 'total_bytes'],
      [1.5, 'total_bytes'],
      ['10', 'total_bytes'],
      [null, 'total_bytes'],
      [1e300, 'total_bytes'],
      [Number.MAX_SAFE_INTEGER, 'total_bytes'],
      [100_000_001, 'total_bytes'],
    ]
    for (const [total, field] of initializes)
      expect(await initialize(url, A, group.id, total)).toEqual(refused(400, field))
    const begun = (body: unknown) => ask(url, tokenOf(A), 'POST', '/2/chat/media/upload/initialize', { body })
    for (const body of ['', '{}', { total_bytes: 5 }, { conversation_id: 5, total_bytes: 5 }])
      expect(await begun(body)).toEqual(refused(400, 'conversation_id'))
    expect(await begun({ conversation_id: group.id, total_bytes: 5, more: 1 })).toEqual(refused(400, 'more'))
    expect(await begun([])).toEqual(refused(400))
    for (const id of ['', 'x', 'g', '../g5', A, `${A}:${A}`])
      expect(await initialize(url, A, id, 5)).toEqual(refused(400, 'conversation_id'))
    expect(await initialize(url, A, 'g5', 5)).toEqual(refused(404, 'conversation_id'))
    expect((await initialize(url, C, group.id, 5)).status).toBe(403)

    for (const index of [-1, 1_000, 10_000, 0.5, '1000', '-1', '', 'a', null, [], {}, '0x1', ' 1', true, 1e300])
      expect(await append(url, A, upload, index, 'AAEC')).toEqual(refused(400, 'segment_index'))
    for (const media of ['', '=', 'a', '!!!!', 'AA=A', '💬💬', 'AAE\n'])
      expect(await append(url, A, upload, 0, media)).toEqual(refused(400, 'media'))
    for (const media of [5, null, ['AAEC'], {}])
      expect(await append(url, A, upload, 0, 'AAEC', { media })).toEqual(refused(400, 'media'))
    expect(await append(url, A, upload, 0, 'AAEC', { media: undefined })).toMatchObject({
      body: { detail: '$.media: is missing but it is required' },
    })
    expect(await append(url, A, upload, 0, 'AAEC', { x: 1 })).toEqual(refused(400, 'x'))
    for (const media_hash_key of ['', '../..', 'a b', 'a'.repeat(51), 5])
      expect(await append(url, A, upload, 0, 'AAEC', { media_hash_key })).toEqual(refused(400, 'media_hash_key'))

    for (const parts of [1, '', '-1', '1.0', '10000', '0x1', null])
      expect(await finalize(url, A, upload, parts)).toEqual(refused(400, 'num_parts'))
    for (const ttl_msec of ['0', '-1', '', 'a', 5, '1'.repeat(16)])
      expect(await finalize(url, A, upload, '1', { ttl_msec })).toEqual(refused(400, 'ttl_msec'))
    for (const message_id of ['', 'a,b', 'a'.repeat(200), 5])
      expect(await finalize(url, A, upload, '1', { message_id })).toEqual(refused(400, 'message_id'))
    expect(await finalize(url, A, upload, '1', { y: 1 })).toEqual(refused(400, 'y'))
  })

  test('is reached by its own session, key and conversation alone', async () => {
    const [group, other] = [await team(), await team()]
    const [upload, second] = [await begin(url, A, group.id, 3), await begin(url, A, group.id, 3)]
    const wrong: Upload[] = [
      { ...upload, session: second.session },
      { ...upload, key: second.key },
      { ...upload, conversation: other.id },
      { ...upload, session: '1' },
      { ...upload, session: '9'.repeat(19) },
    ]
    for (const name of wrong) {
      expect(await append(url, A, name, 0, 'AAEC')).toEqual(refused(404, 'id'))
      expect(await finalize(url, A, name, '0')).toEqual(refused(404, 'id'))
    }
    for (const session of ['a', '-1', '1'.repeat(20), '1%2f2', '%00', '1.0', '１'])
      expect(await append(url, A, { ...upload, session }, 0, 'AAEC')).toEqual(refused(400, 'id'))
    expect(new Set([upload.session, second.session, upload.key, second.key]).size).toBe(4)
  })

  test('has segments of 3 MiB and no larger ones', async () => {
    const upload = await begin(url, A, (await team()).id, 20_000_000)
    expect((await append(url, A, upload, 0, Buffer.alloc(SEGMENT))).status).toBe(200)
    expect(await append(url, A, upload, 1, Buffer.alloc(SEGMENT + 1))).toEqual(refused(400, 'media'))
    expect((await append(url, A, upload, 1, Buffer.alloc(SEGMENT + 30_000))).status).toBe(413)
    const large = new Uint8Array(5_000_000)
    const form = await appendForm(url, A, upload.session, [...formFields(upload, 1), ['media', large]])
    expect(form.status).toBe(413)
    expect((await finalize(url, A, upload, '1')).body.detail).toContain(String(SEGMENT))
  })
})

describe('a form', () => {
  let upload: Upload
  beforeAll(async () => {
    upload = await begin(url, A, (await team()).id, 100)
  })
  const send = (...fields: (readonly [string, string | Uint8Array])[]) => appendForm(url, A, upload.session, fields)
  const file = randomBytes(10)

  test('without a file, with two, with other names is refused by name', async () => {
    const fields = formFields(upload, 0)
    expect(await send(...fields)).toEqual(refused(400, 'media'))
    expect(await send(...fields, ['media', file], ['media', file])).toEqual(refused(400, 'body'))
    expect(await send(...fields, ['media', file], ['more', file])).toEqual(refused(400, 'more'))
    expect(await send(...fields, ['file', file])).toEqual(refused(400, 'file'))
    expect(await send(...fields.slice(1), ['media', file])).toEqual(refused(400, 'conversation_id'))
    expect(await send(...fields.slice(1), ['conversation_id', file], ['media', file])).toEqual(
      refused(400, 'conversation_id'),
    )
    expect(await send(['__proto__', 'x'], ...fields, ['media', file])).toEqual(refused(400, '__proto__'))
    expect(await send()).toEqual(refused(400))
    expect(await send(...Array.from({ length: 1_000 }, (_, n) => [`f${n}`, 'x'] as const))).toEqual(
      refused(400, 'body'),
    )
  })

  test('that is broken is refused, and the server goes on', async () => {
    const types = ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=x']
    for (const type of types)
      for (const body of [
        '',
        'hello',
        '--x',
        '--x\r\n',
        '--x\r\nContent-Disposition: form-data; name="media"; filename="a"',
      ])
        expect((await appendRaw(url, A, upload.session, type, body)).status).toBe(400)
    for (let round = 0; round < 200; round++) {
      const answer = await appendRaw(url, A, upload.session, 'multipart/form-data; boundary=x', junk())
      expect([answer.status, answer.text]).toEqual([400, answer.text])
    }
    expect((await send(...formFields(upload, 0), ['media', file])).status).toBe(200)
  })

  test('is known to no other route', async () => {
    const type = { 'content-type': 'multipart/form-data; boundary=x' }
    const paths = [
      '/2/chat/media/upload/initialize',
      `/2/chat/media/upload/${upload.session}/finalize`,
      '/2/chat/conversations/group/initialize',
      `/2/chat/conversations/${upload.conversation}/messages`,
    ]
    for (const path of paths)
      expect((await ask(url, tokenOf(A), 'POST', path, { body: '--x--\r\n', headers: type })).status).toBe(415)
    const other = { 'content-type': 'application/x-www-form-urlencoded' }
    const path = `/2/chat/media/upload/${upload.session}/append`
    expect((await ask(url, tokenOf(A), 'POST', path, { body: 'a=b', headers: other })).status).toBe(415)
  })
})

describe('bodies that do not arrive', () => {
  test('hold no more than so many bytes for one user, whoever else goes on', async () => {
    const group = await team()
    const bytes = randomBytes(SEGMENT)
    const mine = await begin(url, A, group.id, SEGMENT)
    const upload = await begin(url, B, group.id, SEGMENT)
    const head = [
      `POST /2/chat/media/upload/${mine.session}/append HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${tokenOf(A)}`,
      'content-type: application/json',
      `content-length: ${4 * 1024 * 1024}`,
      '',
      '{"media":"AAAA',
    ].join('\r\n')
    let refused = 0
    const sockets = Array.from({ length: 30 }, () => {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.once('data', data => {
        if (data.toString().startsWith('HTTP/1.1 429')) refused += 1
      })
      socket.write(head)
      return socket
    })
    await expect.poll(() => refused).toBe(14)
    expect(await append(url, A, mine, 0, bytes)).toMatchObject({ status: 429 })
    expect((await append(url, B, upload, 0, bytes)).status).toBe(200)
    expect((await begin(url, A, group.id, 1)).key).toBeTypeOf('string')
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await append(url, A, mine, 0, bytes)).status).toBe(200)
  })

  test('leave nothing, and nobody waits for them', async () => {
    const group = await team()
    const upload = await begin(url, A, group.id, 3)
    const head = [
      `POST /2/chat/media/upload/${upload.session}/append HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${tokenOf(A)}`,
      'content-type: application/json',
      'content-length: 4000000',
      '',
      '{"conversation_id":',
    ].join('\r\n')
    const sockets = Array.from({ length: 30 }, () => {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(head)
      return socket
    })
    expect((await append(url, A, upload, 0, 'AAEC')).status).toBe(200)
    for (const socket of sockets) socket.destroy()
    expect((await finalize(url, A, upload, '1')).status).toBe(200)
    expect((await download(url, B, group.id, upload.key)).bytes).toEqual(Buffer.from('AAEC', 'base64'))
  })
})

describe('with small limits', () => {
  let small: TestServer
  let group: Group
  let owner: Hand
  const media = { bytes: 1_000_000, kept: 1_500_000, uploads: 4, announced: 3_000_000, hours: 1 }
  const blobs = () => readdirSync(join(small.data, 'blobs')).filter(name => !name.startsWith('.'))
  const options = { config: { limits: { media } } }

  beforeAll(async () => {
    small = await startXchatServer(options)
    const [first, second] = [await enroll(small.url, A), await enroll(small.url, B)]
    owner = first
    group = await makeGroup(small.url, owner, [first, second])
  })
  afterAll(() => small?.remove())

  test('half of an upload is there after a crash and can be finished; nothing else is', async () => {
    const bytes = randomBytes(900_000)
    const upload = await begin(small.url, B, group.id, bytes.length)
    expect((await append(small.url, B, upload, 0, bytes.subarray(0, 300_000))).status).toBe(200)
    const cut = Promise.allSettled(
      Array.from({ length: 3 }, () => append(small.url, B, upload, 1, bytes.subarray(300_000, 600_000))),
    )
    await small.kill()
    await cut
    small = await startXchatServer({ ...options, data: small.data })
    expect(readdirSync(join(small.data, 'blobs', '.writing'))).toEqual([])
    expect((await finalize(small.url, B, upload, '3')).body.parameter).toBe('num_parts')
    expect((await download(small.url, B, group.id, upload.key)).status).toBe(404)
    expect((await append(small.url, B, upload, 1, bytes.subarray(300_000, 600_000))).status).toBe(200)
    expect((await append(small.url, B, upload, 2, bytes.subarray(600_000))).status).toBe(200)
    expect((await finalize(small.url, B, upload, '3')).status).toBe(200)
    await small.kill()
    small = await startXchatServer({ ...options, data: small.data })
    expect(digest((await download(small.url, A, group.id, upload.key)).bytes)).toBe(digest(bytes))
    expect((await finalize(small.url, B, upload, '3')).status).toBe(200)
    expect(await initialize(small.url, B, group.id, 700_000)).toMatchObject({ status: 429 })
  })

  test('a file with a lifetime goes, from the disk too, also when nobody was there to see it', async () => {
    const key = await sendMedium(small.url, A, group.id, randomBytes(100), { ttl_msec: '1500' })
    expect(blobs()).toContain(`${key}-0`)
    await small.kill()
    await new Promise(resolve => setTimeout(resolve, 1_500))
    small = await startXchatServer({ ...options, data: small.data })
    expect((await download(small.url, A, group.id, key)).status).toBe(404)
    await expect.poll(blobs).not.toContain(`${key}-0`)
  })

  test('many uploads at once are as many as allowed, and their places come back in time', async () => {
    await small.stop()
    small = await startXchatServer({ config: { limits: { media: { ...media, hours: 0.003 } } }, data: small.data })
    expect(await initialize(small.url, A, group.id, 1_000_001)).toEqual(refused(400, 'total_bytes'))
    const sent = await Promise.all(Array.from({ length: 40 }, () => initialize(small.url, A, group.id, 500_000)))
    const begun = sent.filter(({ status }) => status === 200)
    expect(begun.length).toBe(3)
    for (const answer of sent.filter(({ status }) => status !== 200)) {
      expect([answer.status, answer.body.type]).toEqual([429, 'https://api.x.com/2/problems/usage-capped'])
    }
    const { session_id: session, media_hash_key: key } = begun[0]!.body.data
    const upload = { session, key, conversation: group.id }
    const appended = await append(small.url, A, upload, 0, randomBytes(1_000))
    expect(blobs()).toContain(`${key}-0`)
    const expired = async () => (await append(small.url, A, upload, 1, randomBytes(1_000))).status
    await expect.poll(async () => Date.now() >= appended.body.data.expires_at * 1000).toBe(true)
    await expect.poll(expired).toBe(404)
    await expect.poll(async () => (await initialize(small.url, A, group.id, 500_000)).status).toBe(200)
    expect((await finalize(small.url, A, upload, '1')).status).toBe(404)
  })

  test('nothing of a file, a key or a token is in the log', () => {
    expect(small.output()).not.toMatch(/"level":50|"err"/)
    expect(small.output()).not.toContain(tokenOf(A))
  })
})

test('whatever is sent, nothing is a fault of the server', async () => {
  const group = await team()
  const upload = await begin(url, A, group.id, 50)
  const values = [
    undefined,
    null,
    0,
    -1,
    Number.POSITIVE_INFINITY,
    '',
    '0',
    'x',
    '\0',
    '💬',
    [],
    {},
    true,
    upload.key,
    upload.session,
    group.id,
  ]
  const pick = () => values[randomInt(values.length)]
  const seen = new Set<number>()
  for (let round = 0; round < 600; round++) {
    const body = {
      conversation_id: randomInt(3) ? group.id : pick(),
      ...(randomInt(2) ? { media_hash_key: randomInt(3) ? upload.key : pick() } : {}),
      ...(randomInt(2) ? { segment_index: pick() } : {}),
      ...(randomInt(2) ? { media: randomInt(2) ? randomBytes(randomInt(60)).toString('base64') : pick() } : {}),
      ...(randomInt(2) ? { num_parts: pick(), ttl_msec: pick(), message_id: pick() } : {}),
      ...(randomInt(2) ? { total_bytes: pick() } : {}),
    }
    const step = ['initialize', `${upload.session}/append`, `${upload.session}/finalize`][randomInt(3)]!
    const answer: Answered = await ask(url, tokenOf(A), 'POST', `/2/chat/media/upload/${step}`, { body })
    expect(answer.status, `${step} ${JSON.stringify(body)}: ${answer.text}`).toBeLessThan(500)
    seen.add(answer.status)
  }
  expect(seen.has(400)).toBe(true)
  expect(server.output()).not.toContain('"level":50')
})

function formFields({ conversation, key }: Upload, index: number): (readonly [string, string])[] {
  return [
    ['conversation_id', conversation],
    ['media_hash_key', key],
    ['segment_index', String(index)],
  ]
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Pieces of a form in no order. */
function junk(): Buffer {
  const pieces = [
    '--x',
    '--x--',
    '\r\n',
    '\r\n\r\n',
    'Content-Disposition: form-data; name="media"; filename="a"',
    '\0',
    ':',
  ]
  const picked = Array.from({ length: randomInt(1, 12) }, () => pieces[randomInt(pieces.length)]!)
  return Buffer.from(picked.join(randomInt(2) ? '' : '\r\n'))
}
