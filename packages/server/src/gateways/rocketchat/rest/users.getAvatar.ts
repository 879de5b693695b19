// `users.getAvatar`: where the picture of whoever is named so would be. Anybody may ask, and learns neither who there is nor,
// by an id, what they are called.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, openRoute } from '../route.ts'
import { namesSomebody, WHO } from '../users/find.ts'

export const usersGetAvatar = openRoute({
  verb: 'GET',
  paths: ['/v1/users.getAvatar'],
  input: z.looseObject(WHO),
  open: true,
  async run({ gate }, given) {
    if (!namesSomebody(given))
      return new MeteorError(
        'error-user-param-not-provided',
        'The required "userId" or "username" param was not provided',
      )
    const id = given.userId?.trim()
    const place = id ? `uid/${encodeURIComponent(id)}` : encodeURIComponent(given.username?.trim() || given.user || '')
    const url = `${gate.parts.publicUrl()}/avatar/${place}`
    return new Envelope(307, { url }, { location: url })
  },
})
