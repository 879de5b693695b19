// Whether a world holds together and fits what is there (design 5): references, names, addresses and tokens of
// others, rules, sizes. All of it is looked at before anything is written.
import { isRoomId, type UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { checkAccount, checkReserved, emailKey, usernameKey } from '../identity/account-form.ts'
import { hashOf } from '../identity/tokens.ts'
import { ACLS } from '../limits.ts'
import type { Acl } from '../room/acl.ts'
import { checkAcl } from '../room/acl-check.ts'
import { Breath } from './breath.ts'
import { membersOf } from './import-rooms.ts'
import { parseWorld, type World, WorldError, type WorldRoom } from './world.ts'

export async function checkWorld(core: Core, value: unknown): Promise<World> {
  const world = await parseWorld(value)
  const breath = new Breath()
  await checkRepetitions(world, breath)
  await checkUsers(core, world, breath)
  await checkTokens(core, world, breath)
  await checkReferences(core, world, breath)
  for (const [at, channel] of world.channels.entries()) checkAcls(core, channel.acls, `channels[${at}]`, 'channel')
  for (const [at, room] of world.rooms.entries()) {
    checkAcls(core, room.acls, `rooms[${at}]`, 'room')
    await checkRoom(core, room, `rooms[${at}]`)
    await breath.take()
  }
  return world
}

async function checkRepetitions(world: World, breath: Breath): Promise<void> {
  await once(
    breath,
    world.users,
    ({ id }) => id,
    at => `users[${at}].id`,
  )
  await once(breath, world.users, foldedName, at => `users[${at}].username`)
  await once(
    breath,
    world.users,
    ({ email }) => (email ? emailKey(email).toLowerCase() : null),
    at => `users[${at}].email`,
  )
  await once(
    breath,
    world.apps,
    ({ id }) => id,
    at => `apps[${at}].id`,
  )
  for (const list of ['channels', 'rooms'] as const) {
    await once(
      breath,
      world[list],
      ({ ref }) => ref,
      at => `${list}[${at}].ref`,
    )
    for (const [at, one] of world[list].entries())
      for (const [name, users] of usersOf(one))
        await once(
          breath,
          users,
          id => id,
          n => `${list}[${at}].${name}[${n}]`,
        )
  }
}

async function once<T>(
  breath: Breath,
  values: readonly T[],
  keyOf: (value: T) => string | null,
  path: (at: number) => string,
): Promise<void> {
  const seen = new Set<string>()
  for (const [at, value] of values.entries()) {
    await breath.take()
    const key = keyOf(value)
    if (key === null) continue
    if (seen.has(key)) throw new WorldError(path(at), 'stands here twice')
    seen.add(key)
  }
}

function foldedName({ username }: { readonly username: string }): string {
  return usernameKey(username).toLowerCase()
}

/** Every list of user ids that a channel or a room has, by its name. */
function usersOf(one: object): [string, readonly UserId[]][] {
  return Object.entries(one).filter(([name]) => ['owners', 'admins', 'moderators', 'members'].includes(name))
}

async function checkUsers({ store }: Core, world: World, breath: Breath): Promise<void> {
  const here = new Map<string, World['users'][number]>(world.users.map(user => [user.id, user]))
  for (const [at, user] of world.users.entries()) {
    await breath.take()
    const named = await store.accountNamed(usernameKey(user.username))
    const unfit = checkAccount(user) ?? checkReserved(user, named?.id === user.id ? named : undefined)
    if (unfit?.rejected === 'user.malformed') throw new WorldError(`users[${at}].${unfit.field}`, unfit.text)
    // Names and addresses may change hands when both users stand in this world.
    const namesake = named && named.id !== user.id ? here.get(named.id) : undefined
    if (named && named.id !== user.id && (!namesake || foldedName(namesake) === foldedName(user)))
      throw new WorldError(`users[${at}].username`, `is the name of the user ${named.id}`)
    const addressed = user.email ? await store.accountByEmail(emailKey(user.email)) : undefined
    if (addressed && addressed.id !== user.id && here.get(addressed.id)?.email === undefined)
      throw new WorldError(`users[${at}].email`, `is the address of the user ${addressed.id}`)
  }
}

/** A text is one token, of one user or one app. */
async function checkTokens({ store }: Core, world: World, breath: Breath): Promise<void> {
  const seen = new Set<string>()
  const check = async (list: 'users' | 'apps', at: number, owner: string, texts: readonly string[]) => {
    for (const [n, text] of texts.entries()) {
      const path = `${list}[${at}].tokens[${n}]`
      if (seen.has(text)) throw new WorldError(path, 'stands here twice')
      seen.add(text)
      await breath.take()
      const held = await store.token(hashOf(text))
      if (held && (list === 'users' ? held.user : held.app) !== owner)
        throw new WorldError(path, 'belongs to somebody else')
    }
  }
  for (const [at, user] of world.users.entries()) await check('users', at, user.id, user.tokens)
  for (const [at, app] of world.apps.entries()) await check('apps', at, app.id, app.tokens)
}

async function checkReferences({ store }: Core, world: World, breath: Breath): Promise<void> {
  const users = new Set<string>(world.users.map(({ id }) => id))
  const refs = {
    channel: new Set(world.channels.map(({ ref }) => ref)),
    room: new Set(world.rooms.map(({ ref }) => ref)),
  }
  const needUser = async (id: UserId, path: string): Promise<void> => {
    await breath.take()
    if (!users.has(id) && !(await store.account(id)))
      throw new WorldError(path, `names the user ${id}, who is neither here nor in the store`)
    users.add(id)
  }
  const needRef = async (kind: 'channel' | 'room', ref: string, path: string): Promise<void> => {
    if (!refs[kind].has(ref) && (await store.ref(kind, ref)) === undefined)
      throw new WorldError(path, `names the ${kind} "${ref}", which is neither here nor in the store`)
    refs[kind].add(ref)
  }
  for (const list of ['channels', 'rooms'] as const) {
    for (const [at, one] of world[list].entries()) {
      for (const [name, ids] of usersOf(one))
        for (const [n, id] of ids.entries()) await needUser(id, `${list}[${at}].${name}[${n}]`)
    }
  }
  for (const [at, { channel }] of world.rooms.entries()) await needRef('channel', channel, `rooms[${at}].channel`)
  for (const [at, { user, scope, target }] of world.sanctions.entries()) {
    const path = `sanctions[${at}]`
    await needUser(user, `${path}.user`)
    if (scope === 'global' && target !== undefined)
      throw new WorldError(`${path}.target`, 'is not for a global sanction')
    if (scope === 'global') continue
    if (target === undefined) throw new WorldError(`${path}.target`, 'is missing')
    await needRef(scope, target, `${path}.target`)
  }
  for (const [at, { owner }] of world.apps.entries()) await needUser(owner, `apps[${at}].owner`)
}

function checkAcls({ engine }: Core, acls: readonly Acl[] | undefined, path: string, on: 'room' | 'channel'): void {
  if ((acls?.length ?? 0) > ACLS) throw new WorldError(`${path}.acls`, `has more than ${ACLS} rules`)
  for (const [n, acl] of (acls ?? []).entries()) {
    const checked = checkAcl(acl, on, engine.settings.acl)
    if (!checked.ok) throw new WorldError(`${path}.acls[${n}].${checked.field}`, checked.text)
  }
}

/** Against the room that its ref means already, if there is one. */
async function checkRoom({ store, rooms, config }: Core, room: WorldRoom, path: string): Promise<void> {
  const held = await store.ref('room', room.ref)
  const known = isRoomId(held) ? await rooms.load(held) : undefined
  const state = known?.removed ? undefined : known
  const size = new Set([...membersOf(room, state), ...(state?.members.keys() ?? [])]).size
  if (size > config.limits.groupSize)
    throw new WorldError(`${path}.members`, `would be ${size}; a room has at most ${config.limits.groupSize}`)
  if (!state) return
  if (room.kind !== undefined && room.kind !== state.kind)
    throw new WorldError(`${path}.kind`, `is "${state.kind}" in the store, and the kind of a room stays`)
  if ((await store.ref('channel', room.channel)) !== state.channel)
    throw new WorldError(`${path}.channel`, 'is another one in the store, and a room stays in its channel')
}
