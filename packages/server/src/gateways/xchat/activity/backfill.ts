// Fills a stream with what happened before it was opened. What happens meanwhile waits in the stream, so that between the
// two nothing is missing and nothing comes twice.
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import { endOf } from '../../../room/ttl.ts'
import type { LogPage, Span } from './history.ts'
import { logPage, roomsSince, typeThen } from './history.ts'
import type { LiveParts } from './live.ts'
import { deliveryText } from './payloads.ts'
import { listenerOf, readAs } from './rights.ts'
import type { ActivityStream } from './stream.ts'
import type { Subscription } from './subscriptions.ts'
import { aboutUser } from './subscriptions.ts'

export async function backfill(stream: ActivityStream, span: Span, parts: LiveParts): Promise<void> {
  const byUser = new Map<UserId, Subscription[]>()
  for (const subscription of parts.subscriptions.of(stream.viewer)) {
    const user = aboutUser(subscription)
    if (user === null || subscription.webhook !== null) continue
    byUser.set(user, [...(byUser.get(user) ?? []), subscription])
  }
  for (const [user, subscriptions] of byUser) {
    const account = await parts.identity.accounts.load(user)
    if (account && !(await fillFor(account, subscriptions, stream, span, parts))) return
  }
  stream.level(parts.clock.now())
}

/** False where the reader is gone. */
async function fillFor(
  account: Account,
  subscriptions: readonly Subscription[],
  stream: ActivityStream,
  span: Span,
  parts: LiveParts,
): Promise<boolean> {
  for (const room of await roomsSince(account, span, parts)) {
    for (let after = 0; ; ) {
      const page = await logPage(account, room, span, after, parts)
      if (!page) break
      if (!(await fillPage(account, page, subscriptions, stream, parts))) return false
      after = page.last
      if (after > 0) stream.reached(account.id, room, after)
      if (page.end) break
    }
    // A turn of the event loop, for a user of many rooms.
    await new Promise(resolve => setImmediate(resolve))
  }
  return true
}

async function fillPage(
  account: Account,
  { room, events }: LogPage,
  subscriptions: readonly Subscription[],
  stream: ActivityStream,
  parts: LiveParts,
): Promise<boolean> {
  let waited = false
  for (const read of events) {
    // What was read before a wait may be deleted meanwhile, or its reader be out of the room.
    const event = waited ? (await readAs(account, room.id, read.sequence, parts))?.event : read
    const type = event ? typeThen(event, account) : null
    if (!event || type === null) continue
    for (const subscription of subscriptions) {
      if (subscription.type !== type || !(await listenerOf(subscription, parts))) continue
      const payload = await parts.payloads.of(event, room, account)
      if (payload === undefined || !stream.open) continue
      const text = deliveryText(subscription, type, event.id, payload)
      const line = {
        user: account.id,
        room: room.id,
        sequence: event.sequence,
        at: event.at,
        endsAt: endOf(event.body),
        text,
      }
      const filled = await stream.fill(line)
      if (filled === 'gone') return false
      waited ||= filled === 'waited'
    }
  }
  return stream.open
}
