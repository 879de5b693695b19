// Attacks on the log-in: guessing in parallel, under two names, from many tokens; and what must not lock out anybody.
import type { UserId } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Core } from '../engine/core.ts'
import { openTestCore } from '../engine/testing.ts'
import { isRefused } from './rejection.ts'

let core: Core
let ann: UserId
const right = { plain: 'the password of ann' }

beforeAll(async () => {
  ;({ core } = await openTestCore())
  const account = await core.identity.users.create({ username: 'ann', email: 'Ann@example.org', password: right })
  if (isRefused(account)) throw new Error(account.rejected)
  ann = account.id
})
afterAll(() => core.close())

function tally(results: readonly { readonly login: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { login } of results) counts[login] = (counts[login] ?? 0) + 1
  return counts
}

describe('guessing', () => {
  test('in parallel is worth no more guesses than one after the other', async () => {
    const guesses = Array.from({ length: 60 }, (_, n) =>
      core.identity.login.byPassword({ username: 'ann' }, { plain: `guess ${n}` }, 'parallel'),
    )
    expect(tally(await Promise.all(guesses))).toEqual({ 'bad-credentials': 20, limited: 40 })
  })

  test('tokens of a user in parallel is limited too', async () => {
    const guesses = Array.from({ length: 200 }, (_, n) => core.identity.login.byToken(`guess ${n}`, ann, 'tokens'))
    expect(tally(await Promise.all(guesses))).toEqual({ 'bad-credentials': 20, limited: 180 })
  })

  test('by name and by address of the same account counts together', async () => {
    const { login } = core.identity
    const wrong = { plain: 'wrong' }
    for (let n = 0; n < 10; n++) {
      await login.byPassword({ username: n % 2 ? 'ann' : 'ANN' }, wrong, 'both')
      await login.byPassword({ email: n % 2 ? 'ann@example.org' : 'ANN@EXAMPLE.ORG' }, wrong, 'both')
    }
    expect(await login.byPassword({ username: 'ann' }, right, 'both')).toEqual({ login: 'limited' })
    expect(await login.byPassword({ username: 'ann' }, right, 'another')).toMatchObject({ login: 'ok' })
  })

  test('at names of any length does not grow what is kept per name', async () => {
    const long = 'x'.repeat(100_000)
    expect(await core.identity.login.byToken('t', long, 'long')).toEqual({ login: 'unknown-user' })
    expect(await core.identity.login.byPassword({ username: long }, { plain: 'p' }, 'long')).toEqual({
      login: 'unknown-user',
    })
  })
})

describe('right log-ins', () => {
  test('are never limited, however many come at once', async () => {
    const many = Array.from({ length: 50 }, () => core.identity.login.byPassword({ username: 'ann' }, right, 'many'))
    expect(tally(await Promise.all(many))).toEqual({ ok: 50 })
    const minted = await core.identity.tokens.mint({ kind: 'user', user: ann, issuer: 'test', lifetime: null })
    if (isRefused(minted)) throw new Error(minted.rejected)
    const sockets = Array.from({ length: 1_000 }, () => core.identity.login.byToken(minted.text, ann, 'many'))
    expect(tally(await Promise.all(sockets))).toEqual({ ok: 1_000 })
  })

  test('are not locked out by a hundred outdated tokens from the same proxy', async () => {
    const minted = await core.identity.tokens.mint({ kind: 'user', user: ann, issuer: 'test', lifetime: null })
    if (isRefused(minted)) throw new Error(minted.rejected)
    for (let n = 0; n < 100; n++) await core.identity.login.byToken(`old ${n}`, null, 'proxy')
    expect(await core.identity.login.byToken(minted.text, null, 'proxy')).toMatchObject({ login: 'ok' })
  })
})

describe('who is shut out', () => {
  test('is cut off when it is said, and told so only after the right password', async () => {
    const ended: (string | null)[] = []
    core.bus.subscribe('all', message => {
      if (message.kind === 'end') ended.push(message.user)
    })
    const sanction = { kind: 'ban', user: ann, from: 0, until: null, reason: 'spam', by: null } as const
    const { users, login } = core.identity
    await users.change(ann, { sanctions: [sanction] })
    expect(ended).toEqual([ann])
    expect(await login.byPassword({ username: 'ann' }, right, 'banned')).toEqual({ login: 'banned', sanction })
    expect(await login.byPassword({ username: 'ann' }, { plain: 'x' }, 'banned')).toEqual({ login: 'bad-credentials' })
    await users.change(ann, { active: false })
    expect(await login.byPassword({ username: 'ann' }, right, 'banned')).toEqual({ login: 'inactive' })
    await users.change(ann, { active: true, sanctions: [] })
    expect(ended).toEqual([ann])
    expect(await login.byPassword({ username: 'ann' }, right, 'banned')).toMatchObject({ login: 'ok' })
    await users.disable(ann)
    expect(ended).toEqual([ann, ann])
    await users.change(ann, { active: true })
  })
})

describe('names', () => {
  test.each(['ａdmin', 'ﬁnn', 'removed-5', 'Removed-5'])('like %j are refused', async username => {
    expect(await core.identity.users.create({ username })).toMatchObject({ field: 'username' })
  })

  test('are one name in whatever way Unicode composes them', async () => {
    expect(await core.identity.users.create({ username: 'jose\u0301' })).toMatchObject({ username: 'jos\u00e9' })
    expect(await core.identity.users.create({ username: 'JOS\u00c9' })).toMatchObject({ rejected: 'username.taken' })
    expect(await core.identity.users.find({ username: 'Jose\u0301' })).toMatchObject({ username: 'jos\u00e9' })
  })

  test('of an ended account are free again, and nobody can keep it from ending', async () => {
    const account = await core.identity.users.create({ username: 'leaving', email: 'leaving@example.org' })
    if (isRefused(account)) throw new Error(account.rejected)
    expect(await core.identity.users.create({ username: `removed-${account.id}` })).toHaveProperty('rejected')
    expect(await core.identity.users.change(ann, { username: `removed-${account.id}` })).toHaveProperty('rejected')
    expect(await core.identity.users.end(account.id)).toMatchObject({ active: false, attributes: {} })
    expect(await core.identity.users.end(account.id)).toMatchObject({ active: false })
    const again = await core.identity.users.create({ username: 'leaving', email: 'leaving@example.org' })
    expect(isRefused(again)).toBe(false)
  })
})
