// Sessions of this wire on other nodes, which the embedding site takes into a room: their own node does it when it is asked,
// and presence says when it is done.

import type { RoomId, UserId } from '@conclave/wire'
import type { BusMessage } from '../../bus/bus.ts'
import type { ReadonlyFew } from '../../few.ts'
import type { Gate } from './gate.ts'
import { putInside } from './inside.ts'
import { ELSEWHERE_AGAIN, ELSEWHERE_TIME } from './limits.ts'
import type { DinoSession } from './session.ts'

const SIGNAL = 'dino/put-inside'

/** Sockets of a user on other nodes, by their sessions' ids. Those that the site's heartbeats keep open have no token. */
export async function sessionsElsewhere({ parts, feeds }: Gate, user: UserId): Promise<readonly string[]> {
  const here = new Set([...feeds.sessionsOf(user)].map(({ live }) => live?.id))
  const all = await parts.presence.sessionsOf(user)
  return all.filter(({ id, wire, token }) => wire === 'dino' && token !== null && !here.has(id)).map(({ id }) => id)
}

/** False where some of them are still there, and not inside, after ELSEWHERE_TIME. What a node was asked may be lost, so it
 * is asked again. */
export async function putInsideElsewhere(
  { parts }: Gate,
  user: UserId,
  room: RoomId,
  sessions: readonly string[],
): Promise<boolean> {
  const { bus, presence } = parts
  for (let waited = 0; waited < ELSEWHERE_TIME; waited += ELSEWHERE_AGAIN) {
    const inside = new Set((await presence.occupants(room)).map(({ id }) => id))
    const there = new Set((await presence.sessionsOf(user)).map(({ id }) => id))
    const wanted = sessions.filter(id => there.has(id) && !inside.has(id))
    if (wanted.length === 0) return true
    // Asked at first, and then at every fifth look.
    if (waited % (5 * ELSEWHERE_AGAIN) === 0)
      bus.publish(`user:${user}`, { kind: 'signal', name: SIGNAL, room: null, from: null, args: [room, wanted] })
    await new Promise(resolve => setTimeout(resolve, ELSEWHERE_AGAIN))
  }
  return false
}

/** What another node asks of the sessions of a user here. */
export function takeInsideHere(gate: Gate, sessions: ReadonlyFew<DinoSession>, message: BusMessage): void {
  if (message.kind !== 'signal' || message.name !== SIGNAL) return
  const [room, wanted] = message.args as [RoomId, readonly string[]]
  for (const session of sessions) {
    const { live } = session
    if (!live || !wanted.includes(live.id) || session.rooms.has(room)) continue
    putInside(gate, session, live, room).catch((error: unknown) => {
      if ((error as Error).name !== 'StoreFailure')
        gate.log.error({ wire: 'dino', err: error }, 'bug in taking somebody into a room')
    })
  }
}
