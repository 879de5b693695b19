// The channels and rooms of a world: made, or changed in what is named. Who is disabled or banned is left out of a
// room until that has ended; an import does not undo what a moderator did.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { ATTEMPTS } from '../limits.ts'
import type { Command } from '../room/decide.ts'
import type { Channel } from '../room/facts.ts'
import { isRejection, type Rejection } from '../room/rejection.ts'
import { checkStanding } from '../room/rights.ts'
import { hasRole, type RoomState } from '../room/state.ts'
import { type WorldChannel, WorldError, type WorldRoom } from './world.ts'

/** Gives the channel's id. */
export async function importChannel(core: Core, channel: WorldChannel): Promise<ChannelId> {
  const { store, identity, writer } = core
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = (await store.ref('channel', channel.ref)) as ChannelId | undefined
    const known = held && (await store.channel(held))
    const id = held ?? (store.newId() as ChannelId)
    const next: Omit<Channel, 'version'> = {
      id,
      name: channel.name,
      sort: channel.sort ?? known?.sort ?? 0,
      tags: channel.tags ?? known?.tags ?? [],
      owners: channel.owners ?? known?.owners ?? [],
      admins: channel.admins ?? known?.admins ?? [],
      acls: channel.acls ?? known?.acls ?? [],
      sanctions: known?.sanctions ?? [],
    }
    if (known && isSame(known, next)) return id
    const { outcome } = await writer.write({
      guards: [{ of: 'channel', id, version: known?.version ?? 0 }],
      append: null,
      rows: [
        { put: 'channel', channel: next },
        { put: 'ref', kind: 'channel', ref: channel.ref, id },
      ],
    })
    identity.changed('channel', id)
    if (outcome === 'committed') return id
  }
  throw new WorldError('channels', `"${channel.ref}" is being changed by somebody else`)
}

function isSame(known: Channel, next: Omit<Channel, 'version'>): boolean {
  return (Object.keys(next) as (keyof typeof next)[]).every(
    key => JSON.stringify(known[key]) === JSON.stringify(next[key]),
  )
}

/** Gives the room's id: the one that its ref means, or a new one where there is none or that room was removed. */
export async function importRoom(core: Core, room: WorldRoom, channel: ChannelId): Promise<RoomId> {
  const { store, rooms, writer } = core
  const held = (await store.ref('room', room.ref)) as RoomId | undefined
  const known = held && (await rooms.load(held))
  if (held && known && !known.removed) {
    await updateRoom(core, room, known)
    return held
  }
  const id = held && !known ? held : (store.newId() as RoomId)
  // The ref first: if the process ends between the two, the next import makes the room under this very id.
  if (id !== held)
    await writer.write({ guards: [], append: null, rows: [{ put: 'ref', kind: 'room', ref: room.ref, id }] })
  await createRoom(core, room, id, channel)
  return id
}

/** Who shall be a member: of a private room its owners too. */
export function membersOf(room: WorldRoom, state: RoomState | undefined): UserId[] {
  const owners = (state?.kind ?? room.kind) === 'private' ? (room.owners ?? []) : []
  return [...new Set([...(room.members ?? []), ...owners])]
}

async function createRoom(core: Core, room: WorldRoom, id: RoomId, channel: ChannelId): Promise<void> {
  const admitted = async (users: readonly UserId[] = []) => inGoodStanding(core, users, channel, null)
  const command = {
    command: 'create-room',
    actor: null,
    slot: null,
    epoch: null,
    room: {
      suite: 'none',
      kind: room.kind ?? 'static',
      name: room.name,
      title: null,
      avatar: null,
      ttlMs: null,
      topic: room.topic ?? '',
      sort: room.sort ?? 10,
      tags: room.tags ?? [],
      members: await admitted(membersOf(room, undefined)),
      owners: await admitted(room.owners),
      moderators: await admitted(room.moderators),
      acls: room.acls ?? [],
      pair: null,
      isDefault: room.default ?? false,
      isAdmin: room.admin ?? false,
    },
  } as const
  await named(claimName => submit(core, id, { ...command, claimName }, channel), room)
}

async function updateRoom(core: Core, room: WorldRoom, state: RoomState): Promise<void> {
  const { id, channel } = state
  const { name, topic, sort, tags, default: isDefault, admin: isAdmin, acls } = room
  const described = { command: 'describe-room', actor: null, name, topic, sort, tags, isDefault, isAdmin } as const
  await named(claimName => submit(core, id, { ...described, claimName }), room)
  const run = async (command: Command): Promise<void> => done(await submit(core, id, command), room)
  if (acls) await run({ command: 'replace-acls', actor: null, acls })
  const absent = membersOf(room, state).filter(user => !state.members.has(user))
  const users = await inGoodStanding(core, absent, channel, state)
  // Members before roles: in an encrypted room only members hold one.
  if (users.length > 0) await run({ command: 'add-members', actor: null, users, signed: null })
  for (const [role, holders] of [
    ['owner', room.owners],
    ['moderator', room.moderators],
  ] as const) {
    const wanted = (holders ?? []).filter(user => !hasRole(state, user, role))
    for (const user of await inGoodStanding(core, wanted, channel, state))
      await run({ command: 'change-role', actor: null, user, role, granted: true })
  }
}

async function inGoodStanding(
  { identity, clock }: Core,
  users: readonly UserId[],
  channel: ChannelId,
  state: RoomState | null,
): Promise<UserId[]> {
  const standing: UserId[] = []
  const found = await identity.channels.load(channel)
  for (const user of users) {
    const account = await identity.accounts.load(user)
    if (account && found && !checkStanding(state, found, account, clock.now())) standing.push(user)
  }
  return standing
}

async function submit(core: Core, room: RoomId, command: Command, channel?: ChannelId): Promise<Rejection | null> {
  const answer = await core.engine.submit({ room, command, session: null, bytes: 0, ...(channel ? { channel } : {}) })
  return isRejection(answer) ? answer : null
}

/** An imported room may share a name with another; it then holds no name row (design 6). */
async function named(run: (claimName: boolean) => Promise<Rejection | null>, room: WorldRoom): Promise<void> {
  const first = await run(true)
  done(first?.rejected === 'name.taken' ? await run(false) : first, room)
}

function done(rejection: Rejection | null, { ref }: WorldRoom): void {
  if (rejection === null) return
  const text = 'text' in rejection ? rejection.text : `is refused: ${rejection.rejected}`
  throw new WorldError('rooms', `"${ref}" ${text}`)
}
