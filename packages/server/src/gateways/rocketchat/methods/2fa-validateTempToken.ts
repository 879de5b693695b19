// `2fa:validateTempToken`: from now on codes are asked for. Every other log-in ends.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { logOutOthers } from '../users/tokens.ts'
import { enableTotp } from '../users/totp.ts'

export const twoFactorValidateTempToken = method({
  name: '2fa:validateTempToken',
  params: list(z.string().max(64)),
  async run({ gate, caller }, [code]) {
    const codes = await enableTotp(gate, caller.account.id, code)
    if (!codes) return new MeteorError('invalid-totp', 'Invalid TOTP')
    await logOutOthers(gate, caller)
    return { codes }
  },
})
