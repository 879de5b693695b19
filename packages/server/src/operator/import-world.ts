// Loads a world (design 5). Everything is checked before anything is written; what is named is added or updated,
// nothing is removed; the same world again changes nothing.
import type { ChannelId, RoomId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { emailKey, usernameKey } from '../identity/account-form.ts'
import { isRefused } from '../identity/rejection.ts'
import { hashOf } from '../identity/tokens.ts'
import { ATTEMPTS } from '../limits.ts'
import { checkAcl } from '../room/acl-check.ts'
import type { Command } from '../room/decide.ts'
import type { Sanction } from '../room/events.ts'
import type { Channel } from '../room/facts.ts'
import { isRejection } from '../room/rejection.ts'
import { hasRole } from '../room/state.ts'
import type { Row } from '../store/store.ts'
import type { World, WorldChannel, WorldRoom, WorldUser } from './world.ts'
import { checkWorld, WorldError } from './world.ts'

/** Ids by ref, in the form that Dino and Rocket.Chat show. */
export interface Imported {
  readonly channels: Readonly<Record<string, string>>
  readonly rooms: Readonly<Record<string, string>>
}

/** Items that are handed over at a time: they share transactions. */
const TOGETHER = 256

export async function importWorld(core: Core, value: unknown): Promise<Imported> {
  const { store } = core
  const world = await checkWorld(value, {
    user: async id => (await store.account(id)) !== undefined,
    ref: async (kind, ref) => (await store.ref(kind, ref)) !== undefined,
  })
  await checkAgainstStore(core, world)
  await inChunks(world.users, (user, at) => importUser(core, user, at))
  const channels = new Map<string, ChannelId>()
  for (const channel of world.channels) channels.set(channel.ref, await importChannel(core, channel))
  const rooms = new Map<string, RoomId>()
  await inChunks(world.rooms, async room => {
    const channel = channels.get(room.channel) ?? ((await store.ref('channel', room.channel)) as ChannelId)
    rooms.set(room.ref, await importRoom(core, room, channel))
  })
  await writeRows(
    core,
    world.blacklist.map(word => ({ put: 'word', word: word.toLowerCase() })),
  )
  for (const sanction of world.sanctions) await importSanction(core, sanction, channels, rooms)
  for (const [at, app] of world.apps.entries()) {
    const { id, secret, owner, redirects } = app
    await writeRows(core, [{ put: 'app', app: { id, secret, owner, redirects } }])
    for (const [n, text] of app.tokens.entries()) {
      const minted = await core.identity.tokens.mint({
        kind: 'app',
        user: null,
        app: id,
        scopes: [],
        issuer: 'import',
        lifetime: null,
        text,
      })
      if ('rejected' in minted) throw new WorldError(`apps[${at}].tokens[${n}]`, 'belongs to somebody else')
    }
  }
  return { channels: shown(world.channels, channels), rooms: shown(world.rooms, rooms) }
}

function shown(list: readonly { readonly ref: string }[], ids: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(list.map(({ ref }) => [ref, uuidOf(ids.get(ref) as string)]))
}

async function inChunks<T>(list: readonly T[], each: (one: T, at: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < list.length; from += TOGETHER) {
    await Promise.all(list.slice(from, from + TOGETHER).map((one, n) => each(one, from + n)))
  }
}

async function writeRows(core: Core, rows: readonly Row[]): Promise<void> {
  if (rows.length > 0) await core.writer.write({ guards: [], append: null, rows })
}

/** What the form alone does not show: names and tokens of others, rules that could not be set. */
async function checkAgainstStore({ store }: Core, world: World): Promise<void> {
  const here = new Map(world.users.map(user => [user.id as string, user]))
  await inChunks(world.users, async (user, at) => {
    const named = await store.accountNamed(usernameKey(user.username))
    if (named && named.id !== user.id && (here.get(named.id)?.username ?? named.username) === named.username) {
      throw new WorldError(`users[${at}].username`, `is the name of the user ${named.id}`)
    }
    const addressed = user.email ? await store.accountByEmail(emailKey(user.email)) : undefined
    if (addressed && addressed.id !== user.id)
      throw new WorldError(`users[${at}].email`, `is the address of the user ${addressed.id}`)
    for (const [n, text] of user.tokens.entries()) {
      const token = await store.token(hashOf(text))
      if (token && token.user !== user.id) throw new WorldError(`users[${at}].tokens[${n}]`, 'belongs to somebody else')
    }
  })
  const tokens = world.users.flatMap((user, at) =>
    user.tokens.map((text, n) => ({ text, path: `users[${at}].tokens[${n}]` })),
  )
  const seen = new Set<string>()
  for (const { text, path } of tokens) {
    if (seen.has(text)) throw new WorldError(path, 'stands here twice')
    seen.add(text)
  }
  for (const list of ['channels', 'rooms'] as const) {
    for (const [at, one] of world[list].entries()) {
      for (const [n, acl] of (one.acls ?? []).entries()) {
        const checked = checkAcl(acl, list === 'rooms' ? 'room' : 'channel')
        if (!checked.ok) throw new WorldError(`${list}[${at}].acls[${n}].${checked.field}`, checked.text)
      }
    }
  }
}

async function importUser(core: Core, user: WorldUser, at: number): Promise<void> {
  const { identity, store } = core
  const { id, username, name, email, active, attributes, roles, excluded } = user
  const change = { username, name, email, active, attributes, roles, excluded }
  const known = await store.account(id)
  const password = user.password === undefined ? undefined : { plain: user.password }
  const account = known
    ? await identity.users.change(id, change)
    : await identity.users.create({ ...change, id, ...(password ? { password } : {}) })
  if (isRefused(account)) throw new WorldError(`users[${at}]`, describe(account))
  if (known && password && (await identity.passwordFits(id, password)) !== true) {
    const set = await identity.users.setPassword(id, password)
    if (isRefused(set)) throw new WorldError(`users[${at}].password`, describe(set))
  }
  for (const [n, text] of user.tokens.entries()) {
    const minted = await identity.tokens.mint({ kind: 'user', user: id, issuer: 'import', lifetime: null, text })
    if ('rejected' in minted) throw new WorldError(`users[${at}].tokens[${n}]`, 'belongs to somebody else')
  }
}

function describe(rejection: object): string {
  const { rejected, text, field } = rejection as { rejected: string; text?: string; field?: string }
  return text ? `${field ?? ''} ${text}`.trim() : `is refused: ${rejected}`
}

async function importChannel(core: Core, channel: WorldChannel): Promise<ChannelId> {
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
    if (known && same(known, next)) return id
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

function same(known: Channel, next: Omit<Channel, 'version'>): boolean {
  return (Object.keys(next) as (keyof typeof next)[]).every(
    key => JSON.stringify(known[key]) === JSON.stringify(next[key]),
  )
}

async function importRoom(core: Core, room: WorldRoom, channel: ChannelId): Promise<RoomId> {
  const held = (await core.store.ref('room', room.ref)) as RoomId | undefined
  const id = held ?? (core.store.newId() as RoomId)
  // The ref first: if the process ends between the two, the next import makes the room under this very id.
  if (!held) await writeRows(core, [{ put: 'ref', kind: 'room', ref: room.ref, id }])
  const known = await core.rooms.load(id)
  if (known?.removed) throw new WorldError(`rooms`, `"${room.ref}" was removed; give it another ref`)
  if (!known) await createRoom(core, room, id, channel)
  else await updateRoom(core, room, id)
  return id
}

async function createRoom(core: Core, room: WorldRoom, id: RoomId, channel: ChannelId): Promise<void> {
  const owners = room.owners ?? []
  const members = room.kind === 'private' ? [...new Set([...(room.members ?? []), ...owners])] : (room.members ?? [])
  const command = (claimName: boolean): Command => ({
    command: 'create-room',
    actor: null,
    claimName,
    epoch: null,
    room: {
      suite: 'none',
      kind: room.kind,
      name: room.name,
      title: null,
      avatar: null,
      ttlMs: null,
      topic: room.topic ?? '',
      sort: room.sort ?? 10,
      tags: room.tags ?? [],
      members,
      owners,
      moderators: room.moderators ?? [],
      acls: room.acls ?? [],
      pair: null,
      isDefault: room.default ?? false,
      isAdmin: room.admin ?? false,
    },
  })
  const first = await core.engine.submit({ room: id, channel, command: command(true), session: null, bytes: 0 })
  if (!isRejection(first)) return
  // An imported room may share a name with another; it then holds no name row (design 6).
  const answer =
    first.rejected === 'name.taken'
      ? await core.engine.submit({ room: id, channel, command: command(false), session: null, bytes: 0 })
      : first
  if (isRejection(answer)) throw new WorldError('rooms', `"${room.ref}" ${describe(answer)}`)
}

async function updateRoom(core: Core, room: WorldRoom, id: RoomId): Promise<void> {
  const run = async (command: Command): Promise<void> => {
    const answer = await core.engine.submit({ room: id, command, session: null, bytes: 0 })
    if (isRejection(answer)) throw new WorldError('rooms', `"${room.ref}" ${describe(answer)}`)
  }
  const { name, topic, sort, tags, default: isDefault, admin: isAdmin } = room
  await run({ command: 'describe-room', actor: null, name, topic, sort, tags, isDefault, isAdmin, claimName: false })
  if (room.acls) await run({ command: 'set-acls', actor: null, acls: room.acls })
  const state = await core.rooms.load(id)
  if (!state) return
  for (const [role, users] of [
    ['owner', room.owners],
    ['moderator', room.moderators],
  ] as const) {
    for (const user of users ?? []) {
      if (!hasRole(state, user, role)) await run({ command: 'change-role', actor: null, user, role, granted: true })
    }
  }
  const added = (room.members ?? []).filter(user => !state.members.has(user))
  if (added.length > 0) await run({ command: 'add-members', actor: null, users: added, signed: null })
}

async function importSanction(
  core: Core,
  sanction: World['sanctions'][number],
  channels: ReadonlyMap<string, ChannelId>,
  rooms: ReadonlyMap<string, RoomId>,
): Promise<void> {
  const until = sanction.until === undefined ? null : Date.parse(sanction.until)
  const { kind, user, reason, scope } = sanction
  if (scope === 'room') {
    const room = rooms.get(sanction.target ?? '') ?? ((await core.store.ref('room', sanction.target ?? '')) as RoomId)
    const held = (await core.rooms.load(room))?.sanctions.find(s => s.kind === kind && s.user === user)
    if (held && held.until === until && held.reason === reason) return
    const answer = await core.engine.submit({
      room,
      command: { command: 'sanction', actor: null, kind, user, until, reason },
      session: null,
      bytes: 0,
    })
    if (isRejection(answer)) throw new WorldError('sanctions', describe(answer))
    return
  }
  const entry: Sanction = { kind, user, from: core.clock.now(), until, reason, by: null }
  if (scope === 'global') {
    const changed = await core.identity.users.change(user, account => ({
      sanctions: withSanction(account.sanctions, entry),
    }))
    if (isRefused(changed)) throw new WorldError('sanctions', describe(changed))
    return
  }
  const id =
    channels.get(sanction.target ?? '') ?? ((await core.store.ref('channel', sanction.target ?? '')) as ChannelId)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const channel = await core.store.channel(id)
    if (!channel) return
    const { version, ...bare } = channel
    const sanctions = withSanction(channel.sanctions, entry)
    if (sanctions === channel.sanctions) return
    const { outcome } = await core.writer.write({
      guards: [{ of: 'channel', id, version }],
      append: null,
      rows: [{ put: 'channel', channel: { ...bare, sanctions } }],
    })
    core.identity.changed('channel', id)
    if (outcome === 'committed') return
  }
}

/** The very same list where the sanction is there already. */
function withSanction(held: readonly Sanction[], entry: Sanction): readonly Sanction[] {
  const known = held.find(s => s.kind === entry.kind && s.user === entry.user)
  if (known && known.until === entry.until && known.reason === entry.reason) return held
  return [...held.filter(s => s !== known), entry]
}
