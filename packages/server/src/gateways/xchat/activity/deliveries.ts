// What webhooks are owed: a row in the transaction of the event itself, which says where the event stands and for which
// subscription, and nothing of it. What is sent is read and encoded when it is sent, by the rights of that moment; so what
// was deleted or is no longer allowed goes nowhere, and a stop of the server loses nothing.
import type { UserId } from '@conclave/wire'
import type { Carried, Carrier, Carry } from '../../../engine/carried.ts'
import type { Decided } from '../../../engine/engine.ts'
import type { Called } from '../../../outlet/calls.ts'
import type { EventBody, RoomEvent } from '../../../room/events.ts'
import type { Outgoing, OutgoingRow } from '../../../store/store.ts'
import { isShown } from '../encode.ts'
import { isOwnRemoval, typeFor } from './event-types.ts'
import { WEBHOOK_PATIENCE, WEBHOOK_WAITING, WEBHOOK_WIDTH } from './limits.ts'
import type { LiveParts } from './live.ts'
import { deliveryText } from './payloads.ts'
import { listenerOf, readAs } from './rights.ts'
import type { Subscription } from './subscriptions.ts'
import type { Webhooks } from './webhooks.ts'
import { signatureOf } from './webhooks.ts'

export interface DeliveriesParts extends LiveParts {
  readonly webhooks: Webhooks
}

type Brought = Awaited<ReturnType<Carrier['bring']>>

/** What stands in a row. */
interface Reference {
  readonly subscription: string
}

const MOOT: Brought = { delivered: 'moot' }
/** Statuses that say "later", whatever was sent. All from 500 on do too. */
const LATER = new Set([408, 425, 429])

export class Deliveries {
  readonly #parts: DeliveriesParts
  readonly #carried: Carried

  constructor(parts: DeliveriesParts) {
    this.#parts = parts
    this.#carried = parts.outgoing.carry({
      prefix: 'xchat',
      width: WEBHOOK_WIDTH,
      patience: WEBHOOK_PATIENCE,
      most: WEBHOOK_WAITING,
      bring: (row, webhook) => this.#bring(row, webhook),
      close: () => parts.calls.close(),
    })
    parts.engine.onDecided(decided => this.#rowsOf(decided))
    parts.engine.onDescribed(rows => this.#carried.written(rows))
  }

  /** How many more events may wait for a webhook. */
  room(webhook: string): number {
    return this.#carried.room(webhook)
  }

  /** The rows that owe an event of the log to a subscription's webhook; wake it once they are written. */
  owe(subscription: Subscription, webhook: string, event: RoomEvent): readonly OutgoingRow[] {
    const { room, sequence, at } = event
    const body = bodyOf(subscription)
    const now = this.#parts.clock.now()
    // Tried for as long as any other, whenever it happened.
    return this.#carried.rows({
      name: webhook,
      verb: subscription.type,
      body,
      at: Math.max(at, now),
      room,
      sequence,
      event: null,
    })
  }

  written(rows: readonly OutgoingRow[]): void {
    this.#carried.written(rows)
  }

  /** Nothing goes there any more. */
  abandon(webhook: string): Promise<void> {
    return this.#carried.abandon(webhook)
  }

  /** Synchronous, in the turn of the decision. */
  #rowsOf({ room, before, bodies, actor, now }: Decided): readonly OutgoingRow[] {
    const users = this.#parts.subscriptions.webhookUsers
    if (users.size === 0 || !isOfThisWire(before?.suite, bodies)) return []
    const rows: OutgoingRow[] = []
    const members = rosterAfter(before?.members, bodies)
    for (const [event, body] of bodies.entries()) {
      if (!isShown({ body })) continue
      for (const user of concernedBy(body, members, users)) {
        const type = typeFor(body, actor, user, members.has(user))
        if (type === null) continue
        for (const subscription of users.get(user) ?? []) {
          if (subscription.type !== type) continue
          const name = subscription.webhook
          if (name === null || !this.#parts.webhooks.get(name)?.webhook.valid) continue
          const carry: Carry = { name, verb: type, body: bodyOf(subscription), at: now, room, sequence: null, event }
          rows.push(...this.#carried.rows(carry))
        }
      }
    }
    return rows
  }

  async #bring({ room, sequence, body, verb }: Outgoing, name: string): Promise<Brought> {
    const { webhooks, subscriptions, identity, payloads, calls } = this.#parts
    const found = webhooks.get(name)
    const subscription = subscriptions.get((JSON.parse(body) as Reference).subscription)
    if (!found || subscription?.webhook !== name || subscription.type !== verb) return MOOT
    if (!found.webhook.valid) return { delivered: 'gone', error: 'the webhook is not valid' }
    const app = await identity.app(found.app)
    const account = await listenerOf(subscription, this.#parts)
    if (!app || !account || room === null || sequence === null) return MOOT
    const read = await readAs(account, room, sequence, this.#parts)
    const payload = read && (await payloads.of(read.event, read.room, account))
    if (!read || payload === undefined) return MOOT
    const text = deliveryText(subscription, verb, read.event.id, payload)
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-twitter-webhooks-signature': signatureOf(app.secret, text),
    }
    return this.#meaningOf(
      await calls.call({ method: 'POST', url: found.webhook.url, headers, body: text }),
      found.app,
      name,
    )
  }

  async #meaningOf(called: Called, app: string, webhook: string): Promise<Brought> {
    if (called.called === 'failed') return { delivered: 'unwell', error: called.error, after: null }
    const status = called.called === 'answered' ? called.status : 0
    if (status >= 200 && status < 300) return { delivered: 'taken' }
    const error = status === 0 ? 'the address may not be called' : `answered ${status}`
    if (status < 400) {
      // It leads elsewhere: nothing goes there until the app has it checked again.
      await this.#parts.webhooks.judge(app, webhook, false)
      return { delivered: 'gone', error }
    }
    if (status < 500 && !LATER.has(status)) return { delivered: 'refused', error }
    return { delivered: 'unwell', error, after: null }
  }
}

function bodyOf({ id }: Subscription): string {
  const reference: Reference = { subscription: id }
  return JSON.stringify(reference)
}

function isOfThisWire(suite: string | undefined, bodies: readonly EventBody[]): boolean {
  const [first] = bodies
  return (suite ?? (first?.type === 'room.created' ? first.suite : undefined)) === 'xchat'
}

interface Roster {
  readonly size: number
  has(user: UserId): boolean
  keys(): Iterable<UserId>
}

/** Who belongs to the room once all of it has happened. Mostly nothing changes, and then nothing is copied. */
function rosterAfter(before: Roster | undefined, bodies: readonly EventBody[]): Roster {
  let after: Set<UserId> | null = before ? null : new Set()
  for (const body of bodies) {
    if (body.type === 'room.created') after = new Set(body.members)
    else if (body.type === 'members.added' || body.type === 'members.removed') {
      after ??= new Set(before?.keys())
      for (const user of body.users) {
        if (body.type === 'members.added') after.add(user)
        else after.delete(user)
      }
    }
  }
  return after ?? (before as Roster)
}

/** Whoever of the room, or put out of it, somebody waits for; by the shorter of the two lists. */
function concernedBy(body: EventBody, members: Roster, users: ReadonlyMap<string, unknown>): UserId[] {
  const walked = users.size < members.size ? (users.keys() as Iterable<UserId>) : members.keys()
  const found = [...walked].filter(user => users.has(user) && members.has(user))
  const removed = body.type === 'members.removed' ? body.users.filter(user => isOwnRemoval(body, user)) : []
  return [...found, ...removed.filter(user => users.has(user))]
}
