// What kicks and bans share: how a request names a user and a reason, and what `dino.deleteOnBan` takes away.
import { type ChannelId, dinoBase64, type RoomId, type UserId } from '@conclave/wire'
import { isRejection } from '../../room/rejection.ts'
import type { Part } from './activity.ts'
import { CODE, type Refusal, refusal } from './errors.ts'
import type { Gate } from './gate.ts'

/** The reason as plain text, empty where none was given. Its length is the core's matter. */
export function reasonOf(object: Part): string | Refusal {
  if (object.content === undefined) return ''
  return dinoBase64(object.content) ?? refusal(CODE.NOT_BASE64, 'the reason is not base64 encoded')
}

/** What the user wrote in these rooms, where the setting says so. What cannot be deleted is no reason to answer that
 * the ban, which is in force, was refused. */
export async function eraseWritten(gate: Gate, user: UserId, rooms: readonly RoomId[]): Promise<void> {
  if (!gate.parts.config.dino.deleteOnBan) return
  const done = await gate.parts.sanctions.deleteMessagesOf(user, rooms)
  if (isRejection(done)) gate.log.warn({ wire: 'dino', rejected: done.rejected }, 'messages of a banned user were kept')
}

/** The same in a whole channel, or on the whole server (null): a walk over every log there, for which nobody waits. */
export function eraseEverywhere(gate: Gate, user: UserId, channel: ChannelId | null): void {
  if (!gate.parts.config.dino.deleteOnBan) return
  walk(gate, user, channel).catch(error => gate.log.error({ wire: 'dino', err: error }, 'bug in deleting messages'))
}

async function walk(gate: Gate, user: UserId, only: ChannelId | null): Promise<void> {
  const { reading } = gate.parts
  const channels = only === null ? (await reading.channels()).map(({ id }) => id) : [only]
  for (const channel of channels) {
    const rooms = await reading.roomsIn(channel)
    await eraseWritten(
      gate,
      user,
      rooms.map(({ id }) => id),
    )
  }
}
