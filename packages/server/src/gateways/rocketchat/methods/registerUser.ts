// `registerUser`: where administrators let strangers make accounts. Without a username one is made of the name.
import { MeteorError } from '../errors.ts'
import { openMethod } from '../method.ts'
import { list } from '../params.ts'
import { REGISTRATION, registerUser as register } from '../users/register.ts'
import { freeUsername } from '../users/suggest.ts'

export const registerUser = openMethod({
  name: 'registerUser',
  params: list(REGISTRATION.partial({ username: true })),
  open: true,
  async run({ gate, caller, address }, [given]) {
    if (caller)
      return new MeteorError('error-not-allowed', 'Logged in users can not register again', { method: 'registerUser' })
    const username =
      given.username ?? (await freeUsername(gate, [given.name ?? '', given.email.split('@', 1)[0] ?? '']))
    const made = await register(gate, { ...given, username: username ?? '' }, address)
    if (made instanceof MeteorError) return made
    return 'failed' in made ? new MeteorError('error-field-unavailable', made.failed) : made.account.id
  },
})
