// Discussions: rooms that belong to a room, or to one message of it. Whoever is a member of that room may come into them.
import type { RoomId, UserId } from '@conclave/wire'
import { z } from 'zod'
import { NAME } from '../../../limits.ts'
import type { DiscussionOf, RoomEvent, Suite } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import { checkMute, checkStanding, checkVoice } from '../../../room/rights.ts'
import { isTeam, type RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import { suiteOfNew } from '../keys/encryption.ts'
import { messageIdOf } from '../messages/encode-message.ts'
import { type FoundMessage, isInside, messageOf } from '../messages/found-message.ts'
import { checkSaid, send } from '../messages/message.ts'
import type { Quote } from '../messages/quotes.ts'
import type { Call } from '../method.ts'
import { type Found, fullNameOf, ridOf, typeOf } from '../names.ts'
import { id, usernames } from '../params.ts'
import { submit } from '../submit.ts'
import { enterable } from './access.ts'
import { createRoom, usersNamed } from './create.ts'
import { act, join, may } from './room-acts.ts'
import { roomDocument } from './room-document.ts'

const METHOD = 'DiscussionCreation'

export const DISCUSSION = {
  prid: id.nullish(),
  pmid: id.nullish(),
  t_name: z.string().trim().min(1).max(NAME),
  reply: z.string().nullish(),
  users: usernames.nullish(),
  encrypted: z.boolean().nullish(),
  topic: z.string().max(NAME).nullish(),
} as const
export type AskedDiscussion = z.output<ReturnType<typeof z.object<typeof DISCUSSION>>>

/** The discussion's document, or why there is none. Of a message that has one already, that one. */
export async function startDiscussion(call: Call, asked: AskedDiscussion): Promise<Document | MeteorError> {
  const parent = await parentOf(call, asked)
  if (parent instanceof MeteorError) return parent
  const { found, message } = parent
  const refused = await checkStart(call, parent, asked)
  if (refused) return refused
  const sealed = suiteOf(call, found, asked)
  if (sealed instanceof MeteorError) return sealed
  if (sealed !== 'none' && asked.reply) return badArguments('Encrypted discussions must not receive an initial reply.')
  const of: DiscussionOf = {
    parent: found.room.id,
    message: message ? { id: message.event.id, sequence: message.event.sequence } : null,
  }
  const made = await makeRoom(call, parent, asked, of, sealed)
  if (isRejection(made)) {
    if (made.rejected === 'room.taken' && message) return enterExisting(call, made.room)
    return errorOf(made, METHOD)
  }
  const started = await act(
    call,
    found.room,
    {
      command: 'start-discussion',
      actor: call.caller.account.id,
      discussion: made.id,
      name: asked.t_name,
      message: of.message,
      inside: !found.room.members.has(call.caller.account.id),
      encrypted: sealed !== 'none',
    },
    METHOD,
  )
  if (started instanceof MeteorError) {
    // What was let through a moment ago is not any more: a room that nobody has been told the place of.
    await submit(call, made.id, { command: 'remove-room', actor: null, reason: 'not a discussion' })
    return started
  }
  if (message && sealed === 'none') await quote(call, made, message)
  if (asked.reply) await send(call, { rid: ridOf(made), msg: asked.reply })
  return { ...(await roomDocument(call.gate.parts, made)), rid: ridOf(made) }
}

interface Parent {
  readonly found: Found
  readonly message: FoundMessage | null
}

async function parentOf(call: Call, { prid, pmid }: AskedDiscussion): Promise<Parent | MeteorError> {
  const { gate, caller } = call
  const message = pmid ? ((await messageOf(gate, caller, pmid)) ?? null) : null
  if (pmid && !message) return new MeteorError('error-invalid-message', 'Invalid message', { method: METHOD })
  if (message && prid && ridOf(message.room) !== prid)
    return badArguments('Root message room ID does not match parent room ID')
  if (!message && !prid) return badArguments('Missing parent room ID')
  const found = await enterable(gate, caller, message ? ridOf(message.room) : (prid as string))
  return found ? { found, message } : new MeteorError('error-invalid-room', 'Invalid room', { method: METHOD })
}

/** What is asked before a room is made; the command on the parent decides again, at the moment that counts. */
async function checkStart(
  call: Call,
  { found, message }: Parent,
  { reply }: AskedDiscussion,
): Promise<MeteorError | null> {
  const { gate, caller } = call
  const { account } = caller
  const { room, channel } = found
  const own = !message || message.event.actor === account.id
  if (!may(call, own ? 'start-discussion' : 'start-discussion-other-user', room)) return mayNotStart()
  if (room.discussionOf)
    return new MeteorError('error-nested-discussion', 'Cannot create nested discussions', { method: METHOD })
  if (room.suite === 'xchat' || message?.target.whispered) return notAllowed(METHOD)
  if (!room.members.has(account.id) && !(await isInside(gate, caller, found))) return notAllowed(METHOD)
  const now = gate.parts.clock.now()
  const barred = checkStanding(room, channel, account, now) ?? checkMute(room, channel, account, now)
  const silent = barred ?? checkVoice(room, account)
  if (silent) return errorOf(silent, METHOD)
  return reply ? checkSaid(gate, caller, room, { msg: reply, t: undefined }) : null
}

export function mayNotStart(): MeteorError {
  return new MeteorError('error-action-not-allowed', 'You are not allowed to create a discussion', {
    method: 'createDiscussion',
  })
}

function badArguments(reason: string): MeteorError {
  return new MeteorError('error-invalid-arguments', reason, { method: METHOD })
}

/** What is said about an encrypted room is encrypted, whatever was asked (L3). */
function suiteOf({ gate }: Call, { room }: Found, { encrypted }: AskedDiscussion): Suite | MeteorError {
  if (room.suite !== 'none') return suiteOfNew(gate, 'p', true)
  return typeOf(room) === 'c' && !encrypted ? 'none' : suiteOfNew(gate, 'p', encrypted)
}

async function makeRoom(
  call: Call,
  { found, message }: Parent,
  asked: AskedDiscussion,
  of: DiscussionOf,
  suite: Suite,
) {
  const { room } = found
  const { account } = call.caller
  const author = message?.event.actor ?? null
  const members = new Set<UserId>([account.id, ...(await usersNamed(call.gate, asked.users ?? []))])
  if (author !== null && room.members.has(author)) members.add(author)
  return createRoom(call, {
    kind: suite === 'none' && (await isOpen(call, room)) ? 'public' : 'private',
    suite,
    name: asked.t_name,
    topic: asked.topic ?? (typeOf(room) === 'd' ? '' : fullNameOf(room)),
    members: [...members],
    owners: [account.id],
    pair: null,
    acls: room.acls,
    discussionOf: of,
  })
}

/** Whether everybody may come into it, as into its parent: not where the parent has a code, or a door of its own. */
async function isOpen({ gate }: Call, room: RoomState): Promise<boolean> {
  if (typeOf(room) !== 'c' || room.isAdmin || room.config.joinCode) return false
  const main = room.team && (await gate.parts.reading.room(room.team.main))?.room
  return !main || !isTeam(main) || typeOf(main) === 'c'
}

async function enterExisting(call: Call, room: RoomId): Promise<Document | MeteorError> {
  const { parts } = call.gate
  const existing = await parts.reading.room(room)
  if (!existing) return new MeteorError('error-invalid-room', 'Invalid room', { method: METHOD })
  const entered = await join(call, existing, undefined, METHOD)
  if (entered instanceof MeteorError) return entered
  return { ...(await roomDocument(parts, entered)), rid: ridOf(entered) }
}

/** Says in the discussion what it is about, as long as that is there. */
async function quote(call: Call, room: RoomState, { event, room: parent }: FoundMessage): Promise<void> {
  const site = call.gate.parts.publicUrl()
  const link = `${site}/${ROUTES[typeOf(parent)]}/${ridOf(parent)}?msg=${encodeURIComponent(messageIdOf(event))}`
  const quotes: readonly Quote[] = [{ link, room: parent.id, id: event.id }]
  await submit(call, room.id, {
    command: 'send-message',
    actor: call.caller.account.id,
    content: { suite: 'none', text: '', extra: { rocketchat: { quotes } } },
    messageId: null,
    digest: '',
    inside: false,
    attributes: null,
    origin: null,
  })
}

/** Where clients show rooms. */
const ROUTES = { c: 'channel', p: 'group', d: 'direct' } as const

/** The discussions of a room, the newest first. */
export async function discussionsOf({ gate }: Call, room: RoomState, limit: number) {
  return gate.parts.reading.branches(room.id, 'discussion', limit)
}

/** The event of a room's log that tells of a discussion of it. */
export async function startOf({ gate }: Call, room: RoomState, sequence: number): Promise<RoomEvent | undefined> {
  return gate.parts.reading.discussionStart(room.id, sequence)
}
