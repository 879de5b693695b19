// Lets a session into a room that it did not ask for itself: auto-join, or the embedding site's call.
import type { RoomId } from '@conclave/wire'
import type { Session } from '../../engine/sessions.ts'
import { isRejection, type Rejection } from '../../room/rejection.ts'
import type { Gate } from './gate.ts'
import type { DinoSession } from './session.ts'

/** null when the session is inside; else why the room does not let its user in. */
export async function putInside(
  gate: Gate,
  session: DinoSession,
  live: Session,
  room: RoomId,
): Promise<Rejection | null> {
  const { occupancy } = gate.parts
  const feed = gate.feeds.hold(room)
  try {
    const entered = await occupancy.enter(live, room, null, ({ room }) => {
      if (session.live === live) feed.enter(session, room.control)
    })
    if (isRejection(entered)) return entered
    gate.joins.count(room)
    // The socket may have gone meanwhile: then nobody would take it out again.
    if (session.live !== live) await occupancy.leave(live, room)
    return null
  } finally {
    gate.feeds.release(feed)
  }
}
