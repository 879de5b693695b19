// One command to the engine, on behalf of whoever asks.
import type { RoomId } from '@conclave/wire'
import type { Answer, Submission } from '../../engine/engine.ts'
import type { Command } from '../../room/decide.ts'
import type { Call } from './method.ts'

/** `channel`: where a room will lie that is made; `beside`: what is written with it. */
export function submit(
  { gate, caller, bytes }: Call,
  room: RoomId,
  command: Command,
  channel?: string,
  beside?: Submission['beside'],
): Promise<Answer> {
  const submission = { room, command, session: caller.session, bytes: bytes + 512 }
  // Most bring nothing else.
  if (channel === undefined && beside === undefined) return gate.parts.engine.submit(submission)
  return gate.parts.engine.submit({
    ...submission,
    ...(channel === undefined ? {} : { channel }),
    ...(beside === undefined ? {} : { beside }),
  })
}
