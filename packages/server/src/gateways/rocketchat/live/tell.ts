// What handlers put on the bus for this wire's streams: each node delivers it to whoever listens there (live.ts). Nothing
// of it is stored. Arguments are plain values (dates as Date), encoded once per node, so nothing in them may be for one
// reader alone but in what is told to one user.
import type { UserId } from '@conclave/wire'
import type { Bus } from '../../../bus/bus.ts'
import type { RoomState } from '../../../room/state.ts'

/** Names of what passes between nodes without being stored. */
export const SIGNAL = {
  /** An event of `stream-notify-room`. args: [event, arguments]. */
  room: 'rocketchat/notify-room',
  /** An event for every other member's `stream-notify-user`. args: [event, arguments]. */
  members: 'rocketchat/notify-room-users',
  /** An event for one user's `stream-notify-user`. args: [event, arguments]. */
  user: 'rocketchat/notify-user',
  /** An event of `stream-notify-logged`. args: [event, arguments]. */
  logged: 'rocketchat/notify-logged',
  /** An event of `stream-notify-all`. args: [event, arguments]. */
  all: 'rocketchat/notify-all',
  /** An event of `stream-roles`. args: ['roles', arguments]. */
  roles: 'rocketchat/roles',
  /** The list of those who wait for a key is another now. */
  queue: 'rocketchat/queue',
  /** Something has been said in a discussion of the room, or it is gone. args: [its room]. */
  discussion: 'rocketchat/discussion',
  /** A user has starred a message, or does not any more: for them alone. args: [user, sequence]. */
  starred: 'rocketchat/starred',
} as const

type On = { readonly bus: Bus }

/** `stream-notify-user <uid>/<event>`. */
export function tellUser({ bus }: On, user: UserId, event: string, ...args: readonly unknown[]): void {
  bus.publish(`user:${user}`, { kind: 'signal', name: SIGNAL.user, room: null, from: null, args: [event, args] })
}

/** `stream-notify-room <rid>/<event>`, to all who listen. */
export function tellRoom({ bus }: On, room: Pick<RoomState, 'id'>, event: string, ...args: readonly unknown[]): void {
  const told = { kind: 'signal', name: SIGNAL.room, room: room.id, from: null, args: [event, args] } as const
  bus.publish(`room:${room.id}`, told)
}

/** `stream-notify-logged <event>`: `updateAvatar`, `Users:NameChanged`, `Users:Deleted`, `roles-change`,
 * `permissions-changed`, `private-settings-changed`, … */
export function tellLogged({ bus }: On, event: string, ...args: readonly unknown[]): void {
  bus.publish('all', { kind: 'signal', name: SIGNAL.logged, room: null, from: null, args: [event, args] })
}

/** `stream-notify-logged roles-change`: a role in a room. What happens in a hidden room is told to its members alone. */
export function tellRoleInRoom(
  { bus }: On,
  room: Pick<RoomState, 'id'>,
  change: Readonly<Record<string, unknown>>,
): void {
  const args = ['roles-change', [change]]
  bus.publish('all', { kind: 'signal', name: SIGNAL.logged, room: room.id, from: null, args })
}

/** `stream-notify-all <event>`, which needs no log-in: `public-settings-changed`, `public-info`. */
export function tellAll({ bus }: On, event: string, ...args: readonly unknown[]): void {
  bus.publish('all', { kind: 'signal', name: SIGNAL.all, room: null, from: null, args: [event, args] })
}

/** `stream-roles roles`: a role itself has changed. */
export function tellRoles({ bus }: On, role: Readonly<Record<string, unknown>>): void {
  bus.publish('all', { kind: 'signal', name: SIGNAL.roles, room: null, from: null, args: ['roles', [role]] })
}

/** What others see of a user may be another now (status, text, name, roles): everybody who watches gets what it is then. */
export function tellPresence({ bus }: On, user: UserId): void {
  bus.publish('all', { kind: 'presence', user })
}

/** The message, with or without the star, on the room's stream to the user's own connections. */
export function tellStar({ bus }: On, room: Pick<RoomState, 'id'>, user: UserId, sequence: number): void {
  const told = { kind: 'signal', name: SIGNAL.starred, room: room.id, from: null, args: [user, sequence] } as const
  bus.publish(`room:${room.id}`, told)
}
