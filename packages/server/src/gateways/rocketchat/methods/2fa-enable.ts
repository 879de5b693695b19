// `2fa:enable`: a secret for the user's phone. It is asked for once the user has shown a code of it.
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { beginTotp } from '../users/totp.ts'

export const twoFactorEnable = method({
  name: '2fa:enable',
  params: nothing,
  twoFactor: { remember: true },
  async run({ gate, caller: { account } }) {
    const begun = await beginTotp(gate, account.id)
    if (!begun) return new MeteorError('error-2fa-already-enabled', '2FA already enabled')
    const issuer = encodeURIComponent(gate.settings.get('Site_Name'))
    const label = `${issuer}:${encodeURIComponent(account.username)}`
    return { secret: begun.secret, url: `otpauth://totp/${label}?secret=${begun.secret}&issuer=${issuer}` }
  },
})
