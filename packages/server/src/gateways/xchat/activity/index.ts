// Live delivery (x-chat.md 3.15, 3.16), put together once: who wants to hear what, the streams of this node, and the
// webhooks of apps.
import type { Readable } from 'node:stream'
import type { GatewayParts } from '../../gateway.ts'
import type { Previous } from '../previous.ts'
import { problem, Refusal, UNAUTHORIZED } from '../problem.ts'
import type { AppCaller, Caller } from '../session.ts'
import { backfill } from './backfill.ts'
import { Consents } from './consents.ts'
import { Deliveries } from './deliveries.ts'
import type { Span } from './history.ts'
import { Live, type LiveParts } from './live.ts'
import { Payloads } from './payloads.ts'
import { Replays } from './replays.ts'
import { ActivityStream } from './stream.ts'
import { Subscriptions, viewerOf } from './subscriptions.ts'
import { Webhooks } from './webhooks.ts'

export class Activity {
  readonly subscriptions: Subscriptions
  readonly consents: Consents
  readonly webhooks: Webhooks
  readonly deliveries: Deliveries
  readonly replays: Replays
  readonly #live: Live
  readonly #parts: LiveParts
  readonly #unsubscribe: () => void

  private constructor(parts: GatewayParts & { readonly previous: Previous }) {
    this.subscriptions = new Subscriptions(parts)
    this.consents = new Consents(parts)
    this.webhooks = new Webhooks(parts)
    const payloads = new Payloads(parts)
    this.#parts = { ...parts, subscriptions: this.subscriptions, consents: this.consents, payloads }
    this.#live = new Live(this.#parts)
    this.deliveries = new Deliveries({ ...this.#parts, webhooks: this.webhooks })
    this.replays = new Replays({ ...this.#parts, webhooks: this.webhooks }, this.deliveries)
    this.#unsubscribe = parts.bus.subscribe('all', message => {
      if (message.kind === 'end') this.#ended(message.token, message.user, message.wire)
    })
  }

  static async open(parts: GatewayParts & { readonly previous: Previous }): Promise<Activity> {
    const activity = new Activity(parts)
    await activity.subscriptions.load()
    await activity.webhooks.load()
    activity.replays.wake()
    return activity
  }

  /** A stream of all that the caller sees of the subscriptions, from now on or from the beginning of a span. */
  async stream(caller: Caller | AppCaller, from: number | null, until: number | null): Promise<Readable | Refusal> {
    const { config, identity, clock } = this.#parts
    const { keepAlive, streams } = config.xchat.activity
    const viewer = viewerOf(caller)
    const token = await identity.tokens.find(tokenOf(caller))
    if (!token) return new Refusal(UNAUTHORIZED)
    if (this.#live.streamsOf(viewer.owner) >= streams) return new Refusal(TOO_MANY)
    const stillGood = async (): Promise<boolean> => !('refused' in (await identity.tokens.again(token)))
    const stream: ActivityStream = new ActivityStream(
      {
        viewer,
        token: token.id,
        expiresAt: token.expiresAt,
        until,
        keepAlive: keepAlive * 1_000,
        stillGood,
        closed: () => this.#live.leave(stream),
      },
      clock.now(),
    )
    try {
      await this.#live.join(stream)
    } catch (error) {
      stream.cut()
      throw error
    }
    // What ended the token between its check and here found no stream to end.
    if (!(await stillGood())) {
      stream.cut()
      return new Refusal(UNAUTHORIZED)
    }
    if (from === null) stream.level(clock.now())
    else this.#fill(stream, { since: from, until })
    return stream.readable
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    this.#live.close()
    await this.replays.close()
  }

  #fill(stream: ActivityStream, span: Span): void {
    backfill(stream, span, this.#parts).catch((error: unknown) => {
      // The client reads that it has not everything, and comes again.
      stream.cut()
      if (!(error instanceof Error && error.name === 'StoreFailure'))
        this.#parts.log.error({ err: error }, 'bug in filling a stream from the logs')
    })
  }

  #ended(token: string | null, user: string | null, wire: string | null): void {
    if (wire !== null && wire !== 'xchat') return
    for (const stream of this.#live.streams) {
      if (token === stream.token || (user !== null && user === stream.viewer.owner.user)) stream.end()
    }
  }
}

/** The token's public id, as the session's name has it. */
function tokenOf({ session }: Caller | AppCaller): string {
  return session.slice('xchat:'.length)
}

const TOO_MANY = problem(
  'rate-limit-exceeded',
  'ConnectionException',
  429,
  'this stream is currently at the maximum allowed connection limit',
)
