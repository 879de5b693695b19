// What a client sent with a message beside its text, as it is kept with the message (`content.extra.dino`) and echoed
// to everybody: unknown fields, a verb of its own, the room that it was sent from. The server's own fields are not in it.
import { uuidOf } from '@conclave/wire'
import { MESSAGE_EXTRA } from '../../limits.ts'
import type { Account, Channel } from '../../room/facts.ts'
import { isHidden } from '../../room/rights.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Activity, Fields } from './activity.ts'
import { CODE, type Refusal, refusal } from './errors.ts'
import { channelName } from './names.ts'
import type { Found } from './rooms.ts'

const OF_SERVER = {
  activity: new Set(['id', 'published', 'verb', 'actor', 'object', 'target', 'provider']),
  actor: new Set(['id', 'displayName', 'url']),
  object: new Set(['content', 'url', 'displayName']),
  target: new Set(['id', 'displayName', 'objectType']),
}

/** null: nothing but the text. `named`: the channel that the client names. */
export function extraOf(
  parts: GatewayParts,
  activity: Activity,
  account: Account,
  { room, channel, from, named }: Found & { readonly from: Found | null; readonly named: Channel | null },
): { readonly fields: Fields } | Refusal | null {
  const { verb, actor, object, target } = activity
  const fields = rest(activity.fields, OF_SERVER.activity)
  if (verb !== 'send') fields.verb = verb
  const ofActor = rest(actor?.fields, OF_SERVER.actor)
  const ofObject = rest(object?.fields, OF_SERVER.object)
  const ofTarget = rest(target?.fields, OF_SERVER.target)
  if (from) {
    if (from.room.id !== room.id) ofActor.url = uuidOf(from.room.id)
    if (from.channel.id === channel.id || !parts.reading.mayListChannel(account, from.channel))
      fields.provider = { url: uuidOf(from.channel.id), displayName: channelName(from.channel) }
  }
  // Another channel than the room's is echoed if the user may know it.
  if (named && named.id !== channel.id && !parts.reading.mayListChannel(account, named))
    Object.assign(ofObject, { url: uuidOf(named.id), displayName: channelName(named) })
  const usual = isHidden(room) ? 'private' : 'room'
  if (target?.objectType !== usual) ofTarget.objectType = target?.objectType
  if (!isEmpty(ofActor)) fields.actor = ofActor
  if (!isEmpty(ofObject)) fields.object = ofObject
  if (!isEmpty(ofTarget)) fields.target = ofTarget
  if (isEmpty(fields)) return null
  if (JSON.stringify(fields).length > MESSAGE_EXTRA)
    return refusal(CODE.MSG_TOO_LONG, `what is sent beside the message is longer than ${MESSAGE_EXTRA}`)
  return { fields }
}

function rest(fields: Fields | undefined, without: ReadonlySet<string>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name in fields) if (!without.has(name)) kept[name] = fields[name]
  return kept
}

function isEmpty(fields: Fields): boolean {
  for (const _name in fields) return false
  return true
}
