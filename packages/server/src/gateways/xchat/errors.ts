// The one table from a refusal to X's problem (x-chat.md 1.3, 6). Total: a code without an entry does not compile.
// `code` members are the names of X's own failure enumeration, where one fits.
import type { Rejection, RejectionCode } from '../../room/rejection.ts'
import type { Members, Problem } from './problem.ts'
import { conflict, invalidField, invalidRequest, notAuthorized, notFound, problem, unavailable } from './problem.ts'

/** What a refusal is about, in this request's words. */
export interface About {
  /** The conversation as X shows it; null before there is one. */
  readonly conversation: string | null
  /** The conversation key version that counts now. */
  readonly current: string | null
  /** The body's field that names members. */
  readonly members: 'user_ids' | 'group_members' | 'conversation_participant_keys'
  /** The token of the link by which somebody came. */
  readonly invite?: string
  /** Non-members are told that there is no such conversation. */
  readonly hideGroups: boolean
}

type Table = {
  readonly [C in RejectionCode]: (rejection: Extract<Rejection, { rejected: C }>, about: About) => Problem
}

const TOO_MANY = 'Too many members: adding these members would exceed the allowed group size.'
const UNADDABLE = 'Cannot add all members: one or more of the requested members cannot be added to this conversation.'

const WRAPS = 'conversation_participant_keys'
const VERSION = 'conversation_key_version'
const ACTIONS = 'action_signatures'

/** The version that counts now, for a client that must start again from it: in the sentence and as a member. */
function nowAt(version: string | null): { readonly text: string; readonly members: Members } {
  if (version === null) return { text: '', members: {} }
  return { text: `; the current conversation key version is ${version}`, members: { current_key_version: version } }
}

function forbidden(about: About, detail: string, members: Members = {}): Problem {
  return notAuthorized('conversation', about.conversation, detail, members)
}

function unknownConversation(about: About): Problem {
  return notFound('conversation', 'id', about.conversation ?? '')
}

/** A signature that was sent with the message itself stands in another field than those of actions. */
function signatureField(part: string): string {
  return part === 'message' ? 'encoded_message_event_signature' : ACTIONS
}

const TABLE: Table = {
  'room.unknown': (_, about) => unknownConversation(about),
  'room.taken': () => invalidField('conversation_id', 'is already taken by another conversation'),
  'room.closed': (_, about) => {
    const { text, members } = nowAt(about.current)
    const detail = `the members changed without a new key: rotate the conversation key before sending${text}`
    return problem('conversation-closed', 'Conversation Closed', 409, detail, members)
  },
  'room.archived': (_, about) => forbidden(about, 'the conversation is archived'),
  'room.blocked': (_, about) => forbidden(about, 'the conversation is blocked'),
  'room.readonly': (_, about) => forbidden(about, 'the conversation is read-only'),
  'code.wrong': (_, about) => forbidden(about, 'the conversation is joined with a code'),
  'room.full': (_, about) => invalidRequest(about.members, TOO_MANY),
  'room.kind': ({ text }) => invalidField('id', text),
  'name.taken': () => invalidField('group_name', 'is already taken'),
  'slot.taken': () => invalidField('id', 'is one room too many of its maker'),
  'member.required': (_, about) =>
    about.hideGroups
      ? unknownConversation(about)
      : forbidden(about, 'the caller is not a member of this conversation', { code: 'SENDER_NOT_GROUP_MEMBER' }),
  'occupant.required': (_, about) => forbidden(about, 'the caller is not inside of this conversation'),
  'role.required': ({ text }, about) => forbidden(about, text, { code: 'REQUESTER_NOT_ADMIN' }),
  'owner.last': (_, about) =>
    invalidField(about.members, 'the last admin cannot be taken away: make another one first'),
  acl: ({ reason }, about) => forbidden(about, `not allowed here: ${reason}`),
  banned: (_, about) => forbidden(about, 'the caller is banned'),
  muted: (_, about) => forbidden(about, 'the caller is muted'),
  'account.inactive': (_, about) => forbidden(about, 'the account is not active'),

  'members.none': (_, about) => invalidField(about.members, 'must not be empty'),
  'members.duplicate': ({ user }, about) => invalidField(about.members, `duplicate user ${user}`),
  'members.already': ({ user }, about) => {
    const { text, members } = nowAt(about.current)
    return invalidField(about.members, `user ${user} is already a member${text}`, members)
  },
  'members.absent': ({ user }, about) => {
    const { text, members } = nowAt(about.current)
    return invalidField(about.members, `user ${user} is not a member${text}`, members)
  },
  'members.unaddable': (_, about) => invalidRequest(about.members, UNADDABLE),
  'members.self': (_, about) => invalidField(about.members, 'names the caller, who leaves by POST …/leave'),
  'role.held': ({ user }, about) => invalidField(about.members, `user ${user} is already an admin`),
  'role.absent': ({ user }, about) => invalidField(about.members, `user ${user} is not an admin`),

  'invite.unknown': (_, about) => notFound('invite', 'token', about.invite ?? ''),
  'invite.absent': () => invalidField('id', 'this conversation has no invite'),
  'invite.taken': () => invalidField('invite_url', 'is already the invite of another conversation: draw a new token'),
  'invite.past': () => invalidField('expires_at_msec', 'must be a time that is to come'),
  'join.already': ({ as }) =>
    invalidField('token', `the caller is already ${as === 'member' ? 'a member' : 'waiting to be let in'}`),
  'join.absent': ({ user }, about) => invalidField(about.members, `user ${user} has not asked to join`),
  'join.full': ({ limit }) => conflict(`${limit} people already wait to be let in: try again later`),

  'epoch.missing': () => invalidField(VERSION, 'this conversation has no key yet'),
  'epoch.malformed': () => invalidField(VERSION, 'must be a version: 1 to 19 digits'),
  'epoch.exists': ({ current }) => stale(409, current),
  'epoch.stale': ({ current }) => stale(400, current),
  'epoch.ahead': ({ current }) => {
    const { text, members } = nowAt(current)
    return invalidField(VERSION, `is too far ahead of the server's clock${text}`, members)
  },
  'wrap.missing': ({ user }, about) => wraps(`missing participant key for ${user}`, about),
  'wrap.extra': ({ user }, about) => wraps(`extra participant key for ${user}, who would not be a member`, about),
  'wrap.duplicate': ({ user }, about) => wraps(`duplicate participant key for ${user}`, about),
  'wrap.malformed': ({ user }) =>
    invalidField(WRAPS, `encrypted_conversation_key of ${user} is not base64 of a 113-byte wrap`),
  'wrap.outdated': ({ user, newest }) =>
    invalidField(WRAPS, `public_key_version of ${user} is outdated, the newest is ${newest}`),
  'field.missing': ({ field }) => invalidRequest(field, `$.${field}: is missing but it is required`),

  'signature.missing': ({ part }) => invalidField(ACTIONS, `missing action signature: ${part}`),
  'signature.extra': () => invalidField(ACTIONS, 'an action signature too many'),
  'signature.detail': ({ text }) => invalidField(ACTIONS, `encoded_message_event_detail cannot be read: ${text}`),
  'signature.version': ({ version }) =>
    invalidRequest('signature_version', `signature_version ${version} is not accepted, only 7 is`, {
      code: 'INVALID_SIGNATURE_VERSION',
    }),
  'signature.key': ({ version }) =>
    invalidRequest(
      'public_key_version',
      `public_key_version ${version} is not registered, or signing_public_key does not match the registered key`,
      { code: 'SIGNATURE_KEY_NOT_REGISTERED' },
    ),
  'signature.mismatch': ({ part, field }) =>
    invalidField(ACTIONS, `${field} in the signed ${part} does not match the request and the conversation`),
  'signature.roster': ({ field }, about) => {
    const { text, members } = nowAt(about.current)
    const detail = `the signed ${field} is stale: it does not match the members now${text}`
    return invalidField(ACTIONS, detail, members)
  },
  'signature.comma': ({ part }) => invalidField(signatureField(part), `a signed value of the ${part} contains a comma`),
  'signature.invalid': ({ part }) =>
    invalidField(signatureField(part), `the signature of the ${part} does not verify`, {
      code: part === 'message' ? 'INVALID_SENDER_SIGNATURE' : 'SIGNATURE_FAILED_TO_VERIFY',
    }),

  'message.empty': () => invalidField('encoded_message_create_event', 'EMPTY_DETAIL', { code: 'EMPTY_DETAIL' }),
  'message.size': ({ limit }) =>
    invalidField('encoded_message_create_event', `CONTENTS_TOO_LARGE: contents have at most ${limit} bytes`, {
      code: 'CONTENTS_TOO_LARGE',
    }),
  'message.malformed': ({ text }) => invalidRequest('encoded_message_create_event', text),
  'message.plaintext': () => onlyEncrypted('a message names the key version that it is encrypted under'),
  'message.suite': ({ wanted }) => onlyEncrypted(`this conversation takes ${wanted} content`),
  'message.unknown': ({ id }) => notFound('message', 'sequence_ids', id ?? ''),
  'message.taken': ({ key }) =>
    invalidField('message_id', `duplicate: ${key} is already used by another message or action`),

  'hidden.full': ({ limit }) =>
    invalidField('sequence_ids', `a user hides at most ${limit} stretches of messages in a conversation`),
  'medium.unknown': ({ key }) => notFound('media', 'media_hash_keys', key),

  'suite.refused': ({ text }) => invalidField('id', text),
  'acl.malformed': ({ text }) => invalidField('id', text),
  limit: ({ text }) => invalidRequest('limit', text),
  conflict: ({ current }) => stale(409, current),
  busy: () => unavailable('the server is busy, try again'),
  unavailable: () => unavailable('the server cannot write at the moment, try again'),
}

/** 400 where the client began with an old version, 409 where it lost a race; both name the version now. */
function stale(status: 400 | 409, current: string | null): Problem {
  const { text, members } = nowAt(current)
  const why = status === 409 ? 'is stale, another change came first' : 'is stale (NON_LATEST_CKEY_VERSION)'
  const detail = `${VERSION}: ${why}${text}`
  if (status === 409) return conflict(detail, { parameter: VERSION, ...members })
  return invalidRequest(VERSION, detail, { code: 'NON_LATEST_CKEY_VERSION', ...members })
}

/** The roster that counts may have changed since the client looked: the version says so. */
function wraps(detail: string, about: About): Problem {
  const { text, members } = nowAt(about.current)
  return invalidField(WRAPS, `${detail}${text}`, members)
}

function onlyEncrypted(text: string): Problem {
  const code = 'ONLY_ENCRYPTED_MESSAGES_ALLOWED'
  return invalidField('encoded_message_create_event', `${code}: ${text}`, { code })
}

export function problemOf(rejection: Rejection, about: About): Problem {
  const entry = TABLE[rejection.rejected] as (rejection: Rejection, about: About) => Problem
  return entry(rejection, about)
}

/** For the test that the table is total at run time, too. */
export const REJECTION_CODES = Object.keys(TABLE) as readonly RejectionCode[]
