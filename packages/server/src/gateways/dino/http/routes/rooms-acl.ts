// `GET /rooms-acl`: the rooms that one user may see and join.
import { uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { checkJoin, visitorOf } from '../../../../room/rights.ts'
import { plainRoomName } from '../../names.ts'
import { Fault, route } from '../route.ts'
import { anyUserId } from '../shapes.ts'

const room = z.object({
  status: z.enum(['static', 'temporary']),
  users: z.number().int(),
  room_id: z.string(),
  room_name: z.string(),
  channel_name: z.string(),
  channel_id: z.string(),
})

export const roomsAcl = route({
  method: 'GET',
  path: '/rooms-acl',
  summary: 'The rooms that a user may list and join.',
  wrapped: false,
  body: z.object({ user_id: anyUserId }),
  answer: z.array(room),
  async run({ parts, directory }, { user_id }) {
    const { identity, reading, occupancy, engine, clock } = parts
    const account = await identity.users.find({ id: user_id })
    if (!account) return new Fault('no such user')
    const now = clock.now()
    const open = (await directory.all())
      .filter(({ channel }) => reading.mayListChannel(account, channel) === null)
      .flatMap(({ channel, rooms }) => rooms.map(room => ({ channel, room })))
      .filter(({ channel, room }) => {
        const visitor = visitorOf(engine.settings.acl, room, channel, account)
        return reading.mayList(account, room, channel) && !checkJoin(room, channel, account, visitor, now)
      })
    const counts = await occupancy.counts(open.map(({ room }) => room.id))
    return {
      data: open.map(({ channel, room }) => ({
        status: room.kind === 'temporary' ? 'temporary' : 'static',
        users: counts.get(room.id) ?? 0,
        room_id: uuidOf(room.id),
        room_name: plainRoomName(room),
        channel_name: channel.name,
        channel_id: uuidOf(channel.id),
      })),
    }
  },
})
