// Bounds of the Dino wire, each with its reason. What the whole server shares stands in ../../limits.ts.

/** Bytes of one Socket.IO packet: the longest message as base64 (262,144) or an encrypted one (about 700,000), twice over. */
export const PACKET_BYTES = 2 * 1024 * 1024
/** Objects and lists inside each other in one activity. Real clients use 4. */
export const ACTIVITY_DEPTH = 12
/** Values in one activity, at every depth: 500 attachments (the most that `received` takes) of four fields. */
export const ACTIVITY_VALUES = 4_096
/** Characters of all texts and keys of one activity: whatever fits into a packet of ASCII. */
export const ACTIVITY_CHARS = PACKET_BYTES
/** Characters of an id, a name or a type as an error text repeats it. */
export const ECHO = 200

/** Requests of one socket that wait for their turn before it is not read on. */
export const WAITING_REQUESTS = 64
/** Requests that one chunk of a socket may still bring after that; more are answered "busy". */
export const WAITING_REQUESTS_MOST = 1_024
/** Pings and connects to namespaces of one connection in that many ms: real clients have three in a minute, and a few
 * more where log-ins fail and are tried again. */
export const ANSWERED = 64
export const ANSWERED_WINDOW = 10_000
/** ms between looks at every connection, whether it is to be pinged or has not answered: so late a ping may be. */
export const SWEEP = 1_000
/** ms between looks whether a socket that is not read on may be read again. */
export const RESUME_INTERVAL = 20
/** Looks at connections within the time that they may stay without a log-in. */
export const STRANGERS_LOOKS = 4
/** ms that a closing socket has for its closing handshake; the library's 30 s keep dead peers in memory. */
export const CLOSE_TIMEOUT = 3_000
/** ms in which `limits.flood` requests a second are counted. */
export const FLOOD_WINDOW = 1_000

/** ms after which a failed log-in is disconnected: the answer should arrive before (dino.md 0, item 9). */
export const FAILED_LOGIN_DELAY = 1_000
/** Frames kept for a session that is just entering a room; a join takes a few ms. */
export const ENTERING_FRAMES = 1_024
/** ms for which the list of plain rooms is kept: channel types and auto-join look at every room. */
export const DIRECTORY_AGE = 1_000
/** ms for which the words that are not let through are kept. */
export const WORDS_AGE = 5_000
/** Authors' details beside a message in a history (dino.md section 4, history). */
export const AUTHOR_ATTRIBUTES = ['gender', 'avatar', 'app_avatar', 'app_avatar_safe'] as const

/** Messages of one `received`, `read` or `msg_status` (dino.md section 4). */
export const NAMED_MESSAGES = 500
/** Messages in which a `read` looks for the first unread one: twice those that it can name, the user's own between. */
export const READ_REACH = 2 * NAMED_MESSAGES
/** Un-acked messages of a log-in: as many as one `received` takes. */
export const UNACKED = NAMED_MESSAGES
/** Characters of their contents: anybody may write to anybody, and the answer of a log-in is one packet. */
export const UNACKED_CHARS = PACKET_BYTES

/** Characters of the names that the embedding site is asked about (dino.md section 10). */
export const WHISPER_NAME = { least: 3, most: 20 }
/** ms for which its answer is kept (dino.md section 10), and how many of them, at about 200 bytes each. */
export const WHISPER_VERDICT_AGE = 10 * 60 * 1_000
export const WHISPER_VERDICTS = 10_000
/** Calls to it at the same time, of all users. */
export const WHISPER_CALLS = 64
/** Bytes of its answer; a real one has about 100. */
export const WHISPER_ANSWER = 16 * 1024
/** Owners that `create` names beside the room's maker: each is looked up, and told. */
export const NAMED_OWNERS = 100
/** Times that a place among the rooms of one owner is tried for: as many sessions as may want one in the same moment. */
export const SLOT_ATTEMPTS = 32
/** Messages that one `delete` of a whole room takes away, the newest: the commits of a second or two. */
export const DELETED_AT_ONCE = 10_000
/** Details that a user says of themselves, and the characters of all their names and values: twice as many as Dino's own
 * hash holds, and little enough for a list of a thousand such users to be sent to everybody who enters their room. */
export const SAID = 50
export const SAID_CHARS = 4_096

/** Accounts of one page where all are looked through, and those that may have changed since before all are again. */
export const ACCOUNTS_LOOKED_AT = 1_000
export const CHANGED_ACCOUNTS = 10_000
/** ms that another node has to take a session into a room, and between looks whether it did. */
export const ELSEWHERE_TIME = 3_000
export const ELSEWHERE_AGAIN = 50

/** ms before a changed channel that could not be read is read again: until then whoever it bans listens on. */
export const REVIEW_AGAIN = 500
