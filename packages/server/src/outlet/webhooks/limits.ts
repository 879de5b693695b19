// Bounds of webhook calls, each with its reason.

/** Calls to one webhook at the same time: four times what one connection does, and little for whoever answers them. */
export const CALLS = 16
/** Bytes of an answer that are read, to use its connection again; what is longer costs a new connection. */
export const ANSWER_BYTES = 16 * 1024
/** ms that the rest of an answer has for that; the answer counts already. */
export const ANSWER_REST = 1_000
/** ms that a webhook may ask for with `Retry-After`. */
export const RETRY_AFTER = 60 * 60 * 1000
