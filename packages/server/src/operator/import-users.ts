// The users of a world, some hundred at a time: each such part is there whole or not at all.
import type { Core } from '../engine/core.ts'
import { emailKey, usernameKey } from '../identity/account-form.ts'
import type { Brought } from '../identity/bring.ts'
import { isRefused } from '../identity/rejection.ts'
import { Breath } from './breath.ts'
import { type World, WorldError, type WorldUser } from './world.ts'

/** Users in one item: enough for one sync to count little, few enough not to hold the event loop for long. */
const TOGETHER = 256
/** ms until a password is tried again that found the worker's queue full. */
const BUSY_PAUSE = 100

export async function importUsers(core: Core, world: World): Promise<void> {
  const entries = world.users.map((user, at) => ({ user, at }))
  const moving = await movingIn(core, world)
  const breath = new Breath()
  // Names that change hands do so in one item.
  for (const group of [
    entries.filter(({ user }) => moving.has(user.id)),
    ...chunks(entries.filter(({ user }) => !moving.has(user.id))),
  ]) {
    const brought: Brought[] = []
    for (const { user, at } of group) brought.push(await broughtOf(core, user, at))
    const refused = await bring(core, brought)
    await breath.take()
    if (!refused) continue
    const { refusal, index } = refused
    const text = 'text' in refusal ? refusal.text : `is refused: ${refusal.rejected}`
    throw new WorldError(`users[${group[index]?.at ?? 0}]`, text)
  }
}

/** In halves where log-ins keep changing one account or the other meanwhile: the fewer, the sooner they are still. */
async function bring(core: Core, users: readonly Brought[]): ReturnType<Core['identity']['bring']> {
  const refused = await core.identity.bring(users)
  if (refused?.refusal.rejected !== 'conflict' || users.length < 2) return refused
  const middle = users.length >> 1
  const first = await bring(core, users.slice(0, middle))
  if (first) return first
  const second = await bring(core, users.slice(middle))
  return second && { ...second, index: second.index + middle }
}

function* chunks<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += TOGETHER) yield list.slice(from, from + TOGETHER)
}

/** Users who take over a name or an address from another one of this world, and those who give it up. */
async function movingIn({ store }: Core, world: World): Promise<Set<string>> {
  const moving = new Set<string>()
  const breath = new Breath()
  for (const { id, username, email } of world.users) {
    await breath.take()
    const holders = [
      await store.accountNamed(usernameKey(username)),
      email ? await store.accountByEmail(emailKey(email)) : undefined,
    ]
    for (const holder of holders) if (holder && holder.id !== id) moving.add(id).add(holder.id)
  }
  return moving
}

async function broughtOf(core: Core, user: WorldUser, at: number): Promise<Brought> {
  const { id, username, name, email, active, attributes, roles, excluded, tokens, password } = user
  const passwordHash = password === undefined ? null : await newHash(core, user, password, at)
  return { id, change: { username, name, email, active, attributes, roles, excluded }, passwordHash, tokens }
}

/** null where the user has this password already. One at a time, so that log-ins find a place between. */
async function newHash(
  { identity, store }: Core,
  { id }: WorldUser,
  plain: string,
  at: number,
): Promise<string | null> {
  for (;;) {
    const held = await store.password(id)
    const fits = held !== null && (await identity.passwordFits(id, { plain }))
    if (fits === true) return null
    const hashed = fits === 'busy' ? ({ rejected: 'busy' } as const) : await identity.hashPassword({ plain })
    if (!isRefused(hashed)) return hashed.hash
    if (hashed.rejected !== 'busy') throw new WorldError(`users[${at}].password`, `is refused: ${hashed.rejected}`)
    await new Promise(resolve => setTimeout(resolve, BUSY_PAUSE))
  }
}
