// The parts of what the embedding site is told: who, and where.
import type { UserId } from '@conclave/wire'
import type { Account, Channel } from '../../../room/facts.ts'
import { isHidden } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { idOf } from '../encode.ts'
import { channelName, roomName, userName } from '../names.ts'
import { PRIVATE_ATTRIBUTES } from '../people.ts'

export interface Shown {
  readonly id: string
  /** Base64. */
  readonly displayName: string
}

export interface Placed extends Shown {
  readonly objectType: string
}

/** Dino's administrator, who stands for the server. */
const SERVER: Shown = { id: '0', displayName: '' }

export function shown(account: Account): Shown {
  return { id: account.id, displayName: userName(account) }
}

/** Who did it; null where the server did. */
export function actorOf(account: Account | null | undefined): Shown {
  return account ? shown(account) : SERVER
}

/** On whom it was done, also where nobody knows their name any more. */
export function objectOf(user: UserId, account: Account | undefined): Shown {
  return account ? shown(account) : { id: user, displayName: '' }
}

/** By its plain name, or `g<id>`: never by a title, which may be ciphertext. */
export function placed(room: RoomState, objectType = 'room'): Placed {
  return { id: idOf(room.id), displayName: roomName(room), objectType }
}

/** Where a message was sent to, in the words of this wire's `message`. */
export function sentTo(room: RoomState): Placed {
  return placed(room, isHidden(room) ? 'private' : 'room')
}

export function placedChannel(channel: Channel): Placed {
  return { id: idOf(channel.id), displayName: channelName(channel), objectType: 'channel' }
}

export const EVERYWHERE: Placed = { id: '', displayName: '', objectType: 'global' }

/** A user's details, not in base64. */
export function atLogin(account: Account): readonly { readonly objectType: string; readonly content: string }[] {
  const details = [{ objectType: 'user_name', content: account.attributes.user_name || account.username }]
  for (const [objectType, content] of Object.entries(account.attributes))
    if (!PRIVATE_ATTRIBUTES.has(objectType)) details.push({ objectType, content })
  return details
}
