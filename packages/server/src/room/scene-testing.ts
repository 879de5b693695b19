// For tests of the room core: one room with an owner, a moderator and a member, everybody who may rule it from outside, a
// stranger, and a log that takes what `decide` gives, like the store does for one node.
import type { EventId, UserId } from '@conclave/wire'
import { apply } from './apply.ts'
import type { Command } from './decide.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import type { EventBody, RoomEvent } from './events.ts'
import type { RoomSettings } from './facts.ts'
import { contextAt, People, ROOM, userId } from './fixtures.ts'
import type { Rejection } from './rejection.ts'
import { isRejection } from './rejection.ts'
import type { RoomState } from './state.ts'

export const NOW = 1_800_000_000_000
export const owner = userId(0)
export const moderator = userId(1)
export const member = userId(2)
export const stranger = userId(3)
/** A superuser. */
export const operator = userId(4)
export const globalmod = userId(5)
export const channelOwner = userId(6)
export const channelAdmin = userId(7)

export type Created = Extract<EventBody, { type: 'room.created' }>

export class Scene {
  readonly people = new People()
  readonly events: RoomEvent[] = []
  state: RoomState | undefined
  settings: Partial<RoomSettings> = {}
  now = NOW

  constructor() {
    for (const user of [owner, moderator, member, stranger, channelOwner, channelAdmin]) this.people.add(user, true)
    this.people.add(operator, true, { roles: ['superuser'] })
    this.people.add(globalmod, true, { roles: ['globalmod'] })
    this.people.channel = { ...this.people.channel, owners: [channelOwner], admins: [channelAdmin] }
  }

  create(more: Partial<Created> = {}): void {
    const body = { ...room, channel: this.people.channel.id, ...more }
    this.#append(null, { type: 'room.created', ...body })
  }

  get room(): RoomState {
    if (!this.state) throw new Error('no room yet')
    return this.state
  }

  /** What would come of it; nothing is appended. */
  decide(command: Command): Decision | Rejection {
    const { settings } = contextAt(this.now)
    const context = contextAt(this.now, { settings: { ...settings, ...this.settings } })
    return decide(this.state, command, this.people.facts, context)
  }

  /** The rejection's code, or null where it was appended. */
  submit(command: Command): string | null {
    const decision = this.decide(command)
    if (isRejection(decision)) return decision.rejected
    for (const body of decision.events) this.#append(command.actor, body)
    return null
  }

  /** The same, with a rejection as a whole and what was appended as its types. */
  run(command: Command): Rejection | string[] {
    const decision = this.decide(command)
    if (isRejection(decision)) return decision
    for (const body of decision.events) this.#append(command.actor, body)
    return decision.events.map(({ type }) => type)
  }

  #append(actor: UserId | null, body: EventBody): void {
    const sequence = this.events.length + 1
    const event: RoomEvent = { room: ROOM, sequence, id: `${sequence}` as EventId, at: this.now, actor, body }
    this.events.push(event)
    this.state = apply(this.state, event)
  }
}

export const room: Omit<Created, 'type' | 'channel'> = {
  suite: 'none',
  kind: 'private',
  name: 'room',
  title: null,
  avatar: null,
  ttlMs: null,
  topic: '',
  sort: 0,
  tags: [],
  members: [owner, moderator, member],
  owners: [owner],
  moderators: [moderator],
  acls: [],
  pair: null,
  isDefault: false,
  isAdmin: false,
}

export function scene(more: Partial<Created> = {}): Scene {
  const made = new Scene()
  made.create(more)
  return made
}
