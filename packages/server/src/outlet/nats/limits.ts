// Bounds of what is brought to NATS, each with its reason.

/** Events on their way to one stream at the same time, rooms in order: an answer takes a sync and a round trip, and so many
 * are written together. */
export const PUBLISHED = 64
/** For a stream that is made here: as long JetStream tells a repetition by its id, in ns. Longer than a NATS server is away
 * that restarts; what is tried again later is told by the id too, but by whoever reads it. */
export const REMEMBERED = 600_000_000_000
/** And so long it keeps events, in ns: two weeks for a reader that is away. */
export const KEPT = 14 * 24 * 3_600_000_000_000
/** ms in which a server lets a client in: it takes two round trips. A stop of ours waits as long for one that does not. */
export const CONNECTING = 3_000
