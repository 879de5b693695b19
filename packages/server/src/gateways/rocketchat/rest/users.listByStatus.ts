// `users.listByStatus`: those that are switched on or off, that have logged in or never did, with some roles.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { forbidden, route } from '../route.ts'
import { listUsers, parsed, picked } from '../users/list.ts'
import { PAGED, pageOf } from './page.ts'

const USUAL = ['name', 'username', 'emails', 'roles', 'status', 'active', 'avatarETag', 'lastLogin', 'type']

export const usersListByStatus = route({
  verb: 'GET',
  paths: ['/v1/users.listByStatus'],
  input: z.looseObject({
    ...PAGED,
    status: z.enum(['active', 'deactivated']).optional(),
    hasLoggedIn: z.enum(['true', 'false']).optional(),
    type: z.string().max(32).optional(),
    roles: z.union([z.string().max(100), z.array(z.string().max(100)).max(100)]).optional(),
    searchTerm: z.string().max(256).optional(),
  }),
  permission: 'view-d-room',
  async run({ gate, caller }, given) {
    const outside = gate.settings.get('API_Apply_permission_view-outside-room_on_users-list')
    if (outside && !gate.permissions.may(caller.account, 'view-outside-room')) return forbidden
    const sort = parsed(given.sort, 'sort')
    if (sort instanceof MeteorError) return sort
    const page = pageOf(gate, given)
    const roles = [given.roles ?? []].flat().filter(role => role !== 'all')
    const like = { $regex: given.searchTerm ?? '', $options: 'i' }
    const names = [{ username: like }, { name: like }]
    const all = gate.permissions.may(caller.account, 'view-full-other-user-info')
    const query = {
      ...(given.status === undefined ? {} : { active: given.status === 'active' }),
      ...(given.hasLoggedIn === undefined || !all ? {} : { lastLogin: { $exists: given.hasLoggedIn === 'true' } }),
      ...(given.type ? { type: given.type } : {}),
      ...(roles.length > 0 ? { roles: { $in: roles } } : {}),
      ...(given.searchTerm ? { $or: all ? [...names, { 'emails.address': like }] : names } : {}),
    }
    const found = await listUsers(gate, caller.account, { query, sort, page })
    if (found instanceof MeteorError) return found
    const users = found.users.map(user => picked(user, {}, USUAL))
    return { users, count: users.length, offset: page.offset, total: found.total }
  },
})
