// `join`: the session enters a room. The answer shows the room as it was before; then everybody in it, the newcomer
// included, is told. Whatever happens between the two reaches the newcomer after the answer.
import type { Entered } from '../../../engine/occupancy.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { Origin } from '../../../room/rights.ts'
import { checkJoin, visitorOf } from '../../../room/rights.ts'
import { usersWith } from '../../../room/state.ts'
import type { Activity } from '../activity.ts'
import { echo } from '../activity.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, malformed, type Refusal, refusal } from '../errors.ts'
import { mostInside } from '../full.ts'
import { type Asked, type EventHandler, type Gate, refused, rejectionAnswer, stamp } from '../gate.ts'
import { historyOf } from '../history.ts'
import { roomName, userName } from '../names.ts'
import { accountsOf, usersJson } from '../people.ts'
import { type Found, isRefusal, originOf, roomKnownTo, roomNamed, roomOf } from '../rooms.ts'
import { shownAcls } from './list_channels.ts'

export const join: EventHandler = async asked => {
  const { gate, session, live, account, activity } = asked
  const found = await wanted(gate, activity, account)
  if (isRefusal(found)) return refused(found)
  if ((await gate.parts.statuses.of(account.id)) === 'offline')
    return refused(refusal(CODE.NOT_ONLINE, 'user is not online'))
  await gate.parts.bus.follow(`room:${found.room.id}`)
  const room = gate.parts.reading.newest(found.room)
  const { channel } = found
  const origin = await originFrom(gate, activity, account)
  const visitor = visitorOf(gate.parts.engine.settings.acl, room, channel, account, account.attributes, origin)
  const barred = checkJoin(room, channel, account, visitor, gate.parts.clock.now())
  if (barred) return rejectionAnswer(gate, barred, room, channel)

  const feed = gate.feeds.hold(room.id)
  const entering = feed.beginEntering(session)
  try {
    const json = await describe(asked, { ...found, room }, origin)
    let answered = false
    const entered = await gate.parts.occupancy.enter(
      live,
      room.id,
      origin,
      ({ room }) => {
        answered = true
        asked.answer({ json })
        for (const frame of entering.frames) session.outlet.write(frame)
        feed.endEntering(entering)
        if (session.live === live) feed.enter(session, room.control)
      },
      mostInside(gate.parts, account),
    )
    if (isRejection(entered)) return rejectionAnswer(gate, entered, room, channel)
    gate.joins.count(room.id)
    await undoIfGone(asked, entered)
    return answered ? 'answered' : { json }
  } finally {
    feed.endEntering(entering)
    gate.feeds.release(feed)
  }
}

/** By id, or by the plain name in `target.id` (objectType `name`) or `target.displayName`. */
async function wanted({ parts }: Gate, { target }: Activity, account: Account): Promise<Found | Refusal> {
  if (!target) return malformed('target is missing')
  const name = target.objectType === 'name' ? target.id : target.id === undefined ? target.displayName : undefined
  if (name !== undefined) return roomNamed(parts, name, account)
  if (target.id === undefined) return refusal(CODE.MISSING_TARGET_DISPLAY_NAME, 'neither room id nor name supplied')
  const found = await roomOf(parts, target.id)
  return found ?? refusal(CODE.NO_SUCH_ROOM, `room with id "${echo(target.id)}" does not exist`)
}

async function originFrom({ parts }: Gate, { actor }: Activity, account: Account): Promise<Origin | null> {
  const from = actor?.url === undefined ? undefined : await roomKnownTo(parts, actor.url, account)
  return from ? originOf(parts, from, account) : null
}

/** The socket may have gone while the room was entered: then nobody would take it out again. */
async function undoIfGone({ gate, session, live }: Asked, { room }: Entered): Promise<void> {
  if (session.live !== live) await gate.parts.occupancy.leave(live, room.id)
}

/** Always these four attachments, in this order (dino.md section 4, join); as JSON. */
async function describe(
  { gate, session, live, account, activity }: Asked,
  { room }: Found,
  origin: Origin | null,
): Promise<string> {
  const { parts } = gate
  const past = await historyOf(parts, account, room, origin, activity.updated)
  const owners = await accountsOf(parts, usersWith(room, 'owner'))
  const users = await usersJson(parts, room, account, session.rooms.has(room.id) ? null : live.id)
  const owner = [...owners.values()].map(each => ({ id: each.id, displayName: userName(each) }))
  const answer = {
    verb: 'join',
    target: { id: idOf(room.id), displayName: roomName(room) },
    ...stamp(gate),
    provider: PROVIDER,
  }
  const attachments = [
    JSON.stringify({ objectType: 'acl', attachments: shownAcls(room.acls) }),
    JSON.stringify({ objectType: 'history', attachments: isRejection(past) ? [] : past }),
    JSON.stringify({ objectType: 'owner', attachments: owner }),
    `{"objectType":"user","attachments":${users}}`,
  ]
  const object = `{"objectType":"room","attachments":[${attachments.join(',')}]}`
  return `${JSON.stringify(answer).slice(0, -1)},"object":${object}}`
}
