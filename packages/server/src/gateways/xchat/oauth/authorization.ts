// What an app asks of a user's browser (RFC 6749 section 4.1.1, RFC 7636). Until the app and the place to come back to
// are known to be the operator's, nothing is sent anywhere; from then on every answer goes there.
import { isRegistered } from '../../../identity/redirects.ts'
import { isScope, OFFLINE } from '../../../identity/scopes.ts'
import type { App } from '../../../store/store.ts'
import type { Fields } from './form.ts'
import { SCOPES, STATE } from './limits.ts'

export interface Authorization {
  readonly app: App
  readonly redirect: string
  readonly state: string | null
  /** What this server has of the scopes that were asked for. */
  readonly scopes: readonly string[]
  readonly challenge: string
}

/** Shown to the user: there is no place to go back to. */
export class Wrong {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Where the browser goes with the answer. */
export class Back {
  readonly url: string

  constructor(
    to: { readonly redirect: string; readonly state: string | null },
    answer: Readonly<Record<string, string>>,
  ) {
    const query = new URLSearchParams(answer)
    if (to.state !== null) query.set('state', to.state)
    // Appended as text: a parser would write the registered address in its own way.
    this.url = `${to.redirect}${to.redirect.includes('?') ? '&' : '?'}${query}`
  }
}

/** Base64url of 32 bytes. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

export async function readAuthorization(
  fields: Fields,
  appOf: (id: string) => Promise<App | undefined>,
): Promise<Authorization | Back | Wrong> {
  if (fields.client_id === undefined) return new Wrong('client_id is missing.')
  const app = await appOf(fields.client_id)
  if (!app) return new Wrong('There is no such app on this server.')
  const redirect = fields.redirect_uri
  if (redirect === undefined) return new Wrong('redirect_uri is missing.')
  if (!isRegistered(redirect, app.redirects)) return new Wrong('The app is not registered with this redirect_uri.')
  const state = fields.state ?? null
  if (state !== null && state.length > STATE)
    return refused({ redirect, state: null }, 'invalid_request', 'state: is too long')
  const to = { redirect, state }
  if (fields.response_type === undefined) return refused(to, 'invalid_request', 'response_type: is missing')
  if (fields.response_type !== 'code') return refused(to, 'unsupported_response_type', 'response_type: must be code')
  if (fields.code_challenge_method !== 'S256' || !CHALLENGE.test(fields.code_challenge ?? ''))
    return refused(to, 'invalid_request', 'code_challenge: PKCE with code_challenge_method S256 is needed')
  const scopes = scopesOf(fields.scope ?? '')
  if (!scopes.some(isScope)) return refused(to, 'invalid_scope', 'scope: names none that this server has')
  return { app, redirect, state, scopes, challenge: fields.code_challenge as string }
}

/** X's clients ask for everything that X has; what this server has not is left out, and the answer says so. */
function scopesOf(text: string): string[] {
  if (text.length > SCOPES) return []
  return [...new Set(text.split(' '))].filter(scope => isScope(scope) || scope === OFFLINE)
}

function refused(to: Pick<Authorization, 'redirect' | 'state'>, error: string, text: string): Back {
  return new Back(to, { error, error_description: text })
}
