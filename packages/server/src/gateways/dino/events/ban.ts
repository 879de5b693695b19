// `ban`: from a room, from a channel, or from the whole server, for as long as `object.summary` says (`5m`). What it ends
// ends in the engine, on every wire at once; who hears of it stands in pushes/sanctions.ts.
import type { Scope } from '../../../engine/sanctions.ts'
import { durationFault, durationMs } from '../../../room/duration.ts'
import type { Account, Channel } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import { echo } from '../activity.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer, stamp } from '../gate.ts'
import { eraseEverywhere, eraseWritten, reasonOf } from '../moderation.ts'
import { channelOf, roomRuledBy, userNamed } from '../rooms.ts'
import { placeOf, placeOfChannel, userBannedJson } from '../sanctions.ts'
import { tellUser } from '../tell.ts'

export async function banUser(asked: Asked): Promise<Answer> {
  const { gate, live, account: actor } = asked
  const where = await whereOf(asked)
  if ('code' in where) return refused(where)
  const wanted = await wantedOf(asked)
  if ('code' in wanted) return refused(wanted)

  const { target, ...terms } = wanted
  const { scope, room, channel } = where
  const watches = await isWatching(asked, target, scope)
  const ban = { actor, session: live.id, user: target.id, scope, ...terms }
  const banned = await gate.parts.sanctions.ban(ban)
  if (isRejection(banned)) return rejectionAnswer(gate, banned, room, channel)
  if (!watches) tellBanner(asked, wanted, where)
  if (scope.of === 'room') await eraseWritten(gate, target.id, [scope.room])
  else eraseEverywhere(gate, target.id, scope.of === 'channel' ? scope.channel : null)
  return DONE
}

interface Where {
  readonly scope: Scope
  /** The room of a ban from a room, and its channel; the channel of a ban from a channel. */
  readonly room?: RoomState
  readonly channel?: Channel
}

/** A room unless the type says otherwise; without an id the whole server, whatever the type says. */
async function whereOf({ gate, account, activity }: Asked): Promise<Where | Refusal> {
  const { id, objectType = 'room' } = activity.target ?? {}
  if (id === undefined || objectType === 'global') return { scope: { of: 'global' } }
  if (objectType === 'channel') {
    const channel = await channelOf(gate.parts, id)
    if (!channel) return refusal(CODE.NO_SUCH_CHANNEL, `no channel with id "${echo(id)}" exists`)
    return { scope: { of: 'channel', channel: channel.id }, channel }
  }
  if (objectType !== 'room') {
    const text = `invalid object_type "${echo(objectType)}", must be one of [room, channel, global]`
    return refusal(CODE.INVALID_TARGET_TYPE, text)
  }
  const found = await roomRuledBy(gate.parts, id, account)
  if (!found) return refusal(CODE.NO_SUCH_ROOM, `no room with id "${echo(id)}" exists`)
  return { scope: { of: 'room', room: found.room.id }, ...found }
}

interface Wanted {
  readonly target: Account
  readonly until: number
  readonly summary: string
  readonly reason: string
}

/** In the order of the real server's checks. */
async function wantedOf({ gate, activity: { object } }: Asked): Promise<Wanted | Refusal> {
  const { clock, identity } = gate.parts
  const now = clock.now()
  const summary = object?.summary ?? ''
  const ms = durationMs(summary, now)
  if (ms === undefined) return refusal(CODE.INVALID_BAN_DURATION, `invalid ban duration: ${durationFault(summary)}`)
  if (object?.id === undefined) return refusal(CODE.MISSING_OBJECT_ID, 'got blank user id, can not ban')
  const reason = reasonOf(object)
  if (typeof reason !== 'string') return reason
  const user = userNamed(object.id)
  const target = user === undefined ? undefined : await identity.accounts.load(user)
  if (!target) return refusal(CODE.NO_SUCH_USER, `no such user: ${echo(object.id)}`)
  return { target, until: now + ms, summary, reason }
}

/** Whether the banner will see it with one of the rooms. Of a ban from the whole server the rooms alone hear. */
async function isWatching({ gate, account }: Asked, target: Account, scope: Scope): Promise<boolean> {
  const { occupancy, reading } = gate.parts
  if (scope.of === 'global') return true
  if (scope.of === 'room') return occupancy.inside(scope.room, account.id)
  const own = new Set(await occupancy.roomsOf(account.id))
  const shared = (await occupancy.roomsOf(target.id)).filter(room => own.has(room))
  return (await reading.heads(shared)).some(({ channel }) => channel === scope.channel)
}

function tellBanner({ gate, account: actor }: Asked, { target, reason }: Wanted, { room, channel }: Where): void {
  if (!channel) return
  const place = room ? placeOf(room) : placeOfChannel(channel)
  const json = userBannedJson({ actor, user: target.id, account: target, reason }, place, stamp(gate))
  tellUser(gate.parts.bus, actor.id, 'gn_user_banned', json)
}
