// `2fa:regenerateCodes`: new backup codes, for a code.
import { z } from 'zod'
import { MeteorError, tooMany } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { checkTotp, renewBackupCodes } from '../users/totp.ts'

export const twoFactorRegenerateCodes = method({
  name: '2fa:regenerateCodes',
  params: list(z.string().max(64)),
  async run({ gate, caller }, [code]) {
    const shown = await checkTotp(gate, caller.account.id, code, caller.address)
    if (shown === 'limited') return tooMany(60_000)
    const codes = shown ? await renewBackupCodes(gate, caller.account.id) : undefined
    return codes ? { codes } : new MeteorError('invalid-totp', 'Invalid TOTP')
  },
})
