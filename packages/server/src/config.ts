// The configuration: one schema with a default and a sentence per field (design 5). It is read from a JSON file
// (CONCLAVE_CONFIG) and from the environment, which wins. A field `dino.kickBan` is CONCLAVE_DINO_KICK_BAN there:
// the path in capitals, words parted by underscores. Lists and objects are JSON; lists of words may be parted by commas.
// A variable that is empty counts as not set; one for a whole group comes before those for its fields.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { z } from 'zod'
import { natsPlaceOf } from './nats-place.ts'
import { s3PlaceOf } from './s3-place.ts'

const seconds = z.number().int().min(0).max(315_360_000)
const flag = (value: boolean, sentence: string) => z.boolean().default(value).describe(sentence)

const dino = z.strictObject({
  history: z
    .strictObject({
      type: z
        .enum(['top', 'unread'])
        .default('top')
        .describe('What a history answer holds: the newest messages (top), or those since the last one read (unread).'),
      limit: z.number().int().min(1).max(10_000).default(50).describe('Most messages of a history answer.'),
    })
    .default({ type: 'top', limit: 50 })
    .describe('What a history answer holds: the newest messages (top) or those since the last one read (unread).'),
  deliveryGuarantee: flag(true, 'Acks of private messages are kept per message and receiver.'),
  senderCanDelete: flag(true, 'A sender may delete their own messages.'),
  autojoin: flag(true, 'Users are put into the rooms whose autojoin rules they meet when they log in.'),
  validateMutes: flag(true, 'A muted user cannot send.'),
  validateWhispers: flag(false, 'Whispers in a text are checked before they are sent.'),
  whisperCheck: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
        .refine(hasNoCredentials, { error: 'must not hold a user name or a password' })
        .describe('Address that is asked, by JSON-RPC (whisper.validate), whether somebody may whisper to somebody.'),
      key: z.string().min(1).max(1_024).describe('What each call is signed with: X-RPC-SIGN = md5(key + body).'),
      timeout: z.number().int().min(100).max(30_000).default(2_000).describe('Milliseconds for the answer of a call.'),
    })
    .nullable()
    .default(null)
    .describe('Who is asked about each whisper in a text with validateWhispers; absent nobody.'),
  limitAmount: z
    .strictObject({ maxRooms: z.number().int().min(1).describe('Most temporary rooms of one owner.') })
    .nullable()
    .default(null)
    .describe('Most temporary rooms of one owner.'),
  limitLength: z
    .strictObject({
      min: z.number().int().min(1).describe('Least characters of the name of a room.'),
      max: z.number().int().max(1_024).describe('Most characters of the name of a room.'),
    })
    .refine(({ min, max }) => min <= max, { error: 'min is more than max' })
    .default({ min: 3, max: 120 })
    .describe('Characters of a name that a client gives to a room.'),
  limitMessageLength: z
    .strictObject({ max: z.number().int().min(1).describe('Most characters of a message.') })
    .nullable()
    .default(null)
    .describe('Most characters of a message.'),
  notFull: z
    .strictObject({
      maxUsersLow: z.number().int().min(0).describe('Below so many users a room is never full.'),
      maxUsersHigh: z.number().int().min(0).describe('Beyond so many users it is full.'),
      exception: z.array(z.string()).default([]).describe('Memberships for which that counts.'),
    })
    .refine(({ maxUsersLow, maxUsersHigh }) => maxUsersLow <= maxUsersHigh, {
      error: 'maxUsersLow is more than maxUsersHigh',
    })
    .nullable()
    .default(null)
    .describe('When a room is full; absent never.'),
  noEmpty: flag(true, 'A blank message is refused.'),
  anonymous: z
    .number()
    .min(0.1)
    .max(86_400)
    .default(600)
    .describe('Seconds that a connection may stay on which nobody logs in.'),
  singleSession: flag(false, 'A new log-in closes the earlier session of the user.'),
  polling: flag(
    true,
    'Clients may poll instead of using a WebSocket; with several nodes this needs peers.address and peers.secret.',
  ),
  invisibleUnrestricted: flag(true, 'Anybody may be invisible, not only operators.'),
  disconnectOnFailedLogin: flag(true, 'A failed log-in is disconnected.'),
  delayedRemoval: flag(false, 'An empty temporary room is removed after a while instead of at once.'),
  emitResponses: flag(true, 'Answers come as gn_ events too, not only as acks.'),
  kickBan: seconds.default(0).describe('Seconds for which a kicked user is banned from the room.'),
  deleteOnBan: flag(false, 'A ban deletes the messages of the banned user.'),
  loginCodes: z
    .enum(['recorded', 'seed'])
    .default('recorded')
    .describe('Codes of a failed log-in: 705 as recorded, or 712 and 713 as in the seed.'),
  userConnected: flag(false, 'gn_user_connected is sent when the first session of a user appears.'),
  http: z
    .strictObject({
      auth: z
        .enum(['token', 'none on loopback'])
        .default('token')
        .describe(
          'Who may call the HTTP API: a service token or that of a superuser, or also programs of this machine without one.',
        ),
    })
    .default({ auth: 'token' })
    .describe('Who may call the HTTP API.'),
  trustNames: flag(false, 'A displayName at log-in may be the name of another user.'),
  trustInfo: flag(false, 'What users say of themselves (update_user_info) counts for access rules.'),
  acl: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('File with the types and actions of access rules, as YAML or JSON; absent the built-in ones.'),
})

/** What the embedding site may be told of (dino.md section 13). `create`, `mute` and `unmute` are ours; `spam` is never
 * told, for nothing here looks for it, but a list that names it is no mistake. */
export const VERBS = [
  'login',
  'join',
  'send',
  'ended',
  'disconnect',
  'online',
  'offline',
  'invisible',
  'away',
  'back',
  'visible',
  'kick',
  'ban',
  'unban',
  'mute',
  'unmute',
  'blacklisted',
  'spam',
  'report',
  'create',
  'rename',
  'remove',
  'restart',
] as const
export type Verb = (typeof VERBS)[number]

/** Bytes of a secret (Standard Webhooks, "Signature scheme"). */
const SECRET_BYTES = { least: 24, most: 64 }
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The key of a `whsec_…`; undefined for what is none. */
export function webhookKey(secret: string): Buffer | undefined {
  const [, text] = /^whsec_(.+)$/s.exec(secret) ?? []
  if (text === undefined || !BASE64.test(text)) return undefined
  const key = Buffer.from(text, 'base64')
  return key.length >= SECRET_BYTES.least && key.length <= SECRET_BYTES.most ? key : undefined
}

const webhook = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9._:[\]-]{1,64}$/, { error: 'must have 1 to 64 letters, digits and . _ : -' })
    .optional(),
  // No credentials: they would come to stand in errors and lists. The signature says who calls.
  url: z
    .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
    .refine(text => !isUrl(text) || (new URL(text).username === '' && new URL(text).password === ''), {
      error: 'must not hold credentials',
    }),
  secrets: z
    .array(
      z.string().refine(text => webhookKey(text) !== undefined, {
        error: `must be whsec_ and ${SECRET_BYTES.least} to ${SECRET_BYTES.most} bytes of base64`,
      }),
    )
    .min(1, { error: 'must name a secret to sign with' })
    .max(4, { error: 'must name no more than 4 secrets' }),
  verbs: z
    .array(z.enum(VERBS, { error: `must be one of ${VERBS.join(', ')}` }))
    .min(1, { error: 'must name a verb; leave it out for all' })
    .optional(),
})

export type Webhook = z.infer<typeof webhook>

/** What a webhook is called in lists, metrics and the store: its name, else the host of its address. */
export function webhookName({ name, url }: Pick<Webhook, 'name' | 'url'>): string {
  return name ?? new URL(url).host
}

const natsStream = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9._:[\]-]{1,64}$/, { error: 'must have 1 to 64 letters, digits and . _ : -' })
    .optional(),
  servers: z.string().refine(text => natsPlaceOf(text) !== undefined, {
    error: 'must be nats://host:4222, or several with commas between them, with the same user or token',
  }),
  stream: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'must have 1 to 64 letters, digits, _ and -' }),
  subject: z
    .string()
    .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/, { error: 'must be words with dots between them' })
    .max(128)
    .default('conclave'),
  replicas: z.number().int().min(1).max(5).default(1),
  verbs: z
    .array(z.enum(VERBS, { error: `must be one of ${VERBS.join(', ')}` }))
    .min(1, { error: 'must name a verb; leave it out for all' })
    .optional(),
})

export type NatsStream = z.infer<typeof natsStream>

/** What a stream is called in lists, metrics and the store. */
export function natsName({ name, stream }: Pick<NatsStream, 'name' | 'stream'>): string {
  return name ?? stream
}

function isUrl(text: string): boolean {
  return URL.canParse(text)
}

function isOrigin(text: string): boolean {
  return !isUrl(text) || new URL(text).href === `${new URL(text).origin}/`
}

/** What is no address at all is refused as such. */
function hasNoCredentials(text: string): boolean {
  return !isUrl(text) || (new URL(text).username === '' && new URL(text).password === '')
}

/** Of a database, whose name is a path of one part. */
function isPostgres(text: string): boolean {
  if (!isUrl(text)) return false
  const { protocol, pathname, host } = new URL(text)
  return /^postgres(?:ql)?:$/.test(protocol) && host !== '' && /^\/[^/]+$/.test(pathname)
}

function haveOwnNames(webhooks: readonly Pick<Webhook, 'name' | 'url'>[]): boolean {
  const names = webhooks.filter(({ url }) => isUrl(url)).map(webhookName)
  return new Set(names).size === names.length
}

/** What waits for a destination is kept under its name alone. */
function areToldApart({ webhooks, nats }: { webhooks: readonly Webhook[]; nats: readonly NatsStream[] }): boolean {
  const names = [...webhooks.filter(({ url }) => isUrl(url)).map(webhookName), ...nats.map(natsName)]
  return new Set(names).size === names.length
}

/** As browsers send it; apps have schemes of their own (capacitor://localhost). */
const ORIGIN = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^/\s,]+)$/

const MB = 1_000_000
const bytes = z
  .number()
  .int()
  .min(0)
  .max(1_000_000 * MB)

/** Of files, on every wire. Bytes are those of the files as they are sent, which for encrypted ones is the ciphertext. */
const media = z.strictObject({
  bytes: bytes.default(100 * MB).describe('Most bytes of one file.'),
  kept: bytes
    .default(10_000 * MB)
    .describe(
      'Most bytes of all files that one user has here, each segment counted as 4,096 at least; 0 is any number.',
    ),
  uploads: z.number().int().min(1).max(1_000).default(20).describe('Unfinished uploads of one user at a time.'),
  announced: bytes.default(500 * MB).describe('Most bytes of all unfinished uploads of one user.'),
  hours: z.number().min(0.0001).max(720).default(24).describe('Hours in which an upload has to be finished.'),
})

export const schema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65_535).default(4200).describe('Port to listen on; 0 takes a free one.'),
  data: z.string().min(1).default('./data').describe('Directory of everything that is kept.'),
  publicUrl: z
    .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
    .refine(hasNoCredentials, { error: 'must not hold a user name or a password' })
    .refine(url => !/[?#]/.test(url), { error: 'must have neither a query nor a fragment' })
    .nullable()
    .default(null)
    .describe('Address under which clients reach the server; default: where it listens.'),
  store: z
    .string()
    .refine(text => text === 'sqlite' || isPostgres(text), {
      error: 'must be "sqlite", or postgres:// with a user, a host and a database',
    })
    .default('sqlite')
    .describe(
      'Where the logs are kept: sqlite, in the data directory; or postgres://user:…@host:port/database, a PostgreSQL of version 15 or newer, whose database is there and is this user’s to write.',
    ),
  bus: z
    .string()
    .refine(text => text === 'local' || natsPlaceOf(text) !== undefined, {
      error: 'must be "local", or nats://host:4222, or several with commas between them, with the same user or token',
    })
    .default('local')
    .describe(
      'How nodes hear of each other: local, one node; or nats://host:4222, the servers of one NATS cluster with commas between them, for nodes that share a PostgreSQL.',
    ),
  blobs: z
    .string()
    .refine(text => text === 'files' || s3PlaceOf(text) !== undefined, {
      error: 'must be "files", or s3://bucket/prefix?endpoint=https://…&region=…',
    })
    .default('files')
    .describe(
      'Where files are kept: files, in the data directory; or s3://bucket/prefix?endpoint=https://…&region=…, a bucket of a store that speaks S3 (Amazon’s without an endpoint; region us-east-1), with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
    ),
  node: z.number().int().min(0).max(1_023).default(0).describe('Number of this node, part of every id that it makes.'),
  drain: z
    .number()
    .min(0)
    .max(600)
    .default(0)
    .describe(
      'Seconds at a stop from when /ready says 503 until sessions are closed: longer than a balancer takes to notice.',
    ),
  peers: z
    .strictObject({
      address: z
        .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
        .refine(isOrigin, { error: 'must be a host and a port, and nothing behind it' })
        .nullable()
        .default(null)
        .describe('Address under which the other nodes reach this one; absent they do not.'),
      secret: z
        .string()
        .min(32, { error: 'must have 32 characters or more' })
        .max(1_024)
        .nullable()
        .default(null)
        .describe('What all nodes have in common, and nobody else: by it they know each other.'),
    })
    .refine(({ address, secret }) => (address === null) === (secret === null), {
      error: 'needs both an address and a secret, or neither',
    })
    .default({ address: null, secret: null })
    .describe('How nodes reach and know each other.'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('The least that is logged.'),
    })
    .default({ level: 'info' }),
  proxy: z
    .strictObject({
      trust: z
        .union(
          [z.boolean(), z.array(z.string().refine(text => isIP(text) !== 0, { error: 'must be an IP address' }))],
          {
            error: 'must be true, false or a list of IP addresses',
          },
        )
        .default(false)
        .describe('Believe the client address in X-Forwarded-For: from anybody, or from the listed proxies.'),
    })
    .default({ trust: false }),
  origins: z
    .array(z.string().regex(ORIGIN, { error: 'must be * or scheme://host[:port]' }))
    .default(['*'])
    .describe('Origins whose pages may use the server, on all wires; * is any.'),
  rooms: z
    .strictObject({
      channel: z
        .string()
        .min(1)
        .max(1_024)
        .default('Rooms')
        .describe('Name of the channel of rooms made over Rocket.Chat or X.'),
      temporary: z
        .enum(['owner', 'until-empty'])
        .default('owner')
        .describe('When a temporary room goes: with its owner, or when it is empty.'),
      grace: seconds.default(30).describe('Seconds that the last owner of a temporary room may be gone.'),
    })
    .default({ channel: 'Rooms', temporary: 'owner', grace: 30 })
    .describe(
      'The channel of rooms made over Rocket.Chat or X; when a temporary room goes; seconds that its owner may be gone.',
    ),
  dino: dino.default(dino.parse({})).describe('Settings of the Dino wire.'),
  rocketchat: z
    .strictObject({
      lockstep: z
        .boolean()
        .default(false)
        .describe('Encrypted rooms of this wire close after a removal until their key is changed.'),
      updateGroupKey: z
        .enum(['save', 'suggest'])
        .default('save')
        .describe('A key for a member who has none is saved, or only suggested.'),
      silence: z
        .number()
        .min(0.1)
        .max(3_600)
        .default(30)
        .describe('Seconds of silence after which a client is pinged; after as many more it is cut off.'),
      anonymous: z
        .number()
        .min(0.1)
        .max(86_400)
        .default(600)
        .describe('Seconds that a connection may stay on which nobody logs in.'),
    })
    .default({ lockstep: false, updateGroupKey: 'save', silence: 30, anonymous: 600 })
    .describe(
      'Whether rooms close after a removal until the key is changed; whether a key for another without one is saved or suggested; seconds of silence, and without a log-in.',
    ),
  xchat: z
    .strictObject({
      hideGroups: z.boolean().default(false).describe('A group that the caller is not in looks like no group.'),
      pinBackup: z
        .strictObject({
          enabled: flag(true, 'This server runs three realms, where clients may keep keys behind a PIN.'),
          guesses: z
            .number()
            .int()
            .min(1)
            .max(100)
            .default(20)
            .describe('Wrong PINs after which a backup is lost, as clients are told to ask for.'),
        })
        .default({ enabled: true, guesses: 20 })
        .describe('Realms for clients that keep keys behind a PIN, and wrong PINs until such a backup is lost.'),
      webhooks: z
        .strictObject({
          insecure: flag(false, "An app's webhook may have an address with http or with a port."),
          internal: flag(false, "An app's webhook may lie inside: on this machine or in a private network."),
        })
        .default({ insecure: false, internal: false })
        .describe("Where apps' webhooks may lie, beside https on the public Internet."),
      activity: z
        .strictObject({
          keepAlive: z.number().int().min(1).max(20).default(15).describe('Seconds between blank lines of a stream.'),
          subscriptions: z
            .number()
            .int()
            .min(1)
            .max(150_000)
            .default(1_000)
            .describe('Most subscriptions of one owner.'),
          streams: z
            .number()
            .int()
            .min(1)
            .max(1_000)
            .default(5)
            .describe('Most streams of one owner at the same time.'),
        })
        .default({ keepAlive: 15, subscriptions: 1_000, streams: 5 })
        .describe('Seconds between the blank lines of activity streams; subscriptions and streams of one owner.'),
    })
    .default({
      hideGroups: false,
      pinBackup: { enabled: true, guesses: 20 },
      webhooks: { insecure: false, internal: false },
      activity: { keepAlive: 15, subscriptions: 1_000, streams: 5 },
    }),
  outlet: z
    .strictObject({
      webhooks: z
        .array(webhook)
        .max(16, { error: 'must be no more than 16' })
        .refine(haveOwnNames, { error: 'must have a name each where two have the same host' })
        .default([])
        .describe(
          'Addresses that are told of events: [{ "url", "secrets": ["whsec_…"], "name"?, "verbs"? }]. Each call is signed with every secret, so that a new one can be added before the old one goes; verbs are all when left out.',
        ),
      nats: z
        .array(natsStream)
        .max(4, { error: 'must be no more than 4' })
        .default([])
        .describe(
          'Streams of NATS JetStream that events go into: [{ "servers": "nats://…", "stream", "subject"?, "replicas"?, "name"?, "verbs"? }]. An event is a message on <subject>.<verb> (subject: conclave) with its id as Nats-Msg-Id; a stream that is not there is made, with as many replicas (1).',
        ),
      titlePrefix: z
        .string()
        .max(100)
        .nullable()
        .default(null)
        .describe('With it each event has a title: this and its verb.'),
      hours: z
        .number()
        .int()
        .min(0)
        .max(720)
        .default(72)
        .describe('Hours for which an event that is not taken is tried again before it is a dead letter.'),
      timeout: z.number().int().min(1).max(60).default(10).describe('Seconds that a call has for its answer.'),
      most: z
        .number()
        .int()
        .min(1_000)
        .max(100_000_000)
        .default(1_000_000)
        .describe('Events that may wait, at about 1 KB each; when so many wait, new ones are lost and counted.'),
    })
    .refine(areToldApart, { path: ['nats'], error: 'must have a name each that no other destination has' })
    .default({ webhooks: [], nats: [], titlePrefix: null, hours: 72, timeout: 10, most: 1_000_000 })
    .describe('What the embedding site is told of, and how.'),
  limits: z
    .strictObject({
      groupSize: z.number().int().min(2).max(100_000).default(1_000).describe('Most members of one room.'),
      rates: z
        .enum(['off', 'wire'])
        .default('off')
        .describe("The wires' own rate limits: off, or as they publish them (wire)."),
      flood: z
        .number()
        .int()
        .min(1)
        .default(1_000)
        .describe(
          'Requests a second of one session; who sends more for three seconds, or five times as many in one, is closed. A client may send some tens when it starts.',
        ),
      failedLogins: z
        .number()
        .int()
        .min(1)
        .default(20)
        .describe('Failed log-ins a minute per account and address (of IPv6 a network of 64 bits).'),
      media: media.default(media.parse({})).describe('Bounds of files: of one, of what a user sends and keeps.'),
    })
    .default({ groupSize: 1_000, rates: 'off', flood: 1_000, failedLogins: 20, media: media.parse({}) })
    .describe(
      'Members of a room; the rate limits of the wires themselves; requests a second and session; failed log-ins a minute; files.',
    ),
})

export type Config = z.infer<typeof schema>

/** A setting that stops the start: one sentence that names it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** From the file that CONCLAVE_CONFIG names and from the environment. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const file = env.CONCLAVE_CONFIG ? parseFile(env.CONCLAVE_CONFIG) : {}
  const parsed = schema.safeParse(merge(file, fromEnvironment(env)))
  if (parsed.success) return checked(parsed.data)
  const issue = parsed.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...(issue?.path ?? []), ...unknown].join('.')
  if (unknown.length > 0) throw new ConfigError(`The setting "${path}" is unknown.`)
  throw new ConfigError(`The setting "${path}" is not valid: ${issue?.message ?? ''}.`)
}

/** What each setting allows by itself and not beside the others. */
function checked(config: Config): Config {
  if (config.bus !== 'local' && config.store === 'sqlite')
    throw new ConfigError('The setting "bus" is for nodes that share a PostgreSQL: "store" has to name one.')
  if (config.bus !== 'local' && config.dino.polling && config.peers.secret === null)
    throw new ConfigError(
      'Clients that poll meet every node: the setting "peers" has to say how nodes reach each other, or "dino.polling" has to be false.',
    )
  return config
}

function parseFile(path: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new ConfigError(`The file that CONCLAVE_CONFIG names cannot be read: ${path}.`)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // falls through to the one sentence below
  }
  throw new ConfigError(`The file that CONCLAVE_CONFIG names is not a JSON object: ${path}.`)
}

interface Field {
  readonly path: readonly string[]
  readonly type: z.ZodType
}

/** Every leaf of the schema by its name in the environment. */
function fields(): Map<string, Field> {
  const found = new Map<string, Field>()
  const walk = (type: z.ZodType, path: readonly string[]): void => {
    const bare = unwrap(type)
    if (path.length > 0)
      found.set(`CONCLAVE_${path.map(word => word.replace(/[A-Z]/g, c => `_${c}`).toUpperCase()).join('_')}`, {
        path,
        type: bare,
      })
    if (bare instanceof z.ZodObject)
      for (const [key, inner] of Object.entries(bare.shape)) walk(inner as z.ZodType, [...path, key])
  }
  walk(schema, [])
  return found
}

function unwrap(type: z.ZodType): z.ZodType {
  if (type instanceof z.ZodDefault || type instanceof z.ZodNullable || type instanceof z.ZodOptional)
    return unwrap(type.unwrap() as z.ZodType)
  return type
}

/** What begins so is for the project's own tests, and no setting. */
const TESTS = 'CONCLAVE_TEST_'

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const known = fields()
  const given: { readonly path: readonly string[]; readonly value: unknown }[] = []
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('CONCLAVE_') || name === 'CONCLAVE_CONFIG' || name.startsWith(TESTS) || !text) continue
    const field = known.get(name)
    if (!field) throw new ConfigError(`The setting "${name}" is unknown.`)
    given.push({ path: field.path, value: parseText(text, field.type) })
  }
  given.sort((a, b) => a.path.length - b.path.length)
  return given.reduce<Record<string, unknown>>((sum, { path, value }) => merge(sum, nested(path, value)), {})
}

/** `{ dino: { kickBan: value } }` for the path of dino.kickBan. */
function nested(path: readonly string[], value: unknown): Record<string, unknown> {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>
}

function parseText(text: string, type: z.ZodType): unknown {
  if (type instanceof z.ZodString || type instanceof z.ZodEnum || type instanceof z.ZodLiteral) return text
  try {
    return JSON.parse(text)
  } catch {
    return type instanceof z.ZodArray || type instanceof z.ZodUnion ? text.split(',').map(word => word.trim()) : text
  }
}

/** What is no group where a group belongs stays, to be refused under its name. */
function merge(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key) ?? {}
    if (!isPlain(value)) merged.set(key, value)
    else merged.set(key, isPlain(below) ? merge(below, value) : below)
  }
  return Object.fromEntries(merged)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `conclave config`: every field with its value, its default and its sentence. */
export function printConfig(config: Config): string {
  const lines: string[] = []
  const defaults = schema.parse({})
  for (const [name, { path }] of fields()) {
    const value = at(config, path)
    if (isPlain(value) || value === undefined) continue
    const byDefault = JSON.stringify(at(defaults, path) ?? null)
    lines.push(
      `${path.join('.')} = ${JSON.stringify(masked(path.at(-1) ?? '', value), masked)}   (default ${byDefault}, ${name})`,
      `    ${describe(path)}`,
    )
  }
  return lines.join('\n')
}

/** Secrets are not printed, nor what may be one in an address. */
function masked(key: string, value: unknown): unknown {
  if (key === 'store' && typeof value === 'string') return value.replace(/\/\/.*@/s, '//…@').replace(/\?.*$/s, '?…')
  if (key === 'secrets' && Array.isArray(value)) return value.map(() => '…')
  if ((key === 'key' || key === 'secret') && typeof value === 'string') return '…'
  if (key === 'url' && typeof value === 'string') return value.replace(/\?.*$/s, '?…')
  if ((key === 'servers' || key === 'bus') && typeof value === 'string')
    return value.replace(/(^|,|\/\/)[^/@,]*@/g, '$1…@')
  return value
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isPlain(inner) ? inner[key] : undefined), value)
}

function describe(path: readonly string[]): string {
  let type: z.ZodType = schema
  let sentence = ''
  for (const key of path) {
    const bare = unwrap(type)
    if (!(bare instanceof z.ZodObject)) break
    type = bare.shape[key] as z.ZodType
    sentence = type.description ?? sentence
  }
  return sentence
}
