import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { XchatServer } from './testing.ts'
import { startXchat } from './testing.ts'

let server: XchatServer

beforeAll(async () => {
  server = await startXchat()
  await server.user('1001')
})
afterAll(() => server.close())

/** Lists conversations while looking them up goes wrong. */
async function listWhile(fail: () => Promise<never>): Promise<{ status: number; text: string; headers: Headers }> {
  const { reading } = server.core
  reading.headsOf = fail
  try {
    const response = await fetch(`${server.url}/2/chat/conversations`, {
      headers: { authorization: 'Bearer token-1001' },
    })
    return { status: response.status, text: await response.text(), headers: response.headers }
  } finally {
    Reflect.deleteProperty(reading, 'headsOf')
  }
}

describe('what goes wrong inside', () => {
  test('is a 500 that tells nothing, and a log line without what was in it', async () => {
    const answer = await listWhile(() => Promise.reject(new TypeError('cannot read "a secret"')))
    expect(JSON.parse(answer.text)).toEqual({
      type: 'https://api.x.com/2/problems/internal-error',
      title: 'Internal Error',
      status: 500,
      detail: 'Internal Error',
    })
    expect(server.errors).toHaveLength(1)
    expect(server.errors[0]).toContain('TypeError')
    expect(server.errors[0]).toContain('index.test.ts')
    expect(server.errors[0]).not.toContain('secret')
  })

  test('is a 503 where the store cannot be written or read, and no bug', async () => {
    const before = server.errors.length
    const answer = await listWhile(() =>
      Promise.reject(Object.assign(new Error('disk full'), { name: 'StoreFailure' })),
    )
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(answer.text).not.toContain('disk')
    expect(server.errors).toHaveLength(before)
  })

  test('ends nothing: the next request is answered', async () => {
    const response = await fetch(`${server.url}/2/users/me`, { headers: { authorization: 'Bearer token-1001' } })
    expect(response.status).toBe(200)
  })
})
