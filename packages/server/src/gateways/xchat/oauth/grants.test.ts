// Log-ins of apps in time, which the tests against the whole server cannot wait for, and when two things happen at once.

import { randomBytes } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { memoryBlobs } from '../../../blobs/memory.ts'
import { localBus } from '../../../bus/local.ts'
import { schema } from '../../../config.ts'
import type { Core } from '../../../engine/core.ts'
import { buildCore } from '../../../engine/core.ts'
import { isRefused } from '../../../identity/rejection.ts'
import { localNodes } from '../../../nodes/local.ts'
import { localPresence } from '../../../presence/local.ts'
import { localQuota } from '../../../quota/local.ts'
import { DEFAULT_RULES } from '../../../room/acl-rules.ts'
import type { Account } from '../../../room/facts.ts'
import { MEMORY } from '../../../store/sqlite/open.ts'
import { openSqliteStore } from '../../../store/sqlite/store.ts'
import type { Token } from '../../../store/store.ts'
import { type Consent, type Grant, Grants } from './grants.ts'
import { ACCESS, ACCESS_TOKENS, CODE, GRANTS, REFRESH } from './limits.ts'

const KIND = 'xchat.grant'

let now = 0
let core: Core
let grants: Grants
let account: Account

beforeEach(async () => {
  now = 1_700_000_000_000
  const clock = { now: () => now }
  core = buildCore({
    config: schema.parse({}),
    acl: DEFAULT_RULES,
    log: pino({ level: 'silent' }),
    clock,
    random: { bytes: count => randomBytes(count) },
    nodes: localNodes(1, clock),
    store: await openSqliteStore({ directory: MEMORY, node: 0, clock }),
    bus: localBus(),
    presence: localPresence(),
    quota: localQuota(clock),
    blobs: memoryBlobs(),
    outlet: null,
  })
  const { identity, reading, random, writer } = core
  grants = new Grants({ identity, reading, random, clock, write: item => writer.write(item) })
  const made = await identity.users.create({ id: '1001' as UserId, username: 'ada', name: 'Ada' })
  if (isRefused(made)) throw new Error(made.rejected)
  account = made
})
afterEach(() => core.close())

function consent(more: Partial<Consent> = {}): Consent {
  const scopes = ['dm.read', 'offline.access']
  return { app: 'app1', user: account.id, scopes, redirect: 'http://localhost/cb', challenge: 'x', by: null, ...more }
}

async function begun(more: Partial<Consent> = {}): Promise<string> {
  const code = await grants.begin(consent(more), account)
  if (code === null) throw new Error('no code')
  return code
}

async function used(code: string): Promise<Grant> {
  const grant = await grants.ofCode(code)
  const after = grant && (await grants.use(grant))
  if (!after) throw new Error('the code is not good')
  return after
}

async function issued(more: Partial<Consent> = {}) {
  const tokens = await grants.issue(await used(await begun(more)), consent(more).scopes)
  if (!tokens) throw new Error('no tokens')
  return tokens
}

async function refreshed(text: string) {
  const grant = await grants.ofRefresh(text)
  const tokens = grant && (await grants.issue(grant, grant.scopes))
  if (!tokens) throw new Error('the refresh token is not good')
  return tokens
}

/** A token that the user signs in with. */
async function own(): Promise<Token> {
  const wanted = { kind: 'user', user: account.id, issuer: 'test', lifetime: 10_000_000 } as const
  const minted = await core.identity.tokens.mint(wanted)
  if ('rejected' in minted) throw new Error(minted.rejected)
  return minted.token
}

const isGood = async (text: string) => !('refused' in (await core.identity.tokens.authenticate(text)))
const kept = () => core.reading.countDocuments(KIND, '1001')

describe('in time', () => {
  test('a code ends', async () => {
    const code = await begun()
    now += CODE - 1
    expect(await grants.ofCode(code)).toBeDefined()
    now += 1
    expect(await grants.ofCode(code)).toBeUndefined()
  })

  test('an access token ends after two hours, and the refresh token half a year after its last use', async () => {
    const first = await issued()
    now += ACCESS - 1
    expect(await isGood(first.access)).toBe(true)
    now += 1
    expect(await isGood(first.access)).toBe(false)
    now += REFRESH - ACCESS - 1
    const second = await refreshed(first.refresh as string)
    now += REFRESH - 1
    expect(await grants.ofRefresh(second.refresh as string)).toBeDefined()
    now += 1
    expect(await grants.ofRefresh(second.refresh as string)).toBeUndefined()
  })

  test('what came of a token ends with it', async () => {
    const { id, expiresAt } = await own()
    const first = await issued({ by: { id, expiresAt } })
    expect(first.lifetime).toBe(ACCESS)
    now += 5_000_000
    const second = await refreshed(first.refresh as string)
    expect(second.lifetime).toBe(5_000_000)
    now += 5_000_000
    expect(await isGood(second.access)).toBe(false)
    expect(await grants.ofRefresh(second.refresh as string)).toBeUndefined()
  })

  test('what is over is dropped, and nothing else', async () => {
    await begun()
    await issued({ scopes: ['dm.read'] })
    const lasting = await issued()
    expect(await kept()).toBe(3)
    await grants.sweep()
    expect(await kept()).toBe(3)
    now += CODE
    await grants.sweep()
    expect(await kept()).toBe(2)
    now += ACCESS
    await grants.sweep()
    expect(await kept()).toBe(1)
    await core.identity.tokens.dropExpired()
    expect(await grants.ofRefresh(lasting.refresh as string)).toBeDefined()
    now += REFRESH
    await Promise.all([grants.sweep(), grants.sweep()])
    await core.identity.tokens.dropExpired()
    expect([await kept(), (await core.store.tokensOf(account.id)).length]).toEqual([0, 0])
  })
})

describe('bounds', () => {
  test('of one log-in so many access tokens are good', async () => {
    const all = [await issued()]
    for (let at = 0; at < ACCESS_TOKENS; at++) all.push(await refreshed(all.at(-1)?.refresh as string))
    const good = await Promise.all(all.map(({ access }) => isGood(access)))
    expect(good).toEqual([false, ...Array.from({ length: ACCESS_TOKENS }, () => true)])
    expect(await core.store.tokensOf(account.id)).toHaveLength(ACCESS_TOKENS + 1)
  })

  test('of one user so many log-ins are kept, the oldest goes', async () => {
    const first = await issued()
    now += 1
    const second = await issued()
    for (let at = 2; at < GRANTS; at++) {
      now += 1
      await begun()
    }
    expect([await isGood(first.access), await isGood(second.access)]).toEqual([true, true])
    await begun()
    expect([await kept(), await isGood(first.access), await isGood(second.access)]).toEqual([GRANTS, false, true])
  })
})

describe('when the token is revoked that the user signed in with', () => {
  test('an access token that came of it is worth nothing at once, also where it cannot be refreshed', async () => {
    for (const scopes of [['dm.read'], ['dm.read', 'offline.access']]) {
      const token = await own()
      const { id, expiresAt } = token
      const tokens = await issued({ scopes, by: { id, expiresAt } })
      expect(await isGood(tokens.access)).toBe(true)
      await core.identity.tokens.revoke([token], 'logged out')
      expect(await isGood(tokens.access)).toBe(false)
    }
  })

  test('a code that is on its way gives nothing', async () => {
    const token = await own()
    const { id, expiresAt } = token
    const code = await begun({ by: { id, expiresAt } })
    await core.identity.tokens.revoke([token], 'logged out')
    expect(await grants.ofCode(code)).toBeUndefined()
    expect(await kept()).toBe(0)
  })
})

describe('at once', () => {
  test('a user who is disabled between the code and its tokens gets none', async () => {
    const grant = await used(await begun())
    await core.identity.users.disable(account.id)
    expect(await grants.issue(grant, ['dm.read'])).toBeNull()
    expect(await core.store.tokensOf(account.id)).toEqual([])
  })

  test('a code that was used a second time between its use and its tokens gives none', async () => {
    const code = await begun()
    const grant = await used(code)
    expect(await grants.ofCode(code)).toBeUndefined()
    expect(await grants.issue(grant, grant.scopes)).toBeNull()
    expect(await kept()).toBe(0)
  })

  test('two who read the same code get nothing, both', async () => {
    const code = await begun()
    const [one, other] = await Promise.all([grants.ofCode(code), grants.ofCode(code)])
    const first = await grants.use(one as Grant)
    expect(first).toBeDefined()
    expect(await grants.use(other as Grant)).toBeUndefined()
    expect(await grants.issue(first as Grant, ['dm.read'])).toBeNull()
  })

  test('two who read the same refresh token get one answer', async () => {
    const { refresh } = await issued()
    const [one, other] = await Promise.all([grants.ofRefresh(refresh as string), grants.ofRefresh(refresh as string)])
    const answers = [await grants.issue(one as Grant, ['dm.read']), await grants.issue(other as Grant, ['dm.read'])]
    expect(answers.filter(answer => answer !== null)).toHaveLength(1)
  })

  test('a user who is changed between the page and the code gets none', async () => {
    const before = account
    const changed = await core.identity.users.change(account.id, { active: false })
    expect(isRefused(changed)).toBe(false)
    expect(await grants.begin(consent(), before)).toBeNull()
  })
})

describe('what is kept', () => {
  test('holds no code and no token', async () => {
    const code = await begun()
    const tokens = await grants.issue(await used(code), ['dm.read'])
    const documents = await core.reading.documents(KIND, { limit: 10 })
    const rows = await core.store.tokensOf(account.id)
    const text = JSON.stringify([documents, rows])
    const secrets = [code, tokens?.access, tokens?.refresh].map(one => one?.split('.')[1] as string)
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(rows.map(({ kind, app }) => [kind, app]).sort(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
      ['refresh', 'app1'],
      ['user', 'app1'],
    ])
  })

  test('knows a text of its own by its secret, not by its beginning', async () => {
    const code = await begun()
    const { access } = await issued()
    const forged = (text: string) => `${text.split('.')[0]}.${'A'.repeat(43)}`
    expect(await grants.ofCode(forged(code))).toBeUndefined()
    expect(await grants.ofAny(forged(access))).toBeUndefined()
    expect(await grants.ofAny(access)).toBeDefined()
    expect(await grants.ofCode(code)).toBeDefined()
    for (const text of ['', '.', 'x', `${access}x`, access.replace('.', '')])
      expect(await grants.ofAny(text)).toBeUndefined()
  })
})
