// What is sent again under the same id gets the answer that it got first (L7).
import type { RoomId, UserId } from '@conclave/wire'
import type { Command } from '../room/decide.ts'
import type { MessageKey } from '../room/decision.ts'
import type { Rejection } from '../room/rejection.ts'
import type { Answer, EngineParts, Submission } from './engine.ts'

type Parts = Pick<EngineParts, 'store' | 'rooms'>

/** A message that is refused now may be one that was taken before; null where it is none. */
export async function answeredBefore(
  parts: Parts,
  submission: Submission,
  rejection: Rejection,
): Promise<Answer | null> {
  const sent = repeatable(submission.command)
  if (!sent || !REFUSED_BY_TIME.has(rejection.rejected)) return null
  const known = await parts.store.messageKey(sent.key)
  return known ? repeated(parts, submission, known) : null
}

/** `known`: what stands under the id. null where that is something else. */
export async function repeated(
  { store, rooms }: Parts,
  submission: Submission,
  known: { readonly room: RoomId; readonly sequence: number; readonly by: UserId; readonly digest: string },
): Promise<Answer | null> {
  const { command, room } = submission
  const sent = repeatable(command)
  if (!sent || known.by !== sent.by || known.room !== room || known.digest !== sent.digest) return null
  const state = await rooms.load(room)
  if (!state) return null
  // Of a deletion that nobody is told of there is none.
  if (command.command === 'delete-signed') return { events: [], room: state, repeated: true }
  const event = await store.eventAt(room, known.sequence)
  return event ? { events: [event], room: state, repeated: true } : null
}

/** Under which id something is sent that gets its first answer when it is sent again, and what it is. */
function repeatable(command: Command): MessageKey | null {
  if (command.command === 'send-message') {
    const { actor: by, messageId: key, digest } = command
    return by === null || key === null ? null : { key, digest, by }
  }
  if (command.command !== 'delete-signed') return null
  const [signature] = command.signatures
  return signature ? { key: signature.messageId, digest: command.digest, by: command.actor } : null
}

/** Refusals that come of time having gone on since the first sending, not of what the sender is. */
const REFUSED_BY_TIME: ReadonlySet<Rejection['rejected']> = new Set([
  'epoch.stale',
  'room.closed',
  'room.archived',
  'room.readonly',
  'muted',
  'message.plaintext',
  'message.suite',
  'medium.unknown',
  'hidden.full',
])
