// What the bus says about a room, as pushes to the sockets that watch it here (dino.md section 5). Each kind has its file
// under pushes/; every frame is encoded once.

import type { BusMessage } from '../../bus/bus.ts'
import type { ReadonlyFew } from '../../few.ts'
import { takeInsideHere } from './elsewhere.ts'
import { messageFrame } from './encode.ts'
import type { Feed } from './feeds.ts'
import type { Gate } from './gate.ts'
import { deleted, expired } from './pushes/deleted.ts'
import { edited } from './pushes/edited.ts'
import { entered, left } from './pushes/people.ts'
import { listed, vacated } from './pushes/rooms.ts'
import { rotationWanted } from './pushes/rotation.ts'
import { banned, bannedWidely, kicked, sanctioned, shownOut, toOthersInside, toOwn } from './pushes/sanctions.ts'
import { toldInside, toldTo } from './pushes/told.ts'
import type { DinoSession } from './session.ts'
import { endReplaced } from './single-session.ts'
import { toldBy } from './tell.ts'

type EventMessage = Extract<BusMessage, { kind: 'event' }>

/** What happens in one room. */
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
    case 'kicked':
      shownOut(gate, message, toOthersInside(feed))
      gate.feeds.detach(feed, message.account.id)
      break
    case 'expired':
      expired(gate, feed, message)
      break
    case 'sanctioned':
      bannedWidely(gate, feed, message)
      break
    case 'signal': {
      const told = toldBy(message)
      if (told) toldInside(gate, feed, told)
      break
    }
    default:
      break
  }
}

/** What concerns one user, whichever room it happens in. */
export function pushToUser(gate: Gate, sessions: ReadonlyFew<DinoSession>, message: BusMessage): void {
  switch (message.kind) {
    case 'event':
      eventToUser(gate, sessions, message)
      break
    case 'kicked':
      shownOut(gate, message, toOwn(sessions))
      break
    case 'sanctioned':
      sanctioned(gate, sessions, message)
      break
    case 'signal': {
      const told = toldBy(message)
      if (told) toldTo(gate, sessions, told)
      else {
        endReplaced(sessions, message)
        takeInsideHere(gate, sessions, message)
      }
      break
    }
    default:
      break
  }
}

/** What concerns everybody. */
export function pushToAll(gate: Gate, message: BusMessage): void {
  const told = toldBy(message)
  if (told) toldTo(gate, gate.feeds.sessions(), told)
  else if (message.kind === 'event') listed(gate, message.delivery)
}

function event(gate: Gate, feed: Feed, { delivery }: EventMessage): void {
  const { event, room, channel, actor } = delivery
  const { body } = event
  switch (body.type) {
    case 'message': {
      const frame = (): Buffer => messageFrame(event, delivery, actor, gate.parts)
      if (body.to === undefined) feed.toListeners(room, frame)
      else feed.toUsers(room, new Set(event.actor === null ? body.to : [event.actor, ...body.to]), frame)
      break
    }
    case 'message.edited':
      edited(gate, feed, delivery, body.sequence)
      break
    case 'messages.deleted':
      deleted(gate, feed, delivery, body)
      break
    case 'members.removed':
      if (body.how === 'kicked') kicked(gate, delivery, body, toOthersInside(feed))
      // As in engine/occupancy.ts: a member who leaves a plain room that they may join stays an occupant.
      if (body.how !== 'left' || room.suite !== 'none' || room.kind === 'private')
        for (const user of body.users) gate.feeds.detach(feed, user, event.sequence)
      if (body.closes) rotationWanted(gate, feed, delivery)
      break
    case 'sanction.set':
      banned(gate, delivery, body, toOthersInside(feed))
      if (body.sanction.kind === 'ban') gate.feeds.detach(feed, body.sanction.user, event.sequence)
      break
    case 'suite.switched':
      for (const session of [...feed.inside, ...feed.belonging])
        if (session.user !== null) gate.feeds.attend(room, channel, session.user, session)
      break
    case 'room.removed':
      vacated(gate, feed, delivery)
      break
    default:
      break
  }
}

/** What happens to the user by name. */
function eventToUser(gate: Gate, sessions: ReadonlyFew<DinoSession>, { delivery }: EventMessage): void {
  const { body } = delivery.event
  if (body.type === 'members.removed' && body.how === 'kicked') kicked(gate, delivery, body, toOwn(sessions))
  else if (body.type === 'sanction.set') banned(gate, delivery, body, toOwn(sessions))
}
