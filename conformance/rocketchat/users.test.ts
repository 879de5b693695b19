// Accounts over Rocket.Chat's wire: who may change whom, what proves who somebody is, and what nobody gets to do.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cpuSeconds } from '../../bench/machine.ts'
import { totpOf } from '../../packages/server/src/gateways/rocketchat/users/totp.ts'
import { startServer, type TestServer } from '../server.ts'
import { Ddp, type RestAnswer, rest } from './ddp.ts'

let server: TestServer
const IDS = { root: '900', boss: '901', alice: '1001', bob: '1002', mallory: '1004', tom: '1005' } as const
type Name = keyof typeof IDS
const password = (name: string) => `password of ${name}`
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

beforeAll(async () => {
  const users = Object.entries(IDS).map(([username, id]) => ({
    id,
    username,
    name: `Name of ${username}`,
    email: `${username}@example.org`,
    password: password(username),
    tokens: [`token-of-${username}`],
    roles: username === 'root' ? ['superuser'] : username === 'boss' ? ['admin'] : [],
  }))
  const rooms = [
    { ref: 'shared', channel: 'c', name: 'shared', kind: 'private', owners: [IDS.tom], members: [IDS.tom, IDS.bob] },
    { ref: 'alone', channel: 'c', name: 'alone', kind: 'private', owners: [IDS.tom], members: [IDS.tom] },
  ]
  server = await startServer({ world: { users, channels: [{ ref: 'c', name: 'Lobby' }], rooms } })
})
afterAll(() => server?.remove())

interface Who {
  readonly id: string
  readonly token: string
}
const as = (name: Name): Who => ({ id: IDS[name], token: `token-of-${name}` })
const get = (who: Who | null, path: string) => rest(server.url, who, 'GET', `v1/${path}`)
const post = (who: Who | null, path: string, body: unknown = {}) => rest(server.url, who, 'POST', `v1/${path}`, body)
const logIn = (user: string, plain: string, more: object = {}) =>
  post(null, 'login', { user, password: plain, ...more })
const loggedIn = async (user: string, plain = password(user)): Promise<Who> => {
  const { body } = await logIn(user, plain)
  return { id: body.data.userId, token: body.data.authToken }
}
const set = async (id: string, value: unknown) => {
  expect(await post(as('boss'), `settings/${id}`, { value })).toMatchObject({ status: 200 })
}
const proven = async (who: Who, path: string, body: object, code: string): Promise<RestAnswer> => {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-user-id': who.id,
      'x-auth-token': who.token,
      'x-2fa-code': code,
      'x-2fa-method': 'password',
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}
let made = 0
const newcomer = async (more: object = {}): Promise<Who & { readonly name: string }> => {
  const username = `new${++made}`
  const fields = { username, name: username, email: `${username}@example.org`, password: 'their password', ...more }
  const { status, body } = await post(as('boss'), 'users.create', fields)
  expect([status, body.error]).toEqual([200, undefined])
  return { ...(await loggedIn(username, 'their password')), name: username }
}

describe('an administrator', () => {
  test('makes a user, changes everything of them, switches them off and on, and ends the account', async () => {
    const user = await newcomer({ roles: ['user', 'bot'], bio: 'b', nickname: 'n', statusText: 's', verified: true })
    const changed = await post(as('boss'), 'users.update', {
      userId: user.id,
      data: { name: 'Other', username: `${user.name}x`, email: 'Other@Example.org', bio: '', language: 'de' },
    })
    expect(changed.body.user).toMatchObject({
      name: 'Other',
      username: `${user.name}x`,
      emails: [{ address: 'Other@Example.org', verified: false }],
      roles: ['user', 'bot'],
      nickname: 'n',
      language: 'de',
    })
    expect(changed.body.user).not.toHaveProperty('bio')
    expect((await post(as('boss'), 'users.setActiveStatus', { userId: user.id, activeStatus: false })).status).toBe(200)
    expect((await get(user, 'me')).status).toBe(401)
    await post(as('boss'), 'users.setActiveStatus', { userId: user.id, activeStatus: true })
    // What was switched off with them stays off: they log in anew.
    expect((await get(user, 'me')).status).toBe(401)
    expect((await post(as('boss'), 'users.delete', { userId: user.id })).status).toBe(200)
    expect((await get(as('boss'), `users.info?userId=${user.id}`)).status).toBe(400)
    expect((await logIn(`${user.name}x`, 'their password')).status).toBe(401)
  })

  test('does not take over who stands above them: not by password, token, roles, factor or end', async () => {
    const boss = as('boss')
    const { root } = IDS
    const tries = [
      await post(boss, 'users.update', { userId: root, data: { password: 'taken over' } }),
      await post(boss, 'users.update', { userId: root, data: { email: 'boss2@example.org' } }),
      await post(boss, 'users.createToken', { userId: root }),
      await post(boss, 'users.setActiveStatus', { userId: root, activeStatus: false }),
      await post(boss, 'users.delete', { userId: root }),
      await post(boss, 'roles.removeUserFromRole', { username: 'root', roleId: 'admin' }),
      await proven(boss, 'users.resetTOTP', { userId: root }, digest(password('boss'))),
      await post(boss, 'users.setPreferences', { userId: root, data: { language: 'xx' } }),
    ]
    expect(tries.map(({ status }) => status)).toEqual(tries.map(() => 400))
    expect((await logIn('root', password('root'))).status).toBe(200)
    expect((await get(as('root'), 'me')).body.emails[0].address).toBe('root@example.org')
    // The other way round it is allowed.
    expect((await post(as('root'), 'users.update', { userId: IDS.boss, data: { nickname: 'b' } })).status).toBe(200)
  })

  test('stays while there is no other, and takes no role away from themselves that nobody else has', async () => {
    await post(as('root'), 'users.setActiveStatus', { userId: IDS.boss, activeStatus: true })
    const last = { userId: IDS.root, activeStatus: false }
    const others = await post(as('root'), 'users.setActiveStatus', { userId: IDS.boss, activeStatus: false })
    expect(others.status).toBe(200)
    const refused = await post(as('root'), 'users.setActiveStatus', last)
    expect(refused.body).toMatchObject({ errorType: 'error-action-not-allowed' })
    expect((await post(as('root'), 'users.delete', { userId: IDS.root })).body.errorType).toBe(
      'error-action-not-allowed',
    )
    await post(as('root'), 'users.setActiveStatus', { userId: IDS.boss, activeStatus: true })
  })

  test('hands a room over, or ends it, when its last owner goes, and only when told to', async () => {
    const refused = await post(as('boss'), 'users.delete', { userId: IDS.tom })
    expect(refused.body).toMatchObject({
      errorType: 'user-last-owner',
      details: { shouldChangeOwner: ['shared'], shouldBeRemoved: ['alone'] },
    })
    expect((await post(as('boss'), 'users.delete', { userId: IDS.tom, confirmRelinquish: true })).status).toBe(200)
    const subscriptions = await (await Ddp.connect(server.url).then(logInAs('bob'))).call('subscriptions/get')
    expect(subscriptions.find(({ fname }: { fname: string }) => fname === 'shared').roles).toContain('owner')
    expect((await get(as('bob'), `users.info?username=tom`)).status).toBe(400)
  })
})

const logInAs = (name: Name) => async (client: Ddp) => {
  await client.call('login', { resume: `token-of-${name}` })
  return client
}

describe('a plain user', () => {
  test('changes nobody else, and nothing of themselves that is an administrator to give', async () => {
    const mallory = as('mallory')
    const tries = [
      await post(mallory, 'users.create', { username: 'x1', name: 'x', email: 'x@example.org', password: 'p' }),
      await post(mallory, 'users.update', { userId: IDS.alice, data: { name: 'X' } }),
      await post(mallory, 'users.update', { userId: IDS.mallory, data: { roles: ['user', 'admin'] } }),
      await post(mallory, 'users.update', { userId: IDS.mallory, data: { verified: true } }),
      await post(mallory, 'users.delete', { userId: IDS.alice }),
      await post(mallory, 'users.setActiveStatus', { userId: IDS.alice, activeStatus: false }),
      await post(mallory, 'users.createToken', { userId: IDS.alice }),
      await post(mallory, 'users.logout', { userId: IDS.alice }),
      await post(mallory, 'users.setStatus', { userId: IDS.alice, status: 'busy' }),
      await post(mallory, 'users.resetAvatar', { userId: IDS.alice }),
      await post(mallory, 'roles.addUserToRole', { username: 'mallory', roleId: 'admin' }),
      await post(mallory, 'roles.create', { name: 'mine' }),
      await post(mallory, 'permissions.update', { permissions: [{ _id: 'create-user', roles: ['user'] }] }),
      await post(mallory, 'settings/E2E_Enable', { value: false }),
      await get(mallory, 'settings/E2E_Enable'),
      await get(mallory, 'statistics'),
    ]
    expect(tries.map(({ status }) => status).filter(status => status !== 400 && status !== 403)).toEqual([])
    expect((await get(mallory, 'me')).body.roles).toEqual(['user'])
    expect((await get(as('alice'), 'me')).body.name).toBe('Name of alice')
  })

  test('sees no address, role or token of others, and cannot ask by them', async () => {
    const { user } = (await get(as('mallory'), `users.info?userId=${IDS.alice}`)).body
    for (const field of ['emails', 'roles', 'services', 'settings', 'lastLogin', 'createdAt', 'e2e'])
      expect(user).not.toHaveProperty(field)
    const list = (await get(as('mallory'), 'users.list?count=100')).body
    expect(list.total).toBeGreaterThan(3)
    expect(JSON.stringify(list).match(/\w+@example.org/g)).toEqual(['mallory@example.org'])
    const query = encodeURIComponent(JSON.stringify({ 'emails.address': { $regex: 'alice' } }))
    expect((await get(as('mallory'), `users.list?query=${query}`)).body.errorType).toBe('error-invalid-query')
    const sort = encodeURIComponent(JSON.stringify({ createdAt: -1 }))
    const sorted = (await get(as('mallory'), `users.list?count=100&sort=${sort}`)).body.users
    expect(sorted).toEqual(list.users)
  })

  test('keeps nobody waiting with a pattern, and asks for nothing with an operator', async () => {
    const evil = { username: { $regex: '^(a+)+$' } }
    const begun = cpuSeconds(server.pid)
    const answer = await get(as('mallory'), `users.list?query=${encodeURIComponent(JSON.stringify(evil))}`)
    expect([answer.status, answer.body.total]).toEqual([200, 0])
    expect(cpuSeconds(server.pid) - begun).toBeLessThan(2)
    for (const query of [{ $where: 'sleep(1000)' }, { username: { $gt: '' } }, { __proto__x: 1 }])
      expect((await get(as('mallory'), `users.list?query=${encodeURIComponent(JSON.stringify(query))}`)).status).toBe(
        400,
      )
  })

  test('is told alike of wrong shapes, and loses nothing by them', async () => {
    const bodies = [{}, { data: null }, { data: { username: 7 } }, { data: { name: {} } }, { data: 'x' }, []]
    for (const body of bodies) {
      const { status, body: answer } = await post(as('alice'), 'users.updateOwnBasicInfo', body)
      expect([status, answer.errorType]).toEqual([400, 'invalid-params'])
    }
    for (const name of ['<b>', 'a/b', '%3Cscript%3E'])
      expect((await post(as('alice'), 'users.updateOwnBasicInfo', { data: { name } })).status).toBe(400)
    for (const username of ['admin', 'ALL', 'boss', 'a b', 'removed-7', 'ａlice'])
      expect((await post(as('alice'), 'users.updateOwnBasicInfo', { data: { username } })).status).toBe(400)
    expect((await get(as('alice'), 'me')).body).toMatchObject({ username: 'alice', name: 'Name of alice' })
  })
})

describe('the second factor', () => {
  test('is asked for again after a while, is the password where there is no other, and cannot be guessed', async () => {
    const user = await newcomer()
    const wanted = { tokenName: 'robot' }
    expect((await post(user, 'users.generatePersonalAccessToken', wanted)).status).toBe(200)
    await set('Accounts_TwoFactorAuthentication_RememberFor', 0)
    try {
      const refused = await post(user, 'users.generatePersonalAccessToken', { tokenName: 'second' })
      expect(refused.status).toBe(400)
      expect(refused.body).toMatchObject({
        errorType: 'totp-required',
        details: { method: 'password', codeGenerated: false, availableMethods: [], emailOrUsername: user.name },
      })
      const wrong = await proven(user, 'users.generatePersonalAccessToken', { tokenName: 'second' }, digest('guess'))
      expect(wrong.body.errorType).toBe('totp-invalid')
      // The text itself is no code.
      const plain = await proven(user, 'users.generatePersonalAccessToken', { tokenName: 'second' }, 'their password')
      expect(plain.body.errorType).toBe('totp-invalid')
      const right = digest('their password').toUpperCase()
      expect((await proven(user, 'users.generatePersonalAccessToken', { tokenName: 'second' }, right)).status).toBe(200)
      const guesses = await Promise.all(
        Array.from({ length: 30 }, (_, n) => proven(user, 'users.removePersonalAccessToken', wanted, digest(`g${n}`))),
      )
      expect(guesses.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(9)
    } finally {
      const body = { value: 1_800 }
      const back = 'settings/Accounts_TwoFactorAuthentication_RememberFor'
      expect((await proven(as('boss'), back, body, digest(password('boss')))).status).toBe(200)
    }
  })

  test('comes as the last argument over DDP, and for new passwords always', async () => {
    const user = await newcomer()
    const client = await Ddp.connect(server.url)
    await client.call('login', { resume: user.token })
    const change = { newPassword: 'another one' }
    expect((await client.ask('saveUserProfile', change, {})).error).toMatchObject({ error: 'totp-required' })
    const proof = { twoFactorCode: digest('their password'), twoFactorMethod: 'password' }
    expect(
      (await client.ask('saveUserProfile', change, {}, { ...proof, twoFactorCode: digest('x') })).error,
    ).toMatchObject({ error: 'totp-invalid' })
    const elsewhere = await loggedIn(user.name, 'their password')
    expect(await client.call('saveUserProfile', change, {}, proof)).toBe(true)
    expect((await logIn(user.name, 'their password')).status).toBe(401)
    expect((await logIn(user.name, 'another one')).status).toBe(200)
    expect((await get(elsewhere, 'me')).status).toBe(401)
    expect((await get(user, 'me')).status).toBe(200)
    client.close()
  })

  test('of codes by time is asked for at the log-in, and every code is good once', async () => {
    const user = await newcomer()
    const client = await Ddp.connect(server.url)
    await client.call('login', { resume: user.token })
    const { secret, url } = await client.call('2fa:enable')
    expect(url).toContain(`secret=${secret}`)
    // Nothing is asked for before a code was shown.
    expect((await logIn(user.name, 'their password')).status).toBe(200)
    expect((await client.ask('2fa:validateTempToken', '000000')).error.error).toBe('invalid-totp')
    const step = Math.floor(Date.now() / 30_000)
    const { codes } = await client.call('2fa:validateTempToken', totpOf(secret, step))
    expect(codes).toHaveLength(12)
    const asked = await logIn(user.name, 'their password')
    expect([asked.status, asked.body.error, asked.body.details.method]).toEqual([401, 'totp-required', 'totp'])
    // The wrong password learns nothing of it.
    expect((await logIn(user.name, 'wrong')).body).toEqual({
      status: 'error',
      error: 'Unauthorized',
      message: 'Unauthorized',
    })
    expect((await logIn(user.name, 'their password', { code: totpOf(secret, step) })).body.error).toBe('totp-invalid')
    const next = totpOf(secret, step + 1)
    expect((await logIn(user.name, 'their password', { code: next })).status).toBe(200)
    expect((await logIn(user.name, 'their password', { code: next })).status).toBe(401)
    expect((await logIn(user.name, 'their password', { code: codes[0] })).status).toBe(200)
    expect((await logIn(user.name, 'their password', { code: codes[0] })).status).toBe(401)
    const form = {
      login: { user: { username: user.name }, password: { digest: digest('their password'), algorithm: 'sha-256' } },
    }
    const other = await Ddp.connect(server.url)
    expect((await other.ask('login', form.login)).error.error).toBe('totp-required')
    expect(await other.call('login', { totp: { ...form, code: codes[1] } })).toMatchObject({ id: user.id })
    expect(await other.call('2fa:checkCodesRemaining')).toEqual({ remaining: 10 })
    expect(await client.call('2fa:disable', '000000')).toBe(false)
    expect(await client.call('2fa:disable', codes[2])).toBe(true)
    expect((await logIn(user.name, 'their password')).status).toBe(200)
    for (const one of [client, other]) one.close()
  })
})

describe('tokens', () => {
  test('of one user end where they should, and nowhere else', async () => {
    const user = await newcomer()
    const others = [await loggedIn(user.name, 'their password'), await loggedIn(user.name, 'their password')]
    const { token } = (await post(user, 'users.generatePersonalAccessToken', { tokenName: 'robot' })).body
    const robot = { id: user.id, token }
    const session = await Ddp.connect(server.url)
    await session.call('login', { resume: (others[0] as Who).token })
    expect((await post(user, 'users.logoutOtherClients')).body).toMatchObject({ token: user.token })
    expect(await session.untilClosed()).toBe(4001)
    expect(await Promise.all([user, robot, ...others].map(async who => (await get(who, 'me')).status))).toEqual([
      200, 200, 401, 401,
    ])
    const listed = (await get(user, 'users.getPersonalAccessTokens')).body.tokens
    expect(listed).toMatchObject([{ name: 'robot', lastTokenPart: token.slice(-6), bypassTwoFactor: false }])
    expect(JSON.stringify(listed)).not.toContain(token)
    const again = (await post(user, 'users.regeneratePersonalAccessToken', { tokenName: 'robot' })).body.token
    expect((await get(robot, 'me')).status).toBe(401)
    expect((await get({ id: user.id, token: again }, 'me')).status).toBe(200)
    expect((await post(user, 'users.removePersonalAccessToken', { tokenName: 'robot' })).status).toBe(200)
    expect((await get({ id: user.id, token: again }, 'me')).status).toBe(401)
    expect((await post(user, 'users.removePersonalAccessToken', { tokenName: 'robot' })).body.errorType).toBe(
      'error-token-does-not-exists',
    )
    const live = await Ddp.connect(server.url)
    await live.call('login', { resume: user.token })
    expect((await post(as('boss'), 'users.logout', { userId: user.id })).status).toBe(200)
    expect(await live.untilClosed()).toBe(4001)
    expect((await get(user, 'me')).status).toBe(401)
  })

  test('of a name are made once, however many ask at the same time', async () => {
    const user = await newcomer()
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => post(user, 'users.generatePersonalAccessToken', { tokenName: 'one' })),
    )
    expect(asked.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

test("a phone is one user's at a time, and nobody else takes it away", async () => {
  const phone = { type: 'gcm', value: 'a phone', appName: 'app' }
  const remove = (name: Name) => rest(server.url, as(name), 'DELETE', 'v1/push.token', { token: 'a phone' })
  const added = await post(as('alice'), 'push.token', phone)
  expect(added.body.result).toMatchObject({ token: { gcm: 'a phone' }, userId: IDS.alice })
  expect((await remove('mallory')).status).toBe(404)
  await post(as('bob'), 'push.token', phone)
  expect((await remove('alice')).status).toBe(404)
  expect((await remove('bob')).status).toBe(200)
  expect((await post(as('alice'), 'push.token', { ...phone, type: 'fax' })).body.errorType).toBe(
    'error-type-param-not-valid',
  )
})

describe('races', () => {
  test('of two who take one name one gets it, and of many changes of one user all hold', async () => {
    const fields = (n: number) => ({ username: 'Wanted', name: 'w', email: `w${n}@example.org`, password: 'p' })
    const makers = await Promise.all([1, 2, 3].map(n => post(as('boss'), 'users.create', fields(n))))
    expect(makers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 400, 400])
    const user = await newcomer()
    await Promise.all([
      post(user, 'users.setPreferences', { data: { useEmojis: false } }),
      post(user, 'users.setPreferences', { data: { sendOnEnter: 'alternative' } }),
      post(user, 'users.setStatus', { status: 'busy', message: 'hard at it' }),
      post(user, 'users.updateOwnBasicInfo', { data: { name: 'Renamed' } }),
    ])
    const me = (await get(user, 'me')).body
    expect(me).toMatchObject({ name: 'Renamed', status: 'busy', statusText: 'hard at it' })
    expect(me.settings.preferences).toMatchObject({ useEmojis: false, sendOnEnter: 'alternative' })
  })
})

describe('pictures', () => {
  const upload = async (who: Who, bytes: Buffer, fields: Record<string, string> = {}, type = 'image/png') => {
    const form = new FormData()
    form.append('image', new Blob([new Uint8Array(bytes)], { type }), 'picture.png')
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    const headers = { 'x-user-id': who.id, 'x-auth-token': who.token }
    return fetch(`${server.url}/api/v1/users.setAvatar`, { method: 'POST', headers, body: form })
  }
  const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100, 7)])

  test('are shown as they came, under a tag, and nothing that a browser would run is taken', async () => {
    expect((await upload(as('alice'), png)).status).toBe(200)
    const shown = await fetch(`${server.url}/avatar/alice`)
    expect([shown.headers.get('content-type'), shown.headers.get('x-content-type-options')]).toEqual([
      'image/png',
      'nosniff',
    ])
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true)
    const tag = shown.headers.get('etag') as string
    expect((await fetch(`${server.url}/avatar/alice`, { headers: { 'if-none-match': tag } })).status).toBe(304)
    expect(tag).toContain((await get(as('alice'), 'me')).body.avatarETag)
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    expect((await upload(as('alice'), svg, {}, 'image/svg+xml')).status).toBe(400)
    expect((await upload(as('alice'), Buffer.concat([png, Buffer.alloc(2 * 1024 * 1024)]))).status).toBe(400)
    expect((await upload(as('mallory'), png, { userId: IDS.alice })).status).toBe(400)
    expect((await post(as('alice'), 'users.setAvatar', { avatarUrl: 'http://127.0.0.1/' })).status).toBe(400)
    expect((await post(as('alice'), 'users.resetAvatar')).status).toBe(200)
    expect((await get(as('alice'), 'me')).body.avatarETag).toBe(null)
  })

  test('of who has none and of who is not there look alike', async () => {
    const [known, unknown] = await Promise.all(['bob', 'bobby'].map(name => fetch(`${server.url}/avatar/${name}`)))
    expect([known?.status, unknown?.status]).toEqual([200, 200])
    expect(known?.headers.get('content-type')).toBe(unknown?.headers.get('content-type'))
    const evil = await (await fetch(`${server.url}/avatar/${encodeURIComponent('"><script>')}`)).text()
    expect(evil).not.toContain('<script')
  })
})

describe('strangers', () => {
  const fields = (n: number) => ({ username: `stranger${n}`, name: 's', email: `s${n}@example.org`, pass: 'p' })

  test('make no account unless administrators let them, and never an administrator', async () => {
    expect((await post(null, 'users.register', fields(1))).body.errorType).toBe('error-user-registration-disabled')
    await set('Accounts_RegistrationForm', 'Public')
    await set('Accounts_Registration_Users_Default_Roles', 'user,admin')
    const { status, body } = await post(null, 'users.register', { ...fields(1), roles: ['admin'], verified: true })
    expect([status, body.user.username]).toEqual([200, 'stranger1'])
    const me = (await get(await loggedIn('stranger1', 'p'), 'me')).body
    expect([me.roles, me.emails]).toEqual([['user'], [{ address: 's1@example.org', verified: false }]])
    const again = await post(null, 'users.register', { ...fields(1), email: 'other@example.org' })
    expect(again.body.error).toBe('Username is already in use')
    const many = await Promise.all(Array.from({ length: 15 }, (_, n) => post(null, 'users.register', fields(n + 10))))
    expect(many.some(({ status: one }) => one === 429)).toBe(true)
    await set('Accounts_RegistrationForm', 'Disabled')
    await set('Accounts_Registration_Users_Default_Roles', 'user')
  })

  test('learn nothing of who there is by asking for mails', async () => {
    const [known, unknown] = await Promise.all(
      ['alice@example.org', 'nobody@example.org'].map(email => post(null, 'users.forgotPassword', { email })),
    )
    expect(known).toEqual(unknown)
    const codes = await Promise.all(
      ['alice', 'nobody'].map(emailOrUsername => post(null, 'users.2fa.sendEmailCode', { emailOrUsername })),
    )
    expect(codes[0]).toEqual(codes[1])
  })

  test('call open methods, and no other', async () => {
    const call = async (method: string, ...params: unknown[]) => {
      const message = JSON.stringify({ msg: 'method', id: '1', method, params })
      return JSON.parse((await post(null, 'method.callAnon/x', { message })).body.message)
    }
    const shown = (await call('public-settings/get')).result
    const value = (id: string) => shown.find(({ _id }: { _id: string }) => _id === id)?.value
    expect([value('E2E_Enable'), value('E2E_Allow_Unencrypted_Messages')]).toEqual([true, false])
    expect(value('Accounts_RegistrationForm_SecretURL')).toBeUndefined()
    for (const method of ['private-settings/get', 'insertOrUpdateUser', 'saveSettings', 'getUserRoles', 'deleteUser'])
      expect((await call(method)).error.error).toBe('error-invalid-user')
  })
})

describe('settings, permissions and roles', () => {
  test('are told to those who listen, private ones to those who may see them', async () => {
    const [anybody, boss, alice] = [
      await Ddp.connect(server.url),
      await Ddp.connect(server.url),
      await Ddp.connect(server.url),
    ]
    await logInAs('boss')(boss)
    await logInAs('alice')(alice)
    await anybody.sub('stream-notify-all', 'public-settings-changed')
    for (const one of [boss, alice]) await one.sub('stream-notify-logged', 'private-settings-changed')
    await boss.sub('stream-notify-logged', 'permissions-changed')
    await set('Site_Name', 'Here')
    const told = await anybody.event('notify-all')
    expect(told).toMatchObject(['updated', { _id: 'Site_Name', value: 'Here' }])
    await boss.event(
      'notify-logged',
      ([, setting], name) => name === 'private-settings-changed' && setting._id === 'Site_Name',
    )
    const update = [{ _id: 'create-d', roles: ['admin', 'user', 'bot', 'app', 'guest'] }]
    expect((await post(as('boss'), 'permissions.update', { permissions: update })).status).toBe(200)
    await boss.event('notify-logged', ([, { _id }], name) => name === 'permissions-changed' && _id === 'create-d')
    expect(alice.events('notify-logged')).toEqual([])
    for (const one of [anybody, boss, alice]) one.close()
  })

  test('change whole or not at all, and only to what there is', async () => {
    const roles = async () => {
      const { update } = (await get(as('boss'), 'permissions.listAll')).body
      return update.find(({ _id }: { _id: string }) => _id === 'create-c').roles
    }
    const before = await roles()
    const permissions = [
      { _id: 'create-c', roles: ['admin'] },
      { _id: 'create-p', roles: ['no such role'] },
    ]
    expect((await post(as('boss'), 'permissions.update', { permissions })).body.errorType).toBe('error-invalid-role')
    expect(await roles()).toEqual(before)
    expect((await post(as('boss'), 'settings/No_Such', { value: 1 })).status).toBe(400)
    expect((await post(as('boss'), 'settings/E2E_Enable', { value: 'yes' })).status).toBe(400)
    expect((await post(as('boss'), 'settings/constructor', { value: 1 })).status).toBe(400)
  })

  test('of the server itself open what is theirs, and go when nobody has them', async () => {
    const user = await newcomer()
    const { role } = (await post(as('boss'), 'roles.create', { name: 'helper' })).body
    expect((await post(as('boss'), 'roles.create', { name: 'helper' })).status).toBe(400)
    const statistics = { permissions: [{ _id: 'view-statistics', roles: ['admin', role._id] }] }
    await post(as('boss'), 'permissions.update', statistics)
    expect((await get(user, 'statistics')).status).toBe(403)
    expect((await post(as('boss'), 'roles.addUserToRole', { username: user.name, roleId: role._id })).status).toBe(200)
    expect((await get(user, 'statistics')).status).toBe(200)
    expect((await post(as('boss'), 'roles.delete', { roleId: role._id })).body.errorType).toBe('error-role-in-use')
    await post(as('boss'), 'roles.removeUserFromRole', { username: user.name, roleId: role._id })
    expect((await get(user, 'statistics')).status).toBe(403)
    expect((await post(as('boss'), 'roles.delete', { roleId: role._id })).status).toBe(200)
    expect((await post(as('boss'), 'roles.delete', { roleId: 'admin' })).body.errorType).toBe('error-role-protected')
  })
})

describe('what one user may weigh', () => {
  test('custom fields are bounded together, however they are sent', async () => {
    const { id, token } = await newcomer()
    const value = 'x'.repeat(9_000)
    const answers: number[] = []
    for (const name of ['a', 'b', 'c']) {
      const given = { data: {}, customFields: { [name]: value } }
      answers.push((await post({ id, token }, 'users.updateOwnBasicInfo', given)).status)
    }
    expect(answers).toEqual([200, 400, 400])
    for (let at = 0; at < 3; at++) {
      const fields = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${at}-${n}`, 1]))
      await post({ id, token }, 'users.updateOwnBasicInfo', { data: {}, customFields: fields })
      await post(as('boss'), 'users.update', { userId: id, data: { customFields: fields } })
    }
    const { body } = await get({ id, token }, 'me')
    expect(Object.keys(body.customFields).length).toBeLessThanOrEqual(100)
  })

  test('descriptions of custom fields that describe nothing refuse nobody and break nothing', async () => {
    const who = await newcomer()
    for (const text of ['{"a":null}', '{"a":{"type":"select","options":5}}', '{"a":7}', '[1]', '"x"']) {
      await set('Accounts_CustomFields', text)
      const { status } = await post(who, 'users.updateOwnBasicInfo', { data: {}, customFields: { a: 'x' } })
      expect([text, status < 500]).toEqual([text, true])
      expect((await get(as('bob'), `users.info?userId=${who.id}`)).status).toBe(200)
    }
    await set('Accounts_CustomFields', '')
  })
})

test('codes of a second factor that come together are counted together', async () => {
  const who = await newcomer()
  const client = await Ddp.connect(server.url)
  await client.call('login', { resume: who.token })
  const { secret } = await client.call('2fa:enable')
  await client.call('2fa:validateTempToken', totpOf(secret, Math.floor(Date.now() / 30_000)))
  client.close()
  const wrong = Array.from({ length: 120 }, (_, n) =>
    proven(who, 'users.resetTOTP', {}, String(n).padStart(6, '7')).then(({ body }) => body.errorType),
  )
  const answers = await Promise.all(wrong)
  const tried = answers.filter(error => error === 'totp-invalid').length
  expect(tried).toBeGreaterThan(0)
  expect(tried).toBeLessThanOrEqual(20)
})

test('an administrator of this wire does nothing at all to who stands above', async () => {
  const { root } = IDS
  const refused = [
    await post(as('boss'), 'users.resetAvatar', { userId: root }),
    await post(as('boss'), 'users.setStatus', { userId: root, message: 'by boss' }),
    await post(as('boss'), 'users.logout', { userId: root }),
    await proven(as('boss'), 'users.resetE2EKey', { userId: root }, digest(password('boss'))),
  ]
  expect(refused.map(({ status }) => status >= 400 && status < 404)).toEqual([true, true, true, true])
  expect((await get(as('root'), 'me')).body.statusText).toBe('')
})

test('nobody gives themselves a password that nobody knows without a proof', async () => {
  const who = await newcomer()
  await post(who, 'users.update', { userId: who.id, data: { setRandomPassword: true } })
  expect((await logIn(who.name, 'their password')).status).toBe(200)
})

test('where a picture is tells a stranger neither who there is nor what they are called', async () => {
  const at = async (query: string) => {
    const answer = await fetch(`${server.url}/api/v1/users.getAvatar?${query}`, { redirect: 'manual' })
    return [answer.status, answer.headers.get('location')?.replace(server.url, '')]
  }
  expect(await at(`userId=${IDS.alice}`)).toEqual([307, `/avatar/uid/${IDS.alice}`])
  expect(await at('userId=123456')).toEqual([307, '/avatar/uid/123456'])
  expect(await at('username=alice')).toEqual([307, '/avatar/alice'])
  expect(await at('username=nobody')).toEqual([307, '/avatar/nobody'])
  expect(await at('username=%0d%0aset-cookie:%20a')).toEqual([307, '/avatar/set-cookie%3A%20a'])
  expect((await at(''))[0]).toBe(400)
})

test('no webhook speaks as who stands above its maker', async () => {
  const hook = { type: 'webhook-incoming', name: 'h', enabled: true, scriptEnabled: false, channel: '@alice' }
  expect((await post(as('boss'), 'integrations.create', { ...hook, username: 'root' })).status).toBe(400)
  expect((await post(as('boss'), 'integrations.create', { ...hook, username: 'bob' })).status).toBe(200)
})

test('who has a role is told as it is now, however often it is asked', async () => {
  const held = async () => {
    const { users } = (await get(as('bob'), 'roles.getUsersInPublicRoles')).body
    return (users as { _id: string; username: string; roles: string[] }[]).filter(({ _id }) => _id === who.id)
  }
  const who = await newcomer()
  expect(await held()).toEqual([])
  await post(as('boss'), 'users.update', { userId: who.id, data: { roles: ['user', 'admin'] } })
  expect(await held()).toEqual([{ _id: who.id, username: who.name, roles: ['admin'] }])
  await post(as('boss'), 'users.update', { userId: who.id, data: { username: `${who.name}.b` } })
  expect(await held()).toEqual([{ _id: who.id, username: `${who.name}.b`, roles: ['admin'] }])
  await post(as('boss'), 'users.update', { userId: who.id, data: { roles: ['user'] } })
  expect(await held()).toEqual([])
})

test('nobody sets up a plain room between two others where direct rooms begin encrypted', async () => {
  await set('E2E_Enable', true)
  await set('E2E_Enabled_Default_DirectRooms', true)
  const [one, other] = [await newcomer(), await newcomer()]
  const usernames = `${one.name},${other.name}`
  const { status } = await post(as('mallory'), 'im.create', { usernames, excludeSelf: true })
  const { rid } = (await post(one, 'im.create', { username: other.name })).body.room
  const { body } = await get(one, `rooms.info?roomId=${rid}`)
  await set('E2E_Enabled_Default_DirectRooms', false)
  expect([status, body.room.encrypted]).toEqual([400, true])
})
