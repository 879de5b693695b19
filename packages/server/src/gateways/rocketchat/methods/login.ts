// `login`: digest, plain text or a token (rocketchat.md section 2). The user's own document comes before the result.

import { credentialsOf, logIn, loginParams } from '../credentials.ts'
import { bug, readParams } from '../dispatch.ts'
import { loggedOut, MeteorError } from '../errors.ts'
import { addedFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import type { Answer } from '../method.ts'
import type { DdpSession } from '../session.ts'
import { admit } from '../sockets.ts'
import { emailsOf } from '../users/documents.ts'
import { arrived } from '../users/status.ts'

export const login = {
  async run(gate: Gate, session: DdpSession, given: unknown): Promise<Answer> {
    const params = readParams({ params: loginParams }, given)
    if (params instanceof MeteorError) return { error: params }
    const [form] = params.value as [Parameters<typeof credentialsOf>[0]]
    try {
      const { parts } = gate
      const found = await logIn(gate, credentialsOf(form), session.address)
      if (found instanceof MeteorError) return { error: found }
      const { account, token, text, type, expiresAt } = found
      await arrived(gate, account)
      const person = await gate.people.about(account)
      const live = await parts.sessions.open({
        user: account.id,
        wire: 'rocketchat',
        token: token.id,
        expiresAt: token.expiresAt,
        address: session.address,
        end: reason => session.putOut(reason),
      })
      await session.begin(live, token)
      if (session.live !== live) return { error: loggedOut }
      admit(session)
      const fields = { username: account.username, name: account.name, emails: emailsOf(person) }
      session.write(addedFrame('users', account.id, fields))
      return { result: { id: account.id, token: text, tokenExpires: new Date(expiresAt), type } }
    } catch (error) {
      return { error: bug(gate, 'login', error) }
    }
  },
}
