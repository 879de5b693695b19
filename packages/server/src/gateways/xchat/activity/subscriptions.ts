// Who wants to hear what: documents in the store, and an index of all of them in memory, since each event asks for it in
// the turn in which it is decided. Other nodes hear of a change over the bus.
import type { UserId } from '@conclave/wire'
import { compareIds, isUserId } from '@conclave/wire'
import type { Bus } from '../../../bus/bus.ts'
import type { Reading } from '../../../engine/reading.ts'
import { ATTEMPTS } from '../../../limits.ts'
import type { Document, Row, Write } from '../../../store/store.ts'
import type { AppCaller, Caller } from '../session.ts'
import { isApp } from '../session.ts'
import { SUBSCRIPTIONS_PAGE } from './limits.ts'

const KIND = 'xchat.subscription'

export interface Filter {
  readonly user_id?: string | undefined
  readonly keyword?: string | undefined
  readonly direction?: 'inbound' | 'outbound' | undefined
}

/** An app, or a user with the app whose token they use; a user without an app is an owner too. */
export interface Owner {
  readonly app: string | null
  readonly user: UserId | null
}

export interface Subscription {
  readonly id: string
  readonly owner: Owner
  /** In X's canonical name. */
  readonly type: string
  readonly filter: Filter
  readonly tag: string | null
  readonly webhook: string | null
  /** ms since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}

interface Held extends Subscription {
  /** Of the document. */
  readonly version: number
}

export function ownerOf({ account, app }: Caller | AppCaller): Owner {
  return { app, user: account?.id ?? null }
}

/**
 * Who looks at subscriptions: their owner. An app also sees what users did with its tokens, and what the one who owns it did
 * with a token of no app, as the operator's tokens are: X's SDK makes subscriptions by the user's token and listens by the
 * app's.
 */
export interface Viewer {
  readonly owner: Owner
  /** Who owns the app that looks; null for users. */
  readonly operator: UserId | null
}

export function viewerOf(caller: Caller | AppCaller): Viewer {
  return { owner: ownerOf(caller), operator: isApp(caller) ? caller.operator : null }
}

/** The owner as which somebody acts who uses a token of no app. */
export function withoutApp(user: UserId): Owner {
  return { app: null, user }
}

/** The same text for the same owner alone. */
export function ownerKey({ app, user }: Owner): string {
  return JSON.stringify([user, app])
}

interface Parts {
  readonly reading: Reading
  readonly write: Write
  readonly bus: Bus
}

export class Subscriptions {
  readonly #parts: Parts
  readonly #all = new Map<string, Held>()
  readonly #byOwner = new Lists<string>()
  readonly #byApp = new Lists<string>()
  /** By whom they are about. */
  readonly #byUser = new Lists<string>()
  readonly #webhookByUser = new Lists<string>()
  /** Places that are being taken. */
  readonly #reserved = new Map<string, number>()
  #changed: (subscription: Subscription) => Promise<void> = async () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Who acts on each change, before it is answered. */
  onChanged(changed: (subscription: Subscription) => Promise<void>): void {
    this.#changed = changed
  }

  async load(): Promise<void> {
    /** Until everything was read: what changes meanwhile is read once more. */
    let changed: Set<string> | null = new Set()
    this.#parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed' || message.of !== 'document' || !message.id.startsWith(`${KIND}/`)) return
      const key = message.id.slice(KIND.length + 1)
      if (changed) changed.add(key)
      else this.#renew(key).catch(() => {})
    })
    for (let after: string | null = null; ; ) {
      const page: readonly Document[] = await this.#parts.reading.documents(KIND, { after, limit: SUBSCRIPTIONS_PAGE })
      for (const document of page) this.#hold(heldOf(document))
      if (page.length < SUBSCRIPTIONS_PAGE) break
      after = page.at(-1)?.key ?? null
    }
    const missed = changed
    changed = null
    for (const key of missed) await this.#renew(key)
  }

  get(id: string): Subscription | undefined {
    return this.#all.get(id)
  }

  /** Those that somebody sees, by id. */
  of({ owner, operator }: Viewer): readonly Subscription[] {
    const list = owner.user === null ? this.#byApp.get(owner.app ?? '') : this.#byOwner.get(ownerKey(owner))
    const operators = operator === null ? NONE : this.#byOwner.get(ownerKey(withoutApp(operator)))
    return [...list, ...operators].sort((a, b) => compareIds(a.id as never, b.id as never))
  }

  /** Whether it is among them. */
  sees({ owner, operator }: Viewer, { owner: theirs }: Subscription): boolean {
    if (operator !== null && theirs.app === null) return theirs.user === operator
    return theirs.app === owner.app && (owner.user === null || theirs.user === owner.user)
  }

  /** About a user, for streams. */
  ofUser(user: UserId): readonly Subscription[] {
    return [...this.#byUser.get(user)]
  }

  /** The same, of one type. */
  about(user: UserId, type: string): readonly Subscription[] {
    return this.ofUser(user).filter(subscription => subscription.type === type)
  }

  /** Users about whom webhooks are told. */
  get webhookUsers(): ReadonlyMap<string, ReadonlySet<Subscription>> {
    return this.#webhookByUser.lists
  }

  /** Those that a webhook is told of. */
  ofWebhook(webhook: string): readonly Subscription[] {
    return [...this.#all.values()].filter(subscription => subscription.webhook === webhook)
  }

  count(owner: Owner): number {
    return this.#byOwner.get(ownerKey(owner)).size
  }

  /** False where the owner has too many. `guards` as for any item. */
  async add(
    subscription: Subscription,
    most: number,
    guards: Parameters<Write>[0]['guards'],
  ): Promise<'added' | 'full' | 'stale'> {
    const key = ownerKey(subscription.owner)
    const reserved = this.#reserved.get(key) ?? 0
    if (this.count(subscription.owner) + reserved >= most) return 'full'
    this.#reserved.set(key, reserved + 1)
    try {
      const own = { of: 'document', id: `${KIND}/${subscription.id}`, version: 0 } as const
      const { outcome } = await this.#parts.write({
        guards: [own, ...guards],
        append: null,
        rows: [rowOf(subscription)],
      })
      if (outcome !== 'committed') return 'stale'
      await this.#renewed(subscription.id)
      return 'added'
    } finally {
      const now = (this.#reserved.get(key) ?? 1) - 1
      if (now === 0) this.#reserved.delete(key)
      else this.#reserved.set(key, now)
    }
  }

  /** undefined where it went meanwhile. */
  async change(
    id: string,
    change: Pick<Partial<Subscription>, 'tag' | 'webhook' | 'updatedAt'>,
    guards: Parameters<Write>[0]['guards'],
  ): Promise<Subscription | 'stale' | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const held = this.#all.get(id)
      if (!held) return undefined
      const { version, ...before } = held
      const after = { ...before, ...change }
      const own = { of: 'document', id: `${KIND}/${id}`, version } as const
      const outcome = await this.#parts.write({ guards: [own, ...guards], append: null, rows: [rowOf(after)] })
      if (outcome.outcome === 'committed') {
        await this.#renewed(id)
        return after
      }
      if (outcome.outcome === 'stale' && outcome.guard.id !== own.id) return 'stale'
      await this.#renew(id)
    }
    return 'stale'
  }

  /** What was not there was not dropped. */
  async drop(ids: readonly string[]): Promise<void> {
    const rows = ids.map(key => ({ drop: 'document', kind: KIND, key }) as const)
    await this.#parts.write({ guards: [], append: null, rows })
    for (const id of ids) await this.#renewed(id)
  }

  /** The rows that unlink subscriptions from a webhook, for the item that ends it; then `renew` them. */
  unlinked(webhook: string, at: number): { readonly ids: readonly string[]; readonly rows: readonly Row[] } {
    const linked = this.ofWebhook(webhook)
    const rows = linked.map(({ version: _, ...one }: Subscription & { version?: number }) =>
      rowOf({ ...one, webhook: null, updatedAt: at }),
    )
    return { ids: linked.map(({ id }) => id), rows }
  }

  async renew(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#renewed(id)
  }

  /** Here, and then on the other nodes. */
  async #renewed(id: string): Promise<void> {
    await this.#renew(id)
    this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: `${KIND}/${id}` })
  }

  async #renew(id: string): Promise<void> {
    const document = await this.#parts.reading.document(KIND, id)
    const before = this.#all.get(id)
    if (before?.version === document?.version) return
    if (before) this.#leave(before)
    const now = document && heldOf(document)
    if (now) this.#hold(now)
    const either = now ?? before
    if (either) await this.#changed(either)
  }

  #hold(held: Held): void {
    const before = this.#all.get(held.id)
    if (before) this.#leave(before)
    this.#all.set(held.id, held)
    for (const [lists, key] of this.#places(held)) lists.add(key, held)
  }

  #leave(held: Held): void {
    this.#all.delete(held.id)
    for (const [lists, key] of this.#places(held)) lists.remove(key, held)
  }

  #places({ owner, filter, webhook }: Held): readonly (readonly [Lists<string>, string])[] {
    const about = filter.user_id
    return [
      [this.#byOwner, ownerKey(owner)],
      ...(owner.app === null ? [] : [[this.#byApp, owner.app] as const]),
      ...(about === undefined ? [] : [[webhook === null ? this.#byUser : this.#webhookByUser, about] as const]),
    ]
  }
}

const NONE: ReadonlySet<Subscription> = new Set()

class Lists<K> {
  readonly lists = new Map<K, Set<Subscription>>()

  get(key: K): ReadonlySet<Subscription> {
    return this.lists.get(key) ?? NONE
  }

  add(key: K, subscription: Subscription): void {
    const list = this.lists.get(key) ?? new Set()
    list.add(subscription)
    this.lists.set(key, list)
  }

  remove(key: K, subscription: Subscription): void {
    const list = this.lists.get(key)
    list?.delete(subscription)
    if (list?.size === 0) this.lists.delete(key)
  }
}

/** Whom it is about, where it can ever fire. */
export function aboutUser({ filter }: Subscription): UserId | null {
  return filter.user_id !== undefined && isUserId(filter.user_id) ? (filter.user_id as UserId) : null
}

function rowOf({ id: key, owner, ...body }: Subscription): Row {
  return {
    put: 'document',
    document: { kind: KIND, key, owner: ownerKey(owner), body: JSON.stringify({ owner, ...body }), dueAt: null },
  }
}

function heldOf({ key, body, version }: Document): Held {
  return { id: key, version, ...(JSON.parse(body) as Omit<Subscription, 'id'>) }
}
