// `setUserStatus`: what one wants to be to others, and a text with it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { setStatus } from '../users/status.ts'

export const setUserStatus = method({
  name: 'setUserStatus',
  params: list(z.string().max(32).nullish(), z.string().max(10_000).nullish()),
  async run({ gate, caller }, [status, text]) {
    if (typeof text === 'string' && !gate.settings.get('Accounts_AllowUserStatusMessageChange'))
      return new MeteorError('error-not-allowed', 'Not allowed', { method: 'setUserStatus' })
    const wanted = { status: status || undefined, text: text ?? undefined }
    return (await setStatus(gate, caller.account, wanted, 'setUserStatus')) ?? undefined
  },
})
