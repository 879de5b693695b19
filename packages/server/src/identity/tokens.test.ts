// Attacks on tokens: used after their death, raced with it, weaker than they are used for, claimed by two.
import type { UserId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BusMessage } from '../bus/bus.ts'
import type { Core } from '../engine/core.ts'
import { openTestCore, type TestCore } from '../engine/testing.ts'
import type { Token } from '../store/store.ts'
import { isRefused } from './rejection.ts'
import type { NewToken } from './tokens.ts'

let core: Core
let clock: TestCore['clock']
let ann: UserId
let heard: BusMessage[]

beforeEach(async () => {
  ;({ core, clock } = await openTestCore())
  ann = await make('ann')
  heard = []
  core.bus.subscribe('all', message => void heard.push(message))
})
afterEach(() => core.close())

async function make(username: string): Promise<UserId> {
  const account = await core.identity.users.create({ username })
  if (isRefused(account)) throw new Error(account.rejected)
  return account.id
}

async function mint(wanted: Partial<NewToken> = {}): Promise<{ text: string; token: Token }> {
  const minted = await core.identity.tokens.mint({ kind: 'user', user: ann, issuer: 'test', lifetime: null, ...wanted })
  if (isRefused(minted)) throw new Error(minted.rejected)
  return minted
}

function openSession(token: Token) {
  const ended: string[] = []
  const opening = { user: ann, wire: 'dino', token: token.id, expiresAt: null, address: '' } as const
  return { ended, opened: core.sessions.open({ ...opening, end: reason => void ended.push(reason) }) }
}

const DAY = 86_400_000

describe('what is in memory', () => {
  test('is judged as the store is, and nothing is judged by half of it', async () => {
    const { tokens, users, accounts } = core.identity
    const [plain, brief] = [await mint(), await mint({ lifetime: DAY })]
    const child = await mint({ parent: plain.token.id, app: 'app' })
    const refresh = await mint({ kind: 'refresh', app: 'app' })
    const app = await mint({ kind: 'app', user: null, app: 'app' })
    const all = [plain, brief, child, refresh, app].map(({ text }) => text)
    const agree = async (): Promise<void> => {
      for (const text of [...all, '', 'nobody has this', 'x'.repeat(10_000)]) {
        const judged = await tokens.authenticate(text)
        expect([undefined, judged]).toContainEqual(tokens.peek(text))
      }
    }
    await agree()
    expect(tokens.peek(plain.text)).toHaveProperty('account.id', ann)
    expect(tokens.peek(app.text)).toHaveProperty('account', null)
    expect(tokens.peek(refresh.text)).toBeUndefined()

    accounts.forget(ann)
    expect(tokens.peek(plain.text)).toBeUndefined()
    await agree()
    expect(tokens.peek(child.text)).toHaveProperty('account')
    clock.set(clock.now() + DAY)
    expect(tokens.peek(brief.text)).toHaveProperty('refused', 'expired')
    await agree()
    await users.change(ann, { active: false })
    await agree()
    expect(tokens.peek(plain.text)).toHaveProperty('refused', 'inactive')
    await users.change(ann, { active: true })
    await agree()
    // Whether the one that it was given for is still there, is not known here any more.
    core.bus.publish('all', { kind: 'end', token: plain.token.id, user: null, wire: null, reason: 'test' })
    expect(tokens.peek(child.text)).toBeUndefined()
    await agree()
    await tokens.revoke([plain.token], 'logged out')
    expect([tokens.peek(plain.text), tokens.peek(child.text)]).toEqual([undefined, undefined])
    await agree()
  })
})

describe('a dead token', () => {
  test('closes the sessions that it opened and no others', async () => {
    const [one, other] = [await mint(), await mint()]
    const [dying, living] = [openSession(one.token), openSession(other.token)]
    await Promise.all([dying.opened, living.opened])
    await core.identity.tokens.revoke([one.token], 'logged out')
    expect([dying.ended, living.ended]).toEqual([['logged out'], []])
    expect(await core.identity.tokens.authenticate(one.text)).toEqual({ refused: 'unknown' })
    expect(await core.identity.tokens.authenticate(other.text)).toHaveProperty('account')
  })

  test('takes with it what was given for it, with its sessions', async () => {
    const { token } = await mint()
    const [child, other] = [await mint({ parent: token.id, app: 'app' }), await mint({ app: 'app' })]
    const [dying, living] = [openSession(child.token), openSession(other.token)]
    await Promise.all([dying.opened, living.opened])
    await core.identity.tokens.revoke([token], 'logged out')
    expect([dying.ended, living.ended]).toEqual([['logged out'], []])
    expect((await core.store.tokensOf(ann)).map(({ id }) => id)).toEqual([other.token.id])
    const late = await mint({ parent: token.id, app: 'app' })
    expect(await core.identity.tokens.authenticate(late.text)).toEqual({ refused: 'unknown' })
  })

  test('that died between the log-in and the session is found when it is asked again', async () => {
    const { text, token } = await mint()
    expect(await core.identity.login.byToken(text, ann, '1')).toMatchObject({ login: 'ok' })
    await core.identity.tokens.revoke([token], 'token revoked')
    const late = openSession(token)
    await late.opened
    expect(late.ended).toEqual([])
    expect(await core.identity.tokens.again(token)).toEqual({ refused: 'unknown' })
  })

  test('is dead on every node: an end that another one told is enough', async () => {
    const [single, all] = [await mint(), await mint()]
    for (const { text } of [single, all]) await core.identity.tokens.authenticate(text)
    const rows = [single, all].map(({ token }) => ({ drop: 'token', hash: token.hash }) as const)
    await core.store.commit([{ guards: [], append: null, rows }])
    expect(await core.identity.tokens.authenticate(single.text)).toHaveProperty('account')
    const end = { kind: 'end', token: null, user: null, wire: null, reason: '' } as const
    core.bus.publish('all', { ...end, token: single.token.id })
    expect(await core.identity.tokens.authenticate(single.text)).toEqual({ refused: 'unknown' })
    core.bus.publish('all', { ...end, user: ann })
    expect(await core.identity.tokens.authenticate(all.text)).toEqual({ refused: 'unknown' })
  })

  test('never comes back from a look-up that was under way when it died', async () => {
    const { text, token } = await mint()
    const looking = core.identity.tokens.authenticate(text)
    await core.identity.tokens.revoke([token], 'token revoked')
    await looking
    expect(await core.identity.tokens.authenticate(text)).toEqual({ refused: 'unknown' })
  })
})

describe('a token', () => {
  test('with fewer scopes than a user has opens no wire that knows no scopes', async () => {
    const { text } = await mint({ scopes: ['dm.read', 'users.read'] })
    expect(await core.identity.tokens.authenticate(text)).toMatchObject({ account: { id: ann } })
    expect(await core.identity.login.byToken(text, ann, '1')).toEqual({ login: 'bad-credentials' })
    expect(await core.identity.login.byToken(text, null, '1')).toEqual({ login: 'bad-credentials' })
  })

  test.each(['app', 'service'] as const)('of kind %s is no user, whatever scopes it has', async kind => {
    const { text } = await mint({ kind, user: kind === 'service' ? ann : null, app: kind === 'app' ? 'a' : null })
    expect(await core.identity.login.byToken(text, ann, '1')).toEqual({ login: 'bad-credentials' })
    expect(await core.identity.login.byToken(text, null, '1')).toEqual({ login: 'bad-credentials' })
  })

  test('whose text another user brings stays with the first', async () => {
    const bob = await make('bob')
    const wanted = { kind: 'user', issuer: 'import', lifetime: null, text: 'the same' } as const
    const first = await core.identity.tokens.mint({ ...wanted, user: ann })
    expect(await core.identity.tokens.mint({ ...wanted, user: bob })).toEqual({ rejected: 'token.exists' })
    expect(await core.identity.tokens.mint({ ...wanted, user: ann })).toEqual(first)
    expect(await core.store.tokens(null, 10)).toHaveLength(1)
  })

  test('is not made for nobody, nor behind the back of an account that ends', async () => {
    const wanted = { kind: 'user', issuer: 'test', lifetime: null } as const
    expect(await core.identity.tokens.mint({ ...wanted, user: '404' as UserId })).toEqual({ rejected: 'user.unknown' })
    const [minted] = await Promise.all([
      core.identity.tokens.mint({ ...wanted, user: ann }),
      core.identity.users.end(ann),
    ])
    expect(isRefused(minted)).toBe(false)
    const left = await core.store.tokensOf(ann)
    for (const token of left) expect(await core.identity.tokens.again(token)).toHaveProperty('refused', 'inactive')
  })

  test.each(['', 'x'.repeat(1_025)])('of an impossible length is refused', async text => {
    const wanted = { kind: 'user', user: ann, issuer: 'import', lifetime: null, text } as const
    expect(await core.identity.tokens.mint(wanted)).toMatchObject({ rejected: 'token.malformed' })
    expect(await core.identity.tokens.authenticate(text)).toEqual({ refused: 'unknown' })
  })

  test('is shown to nobody on the bus', async () => {
    const { text, token } = await mint()
    await core.identity.tokens.revoke([token], 'token revoked')
    expect(JSON.stringify(heard)).toContain(token.id)
    expect(JSON.stringify(heard)).not.toContain(text)
    expect(JSON.stringify(heard)).not.toContain(token.hash)
  })

  test('that ran out is dropped by the sweep, and no other', async () => {
    for (let n = 0; n < 3; n++) await mint({ lifetime: 1_000 })
    const kept = [await mint({ lifetime: 10_000 }), await mint()]
    clock.set(clock.now() + 1_000)
    expect(await core.identity.tokens.dropExpired()).toBe(3)
    expect((await core.store.tokens(null, 10)).map(({ id }) => id)).toEqual(kept.map(({ token }) => token.id).sort())
  })

  test('is found by its public id, and not by a part of it', async () => {
    const { token } = await mint()
    expect(await core.identity.tokens.find(token.id)).toEqual(token)
    expect(await core.identity.tokens.find(token.id.slice(0, 8))).toBe(undefined)
    expect(await core.identity.tokens.find('')).toBe(undefined)
  })
})
