// Delivers what was told over the bus (tell.ts) to the sockets of this node. The frame is made if anybody gets it, once.
import type { UserId } from '@conclave/wire'
import { isOperator } from '../../../room/facts.ts'
import { eventFrame } from '../encode.ts'
import type { Feed } from '../feeds.ts'
import type { Gate } from '../gate.ts'
import type { DinoSession } from '../session.ts'
import { type Audience, EVERYBODY, type Told } from '../tell.ts'

export function toldInside(gate: Gate, feed: Feed, told: Told): void {
  if (told.audience === EVERYBODY) feed.toInside(() => eventFrame(told.event, told.json))
  else toldTo(gate, told.audience.to === 'belonging' ? feed.belonging : feed.inside, told)
}

export function toldTo(gate: Gate, sessions: Iterable<DinoSession>, { event, json, audience }: Told): void {
  let frame: Buffer | undefined
  for (const session of sessions) {
    if (!isMeant(gate, session, audience)) continue
    frame ??= eventFrame(event, json)
    session.outlet.write(frame)
  }
}

function isMeant(gate: Gate, { user, live }: DinoSession, audience: Audience): boolean {
  if (user === null || user === audience.exceptUser || live?.id === audience.exceptSession) return false
  return (
    audience.to === 'all' || audience.to === 'belonging' || isOperatorHere(gate, user) === (audience.to === 'operators')
  )
}

/** Whether a user with sessions of this node is an operator. */
export function isOperatorHere({ feeds }: Gate, user: UserId | null): boolean {
  const account = user === null ? undefined : feeds.accountOf(user)
  return account !== undefined && isOperator(account)
}
