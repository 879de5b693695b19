// `users.getPresence`: what somebody is to others; of oneself also how one is connected.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { SERVER_USER } from '../users/documents.ts'
import { isMyself, personFrom, WHO } from '../users/find.ts'
import { connectionStatusOf, statusOf } from '../users/status.ts'

export const usersGetPresence = route({
  verb: 'GET',
  paths: ['/v1/users.getPresence'],
  input: z.looseObject(WHO),
  async run({ gate, caller }, given) {
    if (given.userId === SERVER_USER._id) return { _id: SERVER_USER._id, presence: SERVER_USER.status }
    const isOwn = isMyself(given, caller.account)
    const person = isOwn ? await gate.people.about(caller.account) : await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    const presence = await statusOf(gate, person.account)
    if (!isOwn) return { presence }
    return { presence, connectionStatus: await connectionStatusOf(gate, person.account) }
  },
})
