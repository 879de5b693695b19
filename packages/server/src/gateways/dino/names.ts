// How this wire shows names: base64 of UTF-8, everywhere (dino.md 1.2).
import { encodeUtf8Base64, groupIdOf } from '@conclave/wire'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'

/** The room's plain name, or `g<id>` where it has none that can be read (design 6): never ciphertext. */
export function plainRoomName(room: RoomState): string {
  return room.name ?? groupIdOf(room.id)
}

export const roomName = partOf<RoomState>(room => encodeUtf8Base64(plainRoomName(room)))

export const channelName = partOf<Channel>(({ name }) => encodeUtf8Base64(name))

/** The name of the newest log-in on this wire, else the account's. */
export function plainUserName(account: Account): string {
  return account.dinoName || account.name || account.username
}

export const userName = partOf<Account>(account => encodeUtf8Base64(plainUserName(account)))

/** Rooms, channels and accounts are values that are replaced, never changed: what is made of one stays right. */
export function partOf<T extends object>(make: (of: T) => string): (of: T) => string {
  const made = new WeakMap<T, string>()
  return of => {
    const known = made.get(of)
    if (known !== undefined) return known
    const part = make(of)
    made.set(of, part)
    return part
  }
}
