// `deleteUserOwnAccount`: with the hex SHA-256 of the password.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { endOwnAccount } from '../users/own-ending.ts'

export const deleteUserOwnAccount = method({
  name: 'deleteUserOwnAccount',
  params: list(z.string().max(1_024), z.boolean().nullish()),
  async run({ gate, caller }, [digest, confirmed]) {
    return (await endOwnAccount(gate, caller, digest, confirmed === true)) ?? true
  },
})
