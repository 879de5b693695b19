// 2: every form of logging in, its failures, second factors.
import { api, connected } from '../cases/tools.ts'
import { digestOf, IDS, passwordOf, tokenOf } from '../start.ts'
import { ask, bad, type Derived, error, get, headersOf, is, isVoid, NOBODY, OK, post, says, sha, web } from './tools.ts'

const EXPIRES = { $date: is.any(Number) }
const loggedIn = (type: string) => ({ id: IDS.dave, token: is.any(String), tokenExpires: EXPIRES, type })
const password = digestOf('dave')
const rest = async (body: object) => {
  const got = await post(null, 'login', body, {
    status: 200,
    type: 'application/json',
    body: {
      status: 'success',
      data: { userId: IDS.dave, authToken: is.any(String), me: { _id: IDS.dave, username: 'dave' } },
    },
  })
  is(got.success).toBeUndefined()
  return got.data
}
const refused = async (body: object) =>
  is(await post(null, 'login', body, { status: 401, body: { status: 'error' } })).toHaveProperty('message')

export const LOGIN: Derived[] = [
  [
    '2',
    'DDP digest by username',
    async () =>
      is(await says({}, null, 'login', { user: { username: 'dave' }, password })).toEqual(loggedIn('password')),
  ],
  [
    '2',
    'DDP digest by e-mail',
    async () =>
      is(await says({}, null, 'login', { user: { email: 'dave@example.org' }, password })).toEqual(
        loggedIn('password'),
      ),
  ],
  [
    '2',
    'DDP plain',
    async () =>
      is(await says({}, null, 'login', { user: { username: 'dave' }, password: passwordOf('dave') })).toEqual(
        loggedIn('password'),
      ),
  ],
  [
    '2',
    'DDP plain by e-mail',
    async () =>
      is(await says({}, null, 'login', { user: { email: 'dave@example.org' }, password: passwordOf('dave') })).toEqual(
        loggedIn('password'),
      ),
  ],
  [
    '2',
    'DDP totp around a login of a user without a second factor',
    async () =>
      is(
        await says({}, null, 'login', { totp: { login: { user: { username: 'dave' }, password }, code: '123456' } }),
      ).toMatchObject({ id: IDS.dave, tokenExpires: EXPIRES }),
  ],
  [
    '2',
    'resume keeps the token',
    async () => {
      const { token } = await says({}, null, 'login', { user: { username: 'dave' }, password })
      is(await says({}, null, 'login', { resume: token })).toEqual({ ...loggedIn('resume'), token })
    },
  ],
  [
    '2',
    'tokens live 90 days',
    async () => {
      const { tokenExpires } = await says({}, null, 'login', { user: { username: 'dave' }, password })
      is(Math.abs(tokenExpires.$date - Date.now() - 90 * 86_400_000)).toBeLessThan(120_000)
    },
  ],
  [
    '2',
    'wrong password: 403 over DDP',
    () => says(error(403), null, 'login', { user: { username: 'dave' }, password: sha('x') }),
  ],
  [
    '2',
    'unknown user: 403 over DDP',
    () => says(error(403), null, 'login', { user: { username: 'nobody-of-that-name' }, password }),
  ],
  [
    '2',
    'bad resume',
    () =>
      says(error(403, { reason: "You've been logged out by the server. Please log in again" }), null, 'login', {
        resume: 'none',
      }),
  ],
  [
    '2',
    'login without an argument is a DDP error',
    async () => is((await ask(null, 'login')).error.errorType).toBe('Meteor.Error'),
  ],
  [
    '2',
    'login with nonsense is a DDP error',
    async () => is((await ask(null, 'login', { user: 7, password: [] })).error.errorType).toBe('Meteor.Error'),
  ],
  [
    '2',
    'login with an operator as name is no login',
    async () =>
      is((await ask(null, 'login', { user: { username: { $ne: null } }, password })).error.errorType).toBe(
        'Meteor.Error',
      ),
  ],
  ['2', 'REST user string', () => rest({ user: 'dave', password: passwordOf('dave') })],
  ['2', 'REST user string with @', () => rest({ user: 'dave@example.org', password: passwordOf('dave') })],
  ['2', 'REST username', () => rest({ username: 'dave', password: passwordOf('dave') })],
  ['2', 'REST email', () => rest({ email: 'dave@example.org', password: passwordOf('dave') })],
  ['2', 'REST user {username}', () => rest({ user: { username: 'dave' }, password: passwordOf('dave') })],
  ['2', 'REST user {email}', () => rest({ user: { email: 'dave@example.org' }, password: passwordOf('dave') })],
  ['2', 'REST hashed', () => rest({ user: 'dave', password: { hashed: password.digest } })],
  ['2', 'REST digest', () => rest({ user: 'dave', password })],
  ['2', 'REST user and username', () => rest({ user: 'dave', username: 'dave', password: passwordOf('dave') })],
  [
    '2',
    'REST resume',
    async () => {
      const { authToken } = await rest({ user: 'dave', password: passwordOf('dave') })
      is((await rest({ resume: authToken })).authToken).toBe(authToken)
    },
  ],
  [
    '2',
    'REST me has all that RN reads',
    async () => {
      const { me } = await rest({ user: 'dave', password: passwordOf('dave') })
      for (const f of [
        '_id',
        'username',
        'name',
        'status',
        'roles',
        'emails',
        'active',
        'statusText',
        'language',
        'customFields',
      ])
        is(me).toHaveProperty(f)
      is(me.settings.preferences).toEqual(is.any(Object))
      is(JSON.stringify(me)).not.toMatch(/e2e"|bcrypt|resume|hashedToken/)
    },
  ],
  [
    '2',
    'GET me has all that RN reads',
    async () => {
      const me = await get('dave', 'me', OK)
      for (const f of [
        '_id',
        'username',
        'name',
        'status',
        'roles',
        'emails',
        'active',
        'statusText',
        'language',
        'customFields',
      ])
        is(me).toHaveProperty(f)
      is(me.settings.preferences).toEqual(is.any(Object))
    },
  ],
  ['2', 'REST wrong password', () => refused({ user: 'dave', password: 'wrong' })],
  [
    '2',
    'REST wrong password is masked',
    async () => {
      const a = await api(null, 'POST', 'login', { user: 'erin', password: 'wrong' })
      const b = await api(null, 'POST', 'login', { user: 'not-a-user', password: 'wrong' })
      is(a).toEqual(b)
      is(b.body).toMatchObject({ status: 'error', error: 'Unauthorized', message: 'Unauthorized' })
    },
  ],
  [
    '2',
    'REST without a password',
    async () => is((await api(null, 'POST', 'login', { user: 'dave' })).status).toBeOneOf([400, 401]),
  ],
  ['2', 'REST bad resume', () => refused({ resume: 'zzz' })],
  [
    '2',
    'REST bad JSON is 400',
    async () =>
      is(
        (await web('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a"' }))
          .status,
      ).toBe(400),
  ],
  [
    '2',
    'REST login as a form',
    async () =>
      is(
        (
          await web('/api/v1/login', {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: `user=dave&password=${encodeURIComponent(passwordOf('dave'))}`,
          })
        ).body?.status,
      ).toBe('success'),
  ],
  [
    '2',
    'the REST token resumes over DDP',
    async () => {
      const { authToken } = await rest({ user: 'dave', password: passwordOf('dave') })
      is(await says({}, null, 'login', { resume: authToken })).toMatchObject({ token: authToken, type: 'resume' })
    },
  ],
  [
    '2',
    'the DDP token works over REST',
    async () => {
      const { token } = await says({}, null, 'login', { user: { username: 'dave' }, password })
      is((await web('/api/v1/me', { headers: { 'x-user-id': IDS.dave, 'x-auth-token': token } })).status).toBe(200)
    },
  ],
  ['2', 'no credentials', () => get(null, 'me', NOBODY)],
  [
    '2',
    'a wrong token',
    async () =>
      is(await web('/api/v1/me', { headers: headersOf('dave', { 'x-auth-token': 'no' }) })).toMatchObject({
        status: 401,
        body: { status: 'error', message: 'You must be logged in to do this.' },
      }),
  ],
  [
    '2',
    "another's token",
    async () =>
      is((await web('/api/v1/me', { headers: headersOf('dave', { 'x-auth-token': tokenOf('erin') }) })).status).toBe(
        401,
      ),
  ],
  [
    '2',
    'a token without a user id',
    async () => is((await web('/api/v1/me', { headers: { 'x-auth-token': tokenOf('dave') } })).status).toBe(401),
  ],
  [
    '2',
    'REST logout ends the token',
    async () => {
      const { authToken } = await rest({ user: 'dave', password: passwordOf('dave') })
      const headers = { 'x-user-id': IDS.dave, 'x-auth-token': authToken }
      is(await web('/api/v1/logout', { method: 'POST', headers })).toMatchObject({
        status: 200,
        body: { status: 'success', data: { message: "You've been logged out!" } },
      })
      is((await web('/api/v1/me', { headers })).status).toBe(401)
    },
  ],
  [
    '2',
    'after a REST logout the token does not resume',
    async () => {
      const { authToken } = await rest({ user: 'dave', password: passwordOf('dave') })
      await web('/api/v1/logout', { method: 'POST', headers: { 'x-user-id': IDS.dave, 'x-auth-token': authToken } })
      await says(error(403), null, 'login', { resume: authToken })
    },
  ],
  ['2', 'logout without credentials', () => post(null, 'logout', {}, NOBODY)],
  [
    '2',
    'DDP logout is void',
    async () => {
      const c = await connected()
      await c.call('login', { user: { username: 'dave' }, password })
      await isVoid(c, 'logout')
    },
  ],
  [
    '2',
    'an own reset without a code: totp-required over DDP',
    () =>
      says(
        error('totp-required', {
          details: { method: 'password', codeGenerated: is.any(Boolean), availableMethods: is.any(Array) },
        }),
        'erin',
        'e2e.resetOwnE2EKey',
      ),
  ],
  [
    '2',
    'an own reset without a code: totp-required over REST',
    () =>
      post(
        'erin',
        'users.resetE2EKey',
        {},
        bad('totp-required', { details: { method: 'password', availableMethods: is.any(Array) } }),
      ),
  ],
  [
    '2',
    'a wrong code: totp-invalid',
    async () =>
      is(
        await web('/api/v1/users.resetE2EKey', {
          method: 'POST',
          body: '{}',
          headers: headersOf('erin', {
            'content-type': 'application/json',
            'x-2fa-code': 'wrong',
            'x-2fa-method': 'password',
          }),
        }),
      ).toMatchObject({
        status: 400,
        body: { success: false, errorType: 'totp-invalid', details: { method: 'password' } },
      }),
  ],
  [
    '2',
    'the web wraps with callWithTwoFactorRequired',
    () =>
      says(error('totp-invalid'), 'erin', 'callWithTwoFactorRequired', {
        code: 'wrong',
        method: 'password',
        ddp: {},
        method2: 1,
      }).catch(() =>
        says({ error: {} }, 'erin', 'e2e.resetOwnE2EKey', { twoFactorCode: 'wrong', twoFactorMethod: 'password' }),
      ),
  ],
]
