// Rooms made over this wire: they lie in the server's own channel and take a name that no other plain room has.

import type { RoomId, UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Acl } from '../../../room/acl.ts'
import { blankRoom } from '../../../room/commands/create-room.ts'
import type { DiscussionOf, RoomConfig, RoomKind, Suite, TeamPlace } from '../../../room/events.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { suiteOfNew } from '../keys/encryption.ts'
import type { Call } from '../method.ts'
import { customFields, name, usernames } from '../params.ts'
import { submit } from '../submit.ts'
import { personNamed } from '../users/find.ts'
import { teamNamed } from './team-named.ts'

export interface NewRoom {
  readonly kind: RoomKind
  readonly suite: Suite
  readonly name: string | null
  readonly topic: string
  readonly members: readonly UserId[]
  readonly owners: readonly UserId[]
  readonly pair: readonly [UserId, UserId] | null
  readonly config?: Partial<RoomConfig>
  readonly acls?: readonly Acl[]
  readonly discussionOf?: DiscussionOf
  /** Its own place in a team, or as the main room of one that begins with it. */
  readonly team?: TeamPlace | 'main'
}

export async function createRoom(call: Call, room: NewRoom): Promise<RoomState | Rejection> {
  const { parts } = call.gate
  const id = parts.newId() as RoomId
  const { team, ...said } = room
  const place = team === 'main' ? { main: id, isDefault: false } : team
  const done = await submit(
    call,
    id,
    {
      command: 'create-room',
      actor: call.caller.account.id,
      // Discussions may be called alike.
      claimName: room.name !== null && room.discussionOf === undefined,
      slot: null,
      epoch: null,
      room: blankRoom(place ? { ...said, team: place } : said),
    },
    parts.roomsChannel,
  )
  return isRejection(done) ? done : done.room
}

const text = z.string().nullish()
/** What clients say of a channel or group beside its name; what else stands in `extraData` is not looked at. */
export const NAMED_ROOM = {
  name,
  members: usernames.nullish(),
  readOnly: z.boolean().nullish(),
  customFields: customFields.nullish(),
  extraData: z
    .object({
      encrypted: z.boolean().nullish(),
      broadcast: z.boolean().nullish(),
      reactWhenReadOnly: z.boolean().nullish(),
      topic: text,
      description: text,
      announcement: text,
      teamId: text,
    })
    .nullish(),
  excludeSelf: z.boolean().nullish(),
} as const
export type NamedRoom = z.output<ReturnType<typeof z.object<typeof NAMED_ROOM>>>

/** What the server itself says of a new room. */
export interface MoreOfRoom {
  readonly members?: readonly UserId[]
  /** Instead of the caller. */
  readonly owner?: UserId
  readonly isTeam?: true
  readonly config?: Partial<RoomConfig>
}

/** A channel or a group, its maker the owner and, unless they say otherwise, a member. */
export async function createNamed(
  call: Call,
  kind: 'public' | 'private',
  asked: NamedRoom,
  method: string,
  more: MoreOfRoom = {},
): Promise<RoomState | MeteorError> {
  const { gate, caller } = call
  const { account } = caller
  if (!gate.permissions.may(account, kind === 'public' ? 'create-c' : 'create-p')) return notAllowed(method)
  const extra = asked.extraData ?? {}
  // Nobody who asks for encryption gets a room without.
  if (kind === 'public' && extra.encrypted)
    return new MeteorError('error-action-not-allowed', 'Only groups or direct channels can enable encryption', {
      method,
    })
  const suite = suiteOfNew(gate, kind === 'public' ? 'c' : 'p', extra.encrypted)
  if (suite instanceof MeteorError) return suite
  const team = more.isTeam ? 'main' : await teamOfNew(call, kind, extra.teamId)
  if (team instanceof MeteorError) return team
  const maker = more.owner ?? account.id
  const others = more.members ?? (await usersNamed(gate, asked.members ?? []))
  const outside = asked.excludeSelf === true && !others.includes(maker)
  const broadcast = extra.broadcast ?? false
  const made = await createRoom(call, {
    kind,
    suite,
    name: asked.name,
    topic: extra.topic ?? '',
    members: outside ? others : [...new Set([maker, ...others])],
    owners: outside ? [] : [maker],
    ...(team ? { team } : {}),
    pair: null,
    config: {
      readOnly: broadcast || (asked.readOnly ?? false),
      broadcast,
      reactWhenReadOnly: !broadcast && (extra.reactWhenReadOnly ?? false),
      description: extra.description ?? '',
      announcement: extra.announcement ?? '',
      customFields: asked.customFields ?? {},
      ...more.config,
    },
  })
  return isRejection(made) ? errorOf(made, method) : made
}

/** The team that a client wants a new room to be in. */
async function teamOfNew(
  { gate, caller }: Call,
  kind: 'public' | 'private',
  teamId: string | null | undefined,
): Promise<TeamPlace | undefined | MeteorError> {
  if (!teamId) return undefined
  const found = await teamNamed(gate, { teamId })
  const permission = kind === 'public' ? 'create-team-channel' : 'create-team-group'
  // Of teams in which one may make nothing nobody learns more than of none.
  if (!found || !gate.permissions.may(caller.account, permission, found.room))
    return new MeteorError('error-not-allowed', 'Not allowed to create rooms in this team', { method: 'createRoom' })
  return { main: found.room.id, isDefault: false }
}

/** The users of these names; names that nobody has are left out, as the real server does. */
export async function usersNamed(gate: Gate, names: readonly string[]): Promise<UserId[]> {
  const found = new Set<UserId>()
  for (const name of names) {
    const person = await personNamed(gate, name.replace(/^@/, ''))
    if (person?.account.active) found.add(person.account.id)
  }
  return [...found]
}
