// What a client says of an incoming webhook, checked: where it posts, as whom, and that it wants nothing run.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import { isHidden } from '../../../room/rights.ts'
import { MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { HOOK_TARGETS, ID_TEXT } from '../limits.ts'
import { checkForm } from '../messages/message-form.ts'
import { type Found, roomOf, SERVER } from '../names.ts'
import { mayEnter } from '../rooms/access.ts'
import { standsAbove } from '../users/find.ts'
import { rightsOf, type Target } from './integration.ts'

const short = z.string().max(ID_TEXT)
const long = z.string().max(4_096)

export const integrationShape = z.looseObject({
  type: z.string(),
  name: short.nullish(),
  enabled: z.boolean(),
  username: short,
  channel: long,
  alias: short.nullish(),
  emoji: short.nullish(),
  avatar: long.nullish(),
  scriptEnabled: z.boolean().nullish(),
  script: z.string().nullish(),
  overrideDestinationChannelEnabled: z.boolean().nullish(),
})
type Given = z.output<typeof integrationShape>

export interface Settled {
  readonly name: string
  readonly enabled: boolean
  /** Who posts; null is the server itself. */
  readonly as: UserId | null
  readonly targets: readonly Target[]
  /** Its maker was let post to rooms that are not theirs; else they must be a member at each post. */
  readonly anywhere: boolean
  /** Whoever posts may name another room. */
  readonly elsewhere: boolean
  readonly alias: string
  readonly emoji: string
  readonly avatar: string
}

export async function settle(gate: Gate, caller: Caller, given: Given): Promise<Settled | MeteorError> {
  const { all, own } = rightsOf(gate, caller)
  const names = given.channel
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  if (names.length === 0 || names.length > HOOK_TARGETS) return refused('error-invalid-channel', 'Invalid channel')
  if (names.some(name => !/^[#@]/.test(name)))
    return refused('error-invalid-channel-start-with-chars', 'Invalid channel. Start with @ or #')
  if (given.script?.trim()) return refused('error-scripts-not-supported', 'This server runs no scripts of integrations')
  const as = await posterOf(gate, caller, given.username.trim(), all)
  if (as instanceof MeteorError) return as
  const targets: Target[] = []
  for (const name of names) {
    const target = await targetOf(gate, caller, name, as, all && own)
    if (target instanceof MeteorError) return target
    targets.push(target)
  }
  const look = { alias: given.alias ?? '', emoji: given.emoji ?? '', avatar: given.avatar ?? '' }
  const unfit = checkForm({ ...(look.avatar ? { avatar: look.avatar } : {}), msg: '' })
  if (unfit) return unfit
  return {
    name: given.name?.trim() || 'Incoming webhook',
    enabled: given.enabled,
    as,
    targets,
    anywhere: all && own,
    elsewhere: given.overrideDestinationChannelEnabled ?? false,
    ...look,
  }
}

/** In somebody else's name only for who manages all integrations. */
async function posterOf(
  { parts }: Gate,
  { account }: Caller,
  username: string,
  all: boolean,
): Promise<UserId | null | MeteorError> {
  if (username === '') return refused('error-invalid-username', 'Invalid username')
  if (username === SERVER.username) return null
  const poster = await parts.identity.users.find({ username })
  if (!poster || (poster.id !== account.id && !all) || standsAbove(poster, account))
    return refused('error-invalid-user', 'Invalid user')
  return poster.id
}

async function targetOf(
  gate: Gate,
  caller: Caller,
  name: string,
  as: UserId | null,
  anywhere: boolean,
): Promise<Target | MeteorError> {
  const named = name.slice(1)
  if (name.startsWith('@')) {
    const user = await gate.parts.identity.users.find({ username: named })
    if (!user) return refused('error-invalid-room', 'Invalid room')
    return as === null
      ? refused('error-invalid-channel', 'Only a user writes to users: name one to post as')
      : { name, room: null }
  }
  const rooms = await roomsNamed(gate, caller, named)
  const found = rooms.find(({ room }) => room.members.has(caller.account.id)) ?? (anywhere ? rooms[0] : undefined)
  if (found) return { name, room: found.room.id }
  // A room that is not the caller's is named as such only where they could see it anyway.
  return rooms.some(each => mayEnter(gate, caller, each) && !isHidden(each.room))
    ? refused('error-invalid-channel', 'Invalid Channel')
    : refused('error-invalid-room', 'Invalid room')
}

async function roomsNamed({ parts }: Gate, { account }: Caller, name: string): Promise<Found[]> {
  const byId = await roomOf(parts, account, name)
  if (byId) return [byId]
  const found: Found[] = []
  for (const { id } of await parts.reading.named(name)) {
    const room = await parts.reading.room(id)
    if (room) found.push(room)
  }
  return found
}

function refused(code: string, reason: string): MeteorError {
  return new MeteorError(code, reason, { method: 'addIncomingIntegration' })
}
