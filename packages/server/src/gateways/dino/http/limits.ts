// Bounds of the HTTP API, each with its reason.

/** Bytes of a request's body: a thousand bans with their reasons. */
export const BODY_BYTES = 1024 * 1024
/** Lists inside objects inside a list is the most that a route takes. */
export const BODY_DEPTH = 6
/** Values in one body: a thousand users with six fields each. */
export const BODY_VALUES = 16_384
/** Users or rooms named in one call. */
export const NAMED = 1_000
/** Characters of a base64 text in a call: twice the longest message. */
export const BASE64_TEXT = 262_144
/** Characters of an id, a name, a type or a time. */
export const SHORT_TEXT = 4_096
/** ms of history where a call names no time. */
export const HISTORY_SPAN = 7 * 24 * 3_600_000
/** ms of history where a call names one end alone. */
export const HISTORY_END = 3_600_000
/** Messages of an answer with history. */
export const HISTORY_MESSAGES = 10_000
/** Messages of `latest-history` that names no number. */
export const LATEST_MESSAGES = 100
/** ms without a beat after which a user who is kept online by heartbeats is gone (dino.md section 8). */
export const HEARTBEAT = 300_000
/** ms between looks for those (dino.md section 8). */
export const HEARTBEAT_INTERVAL = 20_000
/** Users kept online by heartbeats at the same time; a small session each. */
export const HEARTBEATS = 100_000
/** ms after which joins that were counted are written. */
export const JOINS_WRITTEN = 5_000
