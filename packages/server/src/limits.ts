// Every bound of the server, each with its reason. What an operator may set stands in config.ts instead.

/** ms between a node's looks at the others (nodes/), after which its lease ends by the database's clock, and for which it may
 * look in vain before it serves nothing by right of its memory: as long as what a lost message left old may be. */
export const NODE_BEAT = 2_000
export const NODE_LEASE = 10_000
export const NODE_UNSURE = 5_000
/** ms of looking in vain after which its sessions end: the others have long taken it for gone. */
export const NODE_OUT = 30_000
/** ms for which a node that comes waits until the others know it, a beat and some: one of them may stand still, or be gone
 * with a lease that goes on. And ms between its looks meanwhile. */
export const NODE_KNOWN = 3_000
export const NODE_KNOWN_LOOK = 20

/** ms between looks for sessions of nodes that are gone, beside those at once; as long as a lost message may go unseen. */
export const LOST_SWEEP = 5_000
/** ms between looks for what another node has written for a job that this one does. */
export const JOB_POLL = 1_000
/** Changes of presence that go into one statement, at some 50 us each; questions and changes of each kind that may wait for
 * theirs, as many as commands may; and ms before a session's end that could not be written down is tried again. */
export const PRESENCE_TOGETHER = 500
export const PRESENCE_WAITING = 10_000
export const PRESENCE_RETRY = 500
/** ms after which a node itself puts out whom a changed channel lets in no longer: by then whoever changed it has done it. */
export const PUT_OUT_ANYHOW = 2_000

/** Takings of quotas that go into one statement, and that may wait for theirs; ms between looks for windows that are over. */
export const QUOTA_TOGETHER = 1_000
export const QUOTA_WAITING = 10_000
export const QUOTA_SWEEP = 60_000

/** A command is decided again this often when it lost a race, then answered with a conflict (design 3). */
export const ATTEMPTS = 5
/** Commands that may wait for a commit, in all: at 40 k/s this is a quarter of a second of work. */
export const WAITING_COMMANDS = 10_000
/** Bytes that may wait for a commit, in all. */
export const WAITING_BYTES = 64 * 1024 * 1024
/** Commands of one session that may wait; beyond it the session is answered "busy" and not read on. */
export const WAITING_PER_SESSION = 256
/** Changes of one user's status that may wait for each other: a person changes it by hand. */
export const WAITING_STATUSES = 64
/** Items in one transaction: bounds how long one commit holds the event loop. */
export const BATCH_ITEMS = 4_096
/** Rooms whose state is kept in memory. */
export const CACHED_ROOMS = 20_000
/** Accounts, key sets and tokens kept in memory, each. */
export const CACHED_ACCOUNTS = 100_000
/** X signing keys kept ready to verify with, at about 1 KB each. */
export const CACHED_SIGNING_KEYS = 10_000

/** Characters of a plain message's text: Dino and Rocket.Chat clients send less; 5,000 is Rocket.Chat's own bound. */
export const MESSAGE_TEXT = 65_536
/** Bytes of an encrypted message's contents (x-chat.md 1.3, CONTENTS_TOO_LARGE). */
export const MESSAGE_CONTENT = 256 * 1024
/** Bytes of what one wire alone shows with a message (unknown Dino fields, Rocket.Chat attachments). */
export const MESSAGE_EXTRA = 32 * 1024
/** Characters of a client-chosen message id. */
export const MESSAGE_ID = 128
/** Reactions of one message, each somebody's with one emoji, at about 12 bytes each: its row is written with each of them. */
export const REACTIONS = 2_000
/** At this number more are refused; what is left is for those that come at once, so that none is taken and not there. */
export const REACTIONS_TAKEN = 1_900
/** Of one user on one message: nobody fills it up for the others. */
export const REACTIONS_EACH = 50
/** Characters of an emoji's name. */
export const EMOJI = 64
/** Users who are told of a thread's replies: as with reactions. */
export const THREAD_FOLLOWERS = 2_000
/** Users whom one message names. */
export const MENTIONED = 100
/** Pinned messages of one room: whoever looks through them pages. Pins that come at once may pass it by a few. */
export const PINNED = 1_000
/** Messages that one user has starred in one room. */
export const STARRED = 10_000
/** Messages that one search of a room looks at, from the newest on: some hundred ms in steps. */
export const SEARCH_SCAN = 50_000
/** ms that a message lasts which goes by itself: X's clients offer minutes to weeks, and beyond a year it stays. */
export const TTL_LEAST = 1_000
export const TTL_MOST = 365 * 24 * 60 * 60 * 1000
/** Messages that are erased together when their time has ended: a few ms of a transaction that others wait for. */
export const EXPIRED_TOGETHER = 100
/** Users whom one whisper names: it is looked for in their names at every reading, and beyond this it is a message. */
export const WHISPERED = 100
/** Characters of a room's or channel's name, title, avatar or topic. */
export const NAME = 1_024
/** Characters of a room's custom fields as JSON: they stand in its state, and go to every member with its document. */
export const CUSTOM_FIELDS = 8_192
/** Types of system messages that a room does not show: Rocket.Chat knows some thirty. */
export const HIDDEN_MESSAGES = 100
/** ACLs on one room or channel. */
export const ACLS = 64
/** ms that a client's key version may be ahead of the server's clock (L2). */
export const VERSION_AHEAD = 10 * 60 * 1000
/** Sanctions kept on one room. */
export const SANCTIONS = 10_000
/** Sanctions kept on one channel: its row is read, and written with each of them, as a whole. */
export const CHANNEL_SANCTIONS = 1_000
/** Characters of the reason of a kick, a ban or a mute: every room and channel row that has it carries it. */
export const REASON = 1_024
/** Sanctions of one channel or one user that wait for each other; more than a moderators' page can send at once. */
export const WAITING_SANCTIONS = 256
/** Who may ask at the same time to be let into a room: each stands in its state, and an admin looks at them one by one. */
export const JOIN_REQUESTS = 100
/** Messages that one event deletes: their ids and sequences are kept in it. */
export const DELETED_TOGETHER = 500
/** Files that go together with deleted messages: two documents are written for each in that transaction. */
export const DELETED_MEDIA = 500
/** Stretches of messages that one user hides from themselves in one room, at about 20 bytes each: a row for every message
 * of a year of daily tidying, and deleting neighbours makes them fewer. Those that come at once may pass it by a few. */
export const HIDDEN_STRETCHES = 10_000
/** Characters of a Rocket.Chat member's wrapped key: prefix of 36 and 344 of base64; other suites may come. */
export const WRAPPED_KEY = 4_096
/** Characters of the id of a Rocket.Chat room's key: 36 since 7.13, 12 before. */
export const KEY_ID = 128
/** Copies of a room's former keys that a member keeps, the newest: as the real server (rocketchat.md 5.7). */
export const OLD_KEYS = 10
/** Members for whom one command brings keys: all of a large room's, at 400 bytes each. */
export const SUGGESTED_TOGETHER = 1_000
/** Registered X keys per user: a few a day for years. */
export const PUBLIC_KEYS = 1_000
/** Temporary rooms that wait for their end at the same time, at about 100 bytes each. */
export const WAITING_ROOMS = 100_000
/** Events on one page. */
export const PAGE = 10_000

/** Segments of one upload (x-chat.md 3.13: 0 to 999), and bytes of one: X's clients cut 3 MiB. */
export const MEDIA_SEGMENTS = 1_000
export const MEDIA_SEGMENT = 3 * 1024 * 1024
/** Bytes that a segment counts for at least in what a user keeps, and so does a file without any: the block of a disk and
 * the record that it takes. */
export const MEDIA_LEAST = 4_096
/** Changes of one user's media that wait for each other: a client sends a few segments side by side. */
export const WAITING_MEDIA = 64
/** Media that one user reads at the same time on one node, an open file each; and ms without a byte taken that end it. */
export const MEDIA_READS = 32
export const MEDIA_STALLED = 60_000
/** ms between looks for media that have run out, and how many are looked at together. */
export const MEDIA_SWEEP = 5_000
export const MEDIA_SWEPT = 100
/** ms after which nobody writes a segment any more of an upload that has ended, or finishes one in a room that has. */
export const MEDIA_GRACE = 300_000

/** Bytes and ms for which a body that is too large is still read, so that its sender gets to the answer. */
export const DRAIN_BYTES = 16 * 1024 * 1024
export const DRAIN_TIME = 2_000

/** Tries of one request to an object store: a busy one says so, and a connection that was kept open may be closed just
 * then; and ms before the second, twice as many before the next. */
export const STORE_TRIES = 3
export const STORE_PAUSE = 200
/** ms without a byte until its answer begins: a put of 3 MiB takes no pauses, over a slow line neither. */
export const STORE_ANSWERING = 30_000
/** ms without a byte of a blob: longer than a reader may take nothing (MEDIA_STALLED), who is cut off first. */
export const STORE_FLOWING = 90_000
/** Bytes that are read of its refusal; the code stands at the beginning. */
export const STORE_REFUSAL = 16 * 1024

/** Events for one destination that are kept in memory at once, and below how many more are read: at 1 KB a quarter of
 * a megabyte, and a read for every two hundred calls. */
export const OUTGOING_WINDOW = 256
export const OUTGOING_LOW = 64
/** ms after an event at which it is tried again: the example of the Standard Webhooks specification. */
export const OUTGOING_AGAIN = [5, 305, 2_105, 9_305, 27_305, 63_305, 113_705, 185_705, 272_105].map(s => s * 1_000)
/** Tries that a destination without an answer is given for one event, before those behind it go first. */
export const OUTGOING_HOLD = 5
/** ms for which a destination without an answer is left alone: doubled each time, and soon enough when it is back. */
export const OUTGOING_REST = { least: 1_000, most: 60_000 }
/** Dead letters that are kept: at 1 KB a hundred megabytes; beyond it the oldest go. */
export const DEAD_LETTERS = 100_000

/** The newest events of a room among which unread messages are looked for: clients show no greater number. */
export const UNREAD_REACH = 1_000
/** Threads of a room, those with the newest replies, among which unread ones are looked for: each costs a look for every member. */
export const THREADS_SEEN = 50
/** Ended memberships that one answer tells of, the newest first; a client that missed more asks for the whole list. */
export const ENDED_MEMBERSHIPS = 1_000

/** ms between a node's looks for what a lost message kept from it: what is answered from memory is no older. */
export const BUS_POLL = 4_000
/** Looks for which a topic is followed that nobody subscribes to: 32 s, in which whoever asked for it comes, or comes back. */
export const BUS_KEPT = 8
/** ms between announcements of the newest events of rooms, and how many follow the last one. */
export const BUS_ANNOUNCED = 1_000
export const BUS_ANNOUNCEMENTS = 5
/** Rooms that are announced at the same time, at about 100 bytes a second each; the others are found by the next look. */
export const BUS_ANNOUNCED_ROOMS = 20_000
/** Rooms in one announcement to those who hear all public rooms. */
export const BUS_HEADS = 1_000
/** ms that an event waits for those before it, which are on their way more often than lost, until the store is asked; and
 * ms between tries where it does not answer. */
export const BUS_GAP = 30
export const BUS_AGAIN = 500
/** Events of a room that wait for one before them; what comes beyond is read from the store. And other messages that wait
 * for an event, which are fleeting. */
export const BUS_WAITING = 1_000
export const BUS_HELD = 1_000
/** Events that are read together to fill a gap. */
export const BUS_PAGE = 500
/** Rooms whose newest events are asked for in one statement. */
export const BUS_ROOMS = 20_000
/** Changes that are read together from the feed. */
export const BUS_CHANGES = 1_000
/** What was told lately of users and of lists of rooms, so that the feed does not tell it again. */
export const BUS_TOLD = 50_000
/** Rooms of which whoever hears all public rooms remembers the newest message. */
export const BUS_PUBLIC_ROOMS = 20_000
/** Bytes of one message between nodes: NATS takes a megabyte. An event that is larger is read from the store. */
export const BUS_MESSAGE = 512 * 1024

/** ms of taking what clients send before everybody is written to again: a message of somebody who sends few waits for one
 * slice. Measured: a thousand messages are some 15 ms. */
export const INTAKE_SLICE = 20
/** Messages of one socket in one turn: a client that does not wait for answers has some tens under way. */
export const INTAKE_EACH = 128
/** Messages of those who wait for the first time before one of those who have more. */
export const INTAKE_FRESH = 4
/** Seconds running in which a client may send more than `limits.flood` and be refused what is too much; then it is closed.
 * Who comes back after an outage may have much to say once. */
export const FLOOD_STRIKES = 3
/** Times `limits.flood` in one second for which it is closed at once: of that many refusals nobody makes anything. */
export const FLOOD_GROSS = 5
/** Messages of a client whose connection is being closed, after which it is not read on: it may not have heard of it yet. */
export const LATE_MESSAGES = 64
/** Bytes of a frame, or of a request that polls, of somebody who has not logged in: a log-in has some hundred, and nothing
 * but this bounds what strangers let lie here half sent. */
export const STRANGER_FRAME = 16 * 1024
/** ms for the head of a request, or for the first byte of a connection; and ms between looks. A browser that connects ahead
 * of time, and says nothing in time, connects again. */
export const HEAD_ARRIVES = 20_000
export const HEAD_LOOK = 5_000
/** ms between looks at what all clients of a wire hold: bytes that they do not read, and frames half sent. */
export const HELD_LOOK = 1_000
/** Bytes of those, of all clients of one wire; beyond it those who hold most are closed. A room of 10,000 whose readers are
 * all one large message behind fits. */
export const HELD_IN_ALL = 512 * 1024 * 1024

/** Bytes of a body, and characters of a parameter in a path, that go past the framework: what is sent all the time is a message of
 * some hundred bytes; what is larger is counted while it is held, and no id is longer. */
export const STRAIGHT_BYTES = 64 * 1024
export const STRAIGHT_PARAMETER = 64
