// `createToken`: a log-in on somebody's behalf.
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { personWithId } from '../users/find.ts'
import { createToken as makeToken } from '../users/tokens.ts'

export const createToken = method({
  name: 'createToken',
  params: list(id),
  async run({ gate, caller }, [user]) {
    const refused = new MeteorError('error-not-authorized', 'Not authorized', { method: 'createToken' })
    if (!gate.permissions.may(caller.account, 'user-generate-access-token')) return refused
    const target = await personWithId(gate, user)
    return target ? makeToken(gate, caller, target.account) : refused
  },
})
