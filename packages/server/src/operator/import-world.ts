// Loads a world (design 5). Everything is checked before anything is written; what is named is added or updated,
// nothing is removed; the same world again changes nothing.
import type { ChannelId, RoomId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { dropped } from '../identity/tokens.ts'
import type { Row, Token } from '../store/store.ts'
import { everyToken } from './every.ts'
import { importChannel, importRoom } from './import-rooms.ts'
import { importUsers } from './import-users.ts'
import { impose } from './sanctions.ts'
import { type World, WorldError } from './world.ts'
import { checkWorld } from './world-check.ts'

/** Ids by ref, in the form that Dino and Rocket.Chat show. */
export interface Imported {
  readonly channels: Readonly<Record<string, string>>
  readonly rooms: Readonly<Record<string, string>>
}

/** Rooms that are made at the same time: they share transactions. */
const TOGETHER = 256

/** The import that runs on a core: the next waits for it, or the same refs would be given twice. */
const running = new WeakMap<Core, Promise<unknown>>()

export function importWorld(core: Core, value: unknown): Promise<Imported> {
  const before = running.get(core) ?? Promise.resolve()
  const next = before.catch(() => {}).then(() => load(core, value))
  running.set(core, next)
  return next
}

async function load(core: Core, value: unknown): Promise<Imported> {
  const { store } = core
  const world = await checkWorld(core, value)
  await importUsers(core, world)
  const channels = new Map<string, ChannelId>()
  for (const channel of world.channels) channels.set(channel.ref, await importChannel(core, channel))
  const rooms = new Map<string, RoomId>()
  for (let from = 0; from < world.rooms.length; from += TOGETHER) {
    await Promise.all(
      world.rooms.slice(from, from + TOGETHER).map(async room => {
        const channel = channels.get(room.channel) ?? ((await store.ref('channel', room.channel)) as ChannelId)
        rooms.set(room.ref, await importRoom(core, room, channel))
      }),
    )
  }
  await importWords(core, world)
  for (const sanction of world.sanctions) {
    const { scope, target = '' } = sanction
    const known = scope === 'room' ? rooms.get(target) : channels.get(target)
    await impose(core, sanction, scope === 'global' ? undefined : (known ?? (await store.ref(scope, target))))
  }
  await importApps(core, world)
  return { channels: shown(world.channels, channels), rooms: shown(world.rooms, rooms) }
}

function shown(list: readonly { readonly ref: string }[], ids: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(list.map(({ ref }) => [ref, uuidOf(ids.get(ref) as string)]))
}

async function importWords({ writer }: Core, world: World): Promise<void> {
  const rows: Row[] = world.blacklist.map(word => ({ put: 'word', word: word.toLowerCase() }))
  if (rows.length > 0) await writer.write({ guards: [], append: null, rows })
}

async function importApps({ writer, identity, store }: Core, world: World): Promise<void> {
  for (const [at, { tokens, ...app }] of world.apps.entries()) {
    const held = await store.app(app.id)
    const ending = held && held.secret !== app.secret ? await tokensBySecret(store, app.id) : []
    await writer.write({ guards: [], append: null, rows: [{ put: 'app', app }, ...dropped(ending)] })
    identity.tokens.ended(ending, 'the secret of the app was changed')
    for (const [n, text] of tokens.entries()) {
      const token = { kind: 'app', user: null, app: app.id, scopes: [], issuer: 'import', lifetime: null } as const
      const minted = await identity.tokens.mint({ ...token, text })
      if ('rejected' in minted) throw new WorldError(`apps[${at}].tokens[${n}]`, 'belongs to somebody else')
    }
  }
}

/** What the app was given for its secret: with another secret it is nobody's any more. */
async function tokensBySecret(store: Core['store'], app: string): Promise<Token[]> {
  const found: Token[] = []
  await everyToken(store, token => {
    if (token.kind === 'app' && token.app === app && token.issuer === 'xchat') found.push(token)
  })
  return found
}
