// Expected refusals of identity writes, one union with stable codes. Each gateway and the operator's commands
// turn them into their own words; bugs are thrown instead.
import type { UserId } from '@conclave/wire'

export type IdentityRejection =
  | { readonly rejected: 'user.unknown' }
  | { readonly rejected: 'user.exists'; readonly user: UserId }
  | { readonly rejected: 'user.malformed'; readonly field: string; readonly text: string }
  | { readonly rejected: 'username.taken'; readonly username: string }
  | { readonly rejected: 'email.taken' }
  | { readonly rejected: 'password.malformed'; readonly text: string }
  | { readonly rejected: 'token.exists' }
  | { readonly rejected: 'token.malformed'; readonly text: string }
  // X public keys (x-chat.md 3.2)
  | { readonly rejected: 'keys.owner' }
  | { readonly rejected: 'keys.malformed'; readonly field: KeyField; readonly text: string }
  | { readonly rejected: 'keys.fingerprint' }
  | { readonly rejected: 'keys.signature'; readonly field: 'identityKeySignature' | 'signingKeySignature' }
  | { readonly rejected: 'keys.stale'; readonly newest: string }
  | { readonly rejected: 'keys.ahead'; readonly latest: string }
  | { readonly rejected: 'keys.many'; readonly limit: number }
  // Rocket.Chat key pairs (rocketchat.md 5.2)
  | { readonly rejected: 'pair.malformed'; readonly field: 'publicKey' | 'privateKey' }
  | { readonly rejected: 'pair.unwrapped'; readonly field: 'publicKey' | 'privateKey' }
  | { readonly rejected: 'pair.exists' }
  /** Lost the race `ATTEMPTS` times. */
  | { readonly rejected: 'conflict' }
  | { readonly rejected: 'busy' }

export type KeyField =
  | 'identityKey'
  | 'signingKey'
  | 'identityKeySignature'
  | 'signingKeySignature'
  | 'fingerprint'
  | 'version'

export function isRefused(value: object): value is IdentityRejection {
  return 'rejected' in value
}
