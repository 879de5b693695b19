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
/** Users that one user excludes. */
export const EXCLUDED = 10_000

/** Characters of a plain password. Longer texts are refused unread: hashing them is the attacker's wish. */
export const PASSWORD = 1_024
/** Password checks that may wait for the worker: about three seconds of its work, then "busy". */
export const WAITING_PASSWORDS = 128
/** Log-ins of one account from one address that may wait for each other. */
export const WAITING_LOGINS = 1_000

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

/** Bytes of a P-256 key as SPKI: a fixed head of 26 and the uncompressed point of 65. */
export const SPKI = 91
/** Bytes of an ECDSA P-256 signature as r||s. */
export const SIGNATURE = 64
