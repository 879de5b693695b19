// `gn_rotation_wanted`, an event of ours: an encrypted room is closed until one of its members changes its key (design 6).
// It goes to every session of those members when the room closes, and to one of theirs that logs in while it is closed.
import type { BusMessage } from '../../../bus/bus.ts'
import type { Session } from '../../../engine/sessions.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import { eventFrame } from '../encode.ts'
import { rotationJson } from '../encode-rooms.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'
import type { DinoSession } from '../session.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']

export function rotationWanted(gate: Gate, feed: Feed, { room, actor }: Delivery): void {
  let frame: Buffer | undefined
  for (const session of feed.belonging) {
    if (session.user === null || !room.members.has(session.user)) continue
    frame ??= frameOf(gate, room, actor)
    session.outlet.write(frame)
  }
}

/** After a log-in. */
export async function tellClosedRooms(gate: Gate, session: DinoSession, live: Session): Promise<void> {
  const rooms = await gate.parts.reading.states([...session.belongs])
  if (session.live !== live) return
  for (const room of rooms)
    if (room.closed && room.members.has(live.user)) session.outlet.write(frameOf(gate, room, null))
}

function frameOf(gate: Gate, room: RoomState, actor: Account | null): Buffer {
  return eventFrame('gn_rotation_wanted', rotationJson(room, actor, stamp(gate)))
}
