// Everything that one user wrote, deleted for everybody by the server's hand (`dino.deleteOnBan`): page by page, through the
// one command that erases messages.
import type { RoomId, UserId } from '@conclave/wire'
import { DELETED_TOGETHER } from '../limits.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Store } from '../store/store.ts'
import type { Engine } from './engine.ts'
import type { Rooms } from './rooms.ts'

interface Parts {
  readonly store: Store
  readonly rooms: Rooms
  readonly engine: Engine
}

/** How many, or why it went no further. X's messages are deleted over X alone (design 6): such rooms are left out. */
export async function deleteMessagesOf(
  parts: Parts,
  user: UserId,
  rooms: readonly RoomId[],
): Promise<{ readonly deleted: number } | Rejection> {
  let deleted = 0
  for (const room of rooms) {
    const state = await parts.rooms.load(room)
    if (!state || state.removed || state.suite === 'xchat') continue
    const done = await deleteIn(parts, room, user)
    if (isRejection(done)) return done
    deleted += done.deleted
  }
  return { deleted }
}

/** Backwards: what is written meanwhile is left alone. */
async function deleteIn(
  { store, engine }: Parts,
  room: RoomId,
  user: UserId,
): Promise<{ readonly deleted: number } | Rejection> {
  let deleted = 0
  for (let before: number | undefined; ; ) {
    const query = { sender: user, limit: DELETED_TOGETHER, ...(before === undefined ? {} : { before }) }
    const targets = await store.messagesIn(room, query)
    const last = targets.at(-1)
    if (!last) return { deleted }
    const command = { command: 'delete-messages', actor: null, targets, senderMay: false } as const
    const answer = await engine.submit({ room, command, session: null, bytes: 0 })
    // Removed meanwhile: then nobody reads it.
    if (isRejection(answer)) return answer.rejected === 'room.unknown' ? { deleted } : answer
    deleted += targets.length
    before = last.sequence
  }
}
