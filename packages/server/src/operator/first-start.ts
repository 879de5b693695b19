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
    const made = await identity.users.create({ username, name: 'Admin', roles: ['superuser'] })
    // One of that name who can do nothing was made by a first start that ended too soon.
    const account = isRefused(made) ? await identity.users.find({ username }) : made
    if (!account?.roles.includes('superuser')) continue
    const minted = await identity.tokens.mint({ kind: 'user', user: account.id, issuer: 'first-start', lifetime: null })
    if (isRefused(minted)) throw new Error(`the first token could not be made: ${minted.rejected}`)
    return { user: account.id, username, token: minted.text }
  }
  throw new Error('every name for the first administrator is taken')
}

/** One who can log in. */
async function hasSuperuser({ store }: Core): Promise<boolean> {
  const superusers: UserId[] = []
  await everyAccount(store, ({ id, active, roles }) => {
    if (active && roles.includes('superuser')) superusers.push(id)
  })
  for (const user of superusers)
    if ((await store.tokensOf(user)).length > 0 || (await store.password(user)) !== null) return true
  return false
}
