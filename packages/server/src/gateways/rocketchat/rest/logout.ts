// `logout`: the token, and every session that it opened, on every node.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'

export const logout = route({
  verb: 'POST',
  paths: ['/v1/logout'],
  input: z.unknown(),
  async run({ gate, caller }) {
    if (caller.token) await gate.parts.identity.tokens.revoke([caller.token], 'logged out')
    return new Envelope(200, { status: 'success', data: { message: "You've been logged out!" } })
  },
})
