// The one table from a refused registration to X's problem. Total over what registering a key meets, as errors.ts is.
import type { IdentityRejection, KeyField } from '../../identity/rejection.ts'
import type { Problem } from './problem.ts'
import { conflict, invalidField, notAuthorized, unavailable } from './problem.ts'

type KeyRejection = Extract<IdentityRejection, { rejected: `keys.${string}` | 'conflict' | 'busy' }>
type Table = {
  readonly [C in KeyRejection['rejected']]: (rejection: Extract<KeyRejection, { rejected: C }>) => Problem
}

const FIELDS: Readonly<Record<KeyField, string>> = {
  identityKey: 'public_key',
  signingKey: 'signing_public_key',
  identityKeySignature: 'identity_public_key_signature',
  signingKeySignature: 'signing_public_key_signature',
  fingerprint: 'public_key_fingerprint',
  version: 'version',
}

const TABLE: Table = {
  'keys.owner': () => notAuthorized('user', null, 'only a user themselves may register their keys'),
  'keys.malformed': ({ field, text }) => invalidField(FIELDS[field], text),
  'keys.fingerprint': () => invalidField(FIELDS.fingerprint, 'does not match public_key'),
  'keys.signature': ({ field }) => invalidField(FIELDS[field], 'the signature does not verify'),
  'keys.stale': ({ newest }) => invalidField('version', `is stale, the newest is ${newest}`),
  'keys.ahead': ({ latest }) => invalidField('version', `is too far ahead of the server's clock, at most ${latest}`),
  'keys.many': ({ limit }) => invalidField('public_key', `${limit} keys are registered already`),
  conflict: () => conflict('another registration came first, try again'),
  busy: () => unavailable('the server is busy, try again'),
}

/** Throws for a refusal that only other writes of identities meet: that is a bug. */
export function problemOfKeys(rejection: IdentityRejection): Problem {
  const table: Readonly<Record<string, (rejection: never) => Problem>> = TABLE
  const entry = table[rejection.rejected]
  if (!entry) throw new Error(`a registration was refused with ${rejection.rejected}`)
  return entry(rejection as never)
}
