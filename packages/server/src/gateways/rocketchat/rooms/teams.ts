// Teams: a main room, whose members are the team's and whose name and type are the team's too, and rooms that say in their
// own logs that they are in it (room/commands/change-team.ts). Nothing is kept beside the logs, so nothing can drift.
import type { UserId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { TeamPlace } from '../../../room/events.ts'
import { isHidden } from '../../../room/rights.ts'
import { hasRole, isTeam, type RoomState, usersWith } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document } from '../encode.ts'
import { failure, MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { TEAM_ROOMS } from '../limits.ts'
import type { Call } from '../method.ts'
import { type Found, fullNameOf, ridOf, shortNameOf, typeOf, userRefOf } from '../names.ts'
import type { Permission } from '../settings/permission-table.ts'
import { mayKnow } from './access.ts'
import { type Acted, act, erase, may } from './room-acts.ts'
import { roomDocument } from './room-document.ts'
import { publicRooms } from './rooms-list.ts'
import { rolesIn } from './subscription-document.ts'

export const noTeam = failure('team-does-not-exist')
export const lastOwner = failure('last-owner-can-not-be-removed')

export async function teamDocument({ parts }: Gate, room: RoomState): Promise<Document> {
  const { team } = room
  const maker = team?.by ? await accountOf(parts, team.by) : undefined
  const { _id, username } = userRefOf(maker)
  return {
    _id: uuidOf(room.id),
    name: fullNameOf(room),
    type: typeOf(room) === 'c' ? 0 : 1,
    createdAt: new Date(team?.at ?? room.createdAt),
    createdBy: { _id, username },
    _updatedAt: new Date(room.updatedAt),
    roomId: ridOf(room),
  }
}

/** With how many rooms and members it has. */
export async function teamWithCounts(gate: Gate, room: RoomState): Promise<Document> {
  return {
    ...(await teamDocument(gate, room)),
    rooms: await countOfRooms(gate, room),
    numberOfUsers: room.members.size,
  }
}

/** Without the main room. */
export async function countOfRooms({ parts }: Gate, main: RoomState): Promise<number> {
  return (await parts.reading.countBranches(main.id, 'team')) - 1
}

/** The teams that are open to everybody, as far as the caller may see them, and the caller's own. */
export async function visibleTeams({ gate, caller }: Call): Promise<RoomState[]> {
  const open = (await publicRooms(gate, caller)).filter(isTeam)
  const own = await teamsOf(gate, caller.account.id)
  return [...new Map([...open, ...own].map(room => [room.id, room])).values()]
}

/** The teams of which a user is a member. */
export async function teamsOf({ parts }: Gate, user: UserId): Promise<RoomState[]> {
  return (await parts.reading.roomsOf(user)).filter(isTeam)
}

/** The rooms of a team beside its main room. */
export async function roomsOfTeam({ parts }: Gate, main: RoomState): Promise<RoomState[]> {
  const rooms = await parts.reading.branches(main.id, 'team', TEAM_ROOMS)
  return rooms.map(({ room }) => room).filter(({ id, team }) => id !== main.id && team?.main === main.id)
}

/** Of a hidden room in which the caller is not: that it is there, and what it is called. */
export async function teamRoomDocument({ gate, caller }: Call, room: RoomState): Promise<Document> {
  const found = await gate.parts.reading.room(room.id)
  if (found && (!isHidden(room) || mayKnow(gate, caller, found))) return roomDocument(gate.parts, room)
  return {
    _id: ridOf(room),
    t: typeOf(room),
    name: shortNameOf(room),
    fname: fullNameOf(room),
    ts: new Date(room.createdAt),
    teamId: room.team && uuidOf(room.team.main),
    ...(room.team?.isDefault ? { teamDefault: true } : {}),
    _updatedAt: new Date(room.updatedAt),
  }
}

/** As team roles go: whoever was brought in is a `member` beside what they are in the main room. */
export function teamRoles(room: RoomState, user: UserId): string[] {
  const held = rolesIn(room, user)
  return held.includes('owner') && room.team?.by === user ? held : ['member', ...held]
}

export function isMember(room: RoomState, { caller }: Call): boolean {
  return room.members.has(caller.account.id)
}

/** Whether the caller may know what is in the team at all. */
export function maySeeTeam(call: Call, room: RoomState): boolean {
  return typeOf(room) === 'c' || isMember(room, call) || may(call, 'view-all-teams', room)
}

export function isLastOwner(room: RoomState, user: UserId): boolean {
  return hasRole(room, user, 'owner') && usersWith(room, 'owner').length === 1
}

/** `managed`: for managing the team, whoever owns the room. */
export function placeInTeam(
  call: Call,
  room: RoomState,
  team: TeamPlace | null,
  method: string,
  managed?: RoomState,
): Promise<Acted> {
  const command = { command: 'change-team', actor: call.caller.account.id, team } as const
  return act(call, room, managed ? { ...command, managed: managed.id } : command, method)
}

/** Ends a team: the rooms that are named go with it, the others stay without a team. The first refusal ends it, before
 * the team itself is touched. */
export async function dissolve(
  call: Call,
  main: RoomState,
  roomsToRemove: readonly string[],
  method: string,
): Promise<MeteorError | null> {
  const rooms = await roomsOfTeam(call.gate, main)
  const named = new Set(roomsToRemove)
  for (const room of rooms.filter(one => named.has(ridOf(one)))) {
    const found = await call.gate.parts.reading.room(room.id)
    const erased = found && (await erase(call, found, 'eraseRoom'))
    if (erased instanceof MeteorError) return erased
  }
  for (const room of rooms.filter(one => !named.has(ridOf(one)))) {
    const freed = await placeInTeam(call, room, null, method, main)
    if (freed instanceof MeteorError) return freed
  }
  return null
}

/** Puts members of a team into a room that takes them in by itself. Whoever cannot come in stays out. */
export async function takeIn(
  { engine }: Pick<GatewayParts, 'engine'>,
  room: RoomState,
  users: readonly UserId[],
): Promise<void> {
  const { team } = room
  if (!team) return
  for (const user of users) {
    const command = { command: 'add-members', actor: null, users: [user], signed: null, ofTeam: team.main } as const
    await engine.submit({ room: room.id, command, session: null, bytes: 0 })
  }
}

/** A right in the team's main room, or everywhere. */
export function mayIn(call: Call, { room }: Found, ...permissions: readonly Permission[]): boolean {
  return permissions.some(permission => may(call, permission, room))
}

/** Every team, whoever asks. */
export async function allTeams({ parts }: Gate): Promise<RoomState[]> {
  return [...(await parts.reading.teams(null, TEAM_ROOMS))]
}
