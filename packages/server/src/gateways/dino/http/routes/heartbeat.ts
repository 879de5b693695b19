// `POST /heartbeat`: keeps users online who have no connection of their own for a while.
import { z } from 'zod'
import { NOTHING, route } from '../route.ts'
import { userIds } from '../shapes.ts'

export const heartbeat = route({
  method: 'POST',
  path: '/heartbeat',
  summary: 'Keeps users online for a while.',
  wrapped: true,
  body: z.union([userIds, z.object({}).transform((): string[] => [])]),
  answer: z.null(),
  async run(gate, users) {
    await gate.heartbeats.beat(users)
    return NOTHING
  },
})
