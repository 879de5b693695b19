// `users.info`: somebody, as far as the caller may see; with `fields: {"userRooms": 1}` their rooms too.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { documentFor, SERVER_USER, servicesOf } from '../users/documents.ts'
import { personFrom, WHO } from '../users/find.ts'
import { parsed } from '../users/list.ts'
import { roomsOfUser } from '../users/rooms.ts'

export const usersInfo = route({
  verb: 'GET',
  paths: ['/v1/users.info'],
  input: z.looseObject({ ...WHO, fields: z.string().optional() }),
  async run({ gate, caller }, given) {
    const fields = parsed(given.fields, 'fields')
    if (fields instanceof MeteorError) return fields
    if (given.userId === SERVER_USER._id || given.username === SERVER_USER.username) return { user: SERVER_USER }
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return new MeteorError('error-invalid-user', 'User not found.')
    const user = await documentFor(gate, caller.account, person)
    const isOwn = person.account.id === caller.account.id
    const services = isOwn ? { services: await servicesOf(gate, person.account) } : {}
    const sees = isOwn || gate.permissions.may(caller.account, 'view-other-user-channels')
    if (fields.userRooms !== 1 || !sees) return { user: { ...user, ...services } }
    return { user: { ...user, ...services, rooms: await roomsOfUser(gate, person.account, isOwn) } }
  },
})
