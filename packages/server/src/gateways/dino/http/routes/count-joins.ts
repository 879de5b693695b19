// `GET /count-joins`: how often rooms were joined since they were made.
import { z } from 'zod'
import { Fault, route } from '../route.ts'
import { someRooms } from '../shapes.ts'
import { roomsBy } from '../targets.ts'

export const countJoins = route({
  method: 'GET',
  path: '/count-joins',
  summary: 'How often rooms were joined since they were made.',
  wrapped: false,
  body: z.object(someRooms),
  answer: z.record(z.string(), z.number().int()),
  async run(gate, body) {
    const found = await roomsBy(gate, body)
    if (found instanceof Fault) return found
    const data: Record<string, number> = {}
    for (const [key, { room }] of found) data[key] = await gate.joins.of(room.id)
    return { data }
  },
})
