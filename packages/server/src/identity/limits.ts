// Bounds of identities, each with its reason. What the whole server shares stands in ../limits.ts.

/** Characters of a username. Rocket.Chat's and Dino's own clients cut far below. */
export const USERNAME = 120
/** Characters of an e-mail address (RFC 5321: 254 is the longest that can be delivered to). */
export const EMAIL = 254
/** Characters of a shown name. */
export const SHOWN_NAME = 255
/** Attributes of one user; Dino's own hash holds 25. */
export const ATTRIBUTES = 100
/** Characters of an attribute's name and of its value (avatars are links). */
export const ATTRIBUTE_NAME = 100
export const ATTRIBUTE_VALUE = 2_048
/** Roles of one user that only Rocket.Chat's wire knows, and characters of the name of one. */
export const WIRE_ROLES = 100
export const ROLE_NAME = 100
/** Users that one user excludes. */
export const EXCLUDED = 10_000

/** Characters of a plain password. Longer texts are refused unread: hashing them is the attacker's wish. */
export const PASSWORD = 1_024
/** Password checks that may wait for the worker: about three seconds of its work, then "busy". */
export const WAITING_PASSWORDS = 128
/** Changes of one account by its user that may stand in line: with the rests two seconds of waiting. */
export const WAITING_CHANGES = 64
/** ms after such a change in which the next one waits: a decision that names the account's version is made again five
 * times at most, and takes a few ms each time. */
export const OWN_CHANGE_REST = 25
/** Log-ins of one account from one address that may stand in line: a load test's thousand sockets of one user fit. */
export const WAITING_LOGINS = 2_000
/** Characters of a log-in's name that count: longer ones share one count. */
export const LOGIN_NAME = 256
/** Failed log-ins a minute and address that name no account, by a token alone: guessing 256 bits this way is idle,
 * and a fleet with outdated tokens behind one proxy must not lock out its neighbours. */
export const FAILED_RESUMES = 1_000
/** Parameters of argon2id as OWASP recommends them: 19 MiB, two passes, one lane; about 20 ms on the machine that
 * we measured (decisions/0002). */
export const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Random bytes of a fresh token: 256 bits cannot be guessed. */
export const TOKEN_BYTES = 32
/** Characters of a token's text, also of one that a world brings. */
export const TOKEN_TEXT = 1_024
/** Hex digits of a token's hash that name it in lists and logs: 64 bits, not enough to find the hash again. */
export const TOKEN_ID = 16

/** Characters of a Rocket.Chat public key: a 4096-bit RSA key as JWK text has 800. */
export const PUBLIC_KEY_TEXT = 4_096
/** Characters of a wrapped private key: a 4096-bit RSA key as JWK text, encrypted and in base64, has 4,500. */
export const PRIVATE_KEY_TEXT = 16_384
