// `GET /acl`: the rules of every room that stays and is listed.
import { uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { isHidden } from '../../../../room/rights.ts'
import { route } from '../route.ts'
import { nothing } from '../shapes.ts'

const acl = z.object({ action: z.string(), type: z.string(), value: z.string() })

export const getAcl = route({
  method: 'GET',
  path: '/acl',
  summary: 'The rules of every static room.',
  wrapped: true,
  body: nothing,
  answer: z.record(z.string(), z.array(acl)),
  async run({ directory, parts }) {
    const data: Record<string, readonly object[]> = {}
    for (const { rooms } of await directory.all())
      for (const room of rooms.map(each => parts.reading.newest(each)))
        if (room.kind !== 'temporary' && !isHidden(room) && room.acls.length > 0)
          data[uuidOf(room.id)] = room.acls.map(({ action, type, value }) => ({ type, action, value }))
    return { data }
  },
})
