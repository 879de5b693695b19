// What a Rocket.Chat room takes as an encrypted message (rocketchat.md 5.8, 6.3; design 2, L4). The server never
// reads it: only the shape is looked at, and with lockstep on, the id of the key that it was made with.

import type { UserId } from '@conclave/wire'
import { legacyCiphertext, parseContent, splitGroupKey } from '@conclave/wire/rocketchat/content'
import { MESSAGE_CONTENT, WRAPPED_KEY } from '../limits.ts'
import type { Content } from './events.ts'
import type { Context, Facts } from './facts.ts'
import { isRejection, type Rejection } from './rejection.ts'
import { actorOf, checkStanding } from './rights.ts'
import type { RoomState } from './state.ts'

export function checkRocketchatContent(
  state: RoomState,
  content: Extract<Content, { suite: 'rocketchat' }>,
  context: Context,
): Rejection | null {
  const keyId = keyIdOf(content)
  if (keyId === undefined) return { rejected: 'message.plaintext' }
  if (JSON.stringify(content.content ?? content.msg).length > MESSAGE_CONTENT)
    return { rejected: 'message.size', limit: MESSAGE_CONTENT }
  if (state.closed) return { rejected: 'room.closed' }
  if (context.settings.lockstep && (keyId !== state.epoch?.version || keyId === CONSTANT_KEY_ID)) {
    return { rejected: 'epoch.stale', current: state.epoch?.version ?? null }
  }
  return null
}

/** Whether somebody may change members' copies of the room's key at all: any member may bring them. */
export function checkKeyholder(state: RoomState, actor: UserId, facts: Facts, context: Context): Rejection | null {
  const account = actorOf(facts, actor)
  if (isRejection(account)) return account
  if (!state.members.has(actor)) return { rejected: 'member.required' }
  const barred = checkStanding(state, facts.channel, account, context.now)
  if (barred) return barred
  return state.suite === 'xchat'
    ? { rejected: 'suite.refused', text: 'the keys of this room change over X only' }
    : null
}

/** A member's copy of a key is opaque: the server is their mailbox. */
export function isWrappedKey(text: string): boolean {
  return text.length > 0 && text.length <= WRAPPED_KEY
}

/** Whether a copy is of a key that the room had before, as somebody's former keys tell: made before a reset, it comes after
 * it. Whoever got it would wait for no other and read nothing. Any other text is taken: the server reads no keys. */
export function isOfFormerKey({ epoch, keys }: RoomState, key: string): boolean {
  const keyId = epoch ? splitGroupKey(key)?.keyId : undefined
  if (keyId === undefined || keyId === epoch?.version || keyId === CONSTANT_KEY_ID) return false
  for (const { old } of keys.values()) if (old.some(former => former.keyId === keyId)) return true
  return false
}

/** The id that every room key had before 7.0: base64 of the first characters of the key's JSON. */
const CONSTANT_KEY_ID = 'eyJhbGciOiJB'

/** The id of the key that a message names; undefined where it is no ciphertext. */
function keyIdOf(content: Extract<Content, { suite: 'rocketchat' }>): string | undefined {
  if (content.content !== null) return content.msg === '' ? parseContent(content.content)?.keyId : undefined
  return legacyCiphertext(content.msg)?.keyId
}
