// `users.getPersonalAccessTokens`: the caller's, without their texts.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { personalTokensOf } from '../users/personal-tokens.ts'

export const usersGetPersonalAccessTokens = route({
  verb: 'GET',
  paths: ['/v1/users.getPersonalAccessTokens'],
  input: z.unknown(),
  async run({ gate, caller }) {
    if (!gate.permissions.may(caller.account, 'create-personal-access-tokens'))
      return new MeteorError('not-authorized', 'Not Authorized')
    const held = await personalTokensOf(gate, caller.account.id)
    const tokens = held.map(({ name, createdAt, lastTokenPart, bypassTwoFactor }) => {
      return { name, createdAt: new Date(createdAt), lastTokenPart, bypassTwoFactor }
    })
    return { tokens }
  },
})
