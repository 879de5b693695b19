// Who helps in a channel: its admin room (the seed, request_admin), which only admins list and join. A channel without one of
// its own shares one with others; only where the whole server has none is one made, when somebody first needs it. What is
// sent there reaches those who are inside, and is kept nowhere.
import { type ChannelId, compareIds, type RoomId, type UserId, uuidOf } from '@conclave/wire'
import { type Answer as Done, isUnavailable } from '../../engine/engine.ts'
import { ATTEMPTS } from '../../limits.ts'
import { checkAcl } from '../../room/acl-check.ts'
import { blankRoom } from '../../room/commands/create-room.ts'
import { isOperator } from '../../room/facts.ts'
import { isRejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Gate } from './gate.ts'

/** Of the room that is made, and of its channel. */
const NAME = 'Admins'
/** Dino's administrator, who stands for the server. */
const ADMIN = '0' as UserId
/** Below the channels of a world. */
const SORT = 1_000

/** undefined where there is none and none can be made now. */
export async function adminRoomFor(gate: Gate, channel: ChannelId): Promise<RoomState | undefined> {
  return (await chosen(gate, channel)) ?? (await made(gate, channel))
}

/** Makes one where the server has none, so that admins find a room to be in before anybody asks for them. */
export async function provideAdminRoom(gate: Gate): Promise<void> {
  try {
    await adminRoomFor(gate, gate.parts.roomsChannel)
  } catch (error) {
    // Nobody asked for it: whatever they asked for goes on.
    if (!isUnavailable(error)) throw error
  }
}

/** Whether somebody with a role for the whole server is there, seen or unseen (the seed, 805). */
export async function isAdminOnline({ feeds, operators, parts }: Gate): Promise<boolean> {
  const users = new Set<UserId>()
  for (const { user } of feeds.sessions()) {
    const account = user === null || users.has(user) ? undefined : parts.identity.accounts.peek(user)
    if (!account || !isOperator(account)) continue
    users.add(account.id)
    if ((await parts.presence.statusOf(account.id)) !== 'offline') return true
  }
  if (!parts.nodes.shared) return false
  // On other nodes; those of other wires help nobody there.
  const elsewhere = [...(await operators.all())].filter(user => !users.has(user))
  const present = await Promise.all(elsewhere.map(user => isThere(parts, user)))
  return present.includes(true)
}

async function isThere({ presence }: GatewayParts, user: UserId): Promise<boolean> {
  const isHere = (await presence.sessionsOf(user)).some(({ wire, token }) => wire === 'dino' && token !== null)
  return isHere && (await presence.statusOf(user)) !== 'offline'
}

/** The channel's own, else one of the channel that is called like it, else the oldest. */
async function chosen({ directory, parts }: Gate, channel: ChannelId): Promise<RoomState | undefined> {
  const listed = await directory.all()
  const own = listed.find(each => each.channel.id === channel)?.adminRooms ?? []
  const shared = listed.filter(each => each.channel.name === NAME).flatMap(each => each.adminRooms)
  const any = listed.flatMap(each => each.adminRooms).sort((a, b) => compareIds(a.id, b.id))
  // What is listed may be a moment old.
  for (const room of [...own, ...shared, ...any]) {
    const found = await parts.reading.room(room.id)
    if (found?.room.isAdmin) return found.room
  }
  return undefined
}

/** One room on the whole server, however many ask at the same time: its name is a unique row, so whoever comes second
 * finds the room of the first. */
async function made(gate: Gate, channel: ChannelId): Promise<RoomState | undefined> {
  const { parts, directory, log } = gate
  const lies = await channelForAdmins(parts)
  if (lies === undefined) return undefined
  // A room of another wire may be called so already; the other name nobody could guess.
  for (const name of [NAME, `${NAME} ${uuidOf(lies)}`]) {
    const done = await makeRoom(parts, lies, name)
    directory.forget()
    if (!isRejection(done)) return done.room
    const found = await chosen(gate, channel)
    if (found) return found
    if (done.rejected !== 'name.taken')
      log.warn({ wire: 'dino', rejected: done.rejected }, 'no admin room could be made')
  }
  return undefined
}

async function makeRoom({ engine, identity, newId }: GatewayParts, channel: ChannelId, name: string): Promise<Done> {
  const acls = ['join', 'list'].map(action => ({ action, type: 'admin', value: '' }))
  const room = blankRoom({
    suite: 'none',
    kind: 'static',
    name,
    sort: SORT,
    owners: (await identity.accounts.load(ADMIN)) ? [ADMIN] : [],
    // A site's own rules may know no such type; the room is for admins all the same.
    acls: acls.filter(acl => checkAcl(acl, 'room', engine.settings.acl).ok),
    isAdmin: true,
  })
  const command = { command: 'create-room', actor: null, room, claimName: true, epoch: null, slot: null } as const
  return engine.submit({ room: newId() as RoomId, channel, command, session: null, bytes: 0 })
}

/** The channel of that name, made where there is none. The row of the channel that every node knows is written with it, so
 * that of two nodes that make one the second has to look again. */
async function channelForAdmins(parts: GatewayParts): Promise<ChannelId | undefined> {
  const { identity, reading, write, roomsChannel } = parts
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Before the look: whatever another node writes after it makes this version an old one.
    const everywhere = await identity.channels.load(roomsChannel)
    if (!everywhere) return undefined
    const named = (await reading.channels()).filter(({ name }) => name === NAME)
    const oldest = named.sort((a, b) => compareIds(a.id, b.id))[0]
    if (oldest) return oldest.id
    const { version, ...unchanged } = everywhere
    const id = parts.newId() as ChannelId
    const channel = { id, name: NAME, sort: SORT, tags: [], owners: [], admins: [], acls: [], sanctions: [] }
    const { outcome } = await write({
      guards: [
        { of: 'channel', id, version: 0 },
        { of: 'channel', id: roomsChannel, version },
      ],
      append: null,
      rows: [
        { put: 'channel', channel },
        { put: 'channel', channel: unchanged },
      ],
    })
    identity.changed('channel', roomsChannel)
    if (outcome === 'committed') return id
  }
  return undefined
}
