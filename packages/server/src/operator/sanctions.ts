// Bans and mutes by the operator's hand: listed, and imposed as a world names them. A ban ends the memberships that
// it covers, each once (design 6).
import type { ChannelId, RoomId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { isRefused } from '../identity/rejection.ts'
import { ATTEMPTS } from '../limits.ts'
import type { Sanction } from '../room/events.ts'
import { isRejection } from '../room/rejection.ts'
import { everyAccount, everyRoom } from './every.ts'
import { leaveRooms } from './users.ts'
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
  const now = core.clock.now()
  const found: SanctionShown[] = []
  const add = (scope: SanctionShown['scope'], target: string | null, sanctions: readonly Sanction[]): void => {
    for (const { kind, user, until, reason } of sanctions) {
      if (until !== null && until <= now) continue
      found.push({ scope, target, kind, user, until: until === null ? null : new Date(until).toISOString(), reason })
    }
  }
  await everyAccount(core.store, ({ sanctions }) => add('global', null, sanctions))
  for (const { id, sanctions } of await core.store.channels()) add('channel', uuidOf(id), sanctions)
  await everyRoom(core.store, async id => {
    const state = await core.rooms.load(id)
    if (state && !state.removed) add('room', uuidOf(id), state.sanctions)
  })
  return found
}

/** `target`: the channel or the room, for a sanction of that scope. One that has run out is left alone. */
export async function impose(core: Core, wanted: WorldSanction, target: string | undefined): Promise<void> {
  const { kind, user, scope, reason } = wanted
  const until = wanted.until === undefined ? null : Date.parse(wanted.until)
  const from = core.clock.now()
  if (until !== null && until <= from) return
  const sanction: Sanction = { kind, user, from, until, reason, by: null }
  const imposed =
    scope === 'global'
      ? await imposeEverywhere(core, sanction)
      : scope === 'channel'
        ? await imposeInChannel(core, sanction, target as ChannelId)
        : await imposeInRoom(core, sanction, target as RoomId)
  if (!imposed) throw new WorldError('sanctions', `the ${kind} of the user ${user} is refused, or changed meanwhile`)
}

async function imposeEverywhere(core: Core, sanction: Sanction): Promise<boolean> {
  const changed = await core.identity.users.change(sanction.user, ({ sanctions }) => ({
    sanctions: withSanction(sanctions, sanction),
  }))
  if (isRefused(changed)) return false
  if (sanction.kind === 'ban') await leaveRooms(core, sanction.user, 'banned', sanction.reason)
  return true
}

async function imposeInChannel(core: Core, sanction: Sanction, id: ChannelId): Promise<boolean> {
  if (!(await writeToChannel(core, sanction, id))) return false
  if (sanction.kind !== 'ban') return true
  await leaveRooms(core, sanction.user, 'banned', sanction.reason, id)
  for (const room of await core.store.roomsIn(id)) {
    for (const session of await core.occupancy.occupants(room))
      if (session.user === sanction.user) await core.occupancy.leave(session, room)
  }
  return true
}

async function writeToChannel({ store, writer, identity }: Core, sanction: Sanction, id: ChannelId): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const channel = await store.channel(id)
    if (!channel) return false
    const { version, ...bare } = channel
    const sanctions = withSanction(channel.sanctions, sanction)
    if (sanctions === channel.sanctions) return true
    const { outcome } = await writer.write({
      guards: [{ of: 'channel', id, version }],
      append: null,
      rows: [{ put: 'channel', channel: { ...bare, sanctions } }],
    })
    identity.changed('channel', id)
    if (outcome === 'committed') return true
  }
  return false
}

async function imposeInRoom({ rooms, engine }: Core, sanction: Sanction, room: RoomId): Promise<boolean> {
  const { kind, user, until, reason } = sanction
  const state = await rooms.load(room)
  if (state && withSanction(state.sanctions, sanction) === state.sanctions) return true
  const command = { command: 'sanction', actor: null, kind, user, until, reason, rank: 'owner' } as const
  return !isRejection(await engine.submit({ room, command, session: null, bytes: 0 }))
}

/** The very same list where the sanction is there already. */
function withSanction(held: readonly Sanction[], entry: Sanction): readonly Sanction[] {
  const known = held.find(({ kind, user }) => kind === entry.kind && user === entry.user)
  if (known && known.until === entry.until && known.reason === entry.reason) return held
  return [...held.filter(one => one !== known), entry]
}
