// Bounds of the Rocket.Chat wire, each with its reason. What the whole server shares stands in ../../limits.ts.

/** Bytes of one DDP frame or REST body: the longest encrypted message (256 KiB, in base64 and JSON) several times over. */
export const FRAME_BYTES = 2 * 1024 * 1024
/** The same of a route that anybody may call: a log-in has some hundred, and nothing but this bounds what strangers' bodies
 * hold while they are collected. */
export const OPEN_BYTES = 16 * 1024
/** Objects and lists inside each other; EJSON's own bound is 32, the packet around it adds a few. */
export const FRAME_DEPTH = 40
/** Values in one frame: 1,000 usernames for a new room and what is around them, with much room. */
export const FRAME_VALUES = 20_000
/** Messages in one frame of SockJS: its clients put each into a frame of its own, and what waited for the opening together. */
export const SOCKJS_MESSAGES = 128
/** ms between heartbeats to SockJS's clients, as its own server. */
export const SOCKJS_HEARTBEAT_INTERVAL = 25_000
/** ms that a closing socket has for its closing handshake; the library's 30 s keep dead peers in memory. */
export const CLOSE_TIMEOUT = 3_000

/** ms between looks at all connections: one timer serves them. */
export const HEARTBEAT_INTERVAL = 5_000
/** Looks within the shortest time that is looked for. */
export const HEARTBEATS = 4

/** Requests of one connection that wait for their turn before it is not read on. */
export const WAITING_REQUESTS = 64
/** Requests that one chunk of a socket may still bring after that; more are answered "too many requests". */
export const WAITING_REQUESTS_MOST = 1_024
/** Messages of one connection that wait for their commit together: half of what the engine takes of a session. */
export const MESSAGES_TOGETHER = 128
/** ms between looks whether a socket that is not read on may be read again. */
export const RESUME_INTERVAL = 20
/** ms in which `limits.flood` requests a second are counted. */
export const FLOOD_WINDOW = 1_000

/** Subscriptions of one connection: real clients have about 40, and a few for each room that is open. */
export const SUBSCRIPTIONS = 1_000
/** Characters of the id of a request, and of the name of a method or publication. */
export const REQUEST_ID = 256
/** Characters of the name of a stream's event: a room id, a user id and a word. */
export const EVENT_NAME = 256
/** Characters of ids and names in arguments. */
export const ID_TEXT = 256
/** Users named in one request. */
export const USERS = 1_000
/** Bytes of what a stream method relays: key requests and typing are some words. */
export const SIGNAL_BYTES = 4_096

/** ms for which a token lives that a log-in over this wire makes: 90 days, as the real server's. */
export const TOKEN_LIFETIME = 90 * 24 * 60 * 60 * 1000
/** Characters of what users say of themselves, as the real server bounds them. */
export const BIO = 260
export const NICKNAME = 120
export const STATUS_TEXT = 120
/** Characters of a password; identity/limits.ts has the same. */
export const PASSWORD_TEXT = 1_024
/** Custom fields of one user, and characters of all of them as JSON: their row is read whole. */
export const CUSTOM_FIELDS = 100
export const CUSTOM_FIELDS_BYTES = 16_384
/** Characters of one preference, and of all of a user's as JSON. */
export const PREFERENCE_TEXT = 1_024
export const PREFERENCE_BYTES = 16_384
/** Roles that administrators have made: all are in memory, and in every client's. */
export const CUSTOM_ROLES = 200
/** Rooms of one user that are shown before others have their turn: some tens of ms of the event loop. */
export const ROOMS_TOGETHER = 250
/** Accounts that may have changed before everybody is looked through anew for who has roles. */
export const CHANGED_HOLDERS = 1_000
/** Accounts read at a time where everybody is looked through: a few ms of the event loop. */
export const ACCOUNTS_TOGETHER = 500
/** Rooms that one newcomer is put into. */
export const DEFAULT_ROOMS = 100
/** Bytes of a user's picture: it lies in one row and is sent as it came. Clients send some tens of thousands. */
export const AVATAR_BYTES = 1024 * 1024
/** Characters of a query, a sort or a field list in a URL, and terms of one query. */
export const QUERY_TEXT = 4_096
export const QUERY_TERMS = 20
/** Accounts that strangers make in a minute from one address, as the real server bounds them. */
export const REGISTRATIONS = 10
/** Users that `users.presence` tells of at once; clients ask for those whom they show. */
export const PRESENT_USERS = 5_000
/** Users that a completion offers, and members of one's rooms that are looked through for it. */
export const COMPLETED_USERS = 10
export const COMPLETION_MEMBERS = 5_000
/** Numbers tried behind a name that is taken. */
export const SUGGESTIONS = 20
/** Characters of the name of a role; identity/limits.ts has the same. */
export const ROLE_NAME = 100
/** Personal access tokens of one user: each is a program of theirs. */
export const PERSONAL_TOKENS = 100
/** ms for which one code of a time-based second factor stands (RFC 6238), and how many before and after are taken: clocks
 * of phones go wrong by some seconds. */
export const TOTP_STEP = 30_000
export const TOTP_WINDOW = 1
/** ms between looks for proofs of a second factor whose time has ended. */
export const PROOFS_INTERVAL = 10 * 60 * 1000
/** Phones of one user that are kept; older ones go. */
export const PUSH_TOKENS = 20
/** Codes for who has lost their phone, each good once. */
export const BACKUP_CODES = 12
/** ms between the answer to a logout and the end of the socket. */
export const LOGOUT_DELAY = 20
/** ms that the time of a message may be off (rocketchat.md 5.8). */
export const CLOCK_SKEW = 60_000

/** Messages of one history answer at most. */
export const HISTORY = 100
/** Events looked through for one history answer: control events that show nothing lie between messages. */
export const HISTORY_SCAN = 2_000
/** Rooms named in one request about keys: clients look at ten of theirs at a time. */
export const KEY_ROOMS = 1_000
/** Former keys sent for one user: the newest OLD_KEYS of them are kept, and other servers may have kept more. */
export const SENT_OLD_KEYS = 100
/** Events looked through when a client asks what has changed since; one that was away for longer loads the room anew. */
export const SYNC_SCAN = 2_000
/** Unread messages that are counted beyond those of a history answer: clients show no more than `999+`. */
export const UNREAD_COUNTED = 1_000
/** Addresses in one message that are told apart from its text. */
export const MESSAGE_URLS = 50
/** Messages that one quotes by links: each is read when it is shown. */
export const QUOTES = 5
/** Channels that one message names. */
export const MESSAGE_CHANNELS = 10
/** Rooms that one `chat.postMessage` goes to. */
export const POSTED_ROOMS = 50
/** Messages that one `getMessages` names. */
export const MESSAGES_NAMED = 100
/** Characters of what is searched for. */
export const SEARCH_TEXT = 512
/** Users in `usersWaitingForE2EKeys`, as the real server keeps (rocketchat.md 5.6). */
export const WAITING_USERS = 50
/** Members without a key whose key pairs are looked up for that list. */
export const WAITING_LOOKUPS = 1_000
/** ms in which changes of a room that messages cause are told once, at least. */
export const NOTICE_DELAY = 100

/** Changed settings or permissions read at once when the server starts. */
export const OVERRIDES = 500
/** Items of one list answer where the client names no number, and at most (the settings `API_Default_Count` and
 * `API_Upper_Count_Limit` narrow it). */
export const PAGE_DEFAULT = 50
export const PAGE_MOST = 1_000
/** Users in `mentionIds`: the store is asked once for each. */
export const MENTION_IDS = 10
/** Users whose presence one connection watches: clients watch those whom they show. */
export const WATCHED_USERS = 1_000
/** ms in which changes of presence are gathered. */
export const PRESENCE_DELAY = 200
/** Users who are told of together to those who watch them. */
export const PRESENCES_TOGETHER = 500
/** Deliveries of `user-status` in that time, which goes to everybody: when thousands come back at once, each would be told of
 * thousands. The others are told of later; whoever watches somebody hears of them at once. */
export const PRESENCE_DELIVERIES = 10_000

/** Codes that one user may try at one room: as many as log-ins with a password. */
export const JOIN_CODE_TRIES = { limit: 20, window: 60_000 } as const
/** Characters of a code for joining a room: a password's. */
export const JOIN_CODE = 256
/** Characters of what a list is filtered by. */
export const FILTER = 256
/** Members of a room whose statuses are asked for to sort and filter one list of them. */
export const LISTED_MEMBERS = 10_000
/** Rooms that one completion of a name offers, as the real server. */
export const COMPLETIONS = 10
/** Rooms and users that one look-up while typing shows, as the real server. */
export const SPOTLIGHT = 5
/** ms that each member who listens adds to it: to tell two thousand of a counter takes the server some tens of ms. */
export const NOTICE_PER_FOLLOWER = 0.5
/** Members who are told in one turn of the event loop. */
export const NOTICE_PORTION = 100
/** From so many who listen on, joining and leaving is told once for all of a moment. */
export const CROWD = 100
/** ms for which requests hold the event loop before sockets are read and written again: a message waits a few of them. */
export const SLICE = 5
/** Requests of those who are here before one of those who arrive. */
export const ARRIVALS = 4
/** Characters of a file's name: what file systems take, so that it can be saved under it. */
export const FILE_NAME = 255
/** Bytes that are collected of a file before they are written: each upload holds so much, and a file has at most
 * MEDIA_SEGMENTS of them. */
export const FILE_SEGMENT = 1024 * 1024
/** Parts of a form with a file beside it, bytes of one, characters of its name: clients send some five, of which the text
 * is the longest. */
export const FORM_FIELDS = { count: 20, bytes: 256 * 1024, name: 100 }
/** Bytes of a form around its file. */
export const FORM_AROUND = 1024 * 1024
/** Headers of one part. */
export const PART_HEADERS = { pairs: 10, bytes: 4 * 1024 }
/** ms without a byte of a form, or after its last one without an end, that end it. */
export const FORM_STALLED = 30_000
export const FORM_ENDING = 5_000
/** Uploads that run at the same time on one node, about two segments of each in memory; and those of one user, who would
 * keep the others away. */
export const UPLOADS = 100
export const UPLOADS_EACH = 10
/** ms for which a file waits for the message that it goes with, as on the real server. */
export const FILE_WAITS = 24 * 60 * 60 * 1000
/** Messages with files that are looked through for a list which is filtered. */
export const FILES_SCAN = 2_000
/** Messages of one moment that are notified of, the newest: nobody reads more of them as they pop up. */
export const MOMENT_NOTIFICATIONS = 10
/** Messages of one moment that name somebody and are counted for every listener; with more the store counts. */
export const MOMENT_MENTIONS = 64
/** Members of a room that is told up to when all have read it: each reading looks at every member. */
export const READ_BY_ALL = 100

/** Incoming webhooks of the server and of one user: a list of them is one answer. */
export const INTEGRATIONS = 1_000
export const INTEGRATIONS_EACH = 100
/** Rooms that one of them posts to with one call. */
export const HOOK_TARGETS = 20
/** Bytes of its secret: nobody guesses it, so wrong ones are not counted. */
export const HOOK_SECRET = 24
/** Calls of one of them: other programs post as things happen, and one that runs wild fills a room. */
export const HOOK_CALLS = { limit: 100, window: 10_000 } as const
/** Discussions of a room that lists look through: the newest. */
export const DISCUSSIONS = 1_000
/** Links of a room that are good: each member who may make some has at most one of each kind. */
export const INVITES = 500
/** Bytes of a link's id, and of the secret that nobody guesses (128 bits and a few). */
export const INVITE_ID_BYTES = 12
export const INVITE_SECRET_BYTES = 18
/** Times that the use of a link is tried again that another node's use came before. */
export const INVITE_RETRIES = 10
/** ms. */
export const DAY = 24 * 60 * 60 * 1_000
/** Users who are put into a room by one event when everybody is. */
export const ADDED_TOGETHER = 200
/** Users whom one look into the directory sorts. */
export const DIRECTORY_USERS = 10_000
/** Threads of a room of which it is kept up to where one member has read them; older ones are then unread again when
 * somebody replies, and no sooner. */
export const THREADS_KEPT = 100
/** Users whom one member of a room ignores. */
export const IGNORED = 1_000
/** Users of a direct room, whatever the setting says: each is named in each other's list. */
export const DIRECT_USERS = 100
/** Rooms of a team, and teams, that one list looks through. */
export const TEAM_ROOMS = 1_000
