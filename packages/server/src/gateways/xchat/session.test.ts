import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from './index.ts'
import { RATES, UNKNOWN_TOKENS } from './rates.ts'
import type { XchatServer } from './testing.ts'
import { startXchat } from './testing.ts'

const ME = '/2/users/me'

function asker(server: XchatServer) {
  return async (token: string | null, path = ME, method = 'GET') => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(server.url + path, { method, headers })
    // One of the routes streams, without an end.
    await response.body?.cancel()
    return response
  }
}

describe('guesses of tokens', () => {
  let server: XchatServer
  beforeAll(async () => {
    server = await startXchat()
    await server.user('1001')
    await server.user('1002')
  })
  afterAll(() => server.close())

  test('cost no more than so many reads of the store, and lock out nobody who is known', async () => {
    const ask = asker(server)
    expect((await ask('token-1001')).status).toBe(200)
    const { store } = server.core
    const read = store.token.bind(store)
    let reads = 0
    store.token = hash => {
      reads += 1
      return read(hash)
    }
    const statuses = new Map<number, number>()
    for (let from = 0; from < 3_000; from += 100) {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => ask(`guess-${from + at}`)))
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    // What is on its way when the count is full is still looked up.
    expect(reads).toBeGreaterThanOrEqual(UNKNOWN_TOKENS.limit)
    expect(reads).toBeLessThanOrEqual(UNKNOWN_TOKENS.limit + 100)
    expect(statuses).toEqual(
      new Map([
        [401, reads],
        [429, 3_000 - reads],
      ]),
    )
    expect((await ask('token-1001')).status).toBe(200)
    const stranger = await ask('token-1002')
    expect(stranger.status).toBe(429)
    expect(Number(stranger.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(null)).status).toBe(401)
  })
})

describe('the limits of the wire', () => {
  let server: XchatServer
  beforeAll(async () => {
    server = await startXchat({ config: { limits: { rates: 'wire' } } })
    await server.user('1001')
    await server.user('1002')
    const { tokens } = server.core.identity
    const narrow = { kind: 'user', user: '1001', issuer: 'test', lifetime: null, scopes: ['like.read'] } as const
    await tokens.mint({ ...narrow, user: '1001' as never, text: 'narrow' })
    for (const text of ['app-one', 'app-two'])
      await tokens.mint({ kind: 'app', user: null, app: text, scopes: [], issuer: 'test', lifetime: null, text })
  })
  afterAll(() => server.close())

  const limitsOf = ({ headers }: Response) =>
    ['limit', 'remaining', 'reset'].map(name => Number(headers.get(`x-rate-limit-${name}`) ?? Number.NaN))

  test('stand in every answer of every route, refused ones too', async () => {
    const ask = asker(server)
    for (const route of ROUTES) {
      const path = `/2${route.path.replace(/:\w+/g, 'x')}`
      for (const token of ['token-1001', 'narrow', 'app-one', 'unknown', null]) {
        const answer = await ask(token, path, route.method)
        const [limit, remaining, reset] = limitsOf(answer)
        expect([route.operation, token, limit]).toEqual([route.operation, token, RATES[route.operation].limit])
        expect(remaining).toBeLessThan(limit as number)
        expect(reset).toBeGreaterThan(Date.now() / 1000 - 1)
      }
    }
  })

  test('count users, apps and addresses each on their own', async () => {
    const ask = asker(server)
    const path = '/2/users/by/username/nobody'
    const left = async (token: string | null) => limitsOf(await ask(token, path))[1] as number
    const before = await Promise.all(['token-1002', 'app-one', 'app-two', null].map(left))
    expect(await left('token-1002')).toBe(before[0]! - 1)
    expect(await left('app-one')).toBe(before[1]! - 1)
    expect(await left('app-two')).toBe(before[2]! - 1)
    expect(await left(null)).toBe(before[3]! - 1)
    expect(await left('app-two')).toBe(before[2]! - 2)
  })

  test('end in 429, which says when to come again', async () => {
    const ask = asker(server)
    const path = '/2/chat/conversations/group/initialize'
    let last = await ask('token-1002', path, 'POST')
    for (let at = 0; at < RATES.initializeChatGroup.limit; at++) last = await ask('token-1002', path, 'POST')
    expect(last.status).toBe(429)
    expect(last.headers.get('content-type')).toContain('application/problem+json')
    expect(limitsOf(last).slice(0, 2)).toEqual([RATES.initializeChatGroup.limit, 0])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask('token-1001', path, 'POST')).status).toBe(200)
    expect((await ask('token-1002', ME)).status).toBe(200)
  })

  test('are those of a second where the wire’s own are off, for whoever is known', async () => {
    const free = await startXchat({ config: { limits: { flood: 50 } } })
    try {
      await free.user('1001')
      const before = Date.now()
      const [limit, remaining, reset] = limitsOf(await asker(free)('token-1001'))
      expect([limit, remaining]).toEqual([50, 49])
      expect(reset).toBeGreaterThanOrEqual(Math.floor(before / 1_000))
      expect(reset).toBeLessThanOrEqual(Math.ceil(Date.now() / 1_000) + 1)
      expect((await asker(free)(null)).headers.get('x-rate-limit-limit')).toBeNull()
    } finally {
      await free.close()
    }
  })
})
