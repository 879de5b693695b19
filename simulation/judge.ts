// The judge: looks at every commit, every answer and every node's memory, and says which invariant was broken. It goes by
// the log and the rows that the store gives back, and by the model's own reading of them.
import type { RoomId, UserId } from '@conclave/wire'
import type { Answer } from '../packages/server/src/engine/engine.ts'
import type { RoomEvent } from '../packages/server/src/room/events.ts'
import { isRejection } from '../packages/server/src/room/rejection.ts'
import type { Append, Item, Outcome, Row, Store } from '../packages/server/src/store/store.ts'
import { Broken } from './broken.ts'
import { inForce, Laws } from './laws.ts'
import { accountShape, Memory } from './memory.ts'
import { Model, type RoomModel } from './model.ts'
import { same } from './same.ts'

/** What a client asked for, as it came. */
export interface Asked {
  readonly room: RoomId
  readonly actor: UserId | null
  /** Of a message. */
  readonly messageId: string | null
  readonly digest: string
  /** How often this id was sent by now. */
  readonly times: () => number
  readonly command: string
}

export class Judge {
  readonly model = new Model()
  /** Events that watchers were handed. */
  delivered = 0
  readonly #truth: Store
  readonly #lockstep: boolean
  readonly #laws: Laws
  /** The lowest control sequence that attempts of one rotation were decided on, by the id of its first signature. */
  readonly #firstControl = new Map<string, number>()
  /** First answers to messages, by their ids. */
  readonly #answers = new Map<string, { readonly sequence: number; readonly digest: string }>()
  readonly #memories = new Map<string, Memory>()

  constructor(truth: Store, lockstep: boolean) {
    this.#truth = truth
    this.#lockstep = lockstep
    this.#laws = new Laws(this.model, lockstep)
  }

  /** Right after a transaction, before anybody is answered. `now`: the store's clock. */
  async committed(items: readonly Item[], outcomes: readonly Outcome[], now: number): Promise<void> {
    if (outcomes.length !== items.length) throw new Broken('L6', 'not one outcome per item')
    const heads = new Map<RoomId, number>()
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index] as Outcome
      this.#attempted(item.append)
      if (item.append && !heads.has(item.append.room))
        heads.set(item.append.room, this.model.rooms.get(item.append.room)?.events.length ?? 0)
      if (outcome.outcome !== 'committed') continue
      for (const { of, id, version } of item.guards) {
        if (of !== 'document' && this.model.versionOf(of, id) !== version)
          throw new Broken('L3', `written though ${of} ${id} was at ${this.model.versionOf(of, id)}, not ${version}`)
      }
      if (item.append) this.#append(item.append, outcome.events, now)
      for (const row of item.rows) await this.#row(row)
    }
    for (const [room, head] of heads) await this.#logAgrees(room, head)
    for (const item of items) for (const row of item.rows) await this.#rowAgrees(row)
  }

  #attempted(append: Append | null): void {
    const key = append?.messageKeys[0]?.key
    if (append && key !== undefined)
      this.#firstControl.set(key, Math.min(this.#firstControl.get(key) ?? append.control, append.control))
  }

  #append(append: Append, events: readonly RoomEvent[], now: number): void {
    const { room: id, bodies } = append
    const known = this.model.rooms.get(id)
    if (events.length !== bodies.length)
      throw new Broken('L6', `${events.length} of ${bodies.length} events of an append`)
    if (events.length === 0) return
    if (append.control !== (known?.control ?? 0))
      throw new Broken('L3', `room ${id} was at control ${known?.control ?? 0}, the append at ${append.control}`)
    const [first] = events as [RoomEvent]
    if (!known && first.body.type !== 'room.created')
      throw new Broken('L6', `room ${id} begins with ${first.body.type}`)
    const before = known?.events.length ?? 0
    const room = known ?? this.model.begin(first)
    const attempted = this.#firstControl.get(append.messageKeys[0]?.key ?? '') ?? append.control
    const rotates = bodies.some(({ type }) => type === 'epoch.opened')
    for (const [index, event] of events.entries()) {
      this.#inOrder(room, event, before + index + 1)
      if (event.actor !== append.actor || !same(event.body, bodies[index]))
        throw new Broken('L6', `event ${event.sequence} of ${id} is not what was decided`)
      this.#laws.lawful(room, event, { at: append.at, now, first: attempted })
      this.#used(room, event)
      this.model.take(room, event, { rotates, lockstep: this.#lockstep })
      if (event.body.type === 'members.removed' && event.body.closes !== (room.closed && !rotates))
        throw new Broken('L4', `a removal from ${id} says closes ${event.body.closes}`)
    }
    this.#laws.covered(room, bodies)
    for (let index = 0; index < events.length; index++) room.ends.push(room.control)
  }

  #inOrder(room: RoomModel, event: RoomEvent, sequence: number): void {
    const last = room.events.at(-1)
    if (event.room !== room.id || event.sequence !== sequence)
      throw new Broken('L6', `sequence ${event.sequence} follows ${sequence - 1} in ${room.id}`)
    if (last && (BigInt(event.id) <= BigInt(last.id) || event.at < last.at))
      throw new Broken('L6', `id or time of ${event.sequence} in ${room.id} goes back`)
  }

  /** Ids of messages and actions are used once (L7). */
  #used(room: RoomModel, { body, sequence }: RoomEvent): void {
    const ids = body.type === 'message' ? [body.messageId] : 'signed' in body ? [body.signed?.messageId] : []
    for (const id of ids) {
      if (!id) continue
      const used = this.model.ids.get(id)
      if (used) throw new Broken('L7', `id ${id} in ${room.id} at ${sequence} was used at ${used.sequence}`)
      this.model.ids.set(id, { room: room.id, sequence })
    }
  }

  async #row(row: Row): Promise<void> {
    if (!('put' in row)) return
    const { accounts, channels, keys } = this.model
    if (row.put === 'account') {
      const { id } = row.account
      const version = (accounts.get(id)?.version ?? 0) + 1
      accounts.set(id, { version, value: row.account })
      this.model.accountShapes.set(`${id} ${version}`, accountShape(row.account))
    } else if (row.put === 'channel') {
      const { id } = row.channel
      channels.set(id, { version: (channels.get(id)?.version ?? 0) + 1, value: row.channel })
    } else if (row.put === 'publicKey') {
      keys.set(row.user, [...(keys.get(row.user) ?? []), row.key])
    }
  }

  /** The store's own log says the same as the outcomes did: nothing more, nothing less (L6). */
  async #logAgrees(room: RoomId, after: number): Promise<void> {
    const events = this.model.rooms.get(room)?.events.slice(after) ?? []
    const query = { room, right: { by: 'server' }, select: 'all', order: 'oldest', after, limit: 1_000 } as const
    const stored = (await this.#truth.page(query)) ?? []
    if (stored.length !== events.length)
      throw new Broken('L6', `${stored.length} new events in the log of ${room}, ${events.length} were committed`)
    for (const [index, event] of events.entries()) {
      const one = stored[index] as RoomEvent
      if (one.sequence !== event.sequence || one.id !== event.id || (!one.erased && !same(one.body, event.body)))
        throw new Broken('L6', `event ${event.sequence} of ${room} is another in the log`)
    }
  }

  async #rowAgrees(row: Row): Promise<void> {
    if (!('put' in row)) return
    if (row.put === 'account') {
      const [stored, held] = [await this.#truth.account(row.account.id), this.model.accounts.get(row.account.id)]
      if (
        stored?.version !== (held?.version ?? undefined) ||
        (stored && accountShape(stored) !== accountShape(held?.value ?? stored))
      )
        throw new Broken('L6', `account ${row.account.id} is not as it was committed`)
    } else if (row.put === 'publicKey') {
      const stored = await this.#truth.keys(row.user)
      if (stored?.keys.length !== this.model.keys.get(row.user)?.length)
        throw new Broken('L9', `keys of ${row.user} are not as they were committed`)
    }
  }

  /** What a client hears: a positive answer stands in the log by then (L6), and the same one each time (L7). */
  answered(asked: Asked, answer: Answer): void {
    const told = `${asked.command} of ${asked.actor} in ${asked.room}`
    if (isRejection(answer)) {
      const written = asked.messageId !== null && asked.times() === 1 && this.model.ids.has(asked.messageId)
      if (written && answer.rejected !== 'unavailable')
        throw new Broken('L6', `${told} was refused (${answer.rejected}) and written`)
      return
    }
    for (const event of answer.events) {
      const stored = this.model.rooms.get(event.room)?.events[event.sequence - 1]
      if (!stored) throw new Broken('L6', `${told} was answered before it was written`)
      if (stored.id !== event.id || (!event.erased && !same(stored.body, event.body)))
        throw new Broken('L6', `${told} was answered with an event that is not in the log`)
      if (event.room !== asked.room || event.actor !== asked.actor)
        throw new Broken('L6', `${told} was answered with an event of somebody else`)
    }
    if (asked.messageId === null) return
    const [event] = answer.events
    if (event?.body.type !== 'message' || event.body.messageId !== asked.messageId)
      throw new Broken('L7', `${told} was answered with another message than ${asked.messageId}`)
    const first = this.#answers.get(asked.messageId)
    if (first && (first.sequence !== event.sequence || first.digest !== asked.digest))
      throw new Broken('L7', `${told}: ${asked.messageId} was answered with ${first.sequence} and ${event.sequence}`)
    this.#answers.set(asked.messageId, { sequence: event.sequence, digest: asked.digest })
  }

  /** Of one life of a node. */
  memoryOf(life: string): Memory {
    let memory = this.#memories.get(life)
    if (!memory) {
      memory = new Memory(life, this.model)
      this.#memories.set(life, memory)
    }
    return memory
  }

  /** Whether somebody may have a session at all. */
  isAdmitted(user: UserId, now: number): boolean {
    const account = this.model.accounts.get(user)?.value
    return account?.active === true && !inForce(account.sanctions, 'ban', user, now)
  }

  /** Nobody is inside whom the room would not let in by who they are: banned, or no member of a hidden room. */
  occupied(id: RoomId, users: Iterable<UserId>, now: number): void {
    const room = this.model.rooms.get(id)
    if (!room || room.removed) return
    const hidden = room.suite !== 'none' || room.kind === 'private' || room.kind === 'direct'
    for (const user of users) {
      const channel = this.model.channels.get(room.channel)?.value
      const operates = this.model.accounts.get(user)?.value.roles.some(role => role !== 'admin')
      // Those come in whatever is imposed on them.
      const owns = operates || room.roles.get(user)?.has('owner') || channel?.owners.includes(user)
      const standing = owns ? undefined : this.#laws.standing(room, user, now, now)
      const belongs = room.members.has(user) || (room.suite === 'none' && (room.roles.get(user)?.size ?? 0) > 0)
      if (standing || (hidden && !belongs))
        throw new Broken('L10', `${user} is inside ${id} still, and is ${standing ?? 'no member'}`)
    }
  }

  /** At the end: the store's views say what the log says. */
  async finished(): Promise<void> {
    for (const room of this.model.rooms.values()) {
      const head = await this.#truth.head(room.id)
      if (head?.sequence !== room.events.length || head.control !== room.control || head.removed !== room.removed)
        throw new Broken('L6', `the head of ${room.id} is not that of its log`)
      await this.#logAgrees(room.id, 0)
    }
    for (const user of this.model.accounts.keys()) {
      const rooms = [...this.model.rooms.values()].filter(room => room.members.has(user)).map(({ id }) => id)
      if (!same([...(await this.#truth.roomsOf(user))].sort(), rooms.sort()))
        throw new Broken('L6', `rooms of ${user} are not those of the logs`)
    }
  }
}
