// `users.create`: a user made by an administrator.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { fullDocument } from '../users/documents.ts'
import { setActive } from '../users/ending.ts'
import { createUser, USER_FIELDS } from '../users/save.ts'

export const usersCreate = route({
  verb: 'POST',
  paths: ['/v1/users.create'],
  input: z.looseObject({
    ...USER_FIELDS,
    username: z.string().max(256),
    name: z.string().max(256),
    email: z.string().max(256),
    active: z.boolean().optional(),
  }),
  async run({ gate, caller }, given) {
    const made = await createUser(gate, caller, given)
    if (made instanceof MeteorError) return made
    if (given.active === false) {
      const refused = await setActive(gate, caller.account, made.account, false, false)
      if (refused) return refused
    }
    return { user: await fullDocument(gate, (await gate.people.of(made.account.id)) ?? made) }
  },
})
