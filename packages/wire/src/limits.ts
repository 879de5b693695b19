/**
 * Every limit of the wire package with its reason. Byte limits that differ per route are given by the caller; what
 * stands here bounds the shape of the input, so that decoding stays linear in bytes the caller already accepted.
 */

/** Thrift, x-chat.md 4. Deepest thing a server reads: event › detail › group change › change › list › struct (6). */
export const THRIFT_MAX_DEPTH = 16

/** Thrift: elements of one container. The same number as X's own reader; a rotation of the largest group fits. */
export const THRIFT_MAX_ELEMENTS = 10_000

/** Thrift: elements and fields in one blob, all containers together. The same number as X's own reader. */
export const THRIFT_MAX_TOTAL = 100_000

/** Thrift: bytes of one string or binary. Message contents are the largest; X's reader allows 100 MB, no server should. */
export const THRIFT_MAX_STRING = 1 << 20

/** An action's detail, in bytes: a key change for 1,000 members is 210 kB; ten times that is no chat any more. */
export const XCHAT_MAX_DETAIL_BYTES = 4 << 20

/** A message create event, in bytes: 1 MiB of ciphertext and its few fields. Media travel elsewhere. */
export const XCHAT_MAX_MESSAGE_BYTES = THRIFT_MAX_STRING + 1024

/** A message event signature struct, in bytes: 122 as the SDK writes it; the rest is for signing key infos. */
export const XCHAT_MAX_SIGNATURE_BYTES = 64 << 10

/** A whole envelope, in bytes: the largest detail and 64 KiB for the fields around it. */
export const XCHAT_MAX_EVENT_BYTES = XCHAT_MAX_DETAIL_BYTES + (64 << 10)

/** Rocket.Chat, rocketchat.md 6.2: base64 of a 2048-bit RSA ciphertext always has this many characters. */
export const ROCKETCHAT_WRAPPED_CHARS = 344

/** Rocket.Chat: characters of one ciphertext text. 1 MiB of ciphertext in base64, as on X's wire. */
export const ROCKETCHAT_MAX_CIPHERTEXT_CHARS = 4 * Math.ceil((1 << 20) / 3)

/** Rocket.Chat: characters of a key id. A UUID has 36; later schemes may be longer, none is a document. */
export const ROCKETCHAT_MAX_KEY_ID_CHARS = 64

/** X's message id on Rocket.Chat's wire, in characters: clients mint UUIDs (36). */
export const XCHAT_MAX_MESSAGE_ID_CHARS = 128

/** EJSON, rocketchat.md 1.8: nesting of a DDP value. Encrypted messages with attachments use 6. */
export const EJSON_MAX_DEPTH = 32

/** EJSON: bytes of one `$binary`. An upload never travels over DDP, a wrapped private key has about 1,700. */
export const EJSON_MAX_BINARY_BYTES = 1 << 20

/** Nesting of an entry of a chain: access rules use 5, extras of a message are in none. */
export const TRANSPARENCY_MAX_DEPTH = 64
/** Messages of a room among which one that stands twice is looked for, at least: some 100 MB. */
export const TRANSPARENCY_MESSAGES = 500_000
