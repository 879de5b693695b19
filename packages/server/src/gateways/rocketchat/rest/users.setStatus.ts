// `users.setStatus`: what one wants to be to others, and a text with it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, forbidden, route } from '../route.ts'
import { isMyself, personFrom, standsAbove, WHO } from '../users/find.ts'
import { setStatus } from '../users/status.ts'

export const usersSetStatus = route({
  verb: 'POST',
  paths: ['/v1/users.setStatus'],
  input: z.looseObject({ ...WHO, status: z.string().max(32).nullish(), message: z.string().max(10_000).nullish() }),
  async run({ gate, caller }, given) {
    const { status, message } = given
    if (typeof status !== 'string' && typeof message !== 'string')
      return new Envelope(400, {
        success: false,
        error: 'Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation',
      })
    if (!gate.settings.get('Accounts_AllowUserStatusMessageChange'))
      return new MeteorError('error-not-allowed', 'Change status is not allowed', { method: 'users.setStatus' })
    const isOwn = isMyself(given, caller.account)
    if (!isOwn && !gate.permissions.may(caller.account, 'edit-other-user-info')) return forbidden
    const person = isOwn ? await gate.people.about(caller.account) : await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    if (standsAbove(person.account, caller.account)) return forbidden
    const text = message ?? undefined
    return (await setStatus(gate, person.account, { status: status || undefined, text }, 'users.setStatus')) ?? {}
  },
})
