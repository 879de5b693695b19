// What was decided, over whatever wire, as the embedding site is told of it: in the transaction that writes it. A ban over
// Rocket.Chat is told like one over this wire. Bans of a channel or of the server stand in no log, but in rows; they go
// the same way.
import { encodeUtf8Base64, groupIdOf, type UserId } from '@conclave/wire'
import type { Verb } from '../../../config.ts'
import type { Decided } from '../../../engine/engine.ts'
import type { RowChanged } from '../../../engine/sanction-rows.ts'
import type { EventBody, Sanction } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { Row } from '../../../store/store.ts'
import { idOf, published } from '../encode.ts'
import { LAST_SECOND } from '../errors.ts'
import { bodyOf } from '../external.ts'
import { type Gate, stamp } from '../gate.ts'
import { durationText } from '../sanctions.ts'
import { actorOf, EVERYWHERE, objectOf, type Placed, placed, placedChannel, sentTo } from './parts.ts'

interface Activity {
  readonly verb: Verb
  readonly fields: object
}

/** The rows of what goes into a room's log. */
export function rowsOfDecided(gate: Gate, decided: Decided): readonly Row[] {
  const { outgoing } = gate.parts
  const { bodies, now, room } = decided
  return bodies.flatMap((body, event) =>
    activitiesOf(gate, body, decided).flatMap(({ verb, fields }) => {
      // A message goes by its own id, which it gets when it is written.
      const id = verb === 'send' ? null : stamp(gate).id
      const text = bodyOf(gate, verb, { id, published: published(now), ...fields })
      return outgoing.rows({ verb, body: text, at: now, room, event })
    }),
  )
}

/** The rows of bans and mutes beyond a room. */
export function rowsOfSanctions(gate: Gate, changed: RowChanged): readonly Row[] {
  const { outgoing, clock } = gate.parts
  const { before, after, channel, account, actor } = changed
  const now = clock.now()
  const place = channel ? placedChannel(channel) : EVERYWHERE
  const isOn = (one: Sanction, list: readonly Sanction[]): boolean =>
    list.some(({ kind, user }) => kind === one.kind && user === one.user)
  const set = after.filter(one => !before.includes(one)).map(one => sanctionSet(one, actor, account, place))
  // What has run out goes as well, and is not lifted.
  const over = before.filter(one => !isOn(one, after) && (one.until === null || one.until > now))
  const lifted = over.map(one => sanctionLifted(one, actor, account, place))
  return [...set, ...lifted]
    .filter(({ verb }) => outgoing.wants(verb))
    .flatMap(({ verb, fields }) => {
      const body = bodyOf(gate, verb, { ...stamp(gate), ...fields })
      return outgoing.rows({ verb, body, at: now, room: null, event: null })
    })
}

function activitiesOf({ parts }: Gate, body: EventBody, decided: Decided): readonly Activity[] {
  const verb = verbOf(body)
  if (!verb || !parts.outgoing.wants(verb)) return []
  const { before: room, facts } = decided
  const accountOf = (user: UserId): Account | undefined =>
    facts.account(user) ?? parts.identity.accounts.peek(user) ?? undefined
  const actor = decided.actor === null ? null : accountOf(decided.actor)
  // What the server itself makes, as an import does, the site has made.
  if (body.type === 'room.created') return actor === null ? [] : [{ verb, fields: created(body, decided, actor) }]
  if (!room) return []
  switch (body.type) {
    case 'message':
      return [{ verb, fields: { actor: actorOf(actor), object: { url: idOf(room.channel) }, target: sentTo(room) } }]
    case 'members.removed': {
      // The ban of such a kick has told of it.
      const users = body.users.filter(
        user => !decided.bodies.some(other => isKick(other) && other.sanction.user === user),
      )
      return users.map(user => ({ verb, fields: kicked(user, accountOf(user), actor, body.reason, placed(room)) }))
    }
    case 'sanction.set': {
      const { user, reason } = body.sanction
      if (body.kick) return [{ verb, fields: kicked(user, accountOf(user), actor, reason, placed(room)) }]
      return [sanctionSet(body.sanction, actor, accountOf(user), placed(room))]
    }
    case 'sanction.lifted':
      return [sanctionLifted(body, actor, accountOf(body.user), placed(room))]
    case 'room.renamed': {
      const { displayName: summary, ...place } = placed(room)
      const target = { ...place, displayName: encodeUtf8Base64(body.name), summary }
      return [{ verb, fields: { actor: actorOf(actor), target } }]
    }
    case 'room.removed': {
      const object = { object: { content: encodeUtf8Base64(body.reason), objectType: 'reason' } }
      return [{ verb, fields: { actor: actorOf(actor), target: placed(room), ...(body.reason === '' ? {} : object) } }]
    }
    default:
      return []
  }
}

/** The first question, for it is asked of every event of the server. */
function verbOf(body: EventBody): Verb | null {
  switch (body.type) {
    case 'message':
      return 'send'
    case 'members.removed':
      return body.how === 'kicked' ? 'kick' : null
    case 'sanction.set':
      if (body.kick) return 'kick'
      return body.sanction.kind === 'ban' ? 'ban' : 'mute'
    case 'sanction.lifted':
      return body.kind === 'ban' ? 'unban' : 'unmute'
    case 'room.created':
      return 'create'
    case 'room.renamed':
      return 'rename'
    case 'room.removed':
      return 'remove'
    default:
      return null
  }
}

function isKick(body: EventBody): body is Extract<EventBody, { type: 'sanction.set' }> {
  return body.type === 'sanction.set' && body.kick === true
}

function created(
  { name, kind, channel }: Extract<EventBody, { type: 'room.created' }>,
  { room }: Decided,
  actor: Account | undefined,
): object {
  const target = { id: idOf(room), displayName: encodeUtf8Base64(name ?? groupIdOf(room)), objectType: kind }
  return { actor: actorOf(actor), object: { url: idOf(channel) }, target }
}

/** Also of somebody who is no member, of which no log knows. */
export function kicked(
  user: UserId,
  account: Account | undefined,
  actor: Account | null | undefined,
  reason: string,
  target: Placed,
): object {
  return { actor: actorOf(actor), object: { ...objectOf(user, account), ...contentOf(reason) }, target }
}

function sanctionSet(
  sanction: Sanction,
  actor: Account | null | undefined,
  account: Account | undefined,
  target: Placed,
): Activity {
  const { kind, user, reason, until } = sanction
  const span = { summary: durationText(sanction), updated: published(until ?? LAST_SECOND) }
  const object = { ...objectOf(user, account), ...span, ...contentOf(reason) }
  return { verb: kind, fields: { actor: actorOf(actor), object, target } }
}

function sanctionLifted(
  { kind, user }: Pick<Sanction, 'kind' | 'user'>,
  actor: Account | null | undefined,
  account: Account | undefined,
  target: Placed,
): Activity {
  const verb = kind === 'ban' ? 'unban' : 'unmute'
  return { verb, fields: { actor: actorOf(actor), object: objectOf(user, account), target } }
}

function contentOf(reason: string): object {
  return reason === '' ? {} : { content: encodeUtf8Base64(reason) }
}
