// Kicks, bans and mutes as clients read them (dino.md section 5). A reason is plain text here and base64 on the wire; who
// has no name any more, and the server itself, are shown with an empty one.
import { encodeUtf8Base64, type RoomId, type UserId } from '@conclave/wire'
import type { Sanctioned } from '../../bus/bus.ts'
import type { Sanction } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import { idOf, PROVIDER, published, type Stamp } from './encode.ts'
import { LAST_SECOND } from './errors.ts'
import { channelName, roomName, userName } from './names.ts'

/** Who was kicked or banned, by whom, and why. */
export interface Deed {
  /** null where the server itself acted. */
  readonly actor: Account | null
  readonly user: UserId
  readonly account: Account | undefined
  readonly reason: string
}

/** Where that was, as a client reads it; empty texts for the whole server. */
export interface Place {
  readonly id: string
  readonly displayName: string
}

export function placeOf(room: RoomState): Place {
  return { id: idOf(room.id), displayName: roomName(room) }
}

export function placeOfChannel(channel: Channel): Place {
  return { id: idOf(channel.id), displayName: channelName(channel) }
}

/** Of a ban from a channel or from the server. */
export function widePlaceOf({ channel }: Sanctioned): Place {
  return channel ? placeOfChannel(channel) : { id: '', displayName: '' }
}

/** A kick names the room; a ban does not, as recorded. */
export function kickedJson(deed: Deed, room: RoomState, stamp: Stamp): string {
  return removalJson(deed, 'kick', placeOf(room), stamp)
}

export function bannedOutJson(deed: Deed, room: RoomId, stamp: Stamp): string {
  return removalJson(deed, 'ban', { id: idOf(room) }, stamp)
}

export function userBannedJson(deed: Deed, place: Place, stamp: Stamp): string {
  return removalJson(deed, 'ban', place, stamp)
}

function removalJson(deed: Deed, verb: 'kick' | 'ban', target: object, stamp: Stamp): string {
  const { actor, user, account, reason } = deed
  const object = { id: user, displayName: account ? userName(account) : '', ...contentOf(reason) }
  return JSON.stringify({ actor: actorOf(actor), object, target, verb, ...stamp, provider: PROVIDER })
}

/** `gn_banned`, for whom it is on. */
export function bannedJson(message: Sanctioned, { id, published }: Stamp): string {
  const { actor, account, sanction, summary, scope } = message
  return JSON.stringify({
    actor: actorOf(actor),
    verb: 'ban',
    object: { id: account.id, displayName: null, ...spanOf(sanction, summary), ...contentOf(sanction.reason) },
    id,
    published,
    target: { objectType: scope, id: targetOf(message)?.id ?? null, displayName: null },
  })
}

/** `gn_mute` and `gn_unmute`, for whom it is on. */
export function muteJson(message: Sanctioned, stamp: Stamp): string {
  const { actor, account, sanction, summary, scope, lifted } = message
  const span = lifted ? {} : { ...spanOf(sanction, summary), ...contentOf(sanction.reason) }
  const { id = null, displayName = null } = targetOf(message) ?? {}
  return JSON.stringify({
    actor: { id: actor?.id ?? SERVER, objectType: 'user' },
    verb: lifted ? 'unmute' : 'mute',
    object: { id: account.id, objectType: 'user', ...span },
    target: { id, objectType: scope, displayName },
    ...stamp,
    provider: PROVIDER,
  })
}

/** Dino's administrator, who stands for the server. */
const SERVER = '0'

function actorOf(actor: Account | null): object {
  return { id: actor?.id ?? SERVER, displayName: actor ? userName(actor) : '' }
}

function contentOf(reason: string): object {
  return reason === '' ? {} : { content: encodeUtf8Base64(reason) }
}

function targetOf({ room, channel, scope }: Sanctioned): Place | null {
  if (scope === 'room' && room) return placeOf(room)
  return scope === 'channel' && channel ? placeOfChannel(channel) : null
}

/** How long, and until when. */
function spanOf(sanction: Sanction, summary: string): object {
  return { summary: summary || durationText(sanction), updated: published(sanction.until ?? LAST_SECOND) }
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const

/** As a client would have written it: `5m`, `90s`. */
export function durationText({ from, until }: Sanction): string {
  // The end was reckoned a moment before the beginning was written.
  const seconds = Math.max(0, Math.round(((until ?? LAST_SECOND) - from) / 1_000))
  const unit = UNITS.find(([, length]) => seconds > 0 && seconds % length === 0)
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`
}
