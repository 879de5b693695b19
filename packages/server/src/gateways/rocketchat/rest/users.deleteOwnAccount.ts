// `users.deleteOwnAccount`: with the hex SHA-256 of the password, or of the username where there is no password.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'
import { endOwnAccount } from '../users/own-ending.ts'

export const usersDeleteOwnAccount = route({
  verb: 'POST',
  paths: ['/v1/users.deleteOwnAccount'],
  input: z.looseObject({ password: z.string().max(1_024).optional(), confirmRelinquish: z.boolean().optional() }),
  async run({ gate, caller }, { password, confirmRelinquish }) {
    if (!password) return new Envelope(400, { success: false, error: 'Body parameter "password" is required.' })
    return (await endOwnAccount(gate, caller, password, confirmRelinquish === true)) ?? {}
  },
})
