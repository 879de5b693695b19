// Refusals as this wire says them: a Meteor error over DDP (rocketchat.md 1.5), an envelope over REST (section 2), and
// the one total table from a rejection to both.
import type { Rejection, RejectionCode } from '../../room/rejection.ts'

/** A refusal. A value: handlers return it, nothing throws it. */
export class MeteorError {
  readonly error: string | number
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>> | undefined
  /** What REST says instead of reason and code, where the real server throws words and no code. */
  readonly words: string | undefined

  constructor(error: string | number, reason: string, details?: Readonly<Record<string, unknown>>, words?: string) {
    this.error = error
    this.reason = reason
    this.details = details
    this.words = words
  }

  get message(): string {
    return `${this.reason} [${this.error}]`.trimStart()
  }

  /** The `error` of a result or nosub frame. */
  toJSON(): object {
    const { error, reason, message, details } = this
    return { isClientSafe: true, error, reason, message, ...(details ? { details } : {}), errorType: 'Meteor.Error' }
  }

  /** The body of a REST answer, status 400 (429 where too much was asked). */
  envelope(): object {
    const { error, message, details, words } = this
    return { success: false, error: words ?? message, errorType: String(error), ...(details ? { details } : {}) }
  }

  get status(): number {
    if (this.error === TOO_MANY || this.error === 'error-too-many-requests') return 429
    return this.error === UNAVAILABLE ? 503 : this.error === 500 ? 500 : 400
  }
}

/** What the real server throws as a plain error: its text alone over REST, and no more than a failure over DDP. */
class Failure extends MeteorError {
  override envelope(): object {
    return { success: false, error: this.reason }
  }
}

export function failure(text: string): MeteorError {
  return new Failure('error-failure', text)
}

/** What sending is refused with over REST, in the real server's own words. */
export function saidPlainly(error: MeteorError): MeteorError {
  if (error.error === 'You_have_been_muted') return failure('You_have_been_muted')
  return error.error === 'error-room-readonly' || error.error === 'room_is_blocked' ? failure(error.reason) : error
}

export const TOO_MANY = 'too-many-requests'
export const UNAVAILABLE = 'error-unavailable'

export const matchFailed = new MeteorError(400, 'Match failed')
export const internal = new MeteorError(500, 'Internal server error')
export const unauthorized = new MeteorError(403, 'Unauthorized')
export const loggedOut = new MeteorError(403, "You've been logged out by the server. Please log in again")
export const notAllowedToRead = new MeteorError('not-allowed', 'Not allowed')
export const invalidEventName = new MeteorError('invalid-event-name', 'Invalid event name')

export function invalidUser(method: string): MeteorError {
  return new MeteorError('error-invalid-user', 'Invalid user', { method })
}

export function invalidRoom(method: string): MeteorError {
  return new MeteorError('error-invalid-room', 'Invalid room', { method })
}

export function notAllowed(method: string, reason = 'Not allowed'): MeteorError {
  return new MeteorError('error-not-allowed', reason, { method })
}

/** `wait`: ms until it may be tried again. */
export function tooMany(wait: number): MeteorError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return new MeteorError(TOO_MANY, `Error, too many requests. Please slow down. You must wait ${seconds} seconds`, {
    timeToReset: wait,
  })
}

type Said = {
  readonly error: string | number
  readonly reason: string
  readonly details?: object
  readonly words?: string
}
type Table = { readonly [K in RejectionCode]: (rejection: Extract<Rejection, { rejected: K }>) => Said }

const say = (error: string | number, reason: string, details?: object) => (): Said =>
  details ? { error, reason, details } : { error, reason }
const refused = say('error-not-allowed', 'Not allowed')
const badKey = say('error-invalid-key', 'Invalid key')
/** What only X's wire can cause: its clients never come here, but the table is total. */
const signed = say('error-not-allowed', 'The signature is missing or does not fit')

const READ_ONLY = "You can't send messages because the room is readonly."

const TABLE: Table = {
  'room.unknown': say('error-invalid-room', 'Invalid room'),
  'room.taken': say('error-duplicate-channel-name', 'A room like this exists'),
  'room.closed': say('error-room-closed', 'The room is closed until its key is changed'),
  'room.archived': say('error-room-archived', 'The room is archived'),
  'room.blocked': () => ({ error: 'room_is_blocked', reason: 'room_is_blocked', words: 'room_is_blocked' }),
  'room.readonly': () => ({ error: 'error-room-readonly', reason: READ_ONLY, words: READ_ONLY }),
  'code.wrong': ({ given }) =>
    given
      ? { error: 'error-code-invalid', reason: 'Invalid Room Password' }
      : { error: 'error-code-required', reason: 'Code required' },
  'room.full': ({ limit }) => ({
    error: 'error-max-rooms-per-guest-reached',
    reason: `A room has at most ${limit} members`,
  }),
  'room.kind': ({ text }) => ({ error: 'error-action-not-allowed', reason: text }),
  'name.taken': ({ name }) => ({
    error: 'error-duplicate-channel-name',
    reason: 'A channel with this name exists',
    details: { channel_name: name },
  }),
  'slot.taken': say('error-not-allowed', 'Too many rooms'),
  'member.required': refused,
  'occupant.required': refused,
  'role.required': ({ text }) => ({ error: 'error-not-allowed', reason: text }),
  'owner.last': say(
    'error-you-are-last-owner',
    'You are the last owner. Please set new owner before leaving the room.',
  ),
  acl: refused,
  banned: ({ scope }) => ({ error: 'error-not-allowed', reason: `You are banned from this ${wordOf(scope)}` }),
  muted: () => ({
    error: 'You_have_been_muted',
    reason: 'You have been muted and cannot speak in this room',
    words: 'You_have_been_muted',
  }),
  'account.inactive': say('error-invalid-user', 'Invalid user'),
  'members.none': say('error-invalid-params', 'No users were given'),
  'members.duplicate': say('error-invalid-params', 'A user was given twice'),
  'members.already': say('error-user-already-in-room', 'The user is in the room already'),
  'members.absent': say('error-user-not-in-room', 'User is not in this room'),
  'members.unaddable': say('error-invalid-user', 'This user cannot be added'),
  'members.self': say('error-not-allowed', 'Leave the room to remove yourself'),
  'role.held': say('error-user-already-owner', 'User is already an owner'),
  'role.absent': say('error-user-not-owner', 'User is not an owner'),
  'invite.unknown': say('error-invalid-room', 'Invalid room'),
  'invite.absent': say('error-not-allowed', 'The room has no invite'),
  'invite.taken': say('error-not-allowed', 'The invite belongs to another room'),
  'invite.past': say('error-invalid-params', 'The invite would have ended already'),
  'join.already': say('error-user-already-in-room', 'The user is in the room or waits to be let in'),
  'join.absent': say('error-user-not-in-room', 'The user has not asked to join'),
  'join.full': say('error-not-allowed', 'Too many users wait to be let in'),
  'epoch.missing': say('error-e2e-key-reset-failed', 'The room has no key yet'),
  'epoch.malformed': say('error-invalid-params', 'Invalid key id'),
  'epoch.exists': say('error-room-e2e-key-already-exists', 'E2E Key ID already exists'),
  'epoch.stale': say('error-not-allowed', 'The room has another key now'),
  'epoch.ahead': badKey,
  'wrap.missing': badKey,
  'wrap.extra': badKey,
  'wrap.duplicate': badKey,
  'wrap.malformed': badKey,
  'wrap.outdated': badKey,
  'field.missing': ({ field }) => ({ error: 'error-invalid-params', reason: `must have required property '${field}'` }),
  'signature.missing': signed,
  'signature.extra': signed,
  'signature.detail': signed,
  'signature.version': signed,
  'signature.key': signed,
  'signature.mismatch': signed,
  'signature.roster': signed,
  'signature.comma': signed,
  'signature.invalid': signed,
  'message.empty': say('error-invalid-params', 'The message is empty'),
  'message.size': say('error-message-size-exceeded', 'Message size exceeds Message_MaxAllowedSize'),
  'message.malformed': ({ text }) => ({ error: 'error-invalid-params', reason: text }),
  'message.plaintext': say('error-not-allowed', 'Not allowed to send un-encrypted messages in an encrypted room'),
  'message.suite': ({ wanted }) => ({
    error: 'error-not-allowed',
    reason: wanted === 'none' ? 'The room is not encrypted' : 'Messages of this room are encrypted in another way',
  }),
  'message.unknown': say('error-invalid-message', 'Invalid message'),
  'message.taken': say('error-message-id-taken', 'A message with this id exists'),
  'hidden.full': say('error-not-allowed', 'No more messages can be hidden here'),
  'medium.unknown': say('error-invalid-file', 'Invalid file'),
  'suite.refused': ({ text }) => ({ error: 'error-not-allowed', reason: text }),
  'acl.malformed': ({ text }) => ({ error: 'error-invalid-params', reason: text }),
  limit: ({ text }) => ({ error: 'error-invalid-params', reason: text }),
  conflict: say('error-conflict', 'Somebody else changed the room at the same time, try again'),
  busy: () => tooMany(1000) as Said,
  unavailable: say(UNAVAILABLE, 'The server cannot store this now, try again'),
}

function wordOf(scope: 'global' | 'channel' | 'room'): string {
  return scope === 'global' ? 'server' : scope
}

/** `method` goes into the details, as the real server's do. */
export function errorOf(rejection: Rejection, method: string): MeteorError {
  const entry = TABLE[rejection.rejected] as (rejection: Rejection) => Said
  const { error, reason, details, words } = entry(rejection)
  return new MeteorError(error, reason, { method, ...details }, words)
}

/** For the test that the table is total. */
export const ERROR_CODES = Object.keys(TABLE) as RejectionCode[]
