// `UserPresence:setDefaultStatus`: what one wants to be while a session is there.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { setStatus } from '../users/status.ts'

export const userPresenceSetDefaultStatus = method({
  name: 'UserPresence:setDefaultStatus',
  params: list(z.string().max(32)),
  async run({ gate, caller }, [status]) {
    return (await setStatus(gate, caller.account, { status }, 'UserPresence:setDefaultStatus')) ?? true
  },
})
