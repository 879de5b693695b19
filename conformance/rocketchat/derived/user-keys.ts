// 5.2: users' key pairs.
import { connected } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { digestOf, IDS } from '../start.ts'
import { keysOf, person, SETUP } from './people.ts'
import {
  ask,
  bad,
  type Derived,
  error,
  get,
  headersOf,
  hears,
  INVALID,
  is,
  isVoid,
  KEY,
  keyed,
  listener,
  NOBODY,
  OK,
  pair,
  post,
  queueOf,
  says,
  subOf,
  web,
} from './tools.ts'

export const USER_KEYS: Derived[] = [
  [
    '5.2',
    'without keys: {} over REST',
    async () => {
      const p = await person()
      is((await p.api('GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true })
    },
  ],
  [
    '5.2',
    'without keys: {} over DDP',
    async () => {
      const p = await person()
      const c = await connected()
      await c.call('login', p.login)
      is(await c.call('e2e.fetchMyKeys')).toEqual({})
    },
  ],
  [
    '5.2',
    'realtime set and fetch',
    async () => {
      const p = await person()
      const c = await connected()
      await c.call('login', p.login)
      await isVoid(c, SETUP, keysOf)
      is(await c.call('e2e.fetchMyKeys')).toEqual(keysOf)
    },
  ],
  [
    '5.2',
    'fetch not logged in over DDP',
    () =>
      says(
        error('error-invalid-user', { reason: 'Invalid user', details: { method: 'e2e.fetchMyKeys' } }),
        null,
        'e2e.fetchMyKeys',
      ),
  ],
  ['5.2', 'fetch not logged in over REST', () => get(null, 'e2e.fetchMyKeys', NOBODY)],
  [
    '5.2',
    'set not logged in over DDP',
    () => says(error('error-invalid-user', { details: { method: SETUP } }), null, SETUP, keysOf),
  ],
  ['5.2', 'set not logged in over REST', () => post(null, SETUP, keysOf, NOBODY)],
  [
    '5.2',
    'set again without force: already set',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      is(await p.api('POST', SETUP, { public_key: 'b', private_key: 'b' })).toMatchObject(
        bad('error-keys-already-set', { error: 'Keys already set [error-keys-already-set]' }),
      )
      is((await p.api('GET', 'e2e.fetchMyKeys')).body).toMatchObject(keysOf)
    },
  ],
  [
    '5.2',
    'set again without force over DDP',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      const c = await connected()
      await c.call('login', p.login)
      await says(error('error-keys-already-set', { reason: 'Keys already set' }), c, SETUP, keysOf)
    },
  ],
  [
    '5.2',
    'force false is no force',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      is((await p.api('POST', SETUP, { ...keysOf, force: false })).status).toBe(400)
    },
  ],
  [
    '5.2',
    'force replaces',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      is((await p.api('POST', SETUP, { public_key: 'b', private_key: 'c', force: true })).status).toBe(200)
      is((await p.api('GET', 'e2e.fetchMyKeys')).body).toMatchObject({ public_key: 'b', private_key: 'c' })
    },
  ],
  ['5.2', 'only public_key: invalid', () => post('alice', SETUP, { public_key: 'x' }, INVALID)],
  ['5.2', 'only private_key: invalid', () => post('alice', SETUP, { private_key: 'x' }, INVALID)],
  ['5.2', 'a key that is no string: invalid', () => post('alice', SETUP, { public_key: 1, private_key: {} }, INVALID)],
  [
    '5.2',
    'empty strings over DDP: error-invalid-keys',
    async () => {
      const p = await person()
      const c = await connected()
      await c.call('login', p.login)
      await says(error('error-invalid-keys'), c, SETUP, { public_key: '', private_key: '' })
    },
  ],
  [
    '5.2',
    'nothing over DDP is a DDP error',
    async () => is((await ask('alice', SETUP)).error.errorType).toBe('Meteor.Error'),
  ],
  [
    '5.2',
    'a new pair queues its owner where no key is',
    async () => {
      const p = await person()
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: p.id }, OK)
      is(await queueOf('alice', rid)).toEqual([])
      await p.api('POST', SETUP, keysOf)
      is(await queueOf('alice', rid)).toEqual([p.id])
    },
  ],
  [
    '5.2',
    'that queueing is a rooms-changed',
    async () => {
      const p = await person()
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: p.id }, OK)
      const c = await listener('alice', 'notify-user', `${IDS.alice}/rooms-changed`)
      const [, doc] = await hears(
        c,
        'notify-user',
        `${IDS.alice}/rooms-changed`,
        () => p.api('POST', SETUP, keysOf),
        ([, d]) => d._id === rid && d.usersWaitingForE2EKeys?.length === 1,
      )
      is(doc.usersWaitingForE2EKeys[0]).toMatchObject({ userId: p.id, ts: { $date: is.any(Number) } })
    },
  ],
  [
    '5.2',
    'not twice',
    async () => {
      const p = await person()
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: p.id }, OK)
      await p.api('POST', SETUP, keysOf)
      await p.api('POST', SETUP, { ...keysOf, force: true })
      is(await queueOf('alice', rid)).toEqual([p.id])
    },
  ],
  [
    '5.2',
    'a new wrapping does not touch copies of room keys',
    async () => {
      const rid = await keyed('alice')
      await pair('alice')
      is((await subOf('alice', rid)).E2EKey).toBe(KEY('A'))
    },
  ],
  [
    '5.2',
    'users.info has no e2e',
    async () => {
      await pair('alice')
      is(JSON.stringify(await get('ada', `users.info?userId=${IDS.alice}`, OK))).not.toContain('private of alice')
    },
  ],
  [
    '5.2',
    'me has no private key',
    async () => {
      await pair('alice')
      is(JSON.stringify(await get('alice', 'me', OK))).not.toContain('private of alice')
    },
  ],
  [
    '5.2',
    "a foreign user's reset needs the permission",
    async () =>
      is(
        (
          await web('/api/v1/users.resetE2EKey', {
            method: 'POST',
            body: JSON.stringify({ userId: IDS.bob }),
            headers: headersOf('alice', {
              'content-type': 'application/json',
              'x-2fa-code': digestOf('alice').digest,
              'x-2fa-method': 'password',
            }),
          })
        ).body.success,
      ).toBe(false),
  ],
  [
    '5.2',
    'an admin resets another by username',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: p.id }, OK)
      await post('alice', 'e2e.updateGroupKey', { rid, uid: p.id, key: KEY('P') }, OK)
      is(
        await web('/api/v1/users.resetE2EKey', {
          method: 'POST',
          body: JSON.stringify({ username: p.username }),
          headers: headersOf('ada', {
            'content-type': 'application/json',
            'x-2fa-code': digestOf('ada').digest,
            'x-2fa-method': 'password',
          }),
        }),
      ).toMatchObject({ status: 200, body: { success: true } })
      is((await p.api('GET', 'me')).status).toBe(401)
      const c = await connected()
      await c.call('login', p.login)
      is(await c.call('e2e.fetchMyKeys')).toEqual({})
      const sub = (await c.call('subscriptions/get')).find((one: Frame) => one.rid === rid)
      is([sub.E2EKey, sub.E2ESuggestedKey]).toEqual([undefined, undefined])
      is(await queueOf('alice', rid)).toEqual([])
    },
  ],
  [
    '5.2',
    'an admin resets an unknown user',
    async () =>
      is(
        (
          await web('/api/v1/users.resetE2EKey', {
            method: 'POST',
            body: JSON.stringify({ userId: 'none' }),
            headers: headersOf('ada', {
              'content-type': 'application/json',
              'x-2fa-code': digestOf('ada').digest,
              'x-2fa-method': 'password',
            }),
          })
        ).body,
      ).toMatchObject({ success: false }),
  ],
  [
    '5.2',
    'an own reset ends all tokens with force_logout',
    async () => {
      const p = await person()
      await p.api('POST', SETUP, keysOf)
      const c = await connected()
      await c.call('login', p.login)
      await c.sub('stream-notify-user', `${p.id}/force_logout`)
      const from = c.frames.length
      const code = (await import('node:crypto')).createHash('sha256').update('Long enough 1!').digest('hex')
      is(
        await p.api('POST', 'users.resetE2EKey', {}, { 'x-2fa-code': code, 'x-2fa-method': 'password' }),
      ).toMatchObject({ status: 200, body: { success: true } })
      await c.event('notify-user', (_a, n) => n.endsWith('force_logout'), from)
      await c.untilClosed()
      is((await p.api('GET', 'me')).status).toBe(401)
    },
  ],
  [
    '5.2',
    'the realtime own reset with the code as an extra parameter is true',
    async () => {
      const p = await person()
      const c = await connected()
      await c.call('login', p.login)
      const code = (await import('node:crypto')).createHash('sha256').update('Long enough 1!').digest('hex')
      await says({ result: true }, c, 'e2e.resetOwnE2EKey', { twoFactorCode: code, twoFactorMethod: 'password' })
    },
  ],
]
