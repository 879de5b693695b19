// What @node-oauth/oauth2-server asks of us, for one call of the token route: it knows the grants of RFC 6749 and PKCE,
// in their order; what an app and a log-in are, and how tokens are written, is ours. Each log-in is written once, when
// its tokens are made: a crash between taking the old and giving the new loses nothing.
import OAuth2Server from '@node-oauth/oauth2-server'
import { isNative } from '../../../identity/redirects.ts'
import type { AppTokens } from './app-tokens.ts'
import type { Client, Clients } from './clients.ts'
import type { Grant, Grants } from './grants.ts'
import { ACCESS } from './limits.ts'

const { InvalidClientError, InvalidGrantError } = OAuth2Server

export interface Given {
  readonly access: string
  readonly refresh: string | null
  /** Seconds; null for ever. */
  readonly lifetime: number | null
  /** Of a user's token. */
  readonly scopes: readonly string[] | null
}

export interface ModelParts {
  readonly clients: Clients
  readonly grants: Grants
  readonly appTokens: AppTokens
  readonly address: string
  /** Whether an app's own token lasts for ever. */
  readonly lasting: boolean
}

/** Too many wrong secrets; the route has its own answer to it. */
export class Limited extends Error {}

type Asked = OAuth2Server.AuthorizationCodeModel & OAuth2Server.RefreshTokenModel & OAuth2Server.ClientCredentialsModel

export class Model {
  readonly #parts: ModelParts
  #client: Client | null = null
  #grant: Grant | null = null
  /** What was given, once the library is through. */
  given: Given | null = null

  constructor(parts: ModelParts) {
    this.#parts = parts
  }

  asked(): Asked {
    return {
      getClient: (id, secret) => this.#getClient(id, secret),
      getAuthorizationCode: async text => {
        const grant = this.#take(await this.#parts.grants.ofCode(text))
        return grant && { ...this.#shown(grant), authorizationCode: text, expiresAt: new Date(grant.dueAt) }
      },
      revokeAuthorizationCode: async () => this.#use(),
      getRefreshToken: async text => {
        const grant = this.#take(await this.#parts.grants.ofRefresh(text))
        return grant && { ...this.#shown(grant), refreshToken: text }
      },
      // Replaced together with what comes for it, in `saveToken`.
      revokeToken: async () => true,
      getUserFromClient: async ({ id }) => ({ id }),
      // The texts are the log-in's own: the library's are not used.
      generateAccessToken: async () => '-',
      generateRefreshToken: async () => '-',
      saveToken: (token, client, user) => this.#save(token, client, user),
      // Not asked for by the token route: codes are made by the page.
      saveAuthorizationCode: async () => undefined,
      getAccessToken: async () => undefined,
      validateScope: async (_user, _client, scope) => scope ?? [],
    }
  }

  async #getClient(id: string, secret: string | null | undefined): Promise<OAuth2Server.Client | undefined> {
    // An empty secret is none (RFC 6749 section 2.3.1): that is how some clients fill in the header.
    const client = await this.#parts.clients.identify(id, secret || undefined, this.#parts.address)
    if (client === 'limited') throw new Limited()
    if (client === 'unknown') return undefined
    this.#client = client
    const grants = ['authorization_code', 'refresh_token', 'client_credentials']
    return { id: client.app.id, redirectUris: [...client.app.redirects], grants }
  }

  /** A log-in that came back to a server's own address needs that server's secret. */
  #take(grant: Grant | undefined): Grant | undefined {
    if (grant && grant.app === this.#client?.app.id && !this.#client.proven && !isNative(grant.redirect))
      throw new InvalidClientError('Invalid client: its secret is missing')
    this.#grant = grant ?? null
    return grant
  }

  #shown({ app, user, scopes, redirect, challenge }: Grant) {
    const pkce = { codeChallenge: challenge, codeChallengeMethod: 'S256' }
    return { client: { id: app, grants: [] }, user: { id: user }, scope: [...scopes], redirectUri: redirect, ...pkce }
  }

  /** Before the verifier is looked at: a wrong one costs the code. */
  async #use(): Promise<boolean> {
    if (!this.#grant) return false
    this.#grant = (await this.#parts.grants.use(this.#grant)) ?? null
    return this.#grant !== null
  }

  async #save(
    token: OAuth2Server.Token,
    client: OAuth2Server.Client,
    user: OAuth2Server.User,
  ): Promise<OAuth2Server.Token> {
    this.given = this.#grant ? await this.#issue(this.#grant, token.scope ?? []) : await this.#ofApp()
    return { ...token, client, user }
  }

  async #issue(grant: Grant, scopes: readonly string[]): Promise<Given> {
    const issued = await this.#parts.grants.issue(grant, scopes)
    if (!issued) throw new InvalidGrantError('Invalid grant: it has ended or was changed at the same time')
    return { ...issued, lifetime: Math.floor(issued.lifetime / 1_000), scopes }
  }

  async #ofApp(): Promise<Given> {
    const { appTokens, lasting } = this.#parts
    if (!this.#client?.proven) throw new InvalidClientError('Invalid client: its secret is missing')
    const { app } = this.#client
    const access = lasting ? await appTokens.lasting(app) : await appTokens.brief(app)
    return { access, refresh: null, lifetime: lasting ? null : ACCESS / 1_000, scopes: null }
  }
}
