// `users.createToken`: a log-in on somebody's behalf.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { personFrom, WHO } from '../users/find.ts'
import { createToken } from '../users/tokens.ts'

export const usersCreateToken = route({
  verb: 'POST',
  paths: ['/v1/users.createToken'],
  input: z.looseObject(WHO),
  permission: 'user-generate-access-token',
  async run({ gate, caller }, given) {
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    const data = await createToken(gate, caller, person.account)
    return data instanceof MeteorError ? data : { data }
  },
})
