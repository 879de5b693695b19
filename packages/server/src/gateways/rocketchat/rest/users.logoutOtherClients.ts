// `users.logoutOtherClients`: every other log-in of the caller's over this wire ends; personal tokens stay.
import { z } from 'zod'
import { TOKEN_LIFETIME } from '../limits.ts'
import { route } from '../route.ts'
import { logOutOthers } from '../users/tokens.ts'

export const usersLogoutOtherClients = route({
  verb: 'POST',
  paths: ['/v1/users.logoutOtherClients'],
  input: z.unknown(),
  async run({ gate, caller, header }) {
    await logOutOthers(gate, caller)
    const expires = caller.token?.expiresAt ?? gate.parts.clock.now() + TOKEN_LIFETIME
    return { token: header('x-auth-token'), tokenExpires: new Date(expires) }
  },
})
