// What the media routes have in common: how they name conversations, uploads and media (x-chat.md 3.13).
import type { MediaRejection } from '../../engine/media.ts'
import type { RoomState } from '../../room/state.ts'
import { about, resourceId, roomOf } from './conversation.ts'
import { KEY_TEXT, SHORT_TEXT } from './limits.ts'
import { problemOfMedia, type What } from './media-errors.ts'
import { invalidField, invalidRequest, Refusal } from './problem.ts'
import type { XchatParts } from './route.ts'
import { text } from './schema.ts'
import type { Caller } from './session.ts'

const KEY = /^[a-zA-Z0-9]{1,50}$/
const SESSION = /^[0-9]{1,19}$/
const KEY_FORM = `must be 1 to ${KEY_TEXT} letters and digits`

export const conversationId = text(SHORT_TEXT)
export const mediaHashKey = text(SHORT_TEXT).regex(KEY, KEY_FORM)

/** The conversation that a body names. */
export async function conversationNamed(id: string, caller: Caller, parts: XchatParts): Promise<RoomState | Refusal> {
  const room = await roomOf(id, caller, parts)
  if (!(room instanceof Refusal) || room.problem.parameter !== 'id') return room
  const { problem } = room
  const parameter = 'conversation_id'
  if (problem.status !== 400) return new Refusal({ ...problem, parameter })
  return new Refusal(invalidRequest(parameter, problem.detail.replace(/^id/, parameter)))
}

export function sessionOf(text: string): string | Refusal {
  return SESSION.test(text) ? text : new Refusal(invalidField('id', 'must be a number of 1 to 19 digits'))
}

export function keyOf(text: string): string | Refusal {
  return KEY.test(text) ? text : new Refusal(invalidField('media_hash_key', KEY_FORM))
}

export function refusalOf(rejection: MediaRejection, what: What, room: RoomState, parts: XchatParts): Refusal {
  return new Refusal(problemOfMedia(rejection, what, about(parts, resourceId(room), room)))
}

export function uploadAt(session: string): What {
  return { resource: 'upload', parameter: 'id', value: session }
}

export function mediumAt(key: string): What {
  return { resource: 'media', parameter: 'media_hash_key', value: key }
}
