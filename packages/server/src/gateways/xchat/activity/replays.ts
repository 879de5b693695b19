// Replays (x-chat.md 3.16): what the logs hold of a span is owed to a webhook once more. A job is a document that says how
// far it is; each step writes what it owes together with its new place, so that a crash or another node repeats nothing.
// It leaves places among what waits to what happens now.
import type { RoomId, UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { Document, OutgoingRow, Row } from '../../../store/store.ts'
import type { Deliveries, DeliveriesParts } from './deliveries.ts'
import type { Span } from './history.ts'
import { logPage, roomsSince, typeThen } from './history.ts'
import { REPLAY_LEAVES, REPLAY_PAUSE, REPLAYS_DUE } from './limits.ts'
import type { Subscription } from './subscriptions.ts'
import { aboutUser } from './subscriptions.ts'

const KIND = 'xchat.replay'

interface Job {
  readonly id: string
  readonly span: Span & { readonly until: number }
  /** The next page to read; null at the beginning. */
  readonly place: Place | null
}

interface Place {
  readonly user: UserId
  readonly room: RoomId
  readonly after: number
}

export class Replays {
  readonly #parts: DeliveriesParts
  readonly #deliveries: Deliveries
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #again = false
  #closed = false

  constructor(parts: DeliveriesParts, deliveries: Deliveries) {
    this.#parts = parts
    this.#deliveries = deliveries
  }

  /** False where one is under way for that webhook. */
  async begin(webhook: string, id: string, span: Job['span']): Promise<boolean> {
    const { outcome } = await this.#parts.write({
      guards: [{ of: 'document', id: `${KIND}/${webhook}`, version: 0 }],
      append: null,
      rows: [this.#rowOf(webhook, { id, span, place: null })],
    })
    if (outcome === 'committed') this.wake()
    return outcome === 'committed'
  }

  /** For the item that ends a webhook. */
  ended(webhook: string): Row {
    return { drop: 'document', kind: KIND, key: webhook }
  }

  /** There may be something to do. */
  wake(): void {
    this.#again = true
    if (this.#closed || this.#running) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (this.#again) this.wake()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    this.#again = false
    try {
      const { reading, clock } = this.#parts
      const due = await reading.dueDocuments(KIND, clock.now(), REPLAYS_DUE)
      for (const document of due) await this.#replay(document)
      if (due.length > 0) this.#later()
    } catch (error) {
      // A store that takes nothing now is asked again.
      if (!(error instanceof Error && error.name === 'StoreFailure'))
        this.#parts.log.error({ err: error }, 'bug in replaying events for a webhook')
      this.#later()
    }
  }

  #later(): void {
    if (this.#closed) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.wake(), REPLAY_PAUSE).unref()
  }

  /** Goes on until it is done, or until enough waits for the webhook. */
  async #replay(document: Document): Promise<void> {
    const webhook = document.key
    const job = JSON.parse(document.body) as Job
    let { version } = document
    const alive = (): boolean => !this.#closed && this.#parts.webhooks.get(webhook)?.webhook.valid === true
    for (const [user, subscriptions] of this.#subscriptions(webhook)) {
      if (job.place && user < job.place.user) continue
      const account = await this.#parts.identity.accounts.load(user)
      for (const room of account ? await roomsSince(account, job.span, this.#parts) : []) {
        const resumed = job.place?.user === user
        if (resumed && job.place && room < job.place.room) continue
        let after = resumed && job.place?.room === room ? job.place.after : 0
        for (;;) {
          if (!alive()) return this.#closed ? undefined : this.#drop(webhook, version)
          const page = await logPage(account as Account, room, job.span, after, this.#parts)
          if (!page) break
          const owed = page.events.flatMap(event => {
            const type = typeThen(event, account as Account)
            return subscriptions.filter(one => one.type === type).map(subscription => ({ subscription, event }))
          })
          if (owed.length > 0) {
            if (this.#deliveries.room(webhook) - REPLAY_LEAVES < owed.length) return
            const rows = owed.flatMap(({ subscription, event }) => this.#deliveries.owe(subscription, webhook, event))
            const place = { user, room, after: page.last }
            const next = await this.#step(webhook, version, { ...job, place }, rows)
            if (next === null) return
            version = next
          }
          after = page.last
          if (page.end) break
        }
      }
    }
    await this.#drop(webhook, version)
  }

  /** The job's version after it; null where somebody else is at it. */
  async #step(webhook: string, version: number, job: Job, rows: readonly OutgoingRow[]): Promise<number | null> {
    const guards = [{ of: 'document', id: `${KIND}/${webhook}`, version } as const]
    const { outcome } = await this.#parts.write({ guards, append: null, rows: [...rows, this.#rowOf(webhook, job)] })
    if (outcome !== 'committed') return null
    this.#deliveries.written(rows)
    return (await this.#parts.reading.document(KIND, webhook))?.version ?? null
  }

  async #drop(webhook: string, version: number): Promise<void> {
    const guards = [{ of: 'document', id: `${KIND}/${webhook}`, version } as const]
    await this.#parts.write({ guards, append: null, rows: [this.ended(webhook)] })
  }

  /** By user, in an order that stays. */
  #subscriptions(webhook: string): [UserId, Subscription[]][] {
    const byUser = new Map<UserId, Subscription[]>()
    for (const subscription of this.#parts.subscriptions.ofWebhook(webhook)) {
      const user = aboutUser(subscription)
      if (user !== null) byUser.set(user, [...(byUser.get(user) ?? []), subscription])
    }
    return [...byUser].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  #rowOf(webhook: string, job: Job): Row {
    const document = {
      kind: KIND,
      key: webhook,
      owner: webhook,
      body: JSON.stringify(job),
      dueAt: this.#parts.clock.now(),
    }
    return { put: 'document', document }
  }
}
