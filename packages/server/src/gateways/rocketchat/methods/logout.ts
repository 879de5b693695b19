// `logout`: the token is revoked, subscriptions are dropped, and the socket is closed shortly after the answer.

import { CLOSE } from '../close.ts'
import { bug } from '../dispatch.ts'
import type { Gate } from '../gate.ts'
import { LOGOUT_DELAY } from '../limits.ts'
import type { Answer } from '../method.ts'
import type { DdpSession } from '../session.ts'

export const logout = {
  async run(gate: Gate, session: DdpSession): Promise<Answer> {
    try {
      const { token } = session
      // First out, then revoked: the end of the token's sessions must not cut off this one's answer.
      await session.leaveUser()
      if (token) await gate.parts.identity.tokens.revoke([token], 'logged out')
      return { result: undefined }
    } catch (error) {
      return { error: bug(gate, 'logout', error) }
    }
  },

  after(session: DdpSession): void {
    setTimeout(() => session.close(CLOSE.LOGGED_OUT, 'logged out'), LOGOUT_DELAY)
  },
}
