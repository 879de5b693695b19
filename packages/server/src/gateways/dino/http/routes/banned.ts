// `GET /banned`: the bans in force: all, those of some users, or those of one room. Names and reasons are base64; a ban's
// `timestamp` is its end.
import { encodeUtf8Base64, isUserId, type UserId, uuidOf } from '@conclave/wire'
import { z } from 'zod'
import type { InForce } from '../../../../engine/sanctions-list.ts'
import type { Sanction } from '../../../../room/events.ts'
import { published } from '../../encode.ts'
import { LAST_SECOND } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import { channelName, roomName, userName } from '../../names.ts'
import { durationText } from '../../sanctions.ts'
import { Fault, route } from '../route.ts'
import { oneRoom, userIds } from '../shapes.ts'
import { roomBy } from '../targets.ts'

const entry = z.object({ name: z.string(), duration: z.string(), timestamp: z.string(), reason: z.string().optional() })
const entries = z.record(z.string(), entry)
const places = z.record(z.string(), z.object({ name: z.string(), users: entries }))
const everything = z.object({ global: entries, channels: places, rooms: places })
const ofUser = z.object({ global: z.unknown(), channel: z.unknown(), room: z.unknown() })

export const banned = route({
  method: 'GET',
  path: '/banned',
  summary: 'The bans in force.',
  wrapped: false,
  body: z.object({ users: userIds.optional(), user_ids: userIds.optional(), ...oneRoom }),
  answer: z.union([everything, entries, z.record(z.string(), ofUser)]),
  async run(gate, { users, user_ids = users, room_id, room_name }) {
    if (user_ids) return { data: await ofUsers(gate, user_ids) }
    if (room_id === undefined && room_name === undefined) return { data: await all(gate) }
    const found = await roomBy(gate, { room_id, room_name })
    if (found instanceof Fault) return found
    const held = await bans(gate, { of: 'room', room: found.room.id })
    return { data: await named(gate, held, ({ reason }) => ({ reason: encoded(reason) })) }
  },
})

async function bans({ parts }: Gate, wanted: Parameters<typeof parts.sanctions.list>[0]): Promise<readonly InForce[]> {
  return (await parts.sanctions.list(wanted)).filter(({ sanction }) => sanction.kind === 'ban')
}

async function all(gate: Gate): Promise<object> {
  const held = await bans(gate, { of: 'all' })
  const rooms: Record<string, object> = {}
  const channels: Record<string, object> = {}
  const of = <Of extends InForce['scope']>(scope: Of) =>
    held.filter((one): one is Extract<InForce, { scope: Of }> => one.scope === scope)
  for (const { channel } of of('channel'))
    channels[uuidOf(channel.id)] ??= {
      name: channelName(channel),
      users: await named(
        gate,
        of('channel').filter(one => one.channel.id === channel.id),
      ),
    }
  for (const { room } of of('room'))
    rooms[uuidOf(room.id)] ??= {
      name: roomName(room),
      users: await named(
        gate,
        of('room').filter(one => one.room.id === room.id),
      ),
    }
  return { global: await named(gate, of('global')), channels, rooms }
}

async function ofUsers(gate: Gate, ids: readonly string[]): Promise<object> {
  const known = ids.filter((id): id is UserId => isUserId(id))
  const held = await bans(gate, { of: 'users', users: known })
  const data: Record<string, object> = {}
  for (const id of ids) {
    const room: Record<string, object> = {}
    const channel: Record<string, object> = {}
    let global: object = {}
    for (const one of held) {
      if (one.sanction.user !== id) continue
      const shown = { ...spanOf(one.sanction), reason: encoded(one.sanction.reason) }
      if (one.scope === 'global') global = shown
      else if (one.scope === 'channel') channel[uuidOf(one.channel.id)] = { name: channelName(one.channel), ...shown }
      else room[uuidOf(one.room.id)] = { name: roomName(one.room), ...shown }
    }
    data[id] = { global, channel, room }
  }
  return data
}

async function named(
  { parts }: Gate,
  held: readonly InForce[],
  more: (sanction: Sanction) => object = () => ({}),
): Promise<Record<string, object>> {
  const users: Record<string, object> = {}
  for (const { sanction } of held) {
    const account = await parts.identity.users.find({ id: sanction.user })
    users[sanction.user] = { name: account ? userName(account) : '', ...spanOf(sanction), ...more(sanction) }
  }
  return users
}

/** How long, and until when; the real server gives the end as `timestamp`. */
export function spanOf(sanction: Sanction): { readonly duration: string; readonly timestamp: string } {
  return { duration: durationText(sanction), timestamp: published(sanction.until ?? LAST_SECOND) }
}

export function encoded(reason: string): string {
  return reason === '' ? '' : encodeUtf8Base64(reason)
}
