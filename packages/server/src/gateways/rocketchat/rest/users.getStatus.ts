// `users.getStatus`: the same with the id.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { SERVER_USER } from '../users/documents.ts'
import { isMyself, personFrom, WHO } from '../users/find.ts'
import { connectionStatusOf, statusOf } from '../users/status.ts'

export const usersGetStatus = route({
  verb: 'GET',
  paths: ['/v1/users.getStatus'],
  input: z.looseObject(WHO),
  async run({ gate, caller }, given) {
    if (given.userId === SERVER_USER._id) return { _id: SERVER_USER._id, status: SERVER_USER.status }
    const isOwn = isMyself(given, caller.account)
    const person = isOwn ? await gate.people.about(caller.account) : await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    const status = await statusOf(gate, person.account)
    if (!isOwn) return { _id: person.account.id, message: person.profile.statusText, status }
    return {
      _id: person.account.id,
      message: person.profile.statusText,
      status,
      connectionStatus: await connectionStatusOf(gate, person.account),
    }
  },
})
