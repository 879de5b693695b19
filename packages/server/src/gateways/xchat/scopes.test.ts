// Table 1.1 of x-chat.md, route by route: what a token must hold, and whose it must be. Nothing else is looked at before.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { USER_SCOPES } from '../../identity/scopes.ts'
import { ROUTES } from './index.ts'
import type { Route } from './route.ts'
import type { XchatServer } from './testing.ts'
import { startXchat } from './testing.ts'

let server: XchatServer

beforeAll(async () => {
  server = await startXchat()
  await server.user('1001')
  const { tokens } = server.core.identity
  const user = { kind: 'user', user: '1001' as never, issuer: 'test', lifetime: null } as const
  for (const scope of USER_SCOPES) {
    await tokens.mint({ ...user, scopes: USER_SCOPES.filter(one => one !== scope), text: `without-${scope}` })
    await tokens.mint({ ...user, scopes: [scope], text: `only-${scope}` })
  }
  await tokens.mint({ ...user, scopes: [...USER_SCOPES, 'offline.access'], kind: 'refresh', text: 'refresh' })
  await tokens.mint({ ...user, kind: 'service', user: null, text: 'service' })
  await tokens.mint({ ...user, kind: 'app', user: null, app: 'app1', scopes: [], text: 'app' })
  await tokens.mint({ ...user, lifetime: -1, text: 'expired' })
  await server.user('1002')
  await server.core.identity.users.disable('1002' as never)
})
afterAll(() => server.close())

async function ask({ method, path }: Route, token: string | null, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/2${path.replace(/:\w+/g, '1')}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token.replace(' ', '-')}` }), ...headers },
  })
  const { status, headers: answered } = response
  // One of them streams, without an end.
  if (status < 400) await response.body?.cancel()
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  const body: any = status < 400 ? {} : await response.json()
  return { status, type: answered.get('content-type'), headers: answered, body }
}

const UNAUTHORIZED = { title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' }

describe.each(ROUTES.map(route => [route.operation, route] as const))('%s', (_, route) => {
  test('asks for a token', async () => {
    for (const token of [null, 'nobody-has-this', 'expired', 'refresh', 'token-1002', 'x'.repeat(2_000)]) {
      const answer = await ask(route, token)
      expect([token, answer.status, answer.body]).toEqual([token, 401, UNAUTHORIZED])
      expect(answer.type).toContain('application/problem+json')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    for (const authorization of ['Basic dG9rZW4tMTAwMTp4', 'OAuth oauth_token="x"', 'Bearer', 'token-1001'])
      expect((await ask(route, null, { authorization })).status).toBe(401)
  })

  test('takes no service token', async () => {
    expect((await ask(route, 'service')).status).toBe(403)
  })

  if (route.who === 'app') {
    test('takes no token of a user', async () => {
      const { status, body } = await ask(route, 'token-1001')
      expect([status, body.title]).toEqual([403, 'Unsupported Authentication or Forbidden'])
    })
    return
  }

  if (route.who === 'user') {
    test('takes no token of an app', async () => {
      const { status, body } = await ask(route, 'app')
      expect([status, body.title]).toEqual([403, 'Unsupported Authentication or Forbidden'])
    })
  }

  test.skipIf(route.scopes.length === 0)('names each scope that is missing', async () => {
    for (const scope of route.scopes) {
      const { status, body, headers } = await ask(route, `without ${scope}`)
      expect([status, body.title, body.detail]).toEqual([403, 'Forbidden', `the token lacks the scope ${scope}`])
      expect(headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${scope}"`)
    }
    const [first, ...others] = route.scopes
    const { body } = await ask(route, `only ${first}`)
    if (others.length > 0) expect(body.detail).toBe(`the token lacks the scope ${others.join(' ')}`)
  })

  test.skipIf(route.scopes.length === 0)('asks for no other scope', async () => {
    const unneeded = USER_SCOPES.filter(scope => !route.scopes.includes(scope))
    for (const scope of unneeded) {
      const { body } = await ask(route, `without ${scope}`)
      expect(body.detail ?? '').not.toContain('lacks the scope')
    }
  })
})

test('every route stands under a bound of its own', () => {
  expect(new Set(ROUTES.map(({ operation }) => operation)).size).toBe(ROUTES.length)
})
