// `disconnect`: the socket is gone. Its user leaves the rooms in which no other session of theirs is.
import type { Session } from '../../../engine/sessions.ts'
import { tellEnded } from '../external.ts'
import type { Gate } from '../gate.ts'
import type { DinoSession } from '../session.ts'

export async function disconnected(gate: Gate, session: DinoSession): Promise<void> {
  session.closed()
  const { live } = session
  if (live) await ended(gate, session, live)
}

/** Ends what a log-in began, also when the same socket logs in as somebody else. */
export async function ended(gate: Gate, session: DinoSession, live: Session): Promise<void> {
  session.live = null
  gate.feeds.remove(live.user, session)
  tellEnded(gate, live.user, session.socket.id)
  await gate.parts.occupancy.close(live)
}
