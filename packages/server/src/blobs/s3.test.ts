import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { STORE_TRIES } from '../limits.ts'
import { s3PlaceOf } from '../s3-place.ts'
import { BlobsFailure } from './blobs.ts'
import { blobsContract } from './contract.ts'
import { credentialsIn, openS3Blobs } from './s3.ts'
import { CREDENTIALS, REGION, type S3Server, startS3 } from './testing/s3-server.ts'

function placeAt(url: string, path = 'bucket/some/place') {
  const place = s3PlaceOf(`s3://${path}?endpoint=${url}&region=${REGION}`)
  if (!place) throw new Error('no place')
  return place
}

blobsContract('s3', async () => {
  const server = await startS3()
  return {
    blobs: await openS3Blobs(placeAt(server.url), CREDENTIALS),
    close: () => server.close(),
    crashAndReopen: () => openS3Blobs(placeAt(server.url), CREDENTIALS),
  }
})

let server: S3Server
beforeEach(async () => {
  server = await startS3()
})
afterEach(() => server.close())

const open = (path?: string) => openS3Blobs(placeAt(server.url, path), CREDENTIALS)

describe('a start', () => {
  test('leaves nothing behind', async () => {
    await open()
    expect(server.objects.size).toBe(0)
    expect(server.requests).toEqual(['PUT some/place/probe', 'GET some/place/probe', 'DELETE some/place/probe'])
  })

  test('is refused in one sentence without an address, a key or a secret', async () => {
    const wrong = { ...CREDENTIALS, secretAccessKey: 'another' }
    await expect(openS3Blobs(placeAt(server.url), wrong)).rejects.toThrow(
      /^the object store refused: 403 SignatureDoesNotMatch$/,
    )
    await expect(open('another-bucket')).rejects.toThrow(/^the object store refused: 404 NoSuchBucket$/)
    const elsewhere = { ...placeAt(server.url), region: 'eu-test-2' }
    await expect(openS3Blobs(elsewhere, CREDENTIALS)).rejects.toThrow(BlobsFailure)
    await server.close()
    await expect(open()).rejects.toThrow(/^the object store cannot be reached: ECONNREFUSED$/)
    server = await startS3()
  })
})

describe('a store that is not well', () => {
  test('is asked again when it is busy or the connection breaks, and not for ever', async () => {
    const blobs = await open()
    const bytes = randomBytes(100_000)
    server.faults.push({ status: 503, code: 'SlowDown' }, 'cut')
    await blobs.put('a-0', bytes, bytes.length)
    server.faults.push('cut', { status: 500, code: 'InternalError' })
    expect(await buffer((await blobs.get('a-0'))!)).toEqual(bytes)
    server.faults.push({ status: 429, code: 'TooManyRequests' })
    await blobs.delete('a-0')
    expect(server.objects.size).toBe(0)
    const before = server.requests.length
    server.faults.push(...Array.from({ length: 10 }, () => ({ status: 503, code: 'SlowDown' })))
    await expect(blobs.put('a-0', bytes, bytes.length)).rejects.toThrow(/^the object store refused: 503 SlowDown$/)
    expect(server.requests.length - before).toBe(STORE_TRIES)
  })

  test('that breaks off while it says why is asked again, and is a failure like any other', async () => {
    const blobs = await open()
    server.faults.push('half refused')
    await blobs.put('a', randomBytes(1), 1)
    server.faults.push(...Array.from({ length: STORE_TRIES }, () => 'half refused' as const))
    await expect(blobs.get('a')).rejects.toThrow(new BlobsFailure('the object store cannot be reached: ECONNRESET'))
  })

  test('that refuses is not asked again', async () => {
    const blobs = await open()
    const before = server.requests.length
    for (const task of [() => blobs.get('a'), () => blobs.put('a', randomBytes(1), 1), () => blobs.delete('a')]) {
      server.faults.push({ status: 403, code: 'AccessDenied' })
      await expect(task()).rejects.toThrow(BlobsFailure)
    }
    expect(server.requests.length - before).toBe(3)
  })

  test('never has a blob that it does not say is missing: a bucket that is gone is no empty one', async () => {
    const blobs = await open()
    server.faults.push({ status: 404, code: 'NoSuchBucket' })
    await expect(blobs.get('a')).rejects.toThrow(BlobsFailure)
    server.faults.push({ status: 404, code: 'NoSuchBucket' })
    await expect(blobs.delete('a')).rejects.toThrow(BlobsFailure)
    expect(await blobs.get('a')).toBeUndefined()
  })

  test('cuts no blob short unnoticed', async () => {
    const blobs = await open()
    const bytes = randomBytes(1_000_000)
    await blobs.put('a', bytes, bytes.length)
    server.faults.push('half')
    await expect(buffer((await blobs.get('a'))!)).rejects.toThrow()
  })

  test('that gives all of a blob instead of a part is not believed', async () => {
    const blobs = await open()
    await blobs.put('a', randomBytes(10), 10)
    server.faults.push('whole')
    await expect(blobs.get('a', { from: 2, to: 4 })).rejects.toThrow(BlobsFailure)
    expect(await buffer((await blobs.get('a', { from: 2, to: 4 }))!)).toHaveLength(2)
  })

  test('that refuses what it has not read keeps nobody who pours it in', async () => {
    const blobs = await open()
    const poured = Promise.withResolvers<void>()
    const endless = async function* () {
      try {
        for (;;) yield randomBytes(100_000)
      } finally {
        poured.resolve()
      }
    }
    server.faults.push({ status: 403, code: 'AccessDenied', unread: true })
    await expect(blobs.put('a', endless(), 1e12)).rejects.toThrow(/^the object store refused: 403 AccessDenied$/)
    await poured.promise
  })

  test('breaks a stream off, and keeps nothing of one that breaks by itself', async () => {
    const blobs = await open()
    server.faults.push('cut')
    const endless = async function* () {
      for (;;) yield randomBytes(100_000)
    }
    await expect(blobs.put('a', endless(), 1e12)).rejects.toThrow(BlobsFailure)
    const breaking = async function* () {
      yield randomBytes(300_000)
      yield randomBytes(300_000)
      throw new Error('the client is gone')
    }
    await expect(blobs.put('a', breaking(), 900_000)).rejects.toThrow('the client is gone')
    expect(server.objects.size).toBe(0)
    await blobs.put('a', randomBytes(1), 1)
  })
})

describe('a place', () => {
  test('is a bucket at an endpoint or at Amazon’s, with a prefix or without', () => {
    expect(s3PlaceOf('s3://my.bucket')).toEqual({
      url: 'https://my.bucket.s3.us-east-1.amazonaws.com/',
      region: 'us-east-1',
      prefix: '',
    })
    expect(s3PlaceOf('s3://files/a/b?endpoint=https://minio.example:9000/&region=eu-1')).toEqual({
      url: 'https://minio.example:9000/files/',
      region: 'eu-1',
      prefix: 'a/b/',
    })
    expect(s3PlaceOf('s3://files/a/')?.prefix).toBe('a/')
  })

  test.each([
    'files',
    's3:/bucket',
    's3://',
    's3://B',
    's3://user@bucket',
    's3://bucket:9000',
    's3://bucket/a//b',
    's3://bucket/a b',
    's3://bucket/%2e%2e/x',
    's3://bucket#x',
    's3://bucket?endpoint=ftp://x',
    's3://bucket?endpoint=https://user:password@x',
    's3://bucket?endpoint=https://x/path',
    's3://bucket?region=a/b',
    's3://bucket?region=a&region=b',
    's3://bucket?other=1',
  ])('is not %s', text => expect(s3PlaceOf(text)).toBeUndefined())

  test('is entered with credentials of the environment, both or none', () => {
    const both = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    expect(credentialsIn(both)).toEqual({ accessKeyId: 'a', secretAccessKey: 'b' })
    expect(credentialsIn({ ...both, AWS_SESSION_TOKEN: 'c' })).toHaveProperty('sessionToken', 'c')
    expect(credentialsIn({ AWS_ACCESS_KEY_ID: 'a' })).toBeUndefined()
    expect(credentialsIn({ ...both, AWS_ACCESS_KEY_ID: '' })).toBeUndefined()
  })
})
