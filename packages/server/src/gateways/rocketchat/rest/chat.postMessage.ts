// `chat.postMessage`: to one room or several, by id, `#name`, `@user`, or a name or user id without either. A public room
// is joined first. An encrypted one takes no such message (L3).
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import type { Document } from '../encode.ts'
import { MeteorError, saidPlainly } from '../errors.ts'
import { POSTED_ROOMS } from '../limits.ts'
import { send } from '../messages/message.ts'
import { type Found, ridOf, typeOf } from '../names.ts'
import { enterable, enterableNamed } from '../rooms/access.ts'
import { type RestCall, route } from '../route.ts'

const text = z.string().nullish()
const places = z.union([z.string(), z.array(z.string()).max(POSTED_ROOMS)]).nullish()
const body = z.looseObject({
  roomId: places,
  channel: places,
  text,
  msg: text,
  username: text,
  alias: text,
  icon_emoji: text,
  emoji: text,
  icon_url: text,
  avatar: text,
  attachments: z.unknown().optional(),
  parseUrls: z.boolean().nullish(),
  bot: z.unknown().optional(),
  groupable: z.boolean().nullish(),
  tmid: text,
  tshow: z.boolean().nullish(),
  customFields: z.unknown().optional(),
})

export const chatPostMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.postMessage'],
  input: body,
  async run(call, given) {
    const named = [...new Set([given.channel || given.roomId || []].flat())].filter(name => name !== '')
    if (named.length === 0) return new MeteorError('invalid-channel', '')
    let first: { readonly channel: string; readonly message: Document } | undefined
    for (const channel of named) {
      const found = await placeOf(call, channel)
      if (found instanceof MeteorError) return found
      const message = await send(call, { ...messageIn(given), rid: ridOf(found.room) })
      if (message instanceof MeteorError) return saidPlainly(message)
      first ??= { channel, message }
    }
    return { ts: call.gate.parts.clock.now(), channel: first?.channel, message: first?.message }
  },
})

function messageIn(given: z.output<typeof body>) {
  const attachments = Array.isArray(given.attachments) ? given.attachments.map(withText) : undefined
  const picture = given.icon_url || given.avatar
  const emoji = given.icon_emoji || given.emoji
  const kept = {
    alias: given.username || given.alias || undefined,
    attachments,
    parseUrls: given.parseUrls ?? attachments === undefined,
    bot: given.bot ?? undefined,
    groupable: given.groupable ?? false,
    tmid: given.tmid || undefined,
    tshow: given.tshow ?? undefined,
    customFields: given.customFields ?? undefined,
    ...(picture ? { avatar: picture } : emoji ? { emoji } : {}),
  }
  return { msg: (given.text || given.msg || '').trim(), ...kept }
}

/** Some write an attachment's text as `msg`. */
function withText(attachment: unknown): unknown {
  if (typeof attachment !== 'object' || attachment === null || !('msg' in attachment)) return attachment
  const { msg, ...rest } = attachment
  return typeof msg === 'string' ? { ...rest, text: msg.trim() } : attachment
}

async function placeOf(call: RestCall, channel: string): Promise<Found | MeteorError> {
  const { gate, caller } = call
  const [sign, name] = [channel[0], channel.slice(1)]
  const none = new MeteorError('invalid-channel', '')
  if (sign === '@') return (await directWith(call, name)) ?? none
  const plain = sign === '#' ? name : channel
  const found = (await enterable(gate, caller, plain)) ?? (await enterableNamed(gate, caller, plain))
  if (!found) return (sign === '#' ? undefined : await directWith(call, plain)) ?? none
  if (found.room.members.has(caller.account.id) || typeOf(found.room) !== 'c') return found
  const joined = await dispatch(gate, caller, { name: 'joinRoom', params: [ridOf(found.room)], bytes: call.bytes })
  return 'error' in joined ? joined.error : ((await enterable(gate, caller, ridOf(found.room))) ?? none)
}

/** The room of the caller and that user, who is named by user name or id; it is made where there is none. */
async function directWith({ gate, caller, bytes }: RestCall, name: string): Promise<Found | MeteorError | undefined> {
  const { users } = gate.parts.identity
  const other = (await users.find({ username: name })) ?? (await users.find({ id: name }))
  if (!other) return undefined
  const made = await dispatch(gate, caller, { name: 'createDirectMessage', params: [other.username], bytes })
  if ('error' in made) return made.error
  return enterable(gate, caller, (made.result as { rid: string }).rid)
}
