// `GET /muted`: the mutes in force of some users, or in one room.
import { isUserId, type UserId, uuidOf } from '@conclave/wire'
import { z } from 'zod'
import type { InForce } from '../../../../engine/sanctions-list.ts'
import { roomName } from '../../names.ts'
import { Fault, route } from '../route.ts'
import { oneRoom, userIds } from '../shapes.ts'
import { roomBy } from '../targets.ts'
import { encoded, spanOf } from './banned.ts'

const entry = z.object({
  muter_user_id: z.string(),
  room_name: z.string(),
  room_id: z.string().optional(),
  duration: z.string(),
  timestamp: z.string(),
  reason: z.string(),
})

type InRoom = Extract<InForce, { scope: 'room' }>

export const muted = route({
  method: 'GET',
  path: '/muted',
  summary: 'The mutes in force, of users or in a room.',
  wrapped: false,
  body: z.object({ users: userIds.optional(), user_ids: userIds.optional(), ...oneRoom }),
  answer: z.union([z.record(z.string(), z.record(z.string(), entry)), z.record(z.string(), entry)]),
  async run(gate, { users, user_ids = users, room_id, room_name }) {
    const { sanctions } = gate.parts
    if (user_ids) {
      const known = user_ids.filter((id): id is UserId => isUserId(id))
      const data: Record<string, Record<string, object>> = Object.fromEntries(user_ids.map(id => [id, {}]))
      for (const one of mutes(await sanctions.list({ of: 'users', users: known }))) {
        const of = data[one.sanction.user]
        if (of) of[uuidOf(one.room.id)] = shown(one)
      }
      return { data }
    }
    if (room_id === undefined && room_name === undefined) return new Fault('need users, room_id or room_name')
    const found = await roomBy(gate, { room_id, room_name })
    if (found instanceof Fault) return found
    const held = mutes(await sanctions.list({ of: 'room', room: found.room.id }))
    return {
      data: Object.fromEntries(held.map(one => [one.sanction.user, { room_id: uuidOf(one.room.id), ...shown(one) }])),
    }
  },
})

function mutes(held: readonly InForce[]): readonly InRoom[] {
  return held.filter((one): one is InRoom => one.scope === 'room' && one.sanction.kind === 'mute')
}

function shown({ room, sanction }: InRoom): object {
  const { by, reason } = sanction
  return { muter_user_id: by ?? '', room_name: roomName(room), ...spanOf(sanction), reason: encoded(reason) }
}
