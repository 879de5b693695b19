// The first start of an empty store: an administrator and a token, shown once.
import type { UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { isRefused } from '../identity/rejection.ts'

export async function firstStart(core: Core): Promise<{ readonly user: UserId; readonly token: string } | null> {
  const { store, identity } = core
  if ((await store.accounts(null, 1)).length > 0) return null
  const account = await identity.users.create({ username: 'admin', name: 'Admin', roles: ['superuser'] })
  if (isRefused(account)) throw new Error(`the first administrator could not be made: ${account.rejected}`)
  const minted = await identity.tokens.mint({ kind: 'user', user: account.id, issuer: 'first-start', lifetime: null })
  if ('rejected' in minted) throw new Error(`the first token could not be made: ${minted.rejected}`)
  return { user: account.id, token: minted.text }
}
