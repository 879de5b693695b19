// `users.list`: everybody, by a query, in an order, in parts.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { forbidden, route } from '../route.ts'
import { listUsers, parsed, picked } from '../users/list.ts'
import { PAGED, pageOf } from './page.ts'

const USUAL = ['name', 'username', 'emails', 'roles', 'status', 'active', 'avatarETag', 'lastLogin', 'type']

export const usersList = route({
  verb: 'GET',
  paths: ['/v1/users.list'],
  input: z.looseObject({ ...PAGED, query: z.string().optional(), fields: z.string().optional() }),
  permission: 'view-d-room',
  async run({ gate, caller }, given) {
    const outside = gate.settings.get('API_Apply_permission_view-outside-room_on_users-list')
    if (outside && !gate.permissions.may(caller.account, 'view-outside-room')) return forbidden
    const [query, sort, fields] = [
      parsed(given.query, 'query'),
      parsed(given.sort, 'sort'),
      parsed(given.fields, 'fields'),
    ]
    for (const one of [query, sort, fields]) if (one instanceof MeteorError) return one
    const page = pageOf(gate, given)
    const found = await listUsers(gate, caller.account, { query, sort, page } as Parameters<typeof listUsers>[2])
    if (found instanceof MeteorError) return found
    const users = found.users.map(user => picked(user, fields as Record<string, unknown>, USUAL))
    return { users, count: users.length, offset: page.offset, total: found.total }
  },
})
