// Send a message, under the membership, the sanctions and the epoch of this very moment (L3).
import type { UserId } from '@conclave/wire'
import { readableSignature } from '@conclave/wire/xchat/keys'
import { MENTIONED, MESSAGE_TEXT, WHISPERED } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { Content, Mentions, ThreadRef } from '../events.ts'
import type { Account, Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import type { Origin } from '../rights.ts'
import {
  actorOf,
  belongs,
  checkChannelAcls,
  checkMute,
  checkRoomAcls,
  checkStanding,
  checkVoice,
  isHidden,
  visitorOf,
} from '../rights.ts'
import { checkRocketchatContent } from '../rocketchat.ts'
import { readXchatContent } from '../signatures.ts'
import type { RoomState } from '../state.ts'
import { expiryAt } from '../ttl.ts'

type XchatContent = Extract<Content, { suite: 'xchat' }>
/** As it is handed in: the epoch of an X message is read from what was signed, not told beside it. */
export type SentContent = Exclude<Content, XchatContent> | Omit<XchatContent, 'epoch'>

export interface SendMessage {
  readonly command: 'send-message'
  readonly actor: UserId | null
  readonly content: SentContent
  /** The id that the client chose, and a digest of what it sent under it. */
  readonly messageId: string | null
  readonly digest: string
  /** The sender is inside with a session (plain rooms need that or membership). */
  readonly inside: boolean
  readonly attributes: Readonly<Record<string, string>> | null
  /** Dino: who alone sees it besides the sender, where it is a whisper. */
  readonly to?: readonly UserId[]
  /** Dino: the room that the message is sent from, when it is another. */
  readonly origin: Origin | null
  /** Dino's `validateMutes` is off: a mute does not stop the sender. */
  readonly ignoreMutes?: true
  /** Files that go with it, as the server holds them. Whose they are is compared where they are bound (engine/media.ts). */
  readonly media?: readonly SentMedium[]
  /** The message that it replies to: read from the store, never claimed by the request. */
  readonly thread?: ThreadRef
  readonly mentions?: Mentions
}

export interface SentMedium {
  readonly key: string
  /** Its sender said that its bytes are ciphertext. */
  readonly sealed: boolean
}

/** Who speaks, from where. */
export type Speaking = Pick<SendMessage, 'inside' | 'attributes' | 'to' | 'origin' | 'ignoreMutes'>

export const sendMessage: CommandRule<SendMessage> = {
  needs: (_state, command) =>
    command.actor === null
      ? { accounts: [], keys: [] }
      : { accounts: [command.actor], keys: command.content.suite === 'xchat' ? [command.actor] : [] },

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = command.actor === null ? null : checkSender(state, command, command.actor, facts, context)
    if (refused) return refused
    const read = readContent(state, command, facts, context)
    if (isRejection(read)) return read
    const { actor, messageId, digest, to, thread, mentions } = command
    const content = contentOf(state, command.content)
    const expiresAt = expiryAt(context.now, state.ttlMs, read.ttlMs)
    const media = command.media?.map(({ key }) => key)
    return {
      events: [
        {
          type: 'message',
          messageId,
          content,
          ...(to ? { to } : {}),
          ...(expiresAt === null ? {} : { expiresAt }),
          ...(media ? { media } : {}),
          ...(thread ? { thread } : {}),
          ...(mentions ? { mentions } : {}),
        },
      ],
      messageKeys: messageId === null || actor === null ? [] : [{ key: messageId, digest, by: actor }],
    }
  },
}

/** Also for whoever changes what was said, or reacts to it. */
export function checkSender(
  state: RoomState,
  command: Speaking,
  user: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = actorOf(facts, user)
  if (isRejection(account)) return account
  return (
    checkPlace(state, command, account, facts, context) ??
    checkStanding(state, facts.channel, account, context.now) ??
    (command.ignoreMutes ? null : checkMute(state, facts.channel, account, context.now)) ??
    checkVoice(state, account) ??
    checkBoth(state, 'message', command, account, facts, context) ??
    checkWhisper(command, account, facts, context)
  )
}

/** Hidden rooms: who belongs to them, in encrypted ones that is members only. Other plain rooms: members, occupants, or
 * from a room next door. */
function checkPlace(
  state: RoomState,
  command: Speaking,
  account: Account,
  facts: Facts,
  context: Context,
): Rejection | null {
  if (state.members.has(account.id)) return null
  if (state.suite !== 'none' || state.kind === 'direct') return { rejected: 'member.required' }
  if (isHidden(state)) return belongs(state, account.id) ? null : { rejected: 'occupant.required', where: 'room' }
  if (command.inside) return null
  if (!command.origin) return { rejected: 'occupant.required', where: 'room' }
  if (!command.origin.inside) return { rejected: 'occupant.required', where: 'origin' }
  return checkBoth(state, 'crossroom', command, account, facts, context) ?? crossesChannels(state, command.origin)
}

/** A message from another room stays in its channel, whether or not an ACL says so (dino.md 4, `message`). */
function crossesChannels(state: RoomState, origin: Origin): Rejection | null {
  if (origin.channel === state.channel) return null
  return {
    rejected: 'acl',
    acl: { action: 'crossroom', type: 'samechannel', value: '' },
    reason: 'not the same channel',
  }
}

/** The ACLs of the channel, then those of the room. */
function checkBoth(
  state: RoomState,
  action: 'message' | 'crossroom',
  { attributes, origin }: Speaking,
  account: Account,
  { channel }: Facts,
  { settings }: Context,
): Rejection | null {
  if (channel.acls.length === 0 && state.acls.length === 0 && !state.isAdmin) return null
  const of = (room: RoomState | null) =>
    visitorOf(settings.acl, room, channel, account, attributes ?? account.attributes, origin)
  return checkChannelAcls(channel, action, of(null)) ?? checkRoomAcls(state, action, of(state))
}

/** Only channels have rules for whispers (dino.md section 6). */
function checkWhisper(
  { to, attributes, origin }: Speaking,
  account: Account,
  { channel }: Facts,
  { settings }: Context,
): Rejection | null {
  if (to === undefined || channel.acls.length === 0) return null
  const visitor = visitorOf(settings.acl, null, channel, account, attributes ?? account.attributes, origin)
  return checkChannelAcls(channel, 'whisper', visitor)
}

/** What only its content says of how it is kept. */
interface Kept {
  /** ms; null where it says nothing. */
  readonly ttlMs: number | null
}
const STAYS: Kept = { ttlMs: null }

function readContent(state: RoomState, command: SendMessage, facts: Facts, context: Context): Kept | Rejection {
  const { content, to = [], mentions } = command
  if (mentions && mentions.users.length > MENTIONED)
    return { rejected: 'limit', text: `a message names at most ${MENTIONED} users` }
  if (to.length > WHISPERED) return { rejected: 'limit', text: `a whisper is for at most ${WHISPERED} users` }
  if (command.to && state.suite !== 'none')
    return { rejected: 'suite.refused', text: 'nobody whispers in an encrypted room' }
  if (content.suite !== state.suite) {
    return content.suite === 'none'
      ? { rejected: 'message.plaintext' }
      : { rejected: 'message.suite', wanted: state.suite }
  }
  // A plain file stays one beside a ciphertext, and may have been sent before the room was encrypted (L3).
  if (content.suite !== 'none' && command.media?.some(({ sealed }) => !sealed)) return { rejected: 'message.plaintext' }
  switch (content.suite) {
    case 'none':
      return content.text.length > MESSAGE_TEXT ? { rejected: 'message.size', limit: MESSAGE_TEXT } : STAYS
    case 'xchat':
      return readXchatContent(state, command, content, facts, context)
    case 'rocketchat':
      return checkRocketchatContent(state, content, context) ?? STAYS
  }
}

/** What goes into the log. readContent has compared the signed epoch with the room's, and verified. */
function contentOf(state: RoomState, content: SentContent): Content {
  if (content.suite !== 'xchat') return content
  return { ...content, signature: readableSignature(content.signature), epoch: state.epoch?.version ?? '' }
}

/** A room's id as an origin of messages into another one. */
export function originOf(room: RoomState, inside: boolean): Origin {
  return { room: room.id, channel: room.channel, inside }
}
