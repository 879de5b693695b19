// Bounds of the log-in of apps, each with its reason.
import type { Allowance } from '../../../quota/quota.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

/** ms that an access token lives, as on X. */
export const ACCESS = 7_200 * SECOND
/** ms that a refresh token lives that is not used, as on X: half a year. */
export const REFRESH = 180 * DAY
/** ms that a code waits: somebody without a browser on the same machine carries it over by hand. */
export const CODE = 2 * MINUTE
/** Access tokens of one log-in that are good at the same time; of more the oldest ends. Refreshing early is no way to many. */
export const ACCESS_TOKENS = 5
/** Log-ins of one user that apps hold; of more the oldest ends. Every device of somebody with many fits. */
export const GRANTS = 100
/** Log-ins that a job looks at in one step. */
export const DUE = 500
/** ms between looks for log-ins that are over. */
export const SWEEP = 60 * MINUTE

/** Random bytes of a log-in's name and of each secret: 128 bits do not meet, 256 cannot be guessed. */
export const KEY_BYTES = 16
export const SECRET_BYTES = 32

/** Bytes of a form: a code, a verifier and a redirect have 2,500. */
export const FORM_BYTES = 16 * 1024
/** Fields of a form or a query: an authorization request has seven. */
export const FIELDS = 32
/** Characters of what an app sends along and gets back; X: 500. */
export const STATE = 2_048
/** Characters of a list of scopes; all that X has are 300. */
export const SCOPES = 2_048

/** Pages shown and forms taken, per address: an office stands behind one. A form costs a password check of 20 ms at most,
 * and wrong ones are counted per account besides. */
export const PAGES: Allowance = { limit: 600, window: MINUTE }
export const SIGN_INS: Allowance = { limit: 300, window: MINUTE }
/** Calls of the token routes per address; many users of one service stand behind one. */
export const TOKEN_CALLS: Allowance = { limit: 600, window: MINUTE }
/** Calls of one app from one address that may stand in line: each is a look at one row. */
export const WAITING_CLIENTS = 1_000
