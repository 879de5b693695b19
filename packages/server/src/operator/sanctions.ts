// Bans and mutes by the operator's hand: listed, and imposed as a world names them.
import type { ChannelId, RoomId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import type { InForce } from '../engine/sanctions-list.ts'
import type { Sanction } from '../room/events.ts'
import { isRejection } from '../room/rejection.ts'
import { WorldError, type WorldSanction } from './world.ts'

export interface SanctionShown {
  readonly scope: 'global' | 'channel' | 'room'
  /** The channel or room as Dino shows it. */
  readonly target: string | null
  readonly kind: Sanction['kind']
  readonly user: string
  readonly until: string | null
  readonly reason: string
}

/** Those in force. */
export async function listSanctions(core: Core): Promise<SanctionShown[]> {
  return (await core.sanctions.list({ of: 'all' })).map(shown)
}

function shown(held: InForce): SanctionShown {
  const { kind, user, until, reason } = held.sanction
  const end = until === null ? null : new Date(until).toISOString()
  return { scope: held.scope, target: targetOf(held), kind, user, until: end, reason }
}

function targetOf(held: InForce): string | null {
  if (held.scope === 'global') return null
  return uuidOf(held.scope === 'channel' ? held.channel.id : held.room.id)
}

/** `target`: the channel or the room, for a sanction of that scope. One that has run out is left alone. */
export async function impose(core: Core, wanted: WorldSanction, target: string | undefined): Promise<void> {
  const { kind, user, reason } = wanted
  const until = wanted.until === undefined ? null : Date.parse(wanted.until)
  if (until !== null && until <= core.clock.now()) return
  if (wanted.scope === 'room' && (await standsInRoom(core, wanted, target as RoomId, until))) return
  const scope =
    wanted.scope === 'global'
      ? ({ of: 'global' } as const)
      : wanted.scope === 'channel'
        ? ({ of: 'channel', channel: target as ChannelId } as const)
        : ({ of: 'room', room: target as RoomId } as const)
  const asked = { actor: null, session: null, user, scope, until, reason, summary: '' }
  const imposed = await (kind === 'ban' ? core.sanctions.ban(asked) : core.sanctions.mute(asked))
  if (isRejection(imposed))
    throw new WorldError('sanctions', `the ${kind} of the user ${user} is refused: ${imposed.rejected}`)
}

/** The same world again changes nothing; in a room's log it would stand a second time. */
async function standsInRoom(
  core: Core,
  { kind, user, reason }: WorldSanction,
  room: RoomId,
  until: number | null,
): Promise<boolean> {
  const held = (await core.rooms.load(room))?.sanctions.find(one => one.kind === kind && one.user === user)
  return held !== undefined && held.until === until && held.reason === reason
}
