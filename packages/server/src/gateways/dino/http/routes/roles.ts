// `GET /roles`: what users are, everywhere, in channels and in the rooms that are listed.
import { uuidOf } from '@conclave/wire'
import { z } from 'zod'
import { isHidden } from '../../../../room/rights.ts'
import { route } from '../route.ts'
import { userIds } from '../shapes.ts'

const roleLists = z.record(z.string(), z.array(z.string()))

export const roles = route({
  method: 'GET',
  path: '/roles',
  summary: 'The roles of users.',
  wrapped: false,
  body: z.object({ users: userIds }),
  answer: z.record(z.string(), z.object({ global: z.array(z.string()), channel: roleLists, room: roleLists })),
  async run({ parts, directory }, { users }) {
    const channels = (await directory.all()).map(({ channel }) => channel)
    const data: Record<string, object> = {}
    for (const user of users) {
      const account = await parts.identity.users.find({ id: user })
      const channel: Record<string, readonly string[]> = {}
      const room: Record<string, readonly string[]> = {}
      if (account) {
        for (const { id, admins, owners } of channels) {
          const held = [
            ...(admins.includes(account.id) ? ['admin'] : []),
            ...(owners.includes(account.id) ? ['owner'] : []),
          ]
          if (held.length > 0) channel[uuidOf(id)] = held
        }
        for (const each of await parts.reading.rolesOf(account.id))
          if (!isHidden(each)) room[uuidOf(each.id)] = each.roles.get(account.id) ?? []
      }
      data[user] = { global: account?.roles.filter(role => role !== 'admin') ?? [], channel, room }
    }
    return { data }
  },
})
