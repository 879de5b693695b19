// Which app calls (RFC 6749 section 2.3): its id, and its secret in an HTTP Basic header or in the form. An app that runs
// on the user's own machine sends no secret; what it may do without one is for who asks to say.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Turns } from '../../../identity/turns.ts'
import type { App } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { type Fields, unescaped } from './form.ts'
import { WAITING_CLIENTS } from './limits.ts'

export interface Client {
  readonly app: App
  /** It showed its secret. */
  readonly proven: boolean
}

/** ms: failed log-ins are counted a minute long, as those of users. */
const MINUTE = 60_000

export class Clients {
  readonly #parts: GatewayParts
  readonly #turns = new Turns(WAITING_CLIENTS)

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** `limited`: too many wrong secrets from there; the right one is not looked at either. */
  async identify(id: string, secret: string | undefined, address: string): Promise<Client | 'unknown' | 'limited'> {
    if (secret === undefined) return this.#look(id, secret)
    const key = `xchat:client:${id.slice(0, NAME)}:${address}`
    // One after another, so that many at once are no more tries than the limit lets through.
    return this.#turns.run(key, () => this.#counted(key, id, secret)) ?? 'limited'
  }

  async #counted(key: string, id: string, secret: string): Promise<Client | 'unknown' | 'limited'> {
    const { quota, config } = this.#parts
    const allowance = { limit: config.limits.failedLogins, window: MINUTE }
    if ((await quota.take(key, allowance, 0)).remaining <= 0) return 'limited'
    const found = await this.#look(id, secret)
    if (found === 'unknown') await quota.take(key, allowance)
    return found
  }

  /** As it came, and as RFC 6749 section 2.3.1 has it in a Basic header: escaped like a field of a form. */
  async #look(id: string, secret: string | undefined): Promise<Client | 'unknown'> {
    for (const read of [(text: string) => text, unescaped]) {
      const name = read(id)
      const app = name === undefined ? undefined : await this.#parts.identity.app(name)
      if (!app) continue
      if (secret === undefined) return { app, proven: false }
      const shown = read(secret)
      if (shown !== undefined && isSame(shown, app.secret)) return { app, proven: true }
    }
    return 'unknown'
  }
}

/** Characters of an app's id that count: longer ones share one count. */
const NAME = 256

/** Of the header, else of the form. */
export function credentialsOf(request: FastifyRequest, form: Fields): { id?: string; secret?: string } {
  const [, text] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(request.headers.authorization ?? '') ?? []
  if (text === undefined) return pick(form.client_id, form.client_secret)
  const pair = Buffer.from(text, 'base64').toString('utf8')
  const at = pair.indexOf(':')
  return at < 0 ? {} : pick(pair.slice(0, at), pair.slice(at + 1))
}

function pick(id: string | undefined, secret: string | undefined): { id?: string; secret?: string } {
  return { ...(id ? { id } : {}), ...(secret ? { secret } : {}) }
}

/** In a time that tells nothing of either. */
function isSame(shown: string, secret: string): boolean {
  const [one, other] = [shown, secret].map(text => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, other as Buffer)
}
