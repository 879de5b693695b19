// What the log says, folded a second time by code that knows nothing of the server's own: who is in, which key counts,
// who is banned, which ids were used. The judge compares everything with this.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { Acl } from '../packages/server/src/room/acl.ts'
import type { EventBody, RoomEvent, RoomKind, Sanction, Suite } from '../packages/server/src/room/events.ts'
import type { Account, Channel, PublicKey } from '../packages/server/src/room/facts.ts'

export interface RoomModel {
  readonly id: RoomId
  readonly channel: ChannelId
  readonly suite: Suite
  readonly kind: RoomKind
  readonly pair: readonly [UserId, UserId] | null
  readonly events: RoomEvent[]
  /** Sequences of messages that are gone. */
  readonly erased: Set<number>
  /** Since which event each is a member. */
  readonly members: Map<UserId, number>
  readonly roles: Map<UserId, Set<string>>
  /** By kind and user. */
  readonly sanctions: Map<string, Sanction>
  acls: readonly Acl[]
  epoch: string | null
  closed: boolean
  removed: boolean
  control: number
  /** By sequence, from 1: the control sequence after the append that an event was written with. */
  readonly ends: number[]
  /** What the room is, in one text, after each control event. */
  readonly shapes: Map<number, string>
  /** Who could see what: the members right after each control event. */
  readonly rosters: { readonly from: number; readonly members: ReadonlySet<UserId> }[]
}

export interface Versioned<T> {
  version: number
  value: T
}

export class Model {
  readonly rooms = new Map<RoomId, RoomModel>()
  readonly accounts = new Map<UserId, Versioned<Omit<Account, 'version'>>>()
  readonly channels = new Map<ChannelId, Versioned<Omit<Channel, 'version'>>>()
  readonly keys = new Map<UserId, PublicKey[]>()
  /** Each version of an account, as one text. */
  readonly accountShapes = new Map<string, string>()
  /** Ids of messages and of action signatures, and where they stand. */
  readonly ids = new Map<string, { readonly room: RoomId; readonly sequence: number }>()

  newestKey(user: UserId): string | undefined {
    return this.keys.get(user)?.at(-1)?.version
  }

  versionOf(of: 'account' | 'channel' | 'keys', id: string): number {
    if (of === 'account') return this.accounts.get(id as UserId)?.version ?? 0
    if (of === 'channel') return this.channels.get(id as ChannelId)?.version ?? 0
    return this.keys.get(id as UserId)?.length ?? 0
  }

  begin(event: RoomEvent): RoomModel {
    const body = event.body as Extract<EventBody, { type: 'room.created' }>
    const room: RoomModel = {
      id: event.room,
      channel: body.channel,
      suite: body.suite,
      kind: body.kind,
      pair: body.pair,
      events: [],
      erased: new Set(),
      ends: [],
      members: new Map(),
      roles: new Map(),
      sanctions: new Map(),
      acls: body.acls,
      epoch: null,
      closed: false,
      removed: false,
      control: 0,
      shapes: new Map(),
      rosters: [],
    }
    for (const user of body.members) room.members.set(user, event.sequence)
    for (const user of body.owners) roleSet(room, user).add('owner')
    for (const user of body.moderators) roleSet(room, user).add('moderator')
    this.rooms.set(room.id, room)
    return room
  }

  /** `rotates`: the same append opens a key. */
  take(room: RoomModel, event: RoomEvent, { rotates, lockstep }: { rotates: boolean; lockstep: boolean }): void {
    const { body, sequence } = event
    room.events.push(event)
    switch (body.type) {
      case 'message':
        return
      case 'messages.deleted':
        for (const erased of body.sequences) room.erased.add(erased)
        return
      case 'members.added':
        for (const user of body.users) room.members.set(user, sequence)
        break
      case 'members.removed':
        for (const user of body.users) {
          room.members.delete(user)
          if (room.suite !== 'none') room.roles.delete(user)
        }
        if (!rotates && room.epoch !== null && closes(room.suite, lockstep)) room.closed = true
        break
      case 'epoch.opened':
        room.epoch = body.version
        room.closed = false
        break
      case 'roles.changed':
        if (body.granted) roleSet(room, body.user).add(body.role)
        else roleSet(room, body.user).delete(body.role)
        break
      case 'sanction.set':
        room.sanctions.set(`${body.sanction.kind} ${body.sanction.user}`, body.sanction)
        break
      case 'sanction.lifted':
        room.sanctions.delete(`${body.kind} ${body.user}`)
        break
      case 'acls.changed':
        room.acls = body.acls
        break
      case 'room.removed':
        room.removed = true
        room.closed = false
        room.members.clear()
        break
      default:
        break
    }
    room.control = sequence
    room.shapes.set(sequence, shapeOf(room))
    room.rosters.push({ from: sequence, members: new Set(room.members.keys()) })
  }

  /** A member right after that event. */
  wasMember(room: RoomModel, user: UserId, sequence: number): boolean {
    let found: ReadonlySet<UserId> | undefined
    for (const { from, members } of room.rosters) {
      if (from > sequence) break
      found = members
    }
    return found?.has(user) ?? false
  }
}

/** Whether a key counts no more when somebody goes who holds it (L4). */
export function closes(suite: Suite, lockstep: boolean): boolean {
  return suite === 'xchat' || (suite === 'rocketchat' && lockstep)
}

export function shapeOf(room: RoomModel): string {
  const roles = [...room.roles]
    .filter(([, held]) => held.size > 0)
    .map(([user, held]) => `${user}:${[...held].sort().join('+')}`)
  return shape(room.members.keys(), roles, room.epoch, room.closed, room.removed)
}

export function shape(
  members: Iterable<UserId>,
  roles: readonly string[],
  epoch: string | null,
  closed: boolean,
  removed: boolean,
): string {
  return [[...members].sort(), [...roles].sort(), epoch, closed, removed].join('|')
}

function roleSet(room: RoomModel, user: UserId): Set<string> {
  const held = room.roles.get(user) ?? new Set<string>()
  room.roles.set(user, held)
  return held
}
