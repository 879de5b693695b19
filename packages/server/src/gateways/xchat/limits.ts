// Bounds of the X wire, each with its reason. What the whole server shares stands in src/limits.ts.

/** Bytes of a body: the largest message (256 KiB of contents in base64) is 350 KB; X's own limit is not published. */
export const BODY_BYTES = 2 * 1024 * 1024
/** Bytes of a rotation's body: 600 KB for 1,000 members, as wraps stand in it twice. */
export const ROTATION_BYTES = 4 * 1024 * 1024
/** Bytes of bodies, sent or waiting to be read, that one caller and that all callers together may have at a time: fifteen
 * segments side by side, or seven pages of the largest messages. Smaller ones are not counted, so that who fills this keeps
 * nobody from writing messages. */
export const BODIES_OF_ONE = 64 * 1024 * 1024
export const BODIES_IN_ALL = 512 * 1024 * 1024
export const BODY_SMALL = 64 * 1024
/** ms for which a larger answer waits for a reader who takes nothing of it. */
export const ANSWER_STALLED = 60_000
/** Nesting of a body: signatures inside actions inside the body use 5. */
export const BODY_DEPTH = 16
/** Values in a body: a rotation for 10,000 members has 40,000. */
export const BODY_VALUES = 100_000
/** Action signatures of one request: no change needs more than two; more would only be decoded to be refused. */
export const ACTIONS = 8
/** Entries of a `message_signing_key_info_list`, and members that all lists of a request name: each costs a look at a key
 * set. As many as a group has members. */
export const KEY_INFOS = 1_000
/** Characters of a version, a key or a signature as text: a wrap has 152, a key 124, a signature 88. */
export const SHORT_TEXT = 512
/** Characters of an encrypted title or avatar address: 1,024 of plain text, encrypted, in base64. */
export const ENCRYPTED_TEXT = 4_200
/** Bytes of an encrypted title at least: nonce 24 and tag 16 (x-chat.md 5.3). */
export const ENCRYPTED_BYTES = 40
/** Bytes of an invite's token: 128 bits that nobody guesses, and as many more as anybody could want. */
export const TOKEN_BYTES = { least: 16, most: 64 }
/** Characters of an invite's URL. */
export const INVITE_URL = 2_048
/** Bytes of a body around a link or a request to join: an action has 700, its URL 2 KB, the people turned away 2 KB. Who is
 * no member writes into the log here. */
export const INVITE_BYTES = 16 * 1024
/** Ids of groups that one user has initialised and that are remembered: a client creates the group right after. Two that come
 * at once may pass it by one. */
export const INITIALIZED = 1_000
/** ms between two requests to join one group: each makes what is being decided in it be decided again, and those who ask
 * must not hold up those who talk there. */
export const JOIN_REST = 5
/** Characters of a conversation token. Nobody but X's own servers makes one. */
export const CONVERSATION_TOKEN = 4_096
/** Characters of a query parameter. 100 ids of 19 digits have 2,000. */
export const PARAMETER = 4_096
/** Users of one batch read (x-chat.md 3.1). */
export const BATCH = 100
/** Items of one page at most, and where the client does not say (x-chat.md 1.4). */
export const PAGE_MAX = 100
export const PAGE_DEFAULT = 10
/** Characters of encoded events on one page; then it ends early. A page of the largest messages would have 50 MB. */
export const PAGE_CHARACTERS = 8 * 1024 * 1024
/** Events read from the log at a time while a page is filled. */
export const READ_AHEAD = 32
/** The same behind events that this wire does not show, which are small; what follows them may be messages of 350 KB. */
export const READ_FURTHER = 128
/** Rooms whose newest shown event is remembered, to name it in the next one's envelope. */
export const REMEMBERED_ROOMS = 10_000
/** Bytes of a segment's body: 3 MiB in base64 are 4 MiB, and a little around it. */
export const SEGMENT_BODY = 4 * 1024 * 1024 + 16 * 1024
/** Parts of a form, one for each field; more would only be read to be refused. */
export const FORM_FIELDS = 8
/** Headers of a part, and their bytes: three of some hundred are usual. */
export const FORM_HEADERS = { pairs: 16, bytes: 8 * 1024 }
/** ms for reading a form that is in memory already. */
export const FORM_TIME = 2_000
/** Characters of a `media_hash_key` (x-chat.md 3.13). */
export const KEY_TEXT = 50
