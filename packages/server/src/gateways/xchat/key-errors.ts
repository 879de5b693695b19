// The one table from a refused registration to X's problem. Total over what identity may refuse, as errors.ts is.
import type { IdentityRejection, KeyField } from '../../identity/rejection.ts'
import type { Problem } from './problem.ts'
import { conflict, invalidField, notAuthorized, notFound, unavailable } from './problem.ts'

type Code = IdentityRejection['rejected']
type Table = { readonly [C in Code]: (rejection: Extract<IdentityRejection, { rejected: C }>) => Problem }

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
  // What registering a key never meets.
  'user.unknown': () => notFound('user', 'id', ''),
  'user.exists': ({ user }) => conflict(`user ${user} exists already`),
  'user.malformed': ({ field, text }) => invalidField(field, text),
  'username.taken': () => conflict('the username is taken'),
  'email.taken': () => conflict('the address is taken'),
  'password.malformed': ({ text }) => invalidField('password', text),
  'token.exists': () => conflict('the token exists already'),
  'token.malformed': ({ text }) => invalidField('token', text),
  'pair.malformed': ({ field }) => invalidField(field, 'cannot be read'),
  'pair.unwrapped': ({ field }) => invalidField(field, 'is not wrapped'),
  'pair.exists': () => conflict('a key pair exists already'),
}

export function problemOfKeys(rejection: IdentityRejection): Problem {
  const entry = TABLE[rejection.rejected] as (rejection: IdentityRejection) => Problem
  return entry(rejection)
}
