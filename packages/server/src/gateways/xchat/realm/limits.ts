// Bounds of the realms of the PIN backup, each with its reason.
import type { Allowance } from '../../../quota/quota.ts'

/** Realms of this server, and of how many a client needs an answer (x-chat.md 7: 3, 3 and 2, as X has them). */
export const REALMS = 3
export const REGISTER_THRESHOLD = 3
export const RECOVER_THRESHOLD = 2
/** Bytes of a realm's id. */
export const REALM_ID_BYTES = 16
/** Bytes of a request: the largest, Register2, has 663 (x-chat-frames.md 4). */
export const REQUEST_BYTES = 2_048
/** Guesses that a client may ask for: with more, a PIN of four digits would be found by trying in one of 100 cases. */
export const GUESSES_MOST = 100
/** The oldest SDK whose requests are these: chat-xdk asks for 0.3 and later. */
export const OLDEST_SDK = { major: 0, minor: 3 }
/** Characters of a version, for what is longer is none. */
export const SDK_VERSION = 32
/** Seconds that a token is good for: fetched before a PIN is typed, used after it. */
export const TOKEN_LIFE = 600
/** Bytes of keys that sign tokens and make subjects: the digest of HS256 is as long. */
export const KEY_BYTES = 32
/** ms after which tokens are signed with a new key, and how many keys are still believed: a token lives ten minutes. */
export const KEY_LIFE = 90 * 24 * 60 * 60 * 1000
export const KEYS_KEPT = 2
/** Requests of one user at one realm: an unlock takes 3, a change of the PIN 5; all 20 guesses of a record 40. */
export const REALM_RATE: Allowance = { limit: 120, window: 60_000 }
/** Requests about one record that wait for each other, so that each sees what the one before it wrote: no more come in. */
export const WAITING_REQUESTS = REALM_RATE.limit
/** ms that the last guess may take from Recover2 to Recover3, if it was right; then the record is emptied. */
export const LAST_GUESS = 60_000
