// `GET /rooms-for-users`: the listed rooms that users are inside at this moment.
import { uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { isHidden } from '../../../../room/rights.ts'
import { channelName, roomName } from '../../names.ts'
import { route } from '../route.ts'
import { userIds } from '../shapes.ts'

const place = z.object({
  room_id: z.string(),
  room_name: z.string(),
  channel_id: z.string(),
  channel_name: z.string(),
})

export const roomsForUsers = route({
  method: 'GET',
  path: '/rooms-for-users',
  summary: 'The rooms that users are inside, names in base64.',
  wrapped: false,
  body: z.object({ users: userIds }),
  answer: z.record(z.string(), z.array(place)),
  async run({ parts }, { users }) {
    const data: Record<string, readonly object[]> = {}
    for (const user of users) {
      const account = await parts.identity.users.find({ id: user })
      const ids = account ? await parts.presence.roomsOf(account.id) : []
      const found = await Promise.all(ids.map(id => parts.reading.room(id)))
      data[user] = found.flatMap(each =>
        each && !isHidden(each.room)
          ? {
              room_id: uuidOf(each.room.id),
              room_name: roomName(each.room),
              channel_id: uuidOf(each.channel.id),
              channel_name: channelName(each.channel),
            }
          : [],
      )
    }
    return { data }
  },
})
