// `POST /create`: a room for some users, who are taken inside if they are online.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { isUserId, uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { blankRoom } from '../../../../room/commands/create-room.ts'
import { isRejection } from '../../../../room/rejection.ts'
import { refusalOf } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import { channelOf } from '../../rooms.ts'
import { defaultChannel } from '../default-channel.ts'
import { Fault, route } from '../route.ts'
import { base64, short, userId, userIds } from '../shapes.ts'
import { textOf } from '../targets.ts'
import { accountFor } from '../users.ts'
import { takeInside } from './join.ts'

/** Where rooms that programs make stand in the lists (dino.md section 4, list_rooms). */
const SORT = 999

const created = z.object({
  room_id: z.string(),
  room_name: z.string(),
  channel_id: z.string(),
  user_ids_not_joined: z.array(z.string()),
})

export const create = route({
  method: 'POST',
  path: '/create',
  summary: 'Makes a room (name in base64) and takes users who are online into it.',
  wrapped: false,
  body: z.object({
    room_name: base64,
    user_ids: userIds,
    owner_id: userId,
    owner_name: base64,
    temporary: z.boolean().nullish(),
    channel_id: short.nullish(),
  }),
  answer: created,
  async run(gate, body) {
    const name = textOf(body.room_name, 'room_name')
    if (name instanceof Fault) return name
    if (name.trim() === '') return new Fault('room_name is blank')
    const ownerName = textOf(body.owner_name, 'owner_name')
    if (ownerName instanceof Fault) return ownerName
    const channel = await (body.channel_id ? channelOf(gate.parts, body.channel_id) : defaultChannel(gate.parts))
    if (!channel) return new Fault('no such channel')
    if (channel instanceof Fault) return channel
    const owner = await accountFor(gate.parts, body.owner_id, ownerName)
    if (owner instanceof Fault) return owner
    const room = await make(gate, channel.id, name, owner.id, body.temporary ?? true)
    if (room instanceof Fault) return room
    const found = await gate.parts.reading.room(room)
    const left: string[] = []
    for (const user of body.user_ids) {
      const failure = found && isUserId(user) ? await takeInside(gate, user, found) : true
      if (failure) left.push(user)
    }
    const data = { room_id: uuidOf(room), room_name: name, channel_id: uuidOf(channel.id), user_ids_not_joined: left }
    return { data }
  },
})

async function make(
  gate: Gate,
  channel: ChannelId,
  name: string,
  owner: UserId,
  temporary: boolean,
): Promise<RoomId | Fault> {
  const { engine, newId, clock } = gate.parts
  const kind = temporary ? 'temporary' : 'static'
  const done = await engine.submit({
    room: newId() as RoomId,
    channel,
    command: {
      command: 'create-room',
      actor: null,
      room: blankRoom({ suite: 'none', kind, name, sort: SORT, owners: [owner] }),
      claimName: true,
      slot: null,
      epoch: null,
    },
    session: null,
    bytes: 1_024,
  })
  return isRejection(done) ? new Fault(refusalOf(done, { now: clock.now() }).text) : done.room.id
}
