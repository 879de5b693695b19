// `users.getAvatar`: where somebody's picture is.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, openRoute } from '../route.ts'
import { avatarUrl } from '../users/documents.ts'
import { personFrom, WHO } from '../users/find.ts'

export const usersGetAvatar = openRoute({
  verb: 'GET',
  paths: ['/v1/users.getAvatar'],
  input: z.looseObject(WHO),
  open: true,
  async run({ gate }, given) {
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    const url = avatarUrl(gate, person.account)
    return new Envelope(307, { url }, { location: url })
  },
})
