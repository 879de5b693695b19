// A browser as far as a log-in of an app needs one: cookies, one form, redirects that are looked at and not followed. And
// the requests of an app as X's command line makes them (golang.org/x/oauth2: an HTTP Basic header with a secret, the id
// in the form without one).
import { createHash, randomBytes } from 'node:crypto'

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Where a redirect leads. */
  readonly location: string | null
}

export class Browser {
  readonly #cookies = new Map<string, string>()

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies
  }

  get(url: string): Promise<Page> {
    return this.#ask(url, { method: 'GET' })
  }

  post(url: string, body: string, headers: Record<string, string> = {}): Promise<Page> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#ask(url, { method: 'POST', body, headers: { ...type, ...headers } })
  }

  /** Fills in the page's one form as it stands there, and sends it to the page's own address. */
  submit(url: string, page: Page, filled: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.post(url, new URLSearchParams({ ...hiddenOf(page), decision: 'allow', ...filled }).toString(), headers)
  }

  async #ask(url: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined) this.#cookies.set(name, value ?? '')
    }
    return {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      location: response.headers.get('location'),
    }
  }
}

function hiddenOf({ text }: Page): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
    fields[name as string] = (value as string).replaceAll('&amp;', '&')
  }
  return fields
}

export interface AppAt {
  readonly url: string
  readonly id: string
  readonly secret?: string
  readonly redirect: string
}

/** One try of an app to log somebody in. */
export interface Attempt {
  readonly verifier: string
  readonly state: string
  readonly parameters: Record<string, string>
  readonly url: string
}

/** All that X's command line 1.3.1 asks for, in its order. */
export const XURL_SCOPES =
  'tweet.read users.read bookmark.read follows.read list.read block.read mute.read like.read users.email dm.read ' +
  'tweet.write tweet.moderate.write follows.write bookmark.write block.write mute.write like.write list.write ' +
  'media.write dm.write offline.access space.read'

export function attempt(app: AppAt, changed: Record<string, string | undefined> = {}): Attempt {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(32).toString('base64')
  const wanted = {
    client_id: app.id,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    redirect_uri: app.redirect,
    response_type: 'code',
    scope: XURL_SCOPES,
    state,
    ...changed,
  }
  const parameters = Object.fromEntries(
    Object.entries(wanted).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  return { verifier, state, parameters, url: `${app.url}/i/oauth2/authorize?${new URLSearchParams(parameters)}` }
}

/** Goes through the page and gives the code. */
export async function codeOf(
  trying: Attempt,
  filled: Record<string, string>,
  browser = new Browser(),
): Promise<string> {
  const page = await browser.get(trying.url)
  if (page.status !== 200) throw new Error(`no page: ${page.status} ${page.text}`)
  const answer = await browser.submit(trying.url, page, filled)
  const to = new URL(answer.location ?? 'none:')
  const code = to.searchParams.get('code')
  if (answer.status !== 303 || code === null) throw new Error(`no code: ${answer.status} ${answer.text} ${to}`)
  return code
}

export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
}

/** A form to a route for apps, with the credentials where x/oauth2 puts them. */
export async function askToken(
  app: Pick<AppAt, 'url' | 'id' | 'secret'>,
  fields: Record<string, string>,
  path = '/2/oauth2/token',
): Promise<TokenAnswer> {
  const basic =
    app.secret === undefined
      ? {}
      : {
          authorization: `Basic ${Buffer.from(`${queryEscaped(app.id)}:${queryEscaped(app.secret)}`).toString('base64')}`,
        }
  const body = new URLSearchParams(app.secret === undefined ? { ...fields, client_id: app.id } : fields)
  const response = await fetch(app.url + path, { method: 'POST', body, headers: basic })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

function queryEscaped(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}

export function exchange(app: AppAt, code: string, verifier: string): Promise<TokenAnswer> {
  const fields = { grant_type: 'authorization_code', code, redirect_uri: app.redirect, code_verifier: verifier }
  return askToken(app, fields)
}

export function refresh(app: Pick<AppAt, 'url' | 'id' | 'secret'>, token: string): Promise<TokenAnswer> {
  return askToken(app, { grant_type: 'refresh_token', refresh_token: token })
}
