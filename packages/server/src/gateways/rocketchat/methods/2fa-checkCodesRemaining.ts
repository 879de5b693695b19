// `2fa:checkCodesRemaining`: how many backup codes are left.
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { codesRemaining } from '../users/totp.ts'

export const twoFactorCheckCodesRemaining = method({
  name: '2fa:checkCodesRemaining',
  params: nothing,
  async run({ gate, caller }) {
    const remaining = await codesRemaining(gate, caller.account.id)
    return remaining === undefined ? new MeteorError('invalid-totp', 'Invalid TOTP') : { remaining }
  },
})
