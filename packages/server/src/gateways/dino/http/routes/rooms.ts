// `GET /rooms`: every room that is listed.
import { uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { plainRoomName } from '../../names.ts'
import { route } from '../route.ts'
import { nothing } from '../shapes.ts'

const room = z.object({
  id: z.string(),
  status: z.enum(['static', 'temporary']),
  name: z.string(),
  channel: z.string(),
  channel_id: z.string(),
})

export const rooms = route({
  method: 'GET',
  path: '/rooms',
  summary: 'Every room that is listed, with its channel.',
  wrapped: false,
  body: nothing,
  answer: z.array(room),
  async run({ directory }) {
    const listed = await directory.all()
    return {
      data: listed.flatMap(({ channel, rooms }) =>
        rooms.map(each => ({
          id: uuidOf(each.id),
          status: each.kind === 'temporary' ? 'temporary' : 'static',
          name: plainRoomName(each),
          channel: channel.name,
          channel_id: uuidOf(channel.id),
        })),
      ),
    }
  },
})
