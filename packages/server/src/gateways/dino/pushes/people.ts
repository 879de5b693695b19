// `gn_user_joined` and `gn_user_left`: who comes and goes (dino.md section 5). Invisible users do so before the eyes of
// operators alone.
import type { BusMessage } from '../../../bus/bus.ts'
import { eventFrame } from '../encode.ts'
import { joinedJson, leftJson } from '../encode-people.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'
import { isOperatorHere } from './told.ts'

type Entered = Extract<BusMessage, { kind: 'entered' }>
type Left = Extract<BusMessage, { kind: 'left' }>

/** A user comes once; but a join on this wire that is made again is told again, as the real server does. */
export function entered(gate: Gate, feed: Feed, { room, session, account, again }: Entered): void {
  if (again && session.wire !== 'dino') return
  const frame = (): Buffer => eventFrame('gn_user_joined', joinedJson(room, account, stamp(gate)))
  if (!account.invisible) feed.toInside(frame)
  else toOperators(gate, feed, frame)
}

export function left(gate: Gate, feed: Feed, { room, session, account, putOut }: Left): void {
  gate.feeds.detach(feed, session.user)
  // A kick or a ban was told already.
  if (putOut) return
  const frame = (): Buffer => eventFrame('gn_user_left', leftJson(room, account, stamp(gate)))
  if (!account.invisible) feed.toInside(frame)
  else toOperators(gate, feed, frame)
}

function toOperators(gate: Gate, feed: Feed, frame: () => Buffer): void {
  let made: Buffer | undefined
  for (const watcher of feed.inside) {
    if (!isOperatorHere(gate, watcher.user)) continue
    made ??= frame()
    watcher.outlet.write(made)
  }
}
