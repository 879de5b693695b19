// What happens now, to the streams that are open on this node. Only rooms of users are listened to about whom an open
// stream has a subscription, and nothing is encoded before somebody is found who is owed it. The events of a room go one
// after another, so that each stream has them in the room's order.
import type { RoomId, UserId } from '@conclave/wire'
import type { BusMessage, Delivery, Unsubscribe } from '../../../bus/bus.ts'
import { concerned } from '../../../room/concerned.ts'
import { endOf } from '../../../room/ttl.ts'
import type { GatewayParts } from '../../gateway.ts'
import { isShown } from '../encode.ts'
import type { Consents } from './consents.ts'
import { isOwnRemoval, typeFor } from './event-types.ts'
import { LIVE_WAITING } from './limits.ts'
import type { Payloads } from './payloads.ts'
import { deliveryText } from './payloads.ts'
import { listenerOf, maySeeNow } from './rights.ts'
import type { ActivityStream } from './stream.ts'
import type { Owner, Subscription, Subscriptions, Viewer } from './subscriptions.ts'
import { aboutUser, ownerKey, withoutApp } from './subscriptions.ts'

export interface LiveParts extends GatewayParts {
  readonly subscriptions: Subscriptions
  readonly consents: Consents
  readonly payloads: Payloads
}

/** A user of whom something is to be told. */
interface Heard {
  readonly rooms: Map<RoomId, Unsubscribe>
  readonly ready: Promise<void>
  unsubscribe: Unsubscribe
}

interface Owed {
  readonly subscription: Subscription
  readonly user: UserId
}

export class Live {
  readonly #parts: LiveParts
  /** By the owners whose subscriptions go to them; an app's with the one who owns it. */
  readonly #streams = new Map<string, Set<ActivityStream>>()
  readonly #heard = new Map<UserId, Heard>()
  readonly #rooms = new Map<RoomId, { readonly users: Set<UserId>; readonly unsubscribe: Unsubscribe }>()
  readonly #lanes = new Map<RoomId, Promise<void>>()
  #waiting = 0

  constructor(parts: LiveParts) {
    this.#parts = parts
    parts.subscriptions.onChanged(subscription => this.#changed(subscription))
  }

  streamsOf(owner: Owner): number {
    const key = ownerKey(owner)
    return [...(this.#streams.get(key) ?? [])].filter(({ viewer }) => ownerKey(viewer.owner) === key).length
  }

  get streams(): readonly ActivityStream[] {
    return [...new Set([...this.#streams.values()].flatMap(streams => [...streams]))]
  }

  /** From now on it is told; what happens before this resolves may be missed, what happens after it is not. */
  async join(stream: ActivityStream): Promise<void> {
    for (const key of keysOf(stream.viewer)) {
      const streams = this.#streams.get(key) ?? new Set()
      this.#streams.set(key, streams.add(stream))
    }
    await Promise.all(
      this.#parts.subscriptions
        .of(stream.viewer)
        .filter(({ webhook }) => webhook === null)
        .map(subscription => this.#hear(aboutUser(subscription))),
    )
  }

  leave(stream: ActivityStream): void {
    for (const key of keysOf(stream.viewer)) {
      const streams = this.#streams.get(key)
      streams?.delete(stream)
      if (streams?.size === 0) this.#streams.delete(key)
    }
    for (const user of [...this.#heard.keys()]) if (!this.#isWanted(user)) this.#unhear(user)
  }

  close(): void {
    for (const stream of this.streams) stream.end()
    for (const user of [...this.#heard.keys()]) this.#unhear(user)
  }

  async #changed(subscription: Subscription): Promise<void> {
    const user = aboutUser(subscription)
    if (user === null) return
    if (this.#isWanted(user)) await this.#hear(user)
    else this.#unhear(user)
  }

  /** Open streams of everybody who sees the subscription. */
  #streamsFor({ owner }: Subscription): ActivityStream[] {
    const own = this.#streams.get(ownerKey(owner)) ?? []
    const apps = owner.user === null || owner.app === null ? [] : this.#streams.get(ownerKey({ ...owner, user: null }))
    return [...own, ...(apps ?? [])]
  }

  #isWanted(user: UserId): boolean {
    return this.#parts.subscriptions.ofUser(user).some(subscription => this.#streamsFor(subscription).length > 0)
  }

  async #hear(user: UserId | null): Promise<void> {
    if (user === null) return
    const known = this.#heard.get(user)
    if (known) return known.ready
    const { bus, reading } = this.#parts
    const rooms = new Map<RoomId, Unsubscribe>()
    const ready = async (): Promise<void> => {
      await bus.follow(`user:${user}`)
      const current = async (): Promise<RoomId[]> =>
        (await reading.headsOf(user)).flatMap(({ room, suite }) => (suite === 'xchat' ? [room] : []))
      await Promise.all((await current()).map(room => bus.follow(`room:${room}`)))
      // As it is after the last wait; whatever comes and goes from here on says so itself.
      for (const room of await current()) this.#enter(user, room)
    }
    const unsubscribe = bus.subscribe(`user:${user}`, message => this.#personal(user, message))
    const heard: Heard = { rooms, ready: Promise.resolve().then(ready), unsubscribe }
    this.#heard.set(user, heard)
    try {
      await heard.ready
    } catch (error) {
      if (this.#heard.get(user) === heard) this.#unhear(user)
      throw error
    }
  }

  #unhear(user: UserId): void {
    const heard = this.#heard.get(user)
    if (!heard) return
    this.#heard.delete(user)
    heard.unsubscribe()
    for (const room of [...heard.rooms.keys()]) this.#exit(user, room, heard)
  }

  #enter(user: UserId, room: RoomId): void {
    const heard = this.#heard.get(user)
    if (!heard || heard.rooms.has(room)) return
    const known = this.#rooms.get(room)
    const watched = known ?? {
      users: new Set<UserId>(),
      unsubscribe: this.#parts.bus.subscribe(`room:${room}`, message => this.#shared(room, message)),
    }
    this.#rooms.set(room, watched)
    watched.users.add(user)
    heard.rooms.set(room, () => {
      watched.users.delete(user)
      if (watched.users.size > 0) return
      watched.unsubscribe()
      this.#rooms.delete(room)
    })
  }

  #exit(user: UserId, room: RoomId, heard: Heard | undefined = this.#heard.get(user)): void {
    heard?.rooms.get(room)?.()
    heard?.rooms.delete(room)
  }

  /** What names a user reaches them here, whether or not their rooms are known yet. */
  #personal(user: UserId, message: BusMessage): void {
    if (message.kind !== 'event' || message.delivery.room.suite !== 'xchat') return
    const { room } = message.delivery
    if (concerned(message.delivery.event.body).includes(user)) this.#owe(message.delivery, [user])
    if (room.members.has(user)) this.#enter(user, room.id)
    else this.#exit(user, room.id)
  }

  #shared(room: RoomId, message: BusMessage): void {
    if (message.kind !== 'event') return
    const { body } = message.delivery.event
    if (body.type === 'messages.deleted') this.#forget(room, body.sequences)
    const named = new Set(concerned(body))
    const users = [...(this.#rooms.get(room)?.users ?? [])].filter(user => !named.has(user))
    this.#owe(message.delivery, users)
  }

  /** Behind what is being told of the room. */
  #forget(room: RoomId, sequences: readonly number[]): void {
    const told = this.#lanes.get(room) ?? Promise.resolve()
    void told.then(() => {
      for (const stream of this.streams) stream.forget(room, sequences)
    })
  }

  /** Finds at once who is owed it, and lets the rest follow in the room's order. */
  #owe(delivery: Delivery, users: readonly UserId[]): void {
    const { event, room } = delivery
    if (!isShown(event)) return
    const owed: Owed[] = []
    for (const user of users) {
      const type = typeFor(event.body, event.actor, user, room.members.has(user))
      if (type === null) continue
      for (const subscription of this.#parts.subscriptions.about(user, type)) {
        if (this.#streamsFor(subscription).length > 0) owed.push({ subscription, user })
      }
    }
    if (owed.length === 0) return
    if (this.#waiting + owed.length > LIVE_WAITING) {
      for (const { subscription } of owed) for (const stream of this.#streamsFor(subscription)) stream.cut()
      return
    }
    this.#follow(delivery, owed)
  }

  #follow(delivery: Delivery, owed: readonly Owed[]): void {
    const { id } = delivery.room
    this.#waiting += owed.length
    const before = this.#lanes.get(id) ?? Promise.resolve()
    const done = before
      .then(() => this.#tell(delivery, owed))
      .catch((error: unknown) => {
        // Whoever missed something must know, to come back and read the log.
        for (const { subscription } of owed) for (const stream of this.#streamsFor(subscription)) stream.cut()
        this.#parts.log.error({ err: error }, 'bug in telling streams of an event')
      })
      .then(() => {
        this.#waiting -= owed.length
        if (this.#lanes.get(id) === done) this.#lanes.delete(id)
      })
    this.#lanes.set(id, done)
  }

  async #tell({ event, room }: Delivery, owed: readonly Owed[]): Promise<void> {
    for (const { subscription, user } of owed) {
      const account = await listenerOf(subscription, this.#parts)
      if (!account) continue
      const payload = await this.#parts.payloads.of(event, room, account)
      if (payload === undefined) continue
      if (!(await maySeeNow(account, room, isOwnRemoval(event.body, user), this.#parts))) continue
      // Dropped or turned to a webhook meanwhile.
      const current = this.#parts.subscriptions.get(subscription.id)
      if (!current || current.webhook !== null) continue
      const text = deliveryText(current, current.type, event.id, payload)
      const line = { user, room: room.id, sequence: event.sequence, at: event.at, endsAt: endOf(event.body), text }
      for (const stream of this.#streamsFor(current)) stream.tell(line)
    }
  }
}

function keysOf({ owner, operator }: Viewer): readonly string[] {
  return operator === null ? [ownerKey(owner)] : [ownerKey(owner), ownerKey(withoutApp(operator))]
}
