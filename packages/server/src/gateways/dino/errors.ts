// Dino's error codes, and the one total table from a rejection to what a client gets. Texts are those that the real
// server sends where it sends one (dino.md section 3); a ban or a mute carries an activity instead of a text.
import { encodeUtf8Base64, uuidOf } from '@conclave/wire'
import { refusalText } from '../../room/acl.ts'
import type { Channel } from '../../room/facts.ts'
import type { Rejection, RejectionCode } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import { channelName, roomName } from './names.ts'

/** Every code of the seed document, in its order and under its names. */
export const CODE = {
  OK: 200,
  UNKNOWN_ERROR: 250,
  MISSING_ACTOR_ID: 500,
  MISSING_OBJECT_ID: 501,
  MISSING_TARGET_ID: 502,
  MISSING_OBJECT_URL: 503,
  MISSING_TARGET_DISPLAY_NAME: 504,
  MISSING_ACTOR_URL: 505,
  MISSING_OBJECT_CONTENT: 506,
  MISSING_OBJECT: 507,
  MISSING_OBJECT_ATTACHMENTS: 508,
  MISSING_ATTACHMENT_TYPE: 509,
  MISSING_ATTACHMENT_CONTENT: 510,
  MISSING_VERB: 511,
  INVALID_TARGET_TYPE: 600,
  INVALID_ACL_TYPE: 601,
  INVALID_ACL_ACTION: 602,
  INVALID_ACL_VALUE: 603,
  INVALID_STATUS: 604,
  INVALID_OBJECT_TYPE: 605,
  INVALID_BAN_DURATION: 606,
  INVALID_VERB: 607,
  EMPTY_MESSAGE: 700,
  NOT_BASE64: 701,
  USER_NOT_IN_ROOM: 702,
  USER_IS_BANNED: 703,
  ROOM_ALREADY_EXISTS: 704,
  NOT_ALLOWED: 705,
  VALIDATION_ERROR: 706,
  ROOM_FULL: 707,
  NOT_ONLINE: 708,
  TOO_MANY_PRIVATE_ROOMS: 709,
  ROOM_NAME_TOO_LONG: 710,
  ROOM_NAME_TOO_SHORT: 711,
  INVALID_TOKEN: 712,
  INVALID_LOGIN: 713,
  MSG_TOO_LONG: 714,
  MULTIPLE_ROOMS_WITH_NAME: 715,
  TOO_MANY_ATTACHMENTS: 716,
  NOT_ENABLED: 717,
  ROOM_NAME_RESTRICTED: 718,
  USER_MUTED: 719,
  NOT_ALLOWED_TO_WHISPER_CHANNEL: 720,
  NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT: 721,
  NOT_ALLOWED_TO_WHISPER_TURNED_OFF: 722,
  NOT_ALLOWED_TO_WHISPER_SELF: 723,
  NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR: 724,
  REMOTE_ERROR: 725,
  NO_SUCH_USER: 800,
  NO_SUCH_CHANNEL: 801,
  NO_SUCH_ROOM: 802,
  NO_ADMIN_ROOM_FOUND: 803,
  NO_USER_IN_SESSION: 804,
  NO_ADMIN_ONLINE: 805,
} as const

export type Code = (typeof CODE)[keyof typeof CODE]

/** A refusal as this wire says it. */
export interface Refusal {
  readonly code: Code
  readonly text: string
  /** What stands in the place of the text where a ban or a mute is meant. */
  readonly sanction?: SanctionActivity
}

export interface SanctionActivity {
  readonly verb: 'ban' | 'mute'
  readonly object: { readonly content: string; readonly summary: string }
  readonly target: { readonly objectType: string; readonly id?: string; readonly displayName?: string }
}

/** Where and when something was refused; for the target of a ban and its remaining seconds. */
export interface Place {
  readonly now: number
  readonly room?: RoomState | undefined
  readonly channel?: Channel | undefined
}

export function refusal(code: Code, text: string): Refusal {
  return { code, text }
}

/** What a malformed activity is answered with. */
export function malformed(text: string): Refusal {
  return { code: CODE.UNKNOWN_ERROR, text }
}

export function refusalOf(rejection: Rejection, place: Place): Refusal {
  const rule = TABLE[rejection.rejected] as Rule<Rejection>
  const text = typeof rule.text === 'string' ? rule.text : rule.text(rejection)
  const code = codeOf(rejection)
  if (rejection.rejected !== 'banned' && rejection.rejected !== 'muted') return { code, text }
  return { code, text, sanction: sanctionActivity(rejection, place) }
}

interface Rule<R> {
  readonly code: Code | ((rejection: R) => Code)
  readonly text: string | ((rejection: R) => string)
}

type Table = { readonly [K in RejectionCode]: Rule<Extract<Rejection, { rejected: K }>> }

const ACL_CODES = { type: CODE.INVALID_ACL_TYPE, action: CODE.INVALID_ACL_ACTION, value: CODE.INVALID_ACL_VALUE }

const TABLE: Table = {
  'room.unknown': { code: CODE.NO_SUCH_ROOM, text: 'no such room' },
  'room.taken': { code: CODE.ROOM_ALREADY_EXISTS, text: 'a room with that name already exists' },
  'room.closed': { code: CODE.NOT_ALLOWED, text: 'the room is closed until one of its members changes its key' },
  'room.archived': { code: CODE.NOT_ALLOWED, text: 'the room is archived' },
  'room.blocked': { code: CODE.NOT_ALLOWED, text: 'one of the two has blocked the other' },
  'room.readonly': { code: CODE.NOT_ALLOWED, text: 'the room is read-only' },
  'code.wrong': { code: CODE.NOT_ALLOWED, text: 'the room is joined with a code' },
  'room.full': { code: CODE.ROOM_FULL, text: ({ limit }) => `the room is full, it takes ${limit} users` },
  'room.kind': { code: CODE.NOT_ALLOWED, text: ({ text }) => text },
  'name.taken': { code: CODE.ROOM_ALREADY_EXISTS, text: 'a room with that name already exists' },
  'slot.taken': { code: CODE.TOO_MANY_PRIVATE_ROOMS, text: 'too many rooms of one owner' },
  'member.required': { code: CODE.NOT_ALLOWED, text: 'only members of the room are allowed to do this' },
  'occupant.required': {
    code: CODE.USER_NOT_IN_ROOM,
    text: ({ where }) =>
      where === 'room' ? 'user is not in target room' : 'user is not in origin room, cannot send message from there',
  },
  'role.required': { code: CODE.NOT_ALLOWED, text: ({ text }) => text },
  'owner.last': { code: CODE.NOT_ALLOWED, text: 'the last owner of the room has to stay' },
  acl: { code: CODE.NOT_ALLOWED, text: refusalText },
  banned: { code: CODE.USER_IS_BANNED, text: ({ scope }) => `user is banned (${scope})` },
  muted: { code: CODE.USER_IS_BANNED, text: ({ scope }) => `user is muted (${scope})` },
  'account.inactive': { code: CODE.NOT_ALLOWED, text: 'the account is disabled' },
  'members.none': { code: CODE.MISSING_OBJECT_ID, text: 'no user was named' },
  'members.duplicate': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `user ${user} is named twice` },
  'members.already': { code: CODE.NOT_ALLOWED, text: ({ user }) => `user ${user} is a member already` },
  'members.absent': { code: CODE.USER_NOT_IN_ROOM, text: ({ user }) => `user ${user} is not a member of the room` },
  'members.unaddable': { code: CODE.NO_SUCH_USER, text: ({ user }) => `user ${user} cannot be added` },
  'members.self': { code: CODE.NOT_ALLOWED, text: 'whoever removes others does not remove themselves' },
  'role.held': { code: CODE.NOT_ALLOWED, text: ({ user }) => `user ${user} has the role already` },
  'role.absent': { code: CODE.NOT_ALLOWED, text: ({ user }) => `user ${user} does not have the role` },
  'invite.unknown': { code: CODE.NO_SUCH_ROOM, text: 'no such room' },
  'invite.absent': { code: CODE.NOT_ALLOWED, text: 'the room has no invite' },
  'invite.taken': { code: CODE.NOT_ALLOWED, text: 'the invite belongs to another room' },
  'invite.past': { code: CODE.VALIDATION_ERROR, text: 'the invite would have ended already' },
  'join.already': {
    code: CODE.NOT_ALLOWED,
    text: ({ as }) => (as === 'member' ? 'user is in the room already' : 'user waits already to be let in'),
  },
  'join.absent': { code: CODE.NOT_ALLOWED, text: ({ user }) => `user ${user} has not asked to join` },
  'join.full': { code: CODE.ROOM_FULL, text: 'too many users wait to be let in' },
  'epoch.missing': { code: CODE.NOT_ALLOWED, text: 'the room has no key yet' },
  'epoch.malformed': { code: CODE.VALIDATION_ERROR, text: 'the version of the key is malformed' },
  'epoch.exists': { code: CODE.NOT_ALLOWED, text: 'the room has a key already' },
  'epoch.stale': { code: CODE.NOT_ALLOWED, text: 'the message was encrypted with an old key' },
  'epoch.ahead': { code: CODE.VALIDATION_ERROR, text: 'the version of the key lies in the future' },
  'wrap.missing': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `the key for user ${user} is missing` },
  'wrap.extra': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `user ${user} is not a member and gets no key` },
  'wrap.duplicate': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `user ${user} is given the key twice` },
  'wrap.malformed': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `the key for user ${user} is malformed` },
  'wrap.outdated': { code: CODE.VALIDATION_ERROR, text: ({ user }) => `user ${user} has a newer public key` },
  'field.missing': { code: CODE.VALIDATION_ERROR, text: ({ field }) => `${field} is missing` },
  'signature.missing': { code: CODE.VALIDATION_ERROR, text: ({ part }) => `the signature of the ${part} is missing` },
  'signature.extra': { code: CODE.VALIDATION_ERROR, text: 'there are more signatures than the change has parts' },
  'signature.detail': { code: CODE.VALIDATION_ERROR, text: ({ text }) => `what was signed is malformed: ${text}` },
  'signature.version': { code: CODE.VALIDATION_ERROR, text: 'the version of the signature is not accepted' },
  'signature.key': { code: CODE.VALIDATION_ERROR, text: 'the key of the signature is not registered' },
  'signature.mismatch': { code: CODE.VALIDATION_ERROR, text: ({ field }) => `${field} is not what was signed` },
  'signature.roster': { code: CODE.VALIDATION_ERROR, text: ({ field }) => `${field} is not the room's roster` },
  'signature.comma': { code: CODE.VALIDATION_ERROR, text: 'a signed text contains a comma' },
  'signature.invalid': { code: CODE.VALIDATION_ERROR, text: ({ part }) => `the signature of the ${part} is wrong` },
  'message.empty': { code: CODE.EMPTY_MESSAGE, text: 'empty message body' },
  'message.size': { code: CODE.MSG_TOO_LONG, text: ({ limit }) => `the message is longer than ${limit}` },
  'message.malformed': { code: CODE.VALIDATION_ERROR, text: ({ text }) => `malformed encrypted message: ${text}` },
  'message.plaintext': { code: CODE.NOT_ALLOWED, text: 'the room is encrypted and takes no plaintext' },
  'message.suite': {
    code: CODE.NOT_ALLOWED,
    text: ({ wanted }) =>
      wanted === 'none' ? 'the room is not encrypted' : `the room takes messages encrypted for ${wanted}`,
  },
  'message.unknown': { code: CODE.VALIDATION_ERROR, text: 'no such message' },
  'message.taken': { code: CODE.VALIDATION_ERROR, text: 'the id of the message was used before' },
  'hidden.full': {
    code: CODE.NOT_ALLOWED,
    text: ({ limit }) => `at most ${limit} stretches of messages can be hidden`,
  },
  'medium.unknown': { code: CODE.VALIDATION_ERROR, text: 'no such file' },
  'suite.refused': { code: CODE.NOT_ALLOWED, text: ({ text }) => text },
  'acl.malformed': { code: ({ field }) => ACL_CODES[field], text: ({ text }) => text },
  limit: { code: CODE.NOT_ALLOWED, text: ({ text }) => text },
  conflict: { code: CODE.UNKNOWN_ERROR, text: 'others changed the room at the same time, try again' },
  busy: { code: CODE.UNKNOWN_ERROR, text: 'the server is busy, try again' },
  unavailable: { code: CODE.UNKNOWN_ERROR, text: 'the server cannot store this now, try again' },
}

/** Which code stands for which rejection. */
export function codeOf(rejection: Rejection): Code {
  const { code } = TABLE[rejection.rejected] as Rule<Rejection>
  return typeof code === 'number' ? code : code(rejection)
}

export const REJECTION_CODES = Object.keys(TABLE) as readonly RejectionCode[]

/** A sanction without an end lasts as long as a client can show: to the last second of the year 9999. */
export const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59)

/** The 703 of the seed: what is in force, for how many seconds more, and where. */
function sanctionActivity(
  { rejected, scope, sanction }: Extract<Rejection, { rejected: 'banned' | 'muted' }>,
  { now, room, channel }: Place,
): SanctionActivity {
  const verb = rejected === 'banned' ? 'ban' : 'mute'
  const until = sanction.until ?? LAST_SECOND
  const summary = String(Math.max(0, Math.ceil((until - now) / 1_000)))
  const object = { content: sanction.reason === '' ? '' : encodeUtf8Base64(sanction.reason), summary }
  if (scope === 'room' && room) {
    return { verb, object, target: { objectType: scope, id: uuidOf(room.id), displayName: roomName(room) } }
  }
  if (scope === 'channel' && channel) {
    return { verb, object, target: { objectType: scope, id: uuidOf(channel.id), displayName: channelName(channel) } }
  }
  return { verb, object, target: { objectType: scope } }
}
