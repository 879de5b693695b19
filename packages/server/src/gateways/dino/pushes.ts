// What the bus says about a room, as pushes to the sockets that watch it here (dino.md section 5). Encoded once.
import type { BusMessage } from '../../bus/bus.ts'
import { isOperator } from '../../room/facts.ts'
import { isHidden } from '../../room/rights.ts'
import { usersWith } from '../../room/state.ts'
import { eventFrame, joinedJson, leftJson, messageJson, removedJson } from './encode.ts'
import type { Feed } from './feeds.ts'
import { type Gate, stamp } from './gate.ts'
import type { DinoSession } from './session.ts'

type EventMessage = Extract<BusMessage, { kind: 'event' }>
type Entered = Extract<BusMessage, { kind: 'entered' }>
type Left = Extract<BusMessage, { kind: 'left' }>

export function push(gate: Gate, feed: Feed, message: BusMessage): void {
  switch (message.kind) {
    case 'event':
      event(gate, feed, message)
      break
    case 'entered':
      entered(gate, feed, message)
      break
    case 'left':
      left(gate, feed, message)
      break
    case 'signal':
    case 'end':
    case 'changed':
      break
  }
}

function event(gate: Gate, feed: Feed, { delivery }: EventMessage): void {
  const { event, room, channel, actor } = delivery
  const { body } = event
  switch (body.type) {
    case 'message':
      feed.toListeners(room, () => eventFrame('message', messageJson(event, room, channel, actor)))
      // The commit runs in a setImmediate itself: what it gave goes out now, not a turn later.
      gate.turn.settle()
      break
    case 'members.removed':
      // As in engine/occupancy.ts: a member who leaves a plain room that they may join stays an occupant.
      if (body.how !== 'left' || room.suite !== 'none' || room.kind === 'private')
        for (const user of body.users) gate.feeds.detach(feed, user)
      break
    case 'sanction.set':
      if (body.sanction.kind === 'ban') gate.feeds.detach(feed, body.sanction.user)
      break
    case 'suite.switched':
      for (const session of [...feed.inside, ...feed.belonging])
        if (session.user !== null) gate.feeds.attend(room, session.user, session)
      break
    case 'room.removed':
      removed(gate, feed, delivery, body.reason)
      break
    default:
      break
  }
}

/** Everybody who could see the room hears of its end; whoever was inside is no longer. */
function removed(gate: Gate, feed: Feed, { room, actor }: EventMessage['delivery'], reason: string): void {
  const { identity, presence } = gate.parts
  const owners = usersWith(room, 'owner').map(user => identity.accounts.peek(user))
  const frame = eventFrame('gn_room_removed', removedJson(room, actor, owners, reason, stamp(gate)))
  const listeners: Iterable<DinoSession> = isHidden(room) ? feed.belonging : gate.feeds.sessions()
  for (const session of listeners) session.outlet.write(frame)
  for (const session of [...feed.belonging]) feed.unlisten(session)
  for (const session of [...feed.inside]) {
    feed.leave(session)
    if (session.live)
      void presence.leave(room.id, session.live.id).catch(error => gate.log.error({ err: error }, 'bug'))
  }
  gate.feeds.release(feed)
}

/** A user comes once; but a join on this wire that is made again is told again, as the real server does. */
function entered(gate: Gate, feed: Feed, { room, session, account, again }: Entered): void {
  if (
    again &&
    ![...gate.feeds.sessionsOf(session.user)].some(own => own.live?.id === session.id && feed.inside.has(own))
  )
    return
  const frame = (): Buffer => eventFrame('gn_user_joined', joinedJson(room, account, session.invisible, stamp(gate)))
  if (!session.invisible) feed.toInside(frame)
  else toOperators(gate, feed, frame)
}

function left(gate: Gate, feed: Feed, { room, session, account }: Left): void {
  gate.feeds.detach(feed, session.user)
  const frame = (): Buffer => eventFrame('gn_user_left', leftJson(room, account, stamp(gate)))
  if (!session.invisible) feed.toInside(frame)
  else toOperators(gate, feed, frame)
}

/** Invisible users come and go before the eyes of operators alone. */
function toOperators(gate: Gate, feed: Feed, frame: () => Buffer): void {
  let made: Buffer | undefined
  for (const watcher of feed.inside) {
    const account = watcher.user === null ? undefined : gate.parts.identity.accounts.peek(watcher.user)
    if (!account || !isOperator(account)) continue
    made ??= frame()
    watcher.outlet.write(made)
  }
}
