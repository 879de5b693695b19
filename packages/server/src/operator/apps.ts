// Apps: who owns X's subscriptions, webhooks and app tokens, and where users come back to who let an app act for them.
// The secret and the token are shown once.
import type { UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { isRedirect } from '../identity/redirects.ts'
import { OperatorError, succeeded } from './users.ts'

export interface NewApp {
  readonly id?: string
  readonly owner: string
  readonly redirects?: readonly string[]
}

export async function createApp(
  core: Core,
  wanted: NewApp,
): Promise<{ readonly id: string; readonly secret: string; readonly token: string }> {
  const { store, identity, random, writer } = core
  const owner = wanted.owner as UserId
  if (!(await store.account(owner))) throw new OperatorError(`There is no user ${owner}.`)
  const id = wanted.id ?? store.newId()
  const wrong = wanted.redirects?.find(redirect => !isRedirect(redirect))
  if (wrong !== undefined)
    throw new OperatorError(`"${wrong}" is no absolute address without credentials and fragment.`)
  if (await store.app(id)) throw new OperatorError(`There is an app ${id} already.`)
  const secret = Buffer.from(random.bytes(32)).toString('base64url')
  await writer.write({
    guards: [],
    append: null,
    rows: [{ put: 'app', app: { id, secret, owner, redirects: wanted.redirects ?? [] } }],
  })
  const minted = succeeded(
    await identity.tokens.mint({ kind: 'app', user: null, app: id, scopes: [], issuer: 'operator', lifetime: null }),
  )
  return { id, secret, token: minted.text }
}
