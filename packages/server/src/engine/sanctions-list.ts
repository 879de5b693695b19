// The bans and mutes in force, for lists: of everybody, of some users, or of one room. There is no index of those in
// rooms: their logs' control events are read, without keeping what is not in memory anyway.
import { setImmediate } from 'node:timers/promises'
import type { RoomId, UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import { fold } from '../room/apply.ts'
import type { Sanction } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'
import type { Store } from '../store/store.ts'
import type { Rooms } from './rooms.ts'

export type InForce =
  | { readonly scope: 'global'; readonly account: Account; readonly sanction: Sanction }
  | { readonly scope: 'channel'; readonly channel: Channel; readonly sanction: Sanction }
  | { readonly scope: 'room'; readonly room: RoomState; readonly sanction: Sanction }

export type Wanted =
  | { readonly of: 'all' }
  | { readonly of: 'users'; readonly users: readonly UserId[] }
  /** Those that stand in this room itself. */
  | { readonly of: 'room'; readonly room: RoomId }

interface Parts {
  readonly store: Store
  readonly rooms: Rooms
  readonly clock: Clock
}

/** Rows read in one turn of the event loop: the store answers at once, and others would wait for all of them. */
const ACCOUNTS = 500
const ROOMS = 50

/** Global ones first, then those of channels, then those of rooms. */
export async function sanctionsInForce(parts: Parts, wanted: Wanted): Promise<readonly InForce[]> {
  const { store, rooms, clock } = parts
  const now = clock.now()
  const isInForce = ({ until }: Sanction): boolean => until === null || until > now
  if (wanted.of === 'room') {
    const room = await rooms.load(wanted.room)
    return room && !room.removed ? inRoom(room, isInForce) : []
  }
  const users = wanted.of === 'users' ? new Set(wanted.users) : null
  const isWanted = (sanction: Sanction): boolean => isInForce(sanction) && (users?.has(sanction.user) ?? true)
  const found: InForce[] = []
  for await (const account of users ? accountsOf(store, users) : everyAccount(store)) {
    for (const sanction of account.sanctions)
      if (isInForce(sanction)) found.push({ scope: 'global', account, sanction })
  }
  for (const channel of await store.channels()) {
    for (const sanction of channel.sanctions)
      if (isWanted(sanction)) found.push({ scope: 'channel', channel, sanction })
  }
  for await (const room of everyRoom(parts)) found.push(...inRoom(room, isWanted))
  return found
}

function inRoom(room: RoomState, isWanted: (sanction: Sanction) => boolean): InForce[] {
  return room.sanctions.filter(isWanted).map(sanction => ({ scope: 'room', room, sanction }))
}

async function* accountsOf(store: Store, users: ReadonlySet<UserId>): AsyncIterable<Account> {
  for (const user of users) {
    const account = await store.account(user)
    if (account) yield account
  }
}

async function* everyAccount(store: Store): AsyncIterable<Account> {
  for (let after: UserId | null = null; ; ) {
    const page: readonly Account[] = await store.accounts(after, ACCOUNTS)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < ACCOUNTS) return
    after = last.id
    await setImmediate()
  }
}

async function* everyRoom({ store, rooms }: Parts): AsyncIterable<RoomState> {
  for (let after: RoomId | null = null; ; ) {
    const page: readonly RoomId[] = await store.allRooms(after, ROOMS)
    for (const id of page) {
      const room = rooms.current(id) ?? fold(undefined, await store.control(id, 0))
      if (room && !room.removed) yield room
    }
    const last = page.at(-1)
    if (!last || page.length < ROOMS) return
    after = last
    await setImmediate()
  }
}
