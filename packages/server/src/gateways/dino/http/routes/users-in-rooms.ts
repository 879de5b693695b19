// `GET /users-in-rooms`: who is inside, or how many. Invisible users are neither shown nor counted.
import { z } from 'zod'
import { userName } from '../../names.ts'
import { detailsOf, rolesIn } from '../../people.ts'
import { Fault, route } from '../route.ts'
import { someRooms } from '../shapes.ts'
import { roomsBy } from '../targets.ts'

const user = z.object({
  id: z.string(),
  name: z.string(),
  info: z.record(z.string(), z.string()),
  roles: z.string(),
})

export const usersInRooms = route({
  method: 'GET',
  path: '/users-in-rooms',
  summary: 'Who is inside of rooms (names and details in base64), or how many.',
  wrapped: false,
  body: z.object({ ...someRooms, only_count: z.boolean().nullish() }),
  answer: z.record(z.string(), z.union([z.array(user), z.number().int()])),
  async run(gate, body) {
    const found = await roomsBy(gate, body)
    if (found instanceof Fault) return found
    const { occupancy, identity } = gate.parts
    if (body.only_count) {
      const counts = await occupancy.counts([...found.values()].map(({ room }) => room.id))
      return { data: Object.fromEntries([...found].map(([key, { room }]) => [key, counts.get(room.id) ?? 0])) }
    }
    const data: Record<string, readonly object[]> = {}
    for (const [key, { room }] of found) {
      const visible = new Set<string>()
      for (const session of await occupancy.occupants(room.id)) if (!session.invisible) visible.add(session.user)
      const accounts = await Promise.all([...visible].map(id => identity.users.find({ id })))
      data[key] = accounts.flatMap(account =>
        account
          ? {
              id: account.id,
              name: userName(account),
              info: Object.fromEntries(detailsOf(account).map(({ objectType, content }) => [objectType, content])),
              roles: rolesIn(room, account),
            }
          : [],
      )
    }
    return { data }
  },
})
