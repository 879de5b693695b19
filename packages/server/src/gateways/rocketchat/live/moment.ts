// What messages of one moment change of a room's documents. They are gathered for NOTICE_DELAY and told together, and who
// listens has their counters moved on by what was gathered: the store is asked once for each listener, not for each message.
import type { UserId } from '@conclave/wire'
import type { Delivery } from '../../../bus/bus.ts'
import { UNREAD_REACH } from '../../../limits.ts'
import type { EventBody, Mentions } from '../../../room/events.ts'
import type { Membership } from '../../../store/store.ts'
import { MOMENT_MENTIONS, MOMENT_NOTIFICATIONS } from '../limits.ts'

type Message = Extract<EventBody, { type: 'message' }>

interface Naming {
  readonly sender: UserId | null
  readonly mentions: Mentions
}

export class Moment {
  /** Sequences of the first and the last event of it; 0 where it has none. */
  #from = 0
  #to = 0
  /** The newest message that is the room's last one; null where what was it may be another now. */
  last: Delivery | null = null
  /** Messages whose readers may want to be told; the newest ones. */
  readonly notified: Delivery[] = []
  /** Threads with new replies, by the sequence of the message that began them. */
  readonly threads = new Set<number>()
  /** Whose counters nothing but the store knows now; null: everybody's. */
  stale: Set<UserId> | null = new Set()
  #lastMessageAt = 0
  #count = 0
  readonly #bySender = new Map<UserId | null, number>()
  readonly #naming: Naming[] = []

  /** Whether any counter may be another by it. */
  get counts(): boolean {
    return this.#to > 0
  }

  add(delivery: Delivery): void {
    const { event } = delivery
    this.#from ||= event.sequence
    this.#to = event.sequence
    if (event.body.type !== 'message') {
      this.last = null
      if (event.body.type === 'thread.followed') this.stale?.add(event.body.user)
      // What counted may count no more, or name somebody else.
      else if (event.body.type === 'messages.deleted' || event.body.type === 'message.edited') this.stale = null
      return
    }
    this.#lastMessageAt = event.at
    const { thread, to, mentions } = event.body
    if (to) {
      for (const user of to) this.stale?.add(user)
      return
    }
    if (this.notified.push(delivery) > MOMENT_NOTIFICATIONS) this.notified.shift()
    if (thread) this.threads.add(thread.sequence)
    if (!isInRoom(event.body)) return
    this.last = delivery
    this.#count += 1
    this.#bySender.set(event.actor, (this.#bySender.get(event.actor) ?? 0) + 1)
    if (!mentions) return
    if (this.#naming.push({ sender: event.actor, mentions }) > MOMENT_MENTIONS) this.stale = null
  }

  /** The membership after the moment; undefined where the store has to be asked. */
  moved(known: Membership | undefined): Membership | undefined {
    if (known && known.through >= this.#to) return known
    if (!known || this.stale === null || this.stale.has(known.user) || known.through >= this.#from) return undefined
    const others = this.#count - (this.#bySender.get(known.user) ?? 0)
    let { userMentions, groupMentions } = known
    for (const { sender, mentions } of this.#naming) {
      if (sender === known.user) continue
      if (names(mentions, known.user)) userMentions += 1
      else if (mentions.groups.length > 0) groupMentions += 1
    }
    return {
      ...known,
      through: this.#to,
      lastMessageAt: this.#lastMessageAt || known.lastMessageAt,
      alert: known.alert || others > 0,
      open: known.open || others > 0,
      unread: Math.min(UNREAD_REACH, known.unread + others),
      userMentions,
      groupMentions,
    }
  }
}

export function names({ users }: Mentions, user: UserId): boolean {
  return users.some(({ id }) => id === user)
}

/** A reply is shown in its thread alone where its sender did not say otherwise. */
export function isInRoom({ thread, content }: Message): boolean {
  if (!thread || content.suite === 'xchat') return true
  const extra = content.suite === 'none' ? content.extra?.rocketchat : content.extra
  return extra?.tshow === true
}

/** Whether its user sees another document by it. `unread`: what is shown of unread messages. */
export function differs(
  before: Membership | undefined,
  after: Membership,
  unread: (membership: Membership) => number,
): boolean {
  if (!before) return true
  return (
    before.alert !== after.alert ||
    before.open !== after.open ||
    unread(before) !== unread(after) ||
    before.userMentions !== after.userMentions ||
    before.groupMentions !== after.groupMentions ||
    before.unreadThreads.length !== after.unreadThreads.length ||
    before.unreadThreads.some(({ id }, index) => id !== after.unreadThreads[index]?.id)
  )
}
