// Apps log users in (RFC 6749, 7636, 8252, 9700): the whole way as a browser and an app go it, and the ways on which
// somebody comes to what is not theirs.
import { randomBytes } from 'node:crypto'
import { Client } from '@xdevplatform/xdk'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import { type AppAt, askToken, attempt, Browser, codeOf, exchange, refresh } from './browser.ts'
import { ask } from './http.ts'

const USER = '5001'
const PASSWORD = 'correct horse battery staple'
const OURS = 'tweet.read users.read block.read mute.read like.read dm.read media.write dm.write offline.access'
const sign = { username: 'ada', password: PASSWORD }

let server: TestServer
let cli: AppAt
let web: AppAt
let other: AppAt

beforeAll(async () => {
  const users = [
    { id: USER, username: 'ada', name: 'Ada', password: PASSWORD, tokens: ['adas-token'] },
    { id: '5002', username: 'bob', password: PASSWORD, tokens: ['bobs-token'] },
    { id: '5003', username: 'eve', password: PASSWORD, tokens: ['eves-token'], roles: ['superuser'] },
    { id: '5004', username: 'dan', password: PASSWORD },
    { id: '5005', username: 'gone', password: PASSWORD, active: false },
    { id: '5006', username: 'token-only', tokens: ['only-a-token'] },
  ]
  const apps = [
    { id: 'cli', secret: 'a secret, of: the + cli', owner: USER, redirects: ['http://localhost:8080/callback'] },
    { id: 'web', secret: 'the secret of the web', owner: USER, redirects: ['https://web.example/cb?from=chat'] },
    { id: 'other', secret: 'the secret of another', owner: '5002', redirects: ['http://localhost:8080/callback'] },
  ]
  server = await startServer({ world: { users, apps } })
  const { url } = server
  cli = { url, id: 'cli', redirect: 'http://localhost:8080/callback' }
  web = { url, id: 'web', secret: 'the secret of the web', redirect: 'https://web.example/cb?from=chat' }
  other = { url, id: 'other', redirect: 'http://localhost:8080/callback' }
})
afterAll(() => server?.remove())

async function tokensOf(app: AppAt, filled: Record<string, string> = sign) {
  const trying = attempt(app)
  const answer = await exchange(app, await codeOf(trying, filled), trying.verifier)
  expect(answer).toMatchObject({ status: 200 })
  return answer.body as { access_token: string; refresh_token: string }
}

async function me(token: string): Promise<number> {
  return (await ask(server.url, token, 'GET', '/2/users/me')).status
}

/** What the app hears at its own address. */
function heard(location: string | null): Record<string, string> {
  return Object.fromEntries(new URL(location ?? 'none:').searchParams)
}

describe('a log-in', () => {
  test('goes by the page, the code and the token, and opens the API to X’s SDK', async () => {
    const trying = attempt(cli)
    const browser = new Browser()
    const page = await browser.get(trying.url)
    expect(page.status).toBe(200)
    expect(page.text).toContain('<code>cli</code>')
    expect(page.text).toContain('<code>dm.write</code>')
    expect(page.text).not.toContain('tweet.write')
    expect(page.text).not.toContain('<script')
    const answer = await browser.submit(trying.url, page, sign)
    expect(answer.status).toBe(303)
    expect(answer.location?.startsWith('http://localhost:8080/callback?')).toBe(true)
    const { code, state } = heard(answer.location)
    expect(state).toBe(trying.state)
    const tokens = await exchange(cli, code!, trying.verifier)
    expect(tokens.status).toBe(200)
    expect(tokens.headers.get('cache-control')).toBe('no-store')
    expect(tokens.body).toEqual({
      token_type: 'bearer',
      expires_in: 7200,
      access_token: expect.any(String),
      scope: OURS,
      refresh_token: expect.any(String),
    })
    const client = new Client({ accessToken: tokens.body.access_token, baseUrl: server.url })
    expect((await client.users.getMe()).data).toMatchObject({ id: USER, username: 'ada' })
  })

  test('takes any port of the user’s own machine', async () => {
    const app = { ...cli, redirect: 'http://localhost:51234/callback' }
    expect(await me((await tokensOf(app)).access_token)).toBe(200)
  })

  test('of an app with a secret takes it in a header or in the form', async () => {
    for (const secret of ['a secret, of: the + cli', undefined]) {
      const { id, url } = cli
      const trying = attempt(cli)
      const fields = {
        grant_type: 'authorization_code',
        code: await codeOf(trying, sign),
        redirect_uri: cli.redirect,
        code_verifier: trying.verifier,
      }
      const answer =
        secret === undefined
          ? await askToken({ url, id }, { ...fields, client_secret: 'a secret, of: the + cli' })
          : await askToken({ url, id, secret }, fields)
      expect(answer.status).toBe(200)
    }
  })

  test('takes an empty secret as none, which is how clients without one fill in the header', async () => {
    const trying = attempt(cli)
    const { access_token } = (await exchange({ ...cli, secret: '' }, await codeOf(trying, sign), trying.verifier)).body
    expect(await me(access_token)).toBe(200)
    const own = await askToken({ ...cli, secret: '' }, { grant_type: 'client_credentials' })
    expect([own.status, own.body.access_token]).toEqual([400, undefined])
  })

  test('keeps what the registered address says', async () => {
    const trying = attempt(web)
    const browser = new Browser()
    const answer = await browser.submit(trying.url, await browser.get(trying.url), sign)
    expect(heard(answer.location)).toEqual({ from: 'chat', code: expect.any(String), state: trying.state })
    expect(answer.location?.startsWith('https://web.example/cb?from=chat&code=')).toBe(true)
  })

  test('gives fewer scopes where fewer are asked for, and no refresh token without offline.access', async () => {
    const trying = attempt(cli, { scope: 'users.read tweet.read space.read' })
    const answer = await exchange(cli, await codeOf(trying, sign), trying.verifier)
    expect(answer.body).toEqual({
      token_type: 'bearer',
      expires_in: 7200,
      access_token: expect.any(String),
      scope: 'users.read tweet.read',
    })
    expect(await me(answer.body.access_token)).toBe(200)
    const list = await ask(server.url, answer.body.access_token, 'GET', '/2/chat/conversations')
    expect([list.status, list.body.detail]).toEqual([403, 'the token lacks the scope dm.read'])
  })

  test('is refreshed, and the refresh token before is used up', async () => {
    const first = await tokensOf(cli)
    const second = await refresh(cli, first.refresh_token)
    expect(second.status).toBe(200)
    expect(second.body.scope).toBe(OURS)
    expect(second.body.refresh_token).not.toBe(first.refresh_token)
    expect(await me(second.body.access_token)).toBe(200)
    expect(await me(first.access_token)).toBe(200)
    const narrower = await askToken(cli, {
      grant_type: 'refresh_token',
      refresh_token: second.body.refresh_token,
      scope: 'users.read tweet.read',
    })
    expect(narrower.body.scope).toBe('users.read tweet.read')
    expect((await refresh(cli, narrower.body.refresh_token)).body.scope).toBe(OURS)
  })

  test('is ended by the app, with everything that came of it', async () => {
    for (const which of ['access_token', 'refresh_token'] as const) {
      const tokens = await tokensOf(cli)
      const answer = await askToken(cli, { token: tokens[which] }, '/2/oauth2/revoke')
      expect([answer.status, answer.body]).toEqual([200, { revoked: true }])
      expect(await me(tokens.access_token)).toBe(401)
      expect((await refresh(cli, tokens.refresh_token)).body.error).toBe('invalid_grant')
    }
  })

  test('is declined', async () => {
    const trying = attempt(cli)
    const browser = new Browser()
    const answer = await browser.submit(trying.url, await browser.get(trying.url), { decision: 'deny' })
    expect(heard(answer.location)).toMatchObject({ error: 'access_denied', state: trying.state })
  })

  test('goes by a token where a user has no password', async () => {
    const { access_token: token } = await tokensOf(cli, { token: 'only-a-token' })
    expect((await ask(server.url, token, 'GET', '/2/users/me')).body.data.id).toBe('5006')
  })

  test('with a token ends when that token ends', async () => {
    const minted = JSON.parse((await server.command('token', 'create', '--user', '5006', '--seconds', '1000')).out)
    const trying = attempt(cli)
    const tokens = await exchange(cli, await codeOf(trying, { token: minted.token }), trying.verifier)
    expect(tokens.body.expires_in).toBeLessThanOrEqual(1000)
    expect(await me(tokens.body.access_token)).toBe(200)
    await server.command('token', 'revoke', minted.id)
    expect(await me(tokens.body.access_token)).toBe(401)
    expect((await refresh(cli, tokens.body.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('an app itself', () => {
  test('has one token that lasts, the same each time', async () => {
    const ask2 = () => askToken(web, { grant_type: 'client_credentials' }, '/oauth2/token')
    const [one, two] = [await ask2(), await ask2()]
    expect(one.body).toEqual({ token_type: 'bearer', access_token: expect.any(String) })
    expect(two.body).toEqual(one.body)
    const answer = await ask(server.url, one.body.access_token, 'GET', '/2/users/me')
    expect([answer.status, answer.body.title]).toEqual([403, 'Unsupported Authentication or Forbidden'])
    await askToken(web, { token: one.body.access_token }, '/2/oauth2/revoke')
    expect(await me(one.body.access_token)).toBe(401)
    expect((await ask2()).body.access_token).not.toBe(one.body.access_token)
  })

  test('has brief ones', async () => {
    const answer = await askToken(web, { grant_type: 'client_credentials' })
    expect(answer.body).toEqual({ token_type: 'bearer', expires_in: 7200, access_token: expect.any(String) })
    expect(await me(answer.body.access_token)).toBe(403)
  })

  test('shows its secret for them', async () => {
    const wrong = await askToken({ ...web, secret: 'another secret of the web' }, { grant_type: 'client_credentials' })
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
    expect(wrong.headers.get('www-authenticate')).toContain('Basic')
    const none = await askToken({ url: web.url, id: 'web' }, { grant_type: 'client_credentials' })
    expect([none.status, none.body.error]).toEqual([401, 'invalid_client'])
  })

  test('is served fifty times at once', async () => {
    const asked = Array.from({ length: 50 }, () => askToken(web, { grant_type: 'client_credentials' }))
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200))
  })

  test('is made by the operator while the server runs, with addresses that lead somewhere', async () => {
    const create = (redirect: string) => server.command('app', 'create', '--owner', USER, '--redirect', redirect)
    for (const redirect of ['javascript:alert(1)', '/callback', 'https://a@app.example/', 'https://app.example/#x']) {
      const { code, err } = await create(redirect)
      expect([redirect, code, err.includes(redirect)]).toEqual([redirect, 1, true])
    }
    const made = JSON.parse((await create('my.app:/callback')).out)
    const app = { url: server.url, id: made.id, secret: made.secret, redirect: 'my.app:/callback' }
    const trying = attempt(app)
    const browser = new Browser()
    const page = await browser.get(trying.url)
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' my.app:;")
    const answer = await browser.submit(trying.url, page, sign)
    expect(answer.location?.startsWith('my.app:/callback?code=')).toBe(true)
    expect((await exchange(app, heard(answer.location).code!, trying.verifier)).status).toBe(200)
    expect(await me(made.token)).toBe(403)
  })

  test('does not find its secret by trying', async () => {
    const guess = (secret: string) => askToken({ ...other, secret }, { grant_type: 'client_credentials' })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => guess(`guess number ${at} of them`)))
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(20)
    expect((await guess('the secret of another')).status).toBe(429)
    expect((await askToken(web, { grant_type: 'client_credentials' })).status).toBe(200)
  })
})

describe('a code', () => {
  test('that comes twice ends what came of it', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    const first = await exchange(cli, code, trying.verifier)
    expect((await exchange(cli, code, trying.verifier)).body.error).toBe('invalid_grant')
    expect(await me(first.body.access_token)).toBe(401)
    expect((await refresh(cli, first.body.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('that comes twenty times at once opens one door at most', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(cli, code, trying.verifier)))
    const good = answers.filter(({ status }) => status === 200)
    expect(good.length).toBeLessThanOrEqual(1)
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.error]).toEqual([400, 'invalid_grant'])
    // Whoever came second ended the log-in.
    for (const { body } of good) expect(await me(body.access_token)).toBe(401)
  })

  test('is lost to who does not hold the verifier, and then to everybody', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    const wrong = await exchange(cli, code, randomBytes(32).toString('base64url'))
    expect(wrong.body.error).toBe('invalid_grant')
    expect((await exchange(cli, code, trying.verifier)).body.error).toBe('invalid_grant')
  })

  test('needs a verifier', async () => {
    const trying = attempt(cli)
    const fields = { grant_type: 'authorization_code', code: await codeOf(trying, sign), redirect_uri: cli.redirect }
    expect((await askToken(cli, fields)).body.error).toBe('invalid_grant')
  })

  test('is good for the app that it was given to', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    const stolen = await exchange({ ...web, redirect: cli.redirect }, code, trying.verifier)
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant'])
    expect((await exchange(cli, code, trying.verifier)).status).toBe(200)
  })

  test('is good for the address that it was sent to', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    const moved = await exchange({ ...cli, redirect: 'http://localhost:9999/callback' }, code, trying.verifier)
    expect(moved.status).toBe(400)
    expect(moved.body.access_token).toBeUndefined()
  })

  test('that came back to a server needs that server’s secret', async () => {
    const trying = attempt(web)
    const code = await codeOf(trying, sign)
    const { secret: _, ...bare } = web
    const answer = await exchange(bare, code, trying.verifier)
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
    const tokens = await exchange(web, code, trying.verifier)
    expect(tokens.status).toBe(200)
    expect((await refresh(bare, tokens.body.refresh_token)).body.error).toBe('invalid_client')
    expect((await askToken(bare, { token: tokens.body.access_token }, '/2/oauth2/revoke')).status).toBe(401)
    expect((await refresh(web, tokens.body.refresh_token)).status).toBe(200)
  })

  test('is no bearer token, and neither is a refresh token', async () => {
    const trying = attempt(cli)
    const code = await codeOf(trying, sign)
    expect(await me(code)).toBe(401)
    const { body } = await exchange(cli, code, trying.verifier)
    expect(await me(body.refresh_token)).toBe(401)
    expect((await exchange(cli, body.refresh_token, trying.verifier)).body.error).toBe('invalid_grant')
  })
})

describe('a refresh token', () => {
  test('that comes twice ends the log-in for who holds the newer one too', async () => {
    const first = await tokensOf(cli)
    const second = await refresh(cli, first.refresh_token)
    expect((await refresh(cli, first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(cli, second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(await me(second.body.access_token)).toBe(401)
  })

  test('that comes twenty times at once is good once at most', async () => {
    const { refresh_token: token } = await tokensOf(cli)
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(cli, token)))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    expect(answers.map(({ status }) => status).every(status => status === 200 || status === 400)).toBe(true)
  })

  test('is good for its app alone, and nobody else can give it back', async () => {
    const tokens = await tokensOf(cli)
    expect((await refresh(web, tokens.refresh_token)).body.error).toBe('invalid_grant')
    await askToken(web, { token: tokens.refresh_token }, '/2/oauth2/revoke')
    expect(await me(tokens.access_token)).toBe(200)
    expect((await refresh(cli, tokens.refresh_token)).status).toBe(200)
  })

  test('asks for no more than the user agreed to', async () => {
    const trying = attempt(cli, { scope: 'users.read tweet.read offline.access' })
    const { body } = await exchange(cli, await codeOf(trying, sign), trying.verifier)
    const more = { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: 'users.read dm.read' }
    expect((await askToken(cli, more)).body.error).toBe('invalid_scope')
    expect((await refresh(cli, body.refresh_token)).body.scope).toBe('users.read tweet.read offline.access')
  })

  test('ends when the operator revokes a token of the log-in', async () => {
    for (const kind of ['user', 'refresh']) {
      const tokens = await tokensOf(cli, { username: 'bob', password: PASSWORD })
      const list: { id: string; kind: string; app: string | null; createdAt: string }[] = JSON.parse(
        (await server.command('token', 'list', '--user', '5002')).out,
      )
      const newest = list
        .filter(one => one.kind === kind && one.app === 'cli')
        .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
      await server.command('token', 'revoke', newest[0]!.id)
      expect((await refresh(cli, tokens.refresh_token)).body.error).toBe('invalid_grant')
      expect(await me(tokens.access_token)).toBe(401)
    }
  })

  test('is worth nothing when the account is disabled', async () => {
    const tokens = await tokensOf(cli, { username: 'dan', password: PASSWORD })
    await server.command('user', 'disable', '5004')
    expect((await refresh(cli, tokens.refresh_token)).body.error).toBe('invalid_grant')
    expect(await me(tokens.access_token)).toBe(401)
  })
})

describe('what an app is given', () => {
  test('opens no other wire, whoever the user is', async () => {
    const { access_token: token } = await tokensOf(cli, { username: 'eve', password: PASSWORD })
    expect(await me(token)).toBe(200)
    // A token of her own does.
    for (const [bearer, status] of [
      ['eves-token', 200],
      [token, 401],
    ] as const) {
      expect((await ask(server.url, bearer, 'GET', '/dino/rooms')).status).toBe(status)
      const login = { authorization: null, body: { resume: bearer } }
      expect((await ask(server.url, '', 'POST', '/api/v1/login', login)).status).toBe(status)
    }
  })

  test('signs nobody in again', async () => {
    const { access_token: token } = await tokensOf(cli)
    const trying = attempt(web)
    const browser = new Browser()
    const answer = await browser.submit(trying.url, await browser.get(trying.url), { token })
    expect([answer.status, answer.location]).toEqual([401, null])
  })
})

describe('the way back', () => {
  const wrong = [
    'http://localhost:8080/callback/more',
    'http://localhost:8080/callback?x=1',
    'http://localhost:8080/callback#x',
    'http://user@localhost:8080/callback',
    'http://localhost:8080@evil.example/callback',
    'http://localhost.evil.example:8080/callback',
    'http://127.0.0.1:8080/callback',
    'https://localhost:8080/callback',
    '//evil.example/callback',
    'javascript:alert(1)',
    'https://evil.example/',
    'http://localhost:8080\\@evil.example/callback',
    'http://localhost:8080/callback\r\nset-cookie: a=b',
  ]

  test.each(wrong)('is not %j', async redirect => {
    for (const more of [{}, { scope: 'none' }, { response_type: 'token' }, { code_challenge: undefined }]) {
      const answer = await new Browser().get(attempt(cli, { redirect_uri: redirect, ...more }).url)
      expect([answer.status, answer.location]).toEqual([400, null])
      expect(answer.text).not.toContain('evil.example')
    }
  })

  test.each(['https://web.example:8443/cb?from=chat', 'http://web.example/cb?from=chat', 'https://web.example/cb'])(
    'of a server has its very port and path, not %s',
    async redirect => {
      const answer = await new Browser().get(attempt(web, { redirect_uri: redirect }).url)
      expect([answer.status, answer.location]).toEqual([400, null])
    },
  )

  test('is named, and belongs to the app', async () => {
    for (const changed of [
      { redirect_uri: undefined },
      { client_id: 'nobody' },
      { client_id: undefined },
      { client_id: 'web' },
    ]) {
      const answer = await new Browser().get(attempt(cli, changed).url)
      expect([answer.status, answer.location]).toEqual([400, null])
    }
  })

  test('hears what is wrong with the rest', async () => {
    const refused: [Record<string, string | undefined>, string][] = [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ response_type: undefined }, 'invalid_request'],
      [{ code_challenge: undefined }, 'invalid_request'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge_method: undefined }, 'invalid_request'],
      [{ code_challenge: 'short' }, 'invalid_request'],
      [{ scope: 'space.read list.read' }, 'invalid_scope'],
      [{ scope: undefined }, 'invalid_scope'],
      [{ scope: 'offline.access' }, 'invalid_scope'],
    ]
    for (const [changed, error] of refused) {
      const trying = attempt(cli, changed)
      const answer = await new Browser().get(trying.url)
      expect([changed, answer.status, heard(answer.location)]).toEqual([
        changed,
        303,
        { error, error_description: expect.any(String), state: trying.state },
      ])
      expect(answer.location?.startsWith('http://localhost:8080/callback?error=')).toBe(true)
    }
    const long = await new Browser().get(attempt(cli, { state: 'x'.repeat(2_049) }).url)
    expect(heard(long.location)).toEqual({ error: 'invalid_request', error_description: expect.any(String) })
  })
})

describe('the page', () => {
  test('stands in no frame, runs no script and is kept by nobody', async () => {
    const { headers } = await new Browser().get(attempt(cli).url)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("form-action 'self' http://localhost:8080")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/)
  })

  test('says nothing of what it was given', async () => {
    const evil = '"><script>alert(1)</script>'
    const trying = attempt(cli, { state: evil, scope: `${evil} users.read tweet.read` })
    const browser = new Browser()
    const page = await browser.get(trying.url)
    expect(page.text).not.toContain('<script>')
    const again = await browser.submit(trying.url, page, { username: evil, password: 'x' })
    expect(again.status).toBe(401)
    expect(again.text).not.toContain('<script>')
    expect(again.text).toContain('&quot;&gt;&lt;script&gt;')
    const unknown = await browser.get(`${server.url}/i/oauth2/authorize?client_id=${encodeURIComponent(evil)}`)
    expect(unknown.text).not.toContain('<script>')
    const done = await browser.submit(trying.url, again, sign)
    expect(heard(done.location).state).toBe(evil)
  })

  test('takes no form that another page sends', async () => {
    const trying = attempt(cli)
    const body = new URLSearchParams({ ...sign, decision: 'allow' })
    const browser = new Browser()
    const page = await browser.get(trying.url)
    const [name, proof] = [...browser.cookies][0]!
    const bodies = [body.toString(), `${body}&proof=`, `${body}&proof=${randomBytes(32).toString('base64url')}`]
    for (const sent of bodies) {
      const answer = await browser.post(trying.url, sent)
      expect([answer.status, answer.location]).toEqual([403, null])
    }
    const stranger = await new Browser().submit(trying.url, page, sign)
    expect([stranger.status, stranger.location]).toEqual([403, null])
    const crossing = await browser.submit(trying.url, page, sign, { 'sec-fetch-site': 'cross-site' })
    expect([crossing.status, crossing.location]).toEqual([403, null])
    const doubled = await fetch(trying.url, {
      method: 'POST',
      body: new URLSearchParams({ ...sign, decision: 'allow', proof }),
      headers: { cookie: `${name}=${proof}; ${name}=${proof}` },
      redirect: 'manual',
    })
    expect(doubled.status).toBe(403)
    expect((await browser.submit(trying.url, page, { decision: 'deny', proof: 'x' })).location).toBeNull()
    expect((await browser.submit(trying.url, page, sign, { 'sec-fetch-site': 'same-origin' })).status).toBe(303)
  })

  test('tells who may not come in no more than needed', async () => {
    const trying = attempt(cli)
    const browser = new Browser()
    const page = await browser.get(trying.url)
    const answers = []
    const tries: Record<string, string>[] = [
      { username: 'ada', password: 'wrong' },
      { username: 'nobody', password: 'wrong' },
      { username: 'token-only', password: 'wrong' },
      { token: 'no token' },
    ]
    for (const filled of tries) {
      const { status, text, location } = await browser.submit(trying.url, page, filled)
      answers.push([status, location, /role="alert">([^<]*)/.exec(text)?.[1]])
    }
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.slice(0, 2)).toEqual([401, null])
    const gone = await browser.submit(trying.url, page, { username: 'gone', password: PASSWORD })
    expect([gone.status, gone.location]).toEqual([403, null])
    expect((await browser.submit(trying.url, page, { username: 'ada' })).status).toBe(400)
  })

  test('is shown by no other method and takes no other type', async () => {
    const { url } = attempt(cli)
    for (const method of ['PUT', 'DELETE', 'HEAD']) {
      expect((await fetch(url, { method, redirect: 'manual' })).status).toBe(404)
    }
    const json = await new Browser().post(url, JSON.stringify(sign), { 'content-type': 'application/json' })
    expect(json.status).toBe(415)
  })
})

describe('behind a proxy with TLS', () => {
  test('the cookie is the host’s own and goes over TLS alone, and the documents name the public address', async () => {
    const users = [{ id: '1', username: 'ada', password: PASSWORD }]
    const apps = [{ id: 'cli', secret: 'a secret of the cli', owner: '1', redirects: [cli.redirect] }]
    const own = await startServer({ world: { users, apps }, config: { publicUrl: 'https://chat.example/' } })
    try {
      const trying = attempt({ ...cli, url: own.url })
      const browser = new Browser()
      const page = await browser.get(trying.url)
      expect(page.headers.get('set-cookie')).toMatch(
        /^__Host-conclave-proof=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      )
      expect((await browser.submit(trying.url, page, sign)).status).toBe(303)
      const document = await (await fetch(`${own.url}/2/openapi.json`)).text()
      expect(document).toContain('"authorizationUrl":"https://chat.example/i/oauth2/authorize"')
    } finally {
      await own.remove()
    }
  })
})

describe('passwords', () => {
  test('are not found by trying, from many connections neither', async () => {
    const own = await startServer({
      world: {
        users: [{ id: '1', username: 'ada', password: PASSWORD }],
        apps: [{ id: 'cli', secret: 'a secret of the cli', owner: '1', redirects: [cli.redirect] }],
      },
      config: { limits: { failedLogins: 5 } },
    })
    try {
      const trying = attempt({ ...cli, url: own.url })
      const browser = new Browser()
      const page = await browser.get(trying.url)
      const guess = (password: string) => browser.submit(trying.url, page, { username: 'ada', password })
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => guess(`guess ${at}`)))
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(15)
      const right = await guess(PASSWORD)
      expect([right.status, right.location]).toEqual([429, null])
      // And from then on the address, whatever account it names.
      const many = await Promise.all(Array.from({ length: 300 }, () => guess('once more')))
      expect(many.some(({ text }) => text.includes('from your address'))).toBe(true)
    } finally {
      await own.remove()
    }
  })
})

describe('malformed', () => {
  const raw = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/2/oauth2/token`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })

  test.each([
    ['JSON', '{"grant_type":"refresh_token"}', { 'content-type': 'application/json' }],
    ['nothing', '', {}],
    ['no grant', 'client_id=cli', {}],
    ['a repeated field', 'client_id=cli&grant_type=refresh_token&grant_type=refresh_token&refresh_token=x', {}],
    ['what is not UTF-8', 'client_id=cli&grant_type=refresh_token&refresh_token=%ff%fe', {}],
    ['a broken escape', 'client_id=cli&grant_type=refresh_token&refresh_token=%zz', {}],
    ['many fields', Array.from({ length: 40 }, (_, at) => `a${at}=1`).join('&'), {}],
    ['a name of everything', 'client_id=cli&grant_type=__proto__&refresh_token=x', {}],
    ['an own name', '__proto__=x&client_id=cli&grant_type=constructor', {}],
    ['a password grant', 'client_id=cli&grant_type=password&username=ada&password=x', {}],
    ['a long token', `client_id=cli&grant_type=refresh_token&refresh_token=${'x'.repeat(10_000)}`, {}],
    ['a broken header', 'grant_type=client_credentials', { authorization: 'Basic %%%' }],
    ['a header without a colon', 'grant_type=client_credentials', { authorization: 'Basic YWJj' }],
  ])('%s is refused in the form of RFC 6749', async (_name, body, headers) => {
    const answer = await raw(body, headers)
    expect([400, 401]).toContain(answer.status)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const problem = (await answer.json()) as { error: string; error_description: string }
    expect(problem.error).toMatch(/^(invalid_request|invalid_client|invalid_grant|unsupported_grant_type)$/)
    expect(problem.error_description).toMatch(/^[ !#-[\]-~]+$/)
  })

  test('a large form is 413', async () => {
    expect((await raw(`a=${'x'.repeat(20_000)}`)).status).toBe(413)
  })

  test('queries of the page are refused as they come', async () => {
    const bare = attempt(cli, { state: undefined }).url
    const twice = ['client_id=web', 'scope=users.read', 'response_type=code', 'other=1&other=2']
    const broken = ['state=%ff', 'state=%', 'state=%c3%28', '%ff=1', 'a=1&'.repeat(50)]
    for (const query of [...twice, ...broken]) {
      const answer = await new Browser().get(`${bare}&${query}`)
      expect([query, answer.status, answer.location]).toEqual([query, 400, null])
    }
    expect((await new Browser().get(`${bare}&other=1`)).status).toBe(200)
  })

  test('whatever is sent is refused in its form', async () => {
    const names = ['grant_type', 'client_id', 'client_secret', 'code', 'code_verifier', 'redirect_uri', 'refresh_token']
    const known = ['authorization_code', 'refresh_token', 'client_credentials', 'cli', 'web', cli.redirect, web.secret!]
    const value = fc.oneof(fc.constantFrom(...known), fc.string({ unit: 'binary', maxLength: 60 }))
    const fields = fc.dictionary(fc.constantFrom(...names, 'token', 'scope', 'state'), value)
    const sent = fc.oneof(
      fields.map(each => new URLSearchParams(each).toString()),
      fc.string({ unit: 'binary', maxLength: 200 }),
    )
    const path = fc.constantFrom('/2/oauth2/token', '/oauth2/token', '/2/oauth2/revoke')
    const sending = fc.asyncProperty(path, sent, async (to, body) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await fetch(server.url + to, { method: 'POST', body, headers })
      const answered = (await answer.json()) as { error?: string }
      if (answer.status !== 200) expect([400, 401, 429]).toContain(answer.status)
      expect(typeof answered.error).toBe(answer.status === 200 ? 'undefined' : 'string')
    })
    await fc.assert(sending, { numRuns: 150 })
    const page = fc.asyncProperty(sent, async query => {
      const url = `${server.url}/i/oauth2/authorize?${query.replace(/[^ -~]|[#\s]/g, '%ff')}`
      const answer = await new Browser().get(url)
      expect([200, 303, 400]).toContain(answer.status)
      const form = await new Browser().post(url, query)
      expect([303, 400, 403]).toContain(form.status)
    })
    await fc.assert(page, { numRuns: 60 })
  })

  test('nothing of all this was a bug', () => {
    expect(server.output()).not.toContain('bug')
    for (const secret of [PASSWORD, 'adas-token', 'the secret of the web'])
      expect(server.output()).not.toContain(secret)
  })
})
