// How this wire shows names: base64 of UTF-8, everywhere (dino.md 1.2).
import { encodeUtf8Base64, groupIdOf } from '@conclave/wire'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'

/** The room's plain name, or `g<id>` where it has none that can be read (design 6): never ciphertext. */
export function plainRoomName(room: RoomState): string {
  return room.name ?? groupIdOf(room.id)
}

export function roomName(room: RoomState): string {
  return encoded(room, plainRoomName)
}

export function channelName(channel: Channel): string {
  return encoded(channel, ({ name }) => name)
}

/** The name of the newest log-in on this wire, else the account's. */
export function plainUserName(account: Account): string {
  return account.dinoName || account.name || account.username
}

export function userName(account: Account): string {
  return encoded(account, plainUserName)
}

/** Rooms, channels and accounts are values that are replaced, never changed: what is made of one stays right. */
const cache = new WeakMap<object, string>()

function encoded<T extends object>(of: T, name: (of: T) => string): string {
  const known = cache.get(of)
  if (known !== undefined) return known
  const made = encodeUtf8Base64(name(of))
  cache.set(of, made)
  return made
}
