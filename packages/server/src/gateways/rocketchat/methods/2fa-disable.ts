// `2fa:disable`: with a code.
import { z } from 'zod'
import { tooMany } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { checkTotp, disableTotp } from '../users/totp.ts'

export const twoFactorDisable = method({
  name: '2fa:disable',
  params: list(z.string().max(64)),
  async run({ gate, caller }, [code]) {
    const shown = await checkTotp(gate, caller.account.id, code, caller.address)
    if (shown === 'limited') return tooMany(60_000)
    if (!shown) return false
    await disableTotp(gate, caller.account.id)
    return true
  },
})
