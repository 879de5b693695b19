import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { TOKEN_LIFE } from './limits.ts'
import type { Realm } from './realms.ts'
import { type Asking, admittedBy, tokenFor } from './tokens.ts'

const USER: Asking = { user: '1001' as UserId, token: 'abc', mayReplace: true }
const OTHER: Asking = { ...USER, user: '1002' as UserId }
const NOW = 1_800_000_000_000
const bytes = () => new Uint8Array(randomBytes(32))

function realm(...versions: number[]): Realm {
  const keys = versions.map(version => ({ version, secret: bytes(), madeAt: NOW }))
  return { id: randomBytes(16).toString('hex'), subjects: bytes(), keys }
}

const own = realm(1, 2)
const other = realm(1, 2)

/** A good token, with something in it changed. */
function forged(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  secret = own.keys[1]!.secret,
) {
  const seconds = NOW / 1000
  const all = { iss: 'conclave', sub: 'somebody', aud: own.id, scope: 'user', by: 'abc', exp: seconds + 60, ...claims }
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return new SignJWT(kept).setProtectedHeader({ alg: 'HS256', kid: 'conclave:2', ...header }).sign(secret)
}

const believed = async (token: string, now = NOW) => (await admittedBy(token, own, now))?.subject

describe('a token', () => {
  test('names the user by a name that the realm alone uses', async () => {
    const subject = await believed(await tokenFor(USER, own, NOW))
    expect(subject).toMatch(/^[0-9a-f]{32}$/)
    expect(await believed(await tokenFor(USER, own, NOW))).toBe(subject)
    expect(await believed(await tokenFor(OTHER, own, NOW))).not.toBe(subject)
    expect((await admittedBy(await tokenFor(USER, other, NOW), other, NOW))?.subject).not.toBe(subject)
  })

  test('says which token of the wire it was given to, and whether it replaces what is kept', async () => {
    for (const mayReplace of [true, false]) {
      const token = await tokenFor({ ...USER, mayReplace }, own, NOW)
      expect(await admittedBy(token, own, NOW)).toMatchObject({ token: 'abc', mayReplace })
    }
    for (const replace of [undefined, 'true', 1])
      expect(await admittedBy(await forged({ replace }), own, NOW)).toMatchObject({ mayReplace: false })
  })

  test('ends', async () => {
    const token = await tokenFor(USER, own, NOW)
    expect(await believed(token, NOW + TOKEN_LIFE * 1000 - 1_000)).toBeDefined()
    expect(await believed(token, NOW + TOKEN_LIFE * 1000)).toBeUndefined()
  })

  test('outlives the next key, and not the one after', async () => {
    const token = await tokenFor(USER, own, NOW)
    const [first, second] = own.keys
    const third = { version: 3, secret: bytes(), madeAt: NOW }
    expect(await admittedBy(token, { ...own, keys: [second!, third] }, NOW)).toBeDefined()
    expect(await admittedBy(token, { ...own, keys: [third] }, NOW)).toBeUndefined()
    expect(await admittedBy(token, { ...own, keys: [first!] }, NOW)).toBeUndefined()
  })
})

describe('a forged token', () => {
  test('would be believed if nothing were wrong with it', async () => {
    expect(await believed(await forged())).toBe('somebody')
  })

  test.each<[string, Record<string, unknown>]>([
    ['for another realm', { aud: other.id }],
    ['for several realms', { aud: [own.id, other.id] }],
    ['for no realm', { aud: undefined }],
    ['of another tenant', { iss: 'else' }],
    ['of no tenant', { iss: undefined }],
    ['without a subject', { sub: undefined }],
    ['with an end that is no number', { exp: 'never' }],
    ['without an end', { exp: undefined }],
    ['that has ended', { exp: NOW / 1000 - 1 }],
    ['that has not begun', { nbf: NOW / 1000 + 60 }],
    ['for an auditor', { scope: 'audit' }],
    ['without a scope', { scope: undefined }],
    ['that was given to no token of the wire', { by: undefined }],
    ['that was given to several', { by: ['abc'] }],
  ])('%s is refused', async (_, claims) => {
    expect(await believed(await forged(claims))).toBeUndefined()
  })

  test.each<[string, Record<string, unknown>, Uint8Array | undefined]>([
    ['with a key of another realm', {}, other.keys[1]!.secret],
    ['with the older key under the newer name', {}, own.keys[0]!.secret],
    ['with an unknown key', { kid: 'conclave:3' }, undefined],
    ['with a version that is no number', { kid: 'conclave:02' }, undefined],
    ['of another tenant by its key', { kid: 'else:2' }, undefined],
    ['without a key', { kid: undefined }, undefined],
    ['with another hash', { alg: 'HS512' }, Buffer.concat([own.keys[1]!.secret, own.keys[1]!.secret])],
  ])('%s is refused', async (_, header, secret) => {
    expect(await believed(await forged({}, header, secret))).toBeUndefined()
  })

  test('that is not signed is refused', async () => {
    const claims = { iss: 'conclave', sub: 'somebody', aud: own.id, scope: 'user', exp: NOW / 1000 + 60 }
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const header = Buffer.from('{"alg":"none","kid":"conclave:2"}').toString('base64url')
    expect(await believed(`${header}.${body}.`)).toBeUndefined()
    expect(await believed(new UnsecuredJWT(claims).encode())).toBeUndefined()
    const [, , signature] = (await forged()).split('.')
    expect(await believed(`${header}.${body}.${signature}`)).toBeUndefined()
  })

  test('with the signature of another kind of key is refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const seconds = NOW / 1000
    const token = await new SignJWT({ iss: 'conclave', sub: 'x', aud: own.id, scope: 'user', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'RS256', kid: 'conclave:2' })
      .sign(privateKey)
    expect(await believed(token)).toBeUndefined()
  })

  test('that was changed behind its signature is refused', async () => {
    const [header, , signature] = (await forged()).split('.')
    const [, body] = (await forged({ sub: 'another' })).split('.')
    expect(await believed(`${header}.${body}.${signature}`)).toBeUndefined()
  })

  test.each([
    '',
    '.',
    '..',
    'a',
    'a.b',
    'a.b.c',
    'a.b.c.d.e',
    '{}.{}.{}',
    `${'e'.repeat(9_000)}.e.e`,
    'e30.e30.e30',
    'bnVsbA.bnVsbA.AA',
  ])('that is none is refused: %s', async token => expect(await believed(token)).toBeUndefined())
})
