// Rocket.Chat key pairs: two devices at once, a reset, and private keys that their owner forgot to wrap (L8).
import type { UserId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Core } from '../engine/core.ts'
import { openTestCore } from '../engine/testing.ts'
import { isRefused } from './rejection.ts'

let core: Core
let ann: UserId

beforeEach(async () => {
  ;({ core } = await openTestCore())
  const account = await core.identity.users.create({ username: 'ann' })
  if (isRefused(account)) throw new Error(account.rejected)
  ann = account.id
})
afterEach(() => core.close())

const pair = (name: string) => ({ publicKey: `public ${name}`, privateKey: `wrapped ${name}` })

describe('a key pair', () => {
  test('that two devices set first, at the same time, is the one of the first; the other is told', async () => {
    const { keyPairs } = core.identity
    const both = await Promise.all([keyPairs.set(ann, pair('one'), false), keyPairs.set(ann, pair('two'), false)])
    expect(both.filter(isRefused)).toEqual([{ rejected: 'pair.exists' }])
    const { since, ...held } = (await keyPairs.of(ann)) ?? {}
    expect(both).toContainEqual(held)
    expect(since).toEqual(expect.any(Number))
    expect(await core.store.keyLog(ann, 0, 10)).toHaveLength(1)
  })

  test('can be reset: its tokens and every session of that wire end, and the key log says so (L9)', async () => {
    const { keyPairs, tokens } = core.identity
    await keyPairs.set(ann, pair('one'), false)
    const issued = async (issuer: string) => {
      const minted = await tokens.mint({ kind: 'user', user: ann, issuer, lifetime: null })
      if (isRefused(minted)) throw new Error(minted.rejected)
      return minted
    }
    const [theirs, import_] = [await issued('rocketchat'), await issued('import')]
    const ended: string[] = []
    for (const [wire, token] of [
      ['rocketchat', import_.token.id],
      ['dino', theirs.token.id],
      ['dino', import_.token.id],
    ] as const) {
      const end = () => void ended.push(`${wire} ${token === theirs.token.id ? 'theirs' : 'import'}`)
      await core.sessions.open({ user: ann, wire, token, expiresAt: null, address: '', end })
    }
    expect(await keyPairs.reset(ann)).toBe(null)
    expect([...new Set(ended)].sort()).toEqual(['dino theirs', 'rocketchat import'])
    expect(await keyPairs.of(ann)).toBe(undefined)
    expect(await tokens.authenticate(theirs.text)).toEqual({ refused: 'unknown' })
    expect(await tokens.authenticate(import_.text)).toHaveProperty('account')
    expect((await core.store.keyLog(ann, 0, 10)).map(({ kind }) => kind)).toEqual([
      'rocketchat.set',
      'rocketchat.reset',
    ])
    expect(await keyPairs.set(ann, pair('two'), false)).toEqual(pair('two'))
  })

  const jwk = JSON.stringify({ kty: 'RSA', n: 'AQ', e: 'AQAB', d: 'secret' })
  test.each([
    ['a JWK', jwk],
    ['a JWK with spaces before it', ` \n${jwk}`],
    ['a JWK as a JSON text', JSON.stringify(jwk)],
    ['a PEM', '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----'],
  ])('of which a half is %s is refused (L8)', async (_what, plain) => {
    const { keyPairs } = core.identity
    for (const field of ['publicKey', 'privateKey'] as const) {
      expect(await keyPairs.set(ann, { ...pair('x'), [field]: plain }, true)).toEqual({
        rejected: 'pair.unwrapped',
        field,
      })
    }
    expect(await keyPairs.of(ann)).toBe(undefined)
  })

  test('as clients of both generations wrap it is taken', async () => {
    const publicKey = JSON.stringify({
      alg: 'RSA-OAEP-256',
      e: 'AQAB',
      ext: true,
      key_ops: ['encrypt'],
      kty: 'RSA',
      n: 'A',
    })
    for (const privateKey of [
      '{"$binary":"AAAA"}',
      '{"iv":"AA==","ciphertext":"AA==","salt":"v2:1:x","iterations":100000}',
    ])
      expect(await core.identity.keyPairs.set(ann, { publicKey, privateKey }, true)).toEqual({ publicKey, privateKey })
  })

  test('of nobody is refused', async () => {
    expect(await core.identity.keyPairs.set('404' as UserId, pair('x'), true)).toEqual({ rejected: 'user.unknown' })
  })
})
