// `users.autocomplete`: the first ten whose names hold a term; who may not see beyond their rooms finds those in them.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { completedUsers, selectorOf } from '../users/autocomplete.ts'

export const usersAutocomplete = route({
  verb: 'GET',
  paths: ['/v1/users.autocomplete'],
  input: z.looseObject({ selector: z.string().max(4_096) }),
  async run({ gate, caller }, { selector }) {
    const read = selectorOf(selector)
    if (read instanceof MeteorError) return read
    const items = await completedUsers(gate, caller.account, read)
    return items instanceof MeteorError ? items : { items }
  },
})
