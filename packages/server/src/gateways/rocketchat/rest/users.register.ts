// `users.register`: where administrators let strangers make accounts (`Accounts_RegistrationForm`).
import { MeteorError } from '../errors.ts'
import { Envelope, openRoute } from '../route.ts'
import { openDocument } from '../users/documents.ts'
import { REGISTRATION, registerUser } from '../users/register.ts'

export const usersRegister = openRoute({
  verb: 'POST',
  paths: ['/v1/users.register'],
  input: REGISTRATION,
  open: true,
  async run({ gate, address }, given) {
    const made = await registerUser(gate, given, address)
    if (made instanceof MeteorError) return made
    if ('failed' in made) return new Envelope(400, { success: false, error: made.failed })
    return { user: await openDocument(gate, made) }
  },
})
