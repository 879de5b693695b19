// Files in a store that speaks S3, under the whole server: what is said to be there is there after a crash, a store that
// is not well costs an answer and nothing else, and no secret of it is ever seen.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CREDENTIALS, REGION, type S3Server, startS3 } from '../../packages/server/src/blobs/testing/s3-server.ts'
import { conclave, type TestServer } from '../server.ts'
import { enroll, type Group, makeGroup } from './hand.ts'
import { A, B, startXchatServer } from './start.ts'
import { append, begin, download, finalize, SEGMENT, sendMedium } from './upload.ts'

let store: S3Server
let server: TestServer
let group: Group
let env: Record<string, string>

beforeAll(async () => {
  store = await startS3()
  env = {
    CONCLAVE_BLOBS: `s3://bucket/files?endpoint=${store.url}&region=${REGION}`,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  }
  server = await startXchatServer({ env })
  const [a, b] = [await enroll(server.url, A), await enroll(server.url, B)]
  group = await makeGroup(server.url, a, [a, b])
})
afterAll(async () => {
  await server?.remove()
  await store?.close()
})

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('a file comes back whole and in part, also after a crash, and lies in no other place', async () => {
  const bytes = randomBytes(2 * SEGMENT + 12_345)
  const key = await sendMedium(server.url, A, group.id, bytes)
  expect([...store.objects.keys()].filter(name => name.includes(key)).sort()).toEqual(
    [0, 1, 2].map(index => `files/${key}-${index}`),
  )
  await server.kill()
  server = await startXchatServer({ env, data: server.data })
  expect(digest((await download(server.url, B, group.id, key)).bytes)).toBe(digest(bytes))
  const range = `bytes=${SEGMENT - 10}-${SEGMENT + 9}`
  const part = await download(server.url, B, group.id, key, { range })
  expect([part.status, part.bytes]).toEqual([206, bytes.subarray(SEGMENT - 10, SEGMENT + 10)])
  expect(existsSync(join(server.data, 'blobs'))).toBe(false)
})

test('a file with a lifetime goes from there too', async () => {
  const key = await sendMedium(server.url, A, group.id, randomBytes(100), { ttl_msec: '200' })
  await expect.poll(() => store.objects.has(`files/${key}-0`)).toBe(false)
})

test('a store that refuses is answered with 503, and the segment can be sent again', async () => {
  const bytes = randomBytes(1_000)
  const upload = await begin(server.url, A, group.id, bytes.length)
  store.faults.push({ status: 403, code: 'AccessDenied' })
  expect((await append(server.url, A, upload, 0, bytes)).status).toBe(503)
  expect((await finalize(server.url, A, upload, '1')).status).toBe(400)
  store.faults.push('cut', { status: 503, code: 'SlowDown' })
  expect((await append(server.url, A, upload, 0, bytes)).status).toBe(200)
  expect((await finalize(server.url, A, upload, '1')).status).toBe(200)
  store.faults.push({ status: 403, code: 'AccessDenied' })
  expect((await download(server.url, B, group.id, upload.key)).status).toBe(503)
  store.faults.push('half')
  await expect(download(server.url, B, group.id, upload.key)).rejects.toThrow()
  expect((await download(server.url, B, group.id, upload.key)).bytes).toEqual(bytes)
  expect(server.output()).not.toContain('"bug"')
})

test('a start with a wrong secret, or without one, is refused in one sentence that does not say it', async () => {
  const data = await mkdtemp(join(tmpdir(), 'conclave-s3-'))
  try {
    const own = { ...env, CONCLAVE_DATA: data, CONCLAVE_PORT: '0' }
    const wrong = await conclave(['start'], { ...own, AWS_SECRET_ACCESS_KEY: 'a-wrong-one' })
    expect([wrong.code, wrong.err]).toEqual([
      1,
      'The setting "blobs" leads to no place for files: the object store refused: 403 SignatureDoesNotMatch.\n',
    ])
    const none = await conclave(['start'], { ...own, AWS_SECRET_ACCESS_KEY: '' })
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('AWS_SECRET_ACCESS_KEY')])
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})

test('no secret and no place stands in the log', () => {
  for (const secret of [CREDENTIALS.secretAccessKey, CREDENTIALS.accessKeyId, store.url])
    expect(server.output()).not.toContain(secret)
})
