// The Bus over many nodes: what this node publishes reaches its own subscribers as over the local bus, and the other nodes over
// a Transport that may lose it. Rooms that somebody here watches leave in the order of their logs (room-queue.ts); what
// stands in no log is made whole from the feed of changes (catch-up.ts). A topic that nobody here watches costs nothing.
import type { RoomId, UserId } from '@conclave/wire'
import { BUS_KEPT, BUS_MESSAGE, BUS_POLL, BUS_TOLD } from '../limits.ts'
import { concerned, isListed, isPublic } from '../room/concerned.ts'
import { isControl, type RoomEvent } from '../room/events.ts'
import { sanctionOn } from '../room/state.ts'
import { StoreFailure } from '../store/store.ts'
import type { Bus, BusMessage, Topic, Unsubscribe } from './bus.ts'
import { CatchUp } from './cluster/catch-up.ts'
import { decode, encodeMessage, type Told, type ToldEvent } from './cluster/codec.ts'
import { Announcements, Heads } from './cluster/heads.ts'
import { Lane } from './cluster/lane.ts'
import type { ClusterBus, ClusterParts, Known } from './cluster/parts.ts'
import { PublicRooms } from './cluster/public-rooms.ts'
import { Resolver, type Soon, together } from './cluster/resolver.ts'
import { type QueueParts, RoomQueue } from './cluster/room-queue.ts'
import type { Change } from './feed.ts'
import type { Carried, Subject } from './transport.ts'

export type { ClusterBus, ClusterParts, Known } from './cluster/parts.ts'

type EventMessage = Extract<BusMessage, { kind: 'event' }>

/** A topic that is heard from the other nodes. */
interface Watch {
  readonly carried: Carried
  /** Of a room. */
  readonly queue: RoomQueue | null
  /** Of all other topics. */
  readonly lane: Lane
  /** null where the store was asked in vain. */
  followed: Promise<void> | null
  /** It has begun once: what the feed says from then on is news. */
  begun: boolean
  subscribers: number
  /** Looks since somebody subscribed to it or asked for it. */
  idle: number
}

export function clusterBus(parts: ClusterParts): ClusterBus {
  return new Cluster(parts)
}

class Cluster implements ClusterBus {
  readonly alone = false
  readonly #parts: ClusterParts
  readonly #local: Bus
  readonly #heads: Heads
  readonly #announcements: Announcements
  readonly #publicRooms: PublicRooms
  readonly #queueParts: QueueParts
  readonly #catchUp: CatchUp | null
  readonly #watches = new Map<Topic, Watch>()
  /** Events that were told of users and of lists of rooms, the oldest first: `topic room sequence`. */
  readonly #told = new Set<string>()
  #resolver: Resolver | null = null
  /** The message that was encoded last: one goes over several topics. */
  #encoded: { readonly message: BusMessage; readonly bytes: Uint8Array | undefined } | null = null
  #looking: Promise<void> | null = null
  #callOff: (() => void) | null = null
  #heardUntil: number
  #closed = false

  constructor(parts: ClusterParts) {
    this.#parts = parts
    this.#local = parts.local
    this.#heads = new Heads(parts.store)
    this.#announcements = new Announcements(parts.transport, parts.timers)
    this.#heardUntil = parts.clock.now()
    const failed = (error: unknown): void => this.#failed(error)
    this.#publicRooms = new PublicRooms({ store: parts.store, tell: event => this.#tellPublic(event), failed })
    this.#queueParts = {
      store: parts.store,
      timers: parts.timers,
      resolver: () => this.#resolver as Resolver,
      event: (message, foreign) => this.#deliver(message, foreign),
      other: (room, message) => this.#local.publish(`room:${room}`, message),
      onError: parts.onError,
    }
    this.#catchUp =
      parts.feed &&
      new CatchUp({
        feed: parts.feed,
        changed: change => this.#learn(change),
        missed: () => this.#missed(),
      })
    parts.transport.onReconnected(() => void this.#lookAgain())
  }

  get heardUntil(): number {
    return this.#heardUntil
  }

  attach(known: Known): void {
    this.#resolver = new Resolver(known)
    this.#watch('all').subscribers += 1
    void this.#look()
  }

  publish(topic: Topic, message: BusMessage): void {
    if (this.#closed) return
    this.#send(topic, message)
    if (topic === 'public') this.#publishPublic(message)
    else if (topic.startsWith('room:')) this.#publishRoom(topic, message)
    else if (message.kind !== 'event') this.#local.publish(topic, message)
    else if (this.#watches.has(topic) && this.#once(topic, message)) this.#local.publish(topic, message)
  }

  async follow(topic: Topic): Promise<void> {
    if (this.#closed) return
    const watch = this.#watch(topic)
    watch.idle = 0
    watch.followed ??= this.#begin(topic, watch)
    await watch.followed
  }

  keeps(room: RoomId): boolean {
    const last = this.#queueOf(room)?.last
    return last !== undefined && last !== null
  }

  subscribe(topic: Topic, receive: (message: BusMessage) => void): Unsubscribe {
    if (this.#closed) return () => {}
    const watch = this.#watch(topic)
    watch.subscribers += 1
    const unsubscribe = this.#local.subscribe(topic, receive)
    let subscribed = true
    return () => {
      if (!subscribed) return
      subscribed = false
      unsubscribe()
      watch.subscribers -= 1
      watch.idle = 0
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#callOff?.()
    this.#announcements.close()
    for (const watch of this.#watches.values()) end(watch)
    this.#watches.clear()
    await this.#local.close()
    await this.#parts.transport.close()
  }

  #send(topic: Topic, message: BusMessage): void {
    if (this.#encoded?.message !== message) {
      const bytes = encodeMessage(message, Math.min(BUS_MESSAGE, this.#parts.transport.most))
      this.#encoded = { message, bytes }
    }
    const { bytes } = this.#encoded as { readonly bytes: Uint8Array | undefined }
    if (bytes) this.#parts.transport.publish(subjectOf(topic), bytes)
  }

  #publishRoom(topic: Topic, message: BusMessage): void {
    const queue = this.#watches.get(topic)?.queue
    if (message.kind !== 'event') {
      queue?.ownOther(message)
      return
    }
    const { room, sequence } = message.delivery.event
    this.#announcements.wrote(room, sequence)
    queue?.own(message)
  }

  /** Of a watched room it is delivered in the room's order. */
  #publishPublic(message: BusMessage): void {
    if (message.kind !== 'event') {
      this.#local.publish('public', message)
      return
    }
    const { room, sequence } = message.delivery.event
    this.#announcements.wrotePublicly(room, sequence)
    if (!this.#watches.has('public') || this.#queueOf(room)) return
    this.#publicRooms.event(room, sequence, () => this.#local.publish('public', message))
  }

  #queueOf(room: RoomId): RoomQueue | null {
    return this.#watches.get(`room:${room}`)?.queue ?? null
  }

  #watch(topic: Topic): Watch {
    const known = this.#watches.get(topic)
    if (known) return known
    const carried = this.#parts.transport.subscribe(subjectOf(topic), bytes => this.#receive(topic, bytes))
    const lane = new Lane(error => this.#failed(error))
    const [, room] = /^room:(.+)$/.exec(topic) ?? []
    const queue = room === undefined ? null : new RoomQueue(room as RoomId, this.#queueParts)
    const watch: Watch = { carried, queue, lane, followed: null, begun: false, subscribers: 0, idle: 0 }
    this.#watches.set(topic, watch)
    watch.followed = this.#begin(topic, watch)
    return watch
  }

  /** From when it resolves on, nothing that is published on the topic passes by. */
  #begin(topic: Topic, watch: Watch): Promise<void> {
    const begun = this.#beginNow(topic, watch)
    begun.catch((error: unknown) => {
      if (watch.followed === begun) watch.followed = null
      this.#failed(error)
    })
    return begun
  }

  async #beginNow(topic: Topic, watch: Watch): Promise<void> {
    const { carried, queue } = watch
    await carried.ready
    // What the feed had of a user before this is no news to whoever follows now.
    if (topic.startsWith('user:')) await this.#catchUp?.look()
    watch.begun = true
    if (!queue) return
    const head = await this.#heads.of(queue.room)
    const rooms = this.#resolver?.known.rooms
    const known = rooms?.peek(queue.room)
    if (head && known && known.control < head.control) await rooms?.refresh(queue.room)
    queue.begin(head?.sequence ?? 0)
    queue.heard(head?.sequence ?? 0)
    // From now on its queue tells them, and nothing that was before.
    if (head && this.#watches.has('public')) this.#publicRooms.heard(queue.room, head.sequence)
  }

  #receive(topic: Topic, bytes: Uint8Array): void {
    const watch = this.#watches.get(topic)
    const told = watch && this.#resolver && decode(bytes)
    if (!told) return
    try {
      if (told.kind === 'heads') this.#heard(topic, told.heads)
      else if (told.kind === 'event') this.#receiveEvent(topic, watch, told)
      else if (watch.queue) watch.queue.toldOther(told)
      else
        this.#laneOf(watch, told).take(
          () => (this.#resolver as Resolver).other(told),
          message => this.#local.publish(topic, message),
        )
    } catch (error) {
      this.#parts.onError(error)
    }
  }

  /** The end of a user's sessions comes after what they were told before it. */
  #laneOf({ lane }: Watch, told: Told): Lane {
    const user = told.kind === 'end' ? told.user : null
    return user === null ? lane : (this.#watches.get(`user:${user}`)?.lane ?? lane)
  }

  #heard(topic: Topic, heads: Extract<Told, { kind: 'heads' }>['heads']): void {
    for (const [room, sequence] of heads) {
      const queue = this.#queueOf(room)
      if (queue) queue.heard(sequence)
      else if (topic === 'public') this.#publicRooms.heard(room, sequence)
    }
  }

  /** Of a watched room every event goes through its queue, on whatever topic it came. */
  #receiveEvent(topic: Topic, watch: Watch, told: ToldEvent): void {
    const { room, sequence, event } = told
    const queue = this.#queueOf(room.id)
    // One that has not begun may begin after it.
    if (queue && (queue.last === null || queue.last < sequence)) queue.told(told)
    if (queue && queue.last !== null && queue.last < sequence) return
    if (topic === 'public') {
      if (queue) return
      const tell = event && (() => this.#aside(event, told, message => this.#local.publish('public', message)))
      this.#publicRooms.event(room.id, sequence, tell)
    } else if (!watch.queue) {
      watch.lane.take(
        () => this.#tellAside(topic, room.id, sequence, told),
        () => {},
      )
    }
  }

  /** On a topic of somebody who does not watch the room, or came to it later. Rejects with StoreFailure. */
  async #tellAside(topic: Topic, room: RoomId, sequence: number, told: ToldEvent | null): Promise<void> {
    if (this.#told.has(toldAs(topic, room, sequence))) return
    const event = told?.event ?? (await this.#parts.store.eventAt(room, sequence))
    if (!event || event.erased) return
    await this.#aside(event, told, message => {
      if (!this.#once(topic, message)) return
      // Whoever listens to the room because of it hears everything that comes after it.
      if (topic !== 'all') this.#watch(`room:${room}`).queue?.begin(sequence)
      this.#local.publish(topic, message)
    })
  }

  /** With the room as it stands now, which is with the event at least. */
  #aside(event: RoomEvent, told: ToldEvent | null, then: (message: EventMessage) => void): Soon<void> {
    const resolver = this.#resolver as Resolver
    const room = told
      ? resolver.room(told.room)
      : isControl(event.body)
        ? resolver.room({ id: event.room, control: event.sequence })
        : resolver.newestRoom(event.room)
    const actor = event.actor === null ? null : resolver.actor(told?.actor ?? { id: event.actor, version: 0 })
    const [formerName, origin] = [told?.formerName ?? null, told?.origin ?? null]
    const delivered = together([room, actor], (room, actor) =>
      together([resolver.channel(told?.channel ?? { id: room.channel, version: 0 })], channel =>
        then({ kind: 'event', delivery: { event, room, formerName, channel, actor, origin } }),
      ),
    )
    return delivered instanceof Promise ? delivered.then(done => done) : delivered
  }

  #tellPublic(event: RoomEvent): Soon<void> {
    return this.#aside(event, null, message => {
      if (isPublic(event.body, message.delivery.room)) this.#local.publish('public', message)
    })
  }

  /** An event of a watched room, in its turn. What this node committed was told to all others as it was published. */
  #deliver(message: EventMessage, foreign: boolean): void {
    const { event, room } = message.delivery
    if (foreign) {
      for (const user of concerned(event.body)) this.#tellOnce(`user:${user}`, message)
      if (isListed(event.body)) this.#tellOnce('all', message)
    }
    this.#local.publish(`room:${event.room}`, message)
    if (!this.#watches.has('public')) return
    const open = isPublic(event.body, room)
    this.#publicRooms.event(event.room, event.sequence, () => {
      if (open) this.#local.publish('public', message)
    })
  }

  #tellOnce(topic: Topic, message: EventMessage): void {
    if (this.#watches.has(topic) && this.#once(topic, message)) this.#local.publish(topic, message)
  }

  /** False where it was told before. */
  #once(topic: Topic, { delivery }: EventMessage): boolean {
    return this.#first(topic, delivery.event.room, delivery.event.sequence)
  }

  #first(topic: Topic, room: RoomId, sequence: number): boolean {
    const told = toldAs(topic, room, sequence)
    if (this.#told.has(told)) return false
    if (this.#told.size >= BUS_TOLD) {
      const oldest = this.#told.values().next()
      if (!oldest.done) this.#told.delete(oldest.value)
    }
    this.#told.add(told)
    return true
  }

  /** At once, and once more where a look had begun already. */
  async #lookAgain(): Promise<void> {
    await this.#looking
    await this.#look()
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null
      this.#callOff?.()
      if (!this.#closed) this.#callOff = this.#parts.timers.after(BUS_POLL, () => void this.#look())
    })
    return this.#looking
  }

  async #lookNow(): Promise<void> {
    const started = this.#parts.clock.now()
    this.#review()
    try {
      await Promise.all([this.#catchUp?.look(), this.#checkHeads()])
      this.#heardUntil = started
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Ends what nobody watches any more, and begins again what could not begin. */
  #review(): void {
    for (const [topic, watch] of this.#watches) {
      if (watch.subscribers === 0) watch.idle += 1
      if (watch.idle > BUS_KEPT) {
        end(watch)
        this.#watches.delete(topic)
        if (topic === 'public') this.#publicRooms.forget()
      } else watch.followed ??= this.#begin(topic, watch)
    }
  }

  async #checkHeads(): Promise<void> {
    const queues = new Map<RoomId, RoomQueue>()
    for (const { queue } of this.#watches.values()) if (queue && queue.last !== null) queues.set(queue.room, queue)
    if (queues.size === 0) return
    for (const { room, sequence } of await this.#heads.ofAll([...queues.keys()])) queues.get(room)?.heard(sequence)
  }

  /** A bug in one holds up nothing that comes after. */
  async #learn(change: Change): Promise<void> {
    try {
      await this.#changed(change)
    } catch (error) {
      if (error instanceof StoreFailure) throw error
      this.#parts.onError(error)
    }
  }

  /** What a message said, or would have said. Whoever learns it twice learns nothing new. */
  #changed(change: Change): Soon<void> {
    if (this.#closed) return
    switch (change.of) {
      case 'token': {
        const token = this.#resolver?.known.tokenOf(change.hash) ?? null
        this.#local.publish('all', { kind: 'end', token, user: null, wire: null, reason: 'token ended' })
        return
      }
      case 'membership':
        return this.#changedRoom(`user:${change.user}`, change.room, change.sequence)
      case 'listed':
        return this.#changedRoom('all', change.room, change.sequence)
      case 'account':
        this.#local.publish('all', { kind: 'changed', ...change })
        return this.#endIfOut(change.id as UserId)
      case 'channel':
      case 'keys':
      case 'document':
        this.#local.publish('all', { kind: 'changed', ...change })
    }
  }

  async #changedRoom(topic: Topic, room: RoomId, sequence: number): Promise<void> {
    const watch = this.#watches.get(topic)
    if (!watch) return
    if (!watch.begun) {
      // It may be said again later, and is then no news either.
      this.#first(topic, room, sequence)
      return
    }
    const queue = this.#queueOf(room)
    if (queue && (queue.last === null || queue.last < sequence)) queue.heard(sequence)
    else await this.#tellAside(topic, room, sequence, null)
  }

  /** Sessions of who is banned everywhere or has no account any more. */
  async #endIfOut(user: UserId): Promise<void> {
    if (!this.#watches.has(`user:${user}`)) return
    const account = await this.#resolver?.known.accounts.load(user)
    const out = !account?.active || sanctionOn(account.sanctions, user, 'ban', this.#parts.clock.now())
    if (out) this.#local.publish('all', { kind: 'end', token: null, user, wire: null, reason: 'account ended' })
  }

  async #missed(): Promise<void> {
    this.#resolver?.known.forget()
    for (const topic of [...this.#watches.keys()])
      if (topic.startsWith('user:')) await this.#endIfOut(topic.slice('user:'.length) as UserId)
  }

  /** A store that does not answer is asked again with the next look. */
  #failed(error: unknown): void {
    if (!(error instanceof StoreFailure) && !this.#closed) this.#parts.onError(error)
  }
}

function end({ carried, queue }: Watch): void {
  carried.stop()
  queue?.close()
}

function subjectOf(topic: Topic): Subject {
  return topic.replace(':', '.') as Subject
}

function toldAs(topic: Topic, room: RoomId, sequence: number): string {
  return `${topic} ${room} ${sequence}`
}
