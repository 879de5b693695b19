// POST /2/users/{id}/public_keys: registers the caller's next pair of keys. Earlier ones are served for ever (L9).
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRefused } from '../../../identity/rejection.ts'
import { problemOfKeys } from '../key-errors.ts'
import { SHORT_TEXT } from '../limits.ts'
import { invalidField, Refusal } from '../problem.ts'
import { juiceboxConfig, juiceboxConfigFor } from '../realm/config.ts'
import { route } from '../route.ts'
import { object, shortBase64, text, version } from '../schema.ts'

const body = object({
  public_key: object({
    public_key: shortBase64,
    signing_public_key: shortBase64,
    identity_public_key_signature: shortBase64,
    signing_public_key_signature: shortBase64,
    public_key_fingerprint: text(SHORT_TEXT).optional(),
    /** How the private keys are kept. The server keeps none of them and does not ask. */
    registration_method: text(SHORT_TEXT).optional(),
  }),
  version,
  /** The server may give another version than the one asked for: what the answer says counts. */
  generate_version: z.boolean('must be true or false').optional(),
})

export const addUserPublicKey = route({
  operation: 'addUserPublicKey',
  method: 'POST',
  path: '/users/:id/public_keys',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({
    data: z.object({ public_key_version: z.string(), juicebox_config: juiceboxConfig.optional() }),
  }),
  async run(call, parts) {
    const id = call.param('id')
    const me = call.caller.account.id
    if (!isUserId(id)) return new Refusal(invalidField('id', 'must be a user id: 1 to 19 digits'))
    if (id !== me) return new Refusal(problemOfKeys({ rejected: 'keys.owner' }))
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const { public_key: keys } = sent
    const key = await parts.identity.publicKeys.register(me, id, {
      identityKey: keys.public_key,
      signingKey: keys.signing_public_key,
      identityKeySignature: keys.identity_public_key_signature,
      signingKeySignature: keys.signing_public_key_signature,
      fingerprint: keys.public_key_fingerprint ?? '',
      version: sent.version,
      mayAssign: sent.generate_version ?? false,
    })
    if (isRefused(key)) return new Refusal(problemOfKeys(key))
    const config = await juiceboxConfigFor(call.caller, parts)
    return { data: { public_key_version: key.version, ...(config && { juicebox_config: config }) } }
  },
})
