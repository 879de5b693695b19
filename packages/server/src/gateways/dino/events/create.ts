// `create`: a room in a channel, temporary or private (dino.md section 4, create). Everything is checked before anything
// is made: a wrong access rule makes no room. Its maker is its first owner, and is not inside.
import { isUserId, type RoomId, type UserId } from '@conclave/wire'
import type { Acl } from '../../../room/acl.ts'
import { changeAcls } from '../../../room/acl-change.ts'
import { meaningful } from '../../../room/acl-check.ts'
import { blankRoom, type CreateRoom } from '../../../room/commands/create-room.ts'
import type { Channel } from '../../../room/facts.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import { checkChannelAcls, checkStanding, visitorOf } from '../../../room/rights.ts'
import { hasRole, type RoomState } from '../../../room/state.ts'
import { type Activity, echo } from '../activity.ts'
import { idOf } from '../encode.ts'
import { CODE, type Refusal, refusal, refusalOf } from '../errors.ts'
import { type Answer, type Asked, refused, rejectionAnswer, stamp } from '../gate.ts'
import { NAMED_OWNERS, SLOT_ATTEMPTS } from '../limits.ts'
import { userName } from '../names.ts'
import { proposedAcls } from '../proposed.ts'
import { checkFree, checkLength, givenName } from '../room-name.ts'
import { channelOf } from '../rooms.ts'

/** The real server gives rooms that are made over its wire this place in lists. */
const SORT = 999

export async function createRoom(asked: Asked): Promise<Answer> {
  const plan = await planned(asked)
  if ('code' in plan) return refused(plan)
  const made = await make(asked, plan)
  if ('code' in made) return refused(made)
  if (isRejection(made)) return rejectionAnswer(asked.gate, made, undefined, plan.channel)
  return { data: echoed(asked, made) }
}

interface Plan {
  readonly channel: Channel
  readonly room: CreateRoom['room']
}

/** The room that is asked for, or the first thing that is wrong with it. */
async function planned(asked: Asked): Promise<Plan | Refusal> {
  const { gate, account, activity } = asked
  const { object, target } = activity
  if (object?.url === undefined) return refusal(CODE.MISSING_OBJECT_URL, 'no channel id set')
  if (!target) return refusal(CODE.MISSING_TARGET_DISPLAY_NAME, 'no room name set')
  const channel = await channelOf(gate.parts, object.url)
  if (!channel) return refusal(CODE.NO_SUCH_CHANNEL, 'channel does not exist')
  const name = await givenName(gate, target.displayName)
  if (typeof name !== 'string') return name
  const unfit = (await checkFree(gate, name)) ?? checkMaker(asked, channel) ?? checkLength(gate, name)
  if (unfit) return unfit
  const acls = aclsOf(asked, activity)
  if ('code' in acls) return acls
  const named = namedOwners(activity)
  if ('code' in named) return named
  const owners = [...new Set([account.id, ...named])]
  const isPrivate = target.objectType === 'private'
  const members = isPrivate ? owners : [account.id]
  const kind = isPrivate ? 'private' : 'temporary'
  return { channel, room: blankRoom({ suite: 'none', kind, name, sort: SORT, members, owners, acls }) }
}

/** As the command decides it again; here so that a refusal comes in its place among the others. */
function checkMaker({ gate, account }: Asked, channel: Channel): Refusal | null {
  const { clock, engine } = gate.parts
  const now = clock.now()
  const visitor = visitorOf(engine.settings.acl, null, channel, account)
  const barred = checkStanding(null, channel, account, now) ?? checkChannelAcls(channel, 'create', visitor)
  return barred && refusalOf(barred, { now, channel })
}

function aclsOf({ gate }: Asked, { object }: Activity): readonly Acl[] | Refusal {
  const proposed = proposedAcls(object?.attachments ?? [])
  if ('code' in proposed) return proposed
  const { clock, engine } = gate.parts
  const rules = engine.settings.acl
  const acls = changeAcls([], meaningful(proposed, rules), 'room', rules)
  return isRejection(acls) ? refusalOf(acls, { now: clock.now() }) : acls
}

/** Owners beside the maker: `{ objectType: "owners", summary: "1001,1002" }`. Whether they exist, the command looks. */
function namedOwners({ target }: Activity): readonly UserId[] | Refusal {
  const lists = (target?.attachments ?? []).filter(({ objectType }) => objectType === 'owners')
  const ids = new Set(lists.flatMap(({ summary = '' }) => summary.split(',')).map(id => id.trim()))
  ids.delete('')
  if (ids.size > NAMED_OWNERS) return refusal(CODE.NOT_ALLOWED, `more than ${NAMED_OWNERS} owners`)
  const owners: UserId[] = []
  for (const id of ids) {
    if (!isUserId(id)) return refusal(CODE.NO_SUCH_USER, `no such user: ${echo(id)}`)
    owners.push(id)
  }
  return owners
}

/**
 * With a limit of rooms, each temporary one takes a numbered place among its maker's. Everybody who makes one at the same
 * time for the same user sees the same first free place, so only one gets it, and the others count again.
 */
async function make(asked: Asked, plan: Plan): Promise<RoomState | Rejection | Refusal> {
  const { gate, account } = asked
  const { limitAmount } = gate.parts.config.dino
  if (!limitAmount || plan.room.kind !== 'temporary') return submit(asked, plan, null)
  const lost = new Set<number>()
  for (let attempt = 0; attempt < SLOT_ATTEMPTS; attempt++) {
    const held = (await gate.parts.reading.rolesOf(account.id)).filter(room => countsFor(room, account.id))
    if (held.length >= limitAmount.maxRooms)
      return refusal(CODE.TOO_MANY_PRIVATE_ROOMS, `nobody owns more than ${limitAmount.maxRooms} temporary rooms`)
    const slot = firstFree(new Set([...lost, ...held.map(room => room.slot)]))
    const done = await submit(asked, plan, slot)
    if (!isRejection(done) || done.rejected !== 'slot.taken') return done
    lost.add(slot)
  }
  return { rejected: 'conflict', current: null }
}

/** Not what somebody else made and named them in: whoever likes could use up their places. */
function countsFor(room: RoomState, user: UserId): boolean {
  const isTheirs = room.createdBy === null || room.createdBy === user
  return room.kind === 'temporary' && isTheirs && hasRole(room, user, 'owner')
}

function firstFree(taken: ReadonlySet<number | null>): number {
  let slot = 0
  while (taken.has(slot)) slot += 1
  return slot
}

async function submit(
  { gate, live, account }: Asked,
  { channel, room }: Plan,
  slot: number | null,
): Promise<RoomState | Rejection> {
  const done = await gate.parts.engine.submit({
    room: gate.parts.newId() as RoomId,
    channel: channel.id,
    command: { command: 'create-room', actor: account.id, room, claimName: true, slot, epoch: null },
    session: live.id,
    bytes: JSON.stringify(room).length,
  })
  return isRejection(done) ? done : done.room
}

/** What was asked, with the server's own fields; whatever else was called, a room that is not private is temporary. */
function echoed({ gate, account, activity }: Asked, room: RoomState): object {
  const { fields, actor, target } = activity
  return {
    ...fields,
    actor: { ...actor?.fields, id: account.id, displayName: userName(account) },
    target: { ...target?.fields, id: idOf(room.id), objectType: room.kind },
    ...stamp(gate),
  }
}
