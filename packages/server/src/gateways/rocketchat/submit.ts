// One command to the engine, on behalf of whoever asks.
import type { RoomId } from '@conclave/wire'
import type { Answer } from '../../engine/engine.ts'
import type { Command } from '../../room/decide.ts'
import type { Call } from './method.ts'

/** `channel`: where a room will lie that is made. */
export function submit(
  { gate, caller, bytes }: Call,
  room: RoomId,
  command: Command,
  channel?: string,
): Promise<Answer> {
  const submission = { room, command, session: caller.session, bytes: bytes + 512 }
  return gate.parts.engine.submit(channel === undefined ? submission : { ...submission, channel })
}
