// `users.checkUsernameAvailability`: whether the caller could be called so.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { isFree } from '../users/rules.ts'

export const usersCheckUsernameAvailability = route({
  verb: 'GET',
  paths: ['/v1/users.checkUsernameAvailability'],
  input: z.looseObject({ username: z.string().min(1).max(256) }),
  async run({ gate, caller }, { username }) {
    if (!gate.settings.get('Accounts_AllowUsernameChange'))
      return new MeteorError('error-not-allowed', 'Not allowed', { method: 'setUsername' })
    if (username === caller.account.username) return { result: true }
    const free = await isFree(gate, username)
    return free instanceof MeteorError ? free : { result: free }
  },
})
