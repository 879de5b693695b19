// `login` in all forms that clients send (rocketchat.md section 2). What is wrong is not told apart.
import { z } from 'zod'
import { logIn, restCredentials } from '../credentials.ts'
import { meDocument } from '../encode.ts'
import { MeteorError, TOO_MANY } from '../errors.ts'
import { Envelope, openRoute } from '../route.ts'

const unauthorized = new Envelope(401, { status: 'error', error: 'Unauthorized', message: 'Unauthorized' })

export const login = openRoute({
  verb: 'POST',
  paths: ['/v1/login'],
  input: z.unknown(),
  open: true,
  async run({ gate, address }, body) {
    const credentials = restCredentials(body)
    if (!credentials) return unauthorized
    const found = await logIn(gate.parts, credentials, address)
    if (found instanceof MeteorError) return found.error === TOO_MANY ? found : unauthorized
    const { account, text } = found
    const data = { userId: account.id, authToken: text, me: meDocument(account) }
    return new Envelope(200, { status: 'success', data })
  },
})
