// Tokens of an app itself. The one that does not run out is made of the app's secret and of a key that only the server
// has: asked for again it is the same one, as on X, and nothing piles up.
import { createHmac } from 'node:crypto'
import { TOKEN_ID } from '../../../identity/limits.ts'
import { hashOf } from '../../../identity/tokens.ts'
import { ATTEMPTS } from '../../../limits.ts'
import type { App } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { ACCESS, SECRET_BYTES } from './limits.ts'

const KIND = 'xchat.app-key'

export class AppTokens {
  readonly #parts: GatewayParts

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** One that lives as long as a user's. */
  brief(app: App): Promise<string> {
    return this.#mint(app, { lifetime: ACCESS })
  }

  /** The one that lives until the app gives it back or has another secret. */
  async lasting(app: App): Promise<string> {
    return this.#mint(app, { lifetime: null, text: this.#derived(app, await this.#key(app)) })
  }

  /** Ends one of the app's own tokens. The next lasting one is another one. */
  async revoke(app: App, text: string): Promise<void> {
    const { identity, write } = this.#parts
    const found = await identity.tokens.find(hashOf(text).slice(0, TOKEN_ID))
    if (found?.hash !== hashOf(text) || found.kind !== 'app' || found.app !== app.id) return
    await write({ guards: [], append: null, rows: [{ drop: 'document', kind: KIND, key: app.id }] })
    await identity.tokens.revoke([found], 'revoked by the app')
  }

  async #mint(app: App, more: { readonly lifetime: number | null; readonly text?: string }): Promise<string> {
    const wanted = { kind: 'app', user: null, app: app.id, scopes: [], issuer: 'xchat' } as const
    const minted = await this.#parts.identity.tokens.mint({ ...wanted, ...more })
    if ('rejected' in minted) throw new Error(`a token of an app was refused: ${minted.rejected}`)
    return minted.text
  }

  #derived({ id, secret }: App, key: string): string {
    return createHmac('sha256', Buffer.from(key, 'base64url')).update(`${id}\n${secret}`).digest('base64url')
  }

  async #key({ id }: App): Promise<string> {
    const { reading, random, write } = this.#parts
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await reading.document(KIND, id)
      if (known) return known.body
      const body = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
      const guards = [{ of: 'document', id: `${KIND}/${id}`, version: 0 }] as const
      const document = { kind: KIND, key: id, owner: '', body, dueAt: null }
      await write({ guards, append: null, rows: [{ put: 'document', document }] })
    }
    throw new Error('the key of an app could not be kept')
  }
}
