// Identities on a real store, and attacks on them: guessed and stolen tokens, forged keys, floods of log-ins.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { parseOptions } from '@node-rs/argon2'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import vectors from '../../../wire/vectors/xchat.json' with { type: 'json' }
import type { Core } from '../engine/core.ts'
import { openTestCore, type TestCore } from '../engine/testing.ts'
import { VERSION_AHEAD } from '../limits.ts'
import type { Account } from '../room/facts.ts'
import { ARGON2, PASSWORD, PRIVATE_KEY_TEXT, WAITING_PASSWORDS } from './limits.ts'
import { Passwords } from './passwords.ts'
import type { Registration } from './public-keys.ts'

let core: Core
let clock: TestCore['clock']
let ann: UserId
let bob: UserId

beforeAll(async () => {
  const opened = await openTestCore()
  core = opened.core
  clock = opened.clock
  ann = await make('ann', 'a password of ann')
  bob = await make('bob', 'a password of bob')
})
afterAll(() => core.close())

async function make(username: string, password?: string): Promise<UserId> {
  const account = await core.identity.users.create({ username, ...(password ? { password: { plain: password } } : {}) })
  if ('rejected' in account) throw new Error(account.rejected)
  return account.id
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('accounts', () => {
  test('have names that are unique without regard to case', async () => {
    expect(await core.identity.users.create({ username: 'ANN' })).toEqual({
      rejected: 'username.taken',
      username: 'ANN',
    })
    expect((await core.identity.users.find({ username: 'Ann' }))?.id).toBe(ann)
  })

  test('of one name that are made at once are one', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => core.identity.users.create({ username: 'racer' })))
    expect(made.filter(account => !('rejected' in account)).length).toBe(1)
  })

  test.each(['', 'with space', 'with@at', 'x'.repeat(121), 'new\nline', '../up'])(
    'refuse the username %j',
    async username => {
      expect(await core.identity.users.create({ username })).toMatchObject({
        rejected: 'user.malformed',
        field: 'username',
      })
    },
  )

  test.each(['01', '-1', '1.5', '9223372036854775808', 'abc', ''])('refuse the id %j', async id => {
    expect(await core.identity.users.create({ id: id as UserId, username: 'someone' })).toMatchObject({
      rejected: 'user.malformed',
    })
  })

  test('change under their version: of two changes at once both are there', async () => {
    const id = await make('changing')
    await Promise.all([
      core.identity.users.change(id, account => ({ attributes: { ...account.attributes, a: '1' } })),
      core.identity.users.change(id, account => ({ attributes: { ...account.attributes, b: '2' } })),
    ])
    expect((await core.store.account(id))?.attributes).toEqual({ a: '1', b: '2' })
  })

  test('keep what a user says of themselves apart, until the operator says something else of the same', async () => {
    const id = await make('talking')
    const { users } = core.identity
    await users.change(id, { attributes: { age: '30', city: 'Bern' }, info: { age: '20', mood: 'fine' } })
    expect(await users.change(id, { info: { age: '21', city: 'Rome', mood: 'fine' } })).toMatchObject({
      attributes: { age: '30', city: 'Bern' },
      info: { age: '21', city: 'Rome', mood: 'fine' },
    })
    // Said again as it was, as an import does: nothing new, the user's word stays.
    expect(await users.change(id, { attributes: { age: '30', city: 'Bern' } })).toMatchObject({ info: { age: '21' } })
    const later = await users.change(id, { attributes: { age: '31' } })
    expect(later).toMatchObject({ attributes: { age: '31' }, info: { mood: 'fine' } })
    expect(Object.keys((await core.store.account(id))?.info ?? {})).toEqual(['mood'])
  })

  test('that were written before users could say anything of themselves have said nothing', async () => {
    const { info: _, invisible: __, ...old } = (await core.store.account(await make('older'))) as Account
    const put = { put: 'account', account: { ...old, id: '4242' as UserId, username: 'oldest' } as Account } as const
    await core.store.commit([{ guards: [], append: null, rows: [{ ...put, email: null, createdAt: 0 }] }])
    expect(await core.store.account('4242' as UserId)).toMatchObject({ info: {}, invisible: false })
  })

  test('that end keep nothing that their user said', async () => {
    const id = await make('leaving')
    await core.identity.users.change(id, { info: { mood: 'sad' }, invisible: true })
    expect(await core.identity.users.end(id)).toMatchObject({ info: {}, invisible: false, active: false })
  })
})

describe('passwords', () => {
  test('fit as text and as the digest that Rocket.Chat sends', async () => {
    const login = core.identity.login
    expect(await login.byPassword({ username: 'ann' }, { plain: 'a password of ann' }, '1')).toMatchObject({
      login: 'ok',
      account: { id: ann },
    })
    expect(await login.byPassword({ username: 'ANN' }, { digest: digest('a password of ann') }, '1')).toMatchObject({
      login: 'ok',
    })
    expect(await login.byPassword({ username: 'ann' }, { plain: digest('a password of ann') }, '1')).toEqual({
      login: 'bad-credentials',
    })
  })

  test('are kept as argon2id with the parameters of limits.ts, each with a salt of its own', async () => {
    const { memoryCost, timeCost, parallelism } = ARGON2
    const kept = (await core.store.password(ann)) as string
    expect(parseOptions(kept)).toMatchObject({ memoryCost, timeCost, parallelism, saltLen: 16, outputLen: 32 })
    expect(await core.identity.hashPassword({ plain: 'a password of ann' })).not.toEqual({ hash: kept })
  })

  test('are refused as busy once the worker is closed, not kept waiting', async () => {
    const passwords = new Passwords()
    expect(await passwords.hash({ plain: 'x' })).toHaveProperty('hash')
    const waiting = passwords.verify({ plain: 'x' }, null)
    await passwords.close()
    expect([await waiting, await passwords.verify({ plain: 'x' }, null)]).toEqual(['busy', 'busy'])
  })

  test('of unknown users take as long as wrong ones', async () => {
    const time = async (username: string, n: number): Promise<number> => {
      const started = performance.now()
      await core.identity.login.byPassword({ username }, { plain: 'wrong' }, `${username}${n}`)
      return performance.now() - started
    }
    // In turns, and the quickest of each: what else the machine does slows down both.
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let n = 0; n < 4; n++) {
      known = Math.min(known, await time('ann', n))
      unknown = Math.min(unknown, await time('nobody', n))
    }
    expect(unknown).toBeGreaterThan(known / 4)
  })

  test('that are huge are refused unread: a hundred take less time than a few that are hashed', async () => {
    const started = process.cpuUsage()
    for (let n = 0; n < 100; n++) {
      const result = await core.identity.login.byPassword(
        { username: 'ann' },
        { plain: 'x'.repeat(PASSWORD + 1) },
        `huge${n}`,
      )
      expect(result).toEqual({ login: 'bad-credentials' })
    }
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(1_500)
  })

  test('wait in a bounded queue: a storm of log-ins is told to come again', async () => {
    const storm = await Promise.all(
      Array.from({ length: WAITING_PASSWORDS + 20 }, (_, n) =>
        core.identity.login.byPassword({ username: `s${n}` }, { plain: 'x' }, 'storm'),
      ),
    )
    expect(storm.filter(result => result.login === 'busy').length).toBe(20)
  })

  test('may be guessed twenty times a minute, then even the right one is refused', async () => {
    for (let n = 0; n < 20; n++) {
      expect(
        (await core.identity.login.byPassword({ username: 'bob' }, { plain: `guess ${n}` }, 'guesser')).login,
      ).toBe('bad-credentials')
    }
    expect(
      await core.identity.login.byPassword({ username: 'bob' }, { plain: 'a password of bob' }, 'guesser'),
    ).toEqual({ login: 'limited' })
    expect(
      (await core.identity.login.byPassword({ username: 'bob' }, { plain: 'a password of bob' }, 'elsewhere')).login,
    ).toBe('ok')
    clock.set(clock.now() + 61_000)
    expect(
      (await core.identity.login.byPassword({ username: 'bob' }, { plain: 'a password of bob' }, 'guesser')).login,
    ).toBe('ok')
  })
})

describe('tokens', () => {
  async function mint(user: UserId, lifetime: number | null = null): Promise<string> {
    const minted = await core.identity.tokens.mint({ kind: 'user', user, issuer: 'test', lifetime })
    if ('rejected' in minted) throw new Error(minted.rejected)
    return minted.text
  }

  test('are good for their own user only', async () => {
    const text = await mint(ann)
    expect(await core.identity.login.byToken(text, ann, '1')).toMatchObject({ login: 'ok', account: { id: ann } })
    expect(await core.identity.login.byToken(text, bob, '2')).toEqual({ login: 'bad-credentials' })
    expect(await core.identity.login.byToken(text, '77', '3')).toEqual({ login: 'unknown-user' })
    expect(await core.identity.login.byToken(`${text}x`, ann, '4')).toEqual({ login: 'bad-credentials' })
  })

  test('run out, end with their account, and are kept as hashes', async () => {
    const text = await mint(ann, 1_000)
    expect(await core.identity.tokens.authenticate(text)).toMatchObject({ account: { id: ann } })
    clock.set(clock.now() + 1_000)
    expect(await core.identity.tokens.authenticate(text)).toMatchObject({ refused: 'expired' })
    const gone = await make('gone')
    const theirs = await mint(gone)
    await core.identity.users.end(gone)
    expect(await core.identity.tokens.authenticate(theirs)).toHaveProperty('refused')
    expect(JSON.stringify(await core.store.tokens(null, 1_000))).not.toContain(text)
  })

  test('of a banned or disabled user open nothing', async () => {
    const id = await make('banned')
    const text = await mint(id)
    const sanction = { kind: 'ban', user: id, from: 0, until: null, reason: 'spam', by: null } as const
    await core.identity.users.change(id, { sanctions: [sanction] })
    expect(await core.identity.tokens.authenticate(text)).toMatchObject({ refused: 'banned', sanction })
    await core.identity.users.change(id, { sanctions: [], active: false })
    expect(await core.identity.tokens.authenticate(text)).toMatchObject({ refused: 'inactive' })
  })

  test('whatever is sent as one, it opens nothing and breaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 3_000 }), async text => {
        expect(await core.identity.tokens.authenticate(text)).toEqual({ refused: 'unknown' })
      }),
      { numRuns: 300 },
    )
  })
})

describe('X public keys', () => {
  interface Pair {
    readonly publicKey: KeyObject
    readonly privateKey: KeyObject
  }
  const pair = (namedCurve = 'P-256'): Pair => generateKeyPairSync('ec', { namedCurve })
  const spki = ({ publicKey }: Pair): Buffer => publicKey.export({ format: 'der', type: 'spki' })
  const signs = (by: Pair, over: Buffer): string =>
    sign('sha256', over, { key: by.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64')

  function registration(identity: Pair, signing: Pair, version: string | null = null): Registration {
    return {
      identityKey: spki(identity).toString('base64'),
      signingKey: spki(signing).toString('base64'),
      identityKeySignature: signs(signing, spki(identity)),
      signingKeySignature: signs(identity, spki(signing)),
      fingerprint: createHash('sha256').update(spki(identity)).digest('base64url'),
      version,
      mayAssign: false,
    }
  }

  test('are appended, never replaced, and every one is served for ever (L9)', async () => {
    const id = await make('keyed')
    const first = await core.identity.publicKeys.register(id, id, registration(pair(), pair()))
    clock.set(clock.now() + 5)
    const second = await core.identity.publicKeys.register(id, id, registration(pair(), pair()))
    expect((await core.identity.publicKeys.of(id))?.keys).toEqual([first, second])
    expect((await core.store.keyLog(id, 0, 10)).map(entry => entry.kind)).toEqual([
      'xchat.registered',
      'xchat.registered',
    ])
  })

  test('sent again by a client that did not hear the answer are there once', async () => {
    const id = await make('repeating')
    const asked = { ...registration(pair(), pair(), String(clock.now() + VERSION_AHEAD * 2)), mayAssign: true }
    const first = await core.identity.publicKeys.register(id, id, asked)
    expect(await core.identity.publicKeys.register(id, id, { ...asked, version: String(clock.now() - 5) })).toEqual(
      first,
    )
    const { version } = first as { version: string }
    expect(await core.identity.publicKeys.register(id, id, { ...asked, version, mayAssign: false })).toEqual(first)
    expect((await core.identity.publicKeys.of(id))?.keys).toHaveLength(1)
  })

  test('are kept in one spelling of base64, whatever the client wrote', async () => {
    const id = await make('spelling')
    const plain = registration(pair(), pair())
    const url = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const spelled = {
      ...plain,
      identityKey: url(plain.identityKey),
      signingKey: url(plain.signingKey),
      identityKeySignature: url(plain.identityKeySignature),
      signingKeySignature: url(plain.signingKeySignature),
    }
    const { identityKey, signingKey, identityKeySignature, signingKeySignature } = plain
    expect(await core.identity.publicKeys.register(id, id, spelled)).toMatchObject({
      identityKey,
      signingKey,
      identityKeySignature,
      signingKeySignature,
    })
  })

  test('of X’s own software are taken', async () => {
    const { user_id, key_version, ...key } = vectors.generated.users.A
    const id = user_id as UserId
    await core.identity.users.create({ id, username: 'vector' })
    const registered = await core.identity.publicKeys.register(id, id, {
      identityKey: key.public_key,
      signingKey: key.signing_public_key,
      identityKeySignature: key.identity_public_key_signature,
      signingKeySignature: key.signing_public_key_signature,
      fingerprint: key.fingerprint,
      version: key_version,
      mayAssign: false,
    })
    expect(registered).toMatchObject({ version: key_version, fingerprint: key.fingerprint })
  })

  test('are registered by their owner alone', async () => {
    expect(await core.identity.publicKeys.register(bob, ann, registration(pair(), pair()))).toEqual({
      rejected: 'keys.owner',
    })
  })

  test('a signing key that another put beside a victim’s identity key is refused', async () => {
    const [victim, attacker] = [pair(), pair()]
    const forged = { ...registration(victim, attacker), signingKeySignature: signs(attacker, spki(attacker)) }
    expect(await core.identity.publicKeys.register(bob, bob, forged)).toEqual({
      rejected: 'keys.signature',
      field: 'signingKeySignature',
    })
  })

  test('an identity key that its signing key did not endorse is refused', async () => {
    const forged = { ...registration(pair(), pair()), identityKeySignature: Buffer.alloc(64, 1).toString('base64') }
    expect(await core.identity.publicKeys.register(bob, bob, forged)).toEqual({
      rejected: 'keys.signature',
      field: 'identityKeySignature',
    })
  })

  test('of another curve, in another form or off the curve are refused', async () => {
    const good = registration(pair(), pair())
    const p384 = spki(pair('P-384')).toString('base64')
    const sec1 = spki(pair()).subarray(26).toString('base64')
    const off = Buffer.concat([spki(pair()).subarray(0, 60), Buffer.alloc(31, 7)]).toString('base64')
    for (const identityKey of [p384, sec1, off, '', '!!!', 'AAAA']) {
      expect(await core.identity.publicKeys.register(bob, bob, { ...good, identityKey })).toMatchObject({
        rejected: 'keys.malformed',
        field: 'identityKey',
      })
    }
  })

  test('nobody can use the versions up: one far ahead or behind is refused, or given anew', async () => {
    const id = await make('ahead')
    const far = String(clock.now() + VERSION_AHEAD + 1_000)
    expect(await core.identity.publicKeys.register(id, id, registration(pair(), pair(), far))).toMatchObject({
      rejected: 'keys.ahead',
    })
    expect(
      await core.identity.publicKeys.register(id, id, registration(pair(), pair(), '9999999999999999999')),
    ).toMatchObject({ rejected: 'keys.ahead' })
    const given = await core.identity.publicKeys.register(id, id, {
      ...registration(pair(), pair(), far),
      mayAssign: true,
    })
    expect(given).toMatchObject({ version: String(clock.now()) })
    expect(await core.identity.publicKeys.register(id, id, registration(pair(), pair(), '5'))).toMatchObject({
      rejected: 'keys.stale',
    })
  })
})

describe('Rocket.Chat key pairs', () => {
  test('stay unless they are replaced by force, and every change stands in the key log (L9)', async () => {
    const pairs = core.identity.keyPairs
    expect(await pairs.set(ann, { publicKey: 'p1', privateKey: 'w1' }, false)).toEqual({
      publicKey: 'p1',
      privateKey: 'w1',
    })
    expect(await pairs.set(ann, { publicKey: 'p2', privateKey: 'w2' }, false)).toEqual({ rejected: 'pair.exists' })
    expect(await pairs.set(ann, { publicKey: 'p2', privateKey: 'w2' }, true)).toEqual({
      publicKey: 'p2',
      privateKey: 'w2',
    })
    expect((await core.store.keyLog(ann, 0, 10)).filter(entry => entry.kind === 'rocketchat.set').length).toBe(2)
  })

  test('a private key that its owner forgot to wrap is refused (L8)', async () => {
    const jwk = JSON.stringify({ kty: 'RSA', n: 'AQ', e: 'AQAB', d: 'secret' })
    expect(await core.identity.keyPairs.set(bob, { publicKey: 'p', privateKey: jwk }, true)).toEqual({
      rejected: 'pair.unwrapped',
      field: 'privateKey',
    })
    expect(
      await core.identity.keyPairs.set(bob, { publicKey: 'p', privateKey: 'x'.repeat(PRIVATE_KEY_TEXT + 1) }, true),
    ).toMatchObject({ rejected: 'pair.malformed' })
    expect(await core.identity.keyPairs.of(bob)).toBe(undefined)
  })
})
