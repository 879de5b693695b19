// The webhooks of apps: one document for each app, so that what an app may have at all and no address twice is decided by
// its version. A copy of all is in memory, since each event asks which of them are good.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Turns } from '../../../identity/turns.ts'
import { ATTEMPTS } from '../../../limits.ts'
import type { Called } from '../../../outlet/calls.ts'
import type { Document, Guard, Row } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { CHALLENGE_BYTES, SUBSCRIPTIONS_PAGE, WEBHOOK_CHANGES, WEBHOOKS } from './limits.ts'

const KIND = 'xchat.webhooks'

export interface Webhook {
  readonly id: string
  readonly url: string
  /** Events are sent there. */
  readonly valid: boolean
  /** ms since 1970. */
  readonly createdAt: number
}

interface Held {
  readonly webhooks: readonly Webhook[]
  readonly version: number
}

/** X's reasons (x-chat.md 3.16). */
export type WebhookFailure =
  | 'CrcValidationFailed'
  | 'UrlValidationFailed'
  | 'DuplicateUrlFailed'
  | 'WebhookLimitExceeded'

/** What becomes of an app's webhooks, with other rows to write; null changes nothing. */
type Change = (
  webhooks: readonly Webhook[],
) => { readonly webhooks: readonly Webhook[]; readonly rows?: readonly Row[] } | WebhookFailure | null

const EMPTY: Held = { webhooks: [], version: 0 }

export class Webhooks {
  readonly #parts: GatewayParts
  readonly #byApp = new Map<string, Held>()
  readonly #appOf = new Map<string, string>()
  readonly #turns = new Turns(WEBHOOK_CHANGES)

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  async load(): Promise<void> {
    const { reading, bus } = this.#parts
    /** Until everything was read: what changes meanwhile is read once more. */
    let changed: Set<string> | null = new Set()
    bus.subscribe('all', message => {
      if (message.kind !== 'changed' || message.of !== 'document' || !message.id.startsWith(`${KIND}/`)) return
      const key = message.id.slice(KIND.length + 1)
      if (changed) changed.add(key)
      else this.#renew(key).catch(() => {})
    })
    for (let after: string | null = null; ; ) {
      const page: readonly Document[] = await reading.documents(KIND, { after, limit: SUBSCRIPTIONS_PAGE })
      for (const document of page) this.#hold(document.key, heldOf(document))
      if (page.length < SUBSCRIPTIONS_PAGE) break
      after = page.at(-1)?.key ?? null
    }
    const missed = changed
    changed = null
    for (const key of missed) await this.#renew(key)
  }

  of(app: string): readonly Webhook[] {
    return this.#byApp.get(app)?.webhooks ?? []
  }

  /** With the app whose it is. */
  get(id: string): { readonly app: string; readonly webhook: Webhook } | undefined {
    const app = this.#appOf.get(id)
    const webhook = app === undefined ? undefined : this.of(app).find(one => one.id === id)
    return app !== undefined && webhook ? { app, webhook } : undefined
  }

  /** While it holds, the app has the webhooks that `of` gave. */
  guard(app: string): Guard {
    return { of: 'document', id: `${KIND}/${app}`, version: this.#byApp.get(app)?.version ?? 0 }
  }

  /** Looks again at what another node may have changed. */
  refresh(app: string): Promise<void> {
    return this.#renew(app)
  }

  /** Why no webhook can have that address now. */
  refusal(app: string, url: string): Extract<WebhookFailure, 'DuplicateUrlFailed' | 'WebhookLimitExceeded'> | null {
    const webhooks = this.of(app)
    if (webhooks.some(webhook => webhook.url === url)) return 'DuplicateUrlFailed'
    return webhooks.length >= WEBHOOKS ? 'WebhookLimitExceeded' : null
  }

  /** One that has answered. */
  add(app: string, webhook: Webhook): Promise<WebhookFailure | null> {
    return this.#change(app, webhooks => {
      return this.refusal(app, webhook.url) ?? { webhooks: [...webhooks, webhook] }
    })
  }

  async judge(app: string, id: string, valid: boolean): Promise<void> {
    await this.#change(app, webhooks => {
      if (!webhooks.some(one => one.id === id && one.valid !== valid)) return null
      return { webhooks: webhooks.map(one => (one.id === id ? { ...one, valid } : one)) }
    })
  }

  /** `rows` are written with it. */
  async drop(app: string, id: string, rows: () => readonly Row[]): Promise<void> {
    await this.#change(app, webhooks => ({ webhooks: webhooks.filter(one => one.id !== id), rows: rows() }))
  }

  /** Asks for an answer that only somebody with the app's secret can give. */
  async challenge(url: string, secret: string): Promise<'answered' | 'wrong' | 'forbidden'> {
    const token = Buffer.from(this.#parts.random.bytes(CHALLENGE_BYTES)).toString('base64url')
    const target = new URL(url)
    target.searchParams.append('crc_token', token)
    const called = await this.#parts.calls.call({
      method: 'GET',
      url: target.href,
      headers: { accept: 'application/json' },
      body: null,
    })
    // That a name means nothing and that it means something inside look alike.
    if (called.called === 'forbidden' || (called.called === 'failed' && called.unknown)) return 'forbidden'
    return isRight(called, signatureOf(secret, token)) ? 'answered' : 'wrong'
  }

  /** One after another for each app, since each change is decided by the whole list. */
  #change(app: string, change: Change): Promise<WebhookFailure | null> {
    const changed = this.#turns.run(app, () => this.#write(app, change))
    return changed ?? Promise.reject(new Error('too many changes of the webhooks of one app'))
  }

  async #write(app: string, change: Change): Promise<WebhookFailure | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const changed = change(this.of(app))
      if (changed === null || typeof changed === 'string') return changed
      const body = JSON.stringify({ webhooks: changed.webhooks })
      const put = { put: 'document', document: { kind: KIND, key: app, owner: app, body, dueAt: null } } as const
      const guards = [this.guard(app)]
      const { outcome } = await this.#parts.write({ guards, append: null, rows: [put, ...(changed.rows ?? [])] })
      await this.#renew(app)
      if (outcome !== 'committed') continue
      this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: `${KIND}/${app}` })
      return null
    }
    throw new Error('the webhooks of an app could not be written')
  }

  async #renew(app: string): Promise<void> {
    const document = await this.#parts.reading.document(KIND, app)
    this.#hold(app, document ? heldOf(document) : EMPTY)
  }

  #hold(app: string, held: Held): void {
    if ((this.#byApp.get(app)?.version ?? 0) > held.version && held.version > 0) return
    for (const { id } of this.of(app)) this.#appOf.delete(id)
    this.#byApp.set(app, held)
    for (const { id } of held.webhooks) this.#appOf.set(id, app)
  }
}

/** How X signs what it sends and wants challenges answered (x-chat.md 3.16). */
export function signatureOf(secret: string, text: string): string {
  return `sha256=${createHmac('sha256', secret).update(text).digest('base64')}`
}

/** An address in the form that the operator allows; undefined for any other. */
export function webhookUrl(text: string, insecure: boolean): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')) return undefined
  if (url.port !== '' && !insecure) return undefined
  const plain = url.username === '' && url.password === '' && url.hash === ''
  return plain && url.hostname !== '' ? url.href : undefined
}

function isRight(called: Called, expected: string): boolean {
  if (called.called !== 'answered' || called.status < 200 || called.status >= 300) return false
  let token: unknown
  try {
    token = (JSON.parse(called.body) as { response_token?: unknown } | null)?.response_token
  } catch {
    return false
  }
  if (typeof token !== 'string') return false
  const [given, wanted] = [Buffer.from(token), Buffer.from(expected)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function heldOf({ body, version }: Document): Held {
  return { webhooks: (JSON.parse(body) as Held).webhooks, version }
}
