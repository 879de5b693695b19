// The first start on a data directory: an administrator and a token, shown once. A world that was imported before
// and brings a superuser of its own needs none.
import type { UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { isRefused } from '../identity/rejection.ts'
import { everyAccount } from './every.ts'

const STARTED = 'started'
/** Names that are tried for the administrator; a world may have taken the first. */
const NAMES = ['admin', 'conclave-admin', 'server-admin']

export interface FirstStart {
  readonly user: UserId
  readonly username: string
  readonly token: string
}

export async function firstStart(core: Core): Promise<FirstStart | null> {
  const { store, writer } = core
  if ((await store.meta(STARTED)) !== undefined) return null
  const first = (await hasSuperuser(core)) ? null : await makeAdministrator(core)
  await writer.write({
    guards: [],
    append: null,
    rows: [{ put: 'meta', key: STARTED, value: String(core.clock.now()) }],
  })
  return first
}

async function makeAdministrator({ identity }: Core): Promise<FirstStart> {
  for (const username of NAMES) {
    const account = await identity.users.create({ username, name: 'Admin', roles: ['superuser'] })
    if (isRefused(account)) continue
    const minted = await identity.tokens.mint({ kind: 'user', user: account.id, issuer: 'first-start', lifetime: null })
    if ('rejected' in minted) throw new Error(`the first token could not be made: ${minted.rejected}`)
    return { user: account.id, username, token: minted.text }
  }
  throw new Error('every name for the first administrator is taken')
}

async function hasSuperuser({ store }: Core): Promise<boolean> {
  let found = false
  await everyAccount(store, ({ active, roles }) => {
    found ||= active && roles.includes('superuser')
  })
  return found
}
