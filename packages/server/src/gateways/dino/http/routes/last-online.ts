// `GET /last-online`: when somebody was seen last; now for who is online.
import { z } from 'zod'
import { published } from '../../encode.ts'
import { Fault, route } from '../route.ts'
import { anyUserId } from '../shapes.ts'

export const lastOnline = route({
  method: 'GET',
  path: '/last-online',
  summary: 'When a user was online last.',
  wrapped: false,
  body: z.object({ user_id: anyUserId }),
  answer: z.object({ user_id: z.string(), online_at: z.string().nullable() }),
  async run({ parts }, { user_id }) {
    const account = await parts.identity.users.find({ id: user_id })
    if (!account) return new Fault('no such user')
    const status = await parts.statuses.of(account.id)
    const at = status === 'online' || status === 'away' ? parts.clock.now() : await parts.reading.seenAt(account.id)
    return { data: { user_id, online_at: at === null ? null : published(at) } }
  },
})
