// `users.resetTOTP`: the second factor of somebody who has lost theirs.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { namesSomebody, personFrom, standsAbove, WHO } from '../users/find.ts'
import { disableTotp } from '../users/totp.ts'

export const usersResetTOTP = route({
  verb: 'POST',
  paths: ['/v1/users.resetTOTP'],
  input: z.looseObject(WHO),
  twoFactor: { remember: false },
  async run({ gate, caller }, given) {
    if (!namesSomebody(given)) {
      await disableTotp(gate, caller.account.id)
      return {}
    }
    if (!gate.permissions.may(caller.account, 'edit-other-user-totp'))
      return new MeteorError('error-not-allowed', 'Not allowed')
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    if (standsAbove(person.account, caller.account)) return new MeteorError('error-not-allowed', 'Not allowed')
    await disableTotp(gate, person.account.id)
    return {}
  },
})
