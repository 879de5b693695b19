// `login` in all forms that clients send (rocketchat.md section 2). What is wrong is not told apart.
import { z } from 'zod'
import { logIn, restCredentials } from '../credentials.ts'
import { MeteorError, TOO_MANY } from '../errors.ts'
import { Envelope, openRoute } from '../route.ts'
import { meDocument } from '../users/documents.ts'

const unauthorized = new Envelope(401, { status: 'error', error: 'Unauthorized', message: 'Unauthorized' })

export const login = openRoute({
  verb: 'POST',
  paths: ['/v1/login'],
  input: z.unknown(),
  open: true,
  async run({ gate, address, header }, body) {
    const given = restCredentials(body)
    const code = header('x-2fa-code')
    const credentials = given && !('resume' in given) && code ? { code, ...given } : given
    if (!credentials) return unauthorized
    const found = await logIn(gate, credentials, address)
    if (found instanceof MeteorError) {
      if (found.error === TOO_MANY) return found
      if (!String(found.error).startsWith('totp-')) return unauthorized
      const { error, reason, details } = found
      return new Envelope(401, { status: 'error', error, reason, message: reason, details })
    }
    const { account, text } = found
    const me = await meDocument(gate, await gate.people.about(account))
    const data = { userId: account.id, authToken: text, me }
    return new Envelope(200, { status: 'success', data })
  },
})
