// Bounds of live delivery, each with its reason.

/** Characters of a subscription's tag (x-chat.md 3.15). */
export const TAG = 200
/** Characters of a filter's keyword. X publishes none; the sources that know keywords are not here. */
export const KEYWORD = 200
/** Subscriptions of one page, and of one `DELETE ?ids=` (x-chat.md 3.15). */
export const SUBSCRIPTIONS_PAGE = 1_000
export const SUBSCRIPTIONS_DROPPED = 100
/** Minutes of `backfill_minutes`, and ms that `start_time` may lie back: as far as a webhook is tried again, nearly. */
export const BACKFILL_MINUTES = 5
export const BACKFILL = 24 * 60 * 60 * 1000
/** Bytes that a stream holds for a reader who does not read: some of the largest lines (a message of 350 KB with the key
 * change of 1,000 members, 200 KB), and little for 1,000 streams. Beyond it the stream is cut. */
export const STREAM_BYTES = 8 * 1024 * 1024
/** Bytes from which on what is read from the logs waits for the reader. */
export const STREAM_LOW = 256 * 1024
/** ms for which it waits before the reader counts as gone. */
export const STREAM_PATIENCE = 60_000
/** Deliveries that wait to be encoded, on all streams; beyond it every stream that waits is cut, to come back and read the log. */
export const LIVE_WAITING = 20_000
/** Events that are read from a log at a time. */
export const LOG_PAGE = 100
/** Characters of encoded payloads and key changes that are remembered, so that many who are told of one event cost one. */
export const ENCODED_CHARACTERS = 16 * 1024 * 1024
/** ms for which a user's consent to an app is believed without a look; its end is heard of at once. */
export const CONSENT = 60_000
/** Consents that are remembered. */
export const CONSENTS = 10_000

/** Characters of a webhook's address (x-chat.md 3.16). */
export const WEBHOOK_URL = 200
/** Webhooks of one app: X's largest tier has 10 and no app here needs more than one for each deployment. */
export const WEBHOOKS = 10
/** Changes of one app's webhooks that wait for each other: the challenges of a minute and failed deliveries make few. */
export const WEBHOOK_CHANGES = 1_000
/** Challenges (CRC) that one app may cause in a minute: each is a call to an address that it chose. */
export const CHALLENGES = { limit: 60, window: 60_000 }
/** Random bytes of a challenge. */
export const CHALLENGE_BYTES = 24
/** Events that one webhook is told at the same time. */
export const WEBHOOK_WIDTH = 8
/** Events that may wait for one webhook, at 200 bytes each. What is lost beyond it can be replayed from the logs. */
export const WEBHOOK_WAITING = 10_000
/** ms for which an event is tried again (x-chat.md 3.16). */
export const WEBHOOK_PATIENCE = 28 * 60 * 60 * 1000

/** ms that a replay may span. */
export const REPLAY = 24 * 60 * 60 * 1000
/** ms until a replay looks again whether its webhook has taken what waits. */
export const REPLAY_PAUSE = 1_000
/** Places among what waits for a webhook that a replay leaves to what happens now. */
export const REPLAY_LEAVES = WEBHOOK_WAITING / 2
/** Replays that are looked at together. */
export const REPLAYS_DUE = 16
