// The form of a world (design 5): how an embedding site hands its people, rooms and rules over.
import { isUserId, type UserId } from '@conclave/wire'
import { z } from 'zod'
import { NAME } from '../limits.ts'

const userId = z
  .string()
  .refine(isUserId, 'must be a decimal user id')
  .transform(text => text as UserId)
const name = z.string().min(1).max(NAME)
const ref = z.string().min(1).max(200)
const acl = z.strictObject({ action: z.string(), type: z.string(), value: z.string().default('') })
const text = z.string().max(NAME)

const user = z.strictObject({
  id: userId,
  username: z.string(),
  name: z.string().optional(),
  password: z.string().optional(),
  email: z.string().nullable().optional(),
  active: z.boolean().optional(),
  tokens: z.array(z.string().min(1).max(1_024)).default([]),
  attributes: z.record(z.string(), z.string()).optional(),
  roles: z.array(z.enum(['superuser', 'globalmod', 'admin'])).optional(),
  excluded: z.array(userId).optional(),
})

const channel = z.strictObject({
  ref,
  name,
  sort: z.number().int().optional(),
  tags: z.array(text).max(100).optional(),
  owners: z.array(userId).optional(),
  admins: z.array(userId).optional(),
  acls: z.array(acl).optional(),
})

const room = z.strictObject({
  ref,
  channel: ref,
  name,
  kind: z.enum(['static', 'temporary', 'private', 'public']).default('static'),
  sort: z.number().int().optional(),
  topic: text.optional(),
  tags: z.array(text).max(100).optional(),
  owners: z.array(userId).optional(),
  moderators: z.array(userId).optional(),
  members: z.array(userId).optional(),
  acls: z.array(acl).optional(),
  default: z.boolean().optional(),
  admin: z.boolean().optional(),
})

const sanction = z.strictObject({
  kind: z.enum(['ban', 'mute']),
  user: userId,
  scope: z.enum(['global', 'channel', 'room']),
  /** The channel's or room's ref; absent for a global one. */
  target: ref.optional(),
  /** RFC 3339; absent never ends. */
  until: z.iso.datetime({ offset: true }).optional(),
  reason: text.default(''),
})

const app = z.strictObject({
  id: z.string().min(1).max(200),
  secret: z.string().min(16).max(1_024),
  owner: userId,
  redirects: z.array(z.string().max(2_048)).max(20).default([]),
  tokens: z.array(z.string().min(1).max(1_024)).default([]),
})

export const world = z.strictObject({
  users: z.array(user).default([]),
  channels: z.array(channel).default([]),
  rooms: z.array(room).default([]),
  blacklist: z.array(z.string().min(1).max(200)).default([]),
  sanctions: z.array(sanction).default([]),
  apps: z.array(app).default([]),
})

export type World = z.infer<typeof world>
export type WorldUser = World['users'][number]
export type WorldChannel = World['channels'][number]
export type WorldRoom = World['rooms'][number]

/** What stopped an import: the JSON path and a sentence. Nothing was changed. */
export class WorldError extends Error {
  override readonly name = 'WorldError'
  constructor(path: string, sentence: string) {
    super(`${path}: ${sentence}`)
  }
}

/** Checks form and references before anything is written. `known` says which refs and users exist already. */
export async function checkWorld(
  value: unknown,
  known: { user(id: UserId): Promise<boolean>; ref(kind: 'channel' | 'room', ref: string): Promise<boolean> },
): Promise<World> {
  const parsed = world.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const extra = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    throw new WorldError(
      pathOf([...(issue?.path ?? []), ...extra]),
      issue?.code === 'unrecognized_keys' ? 'is unknown' : (issue?.message ?? 'is not valid'),
    )
  }
  const checked = parsed.data
  const users = new Set<string>(checked.users.map(one => one.id))
  const refs = {
    channel: new Set(checked.channels.map(one => one.ref)),
    room: new Set(checked.rooms.map(one => one.ref)),
  }
  unique(
    checked.users.map(one => one.id),
    'users',
    'id',
  )
  unique(
    checked.users.map(one => one.username.normalize('NFC').toLowerCase()),
    'users',
    'username',
  )
  unique(
    checked.channels.map(one => one.ref),
    'channels',
    'ref',
  )
  unique(
    checked.rooms.map(one => one.ref),
    'rooms',
    'ref',
  )
  const needUser = async (id: UserId, path: string): Promise<void> => {
    if (!users.has(id) && !(await known.user(id)))
      throw new WorldError(path, `names the user ${id}, who is neither here nor in the store`)
    users.add(id)
  }
  const needRef = async (kind: 'channel' | 'room', wanted: string, path: string): Promise<void> => {
    if (!refs[kind].has(wanted) && !(await known.ref(kind, wanted)))
      throw new WorldError(path, `names the ${kind} "${wanted}", which is neither here nor in the store`)
    refs[kind].add(wanted)
  }
  for (const [at, one] of checked.channels.entries()) {
    for (const list of ['owners', 'admins'] as const)
      for (const [n, id] of (one[list] ?? []).entries()) await needUser(id, `channels[${at}].${list}[${n}]`)
  }
  for (const [at, one] of checked.rooms.entries()) {
    await needRef('channel', one.channel, `rooms[${at}].channel`)
    for (const list of ['owners', 'moderators', 'members'] as const) {
      for (const [n, id] of (one[list] ?? []).entries()) await needUser(id, `rooms[${at}].${list}[${n}]`)
    }
  }
  for (const [at, one] of checked.sanctions.entries()) {
    await needUser(one.user, `sanctions[${at}].user`)
    if (one.scope === 'global') continue
    if (one.target === undefined) throw new WorldError(`sanctions[${at}].target`, 'is missing')
    await needRef(one.scope, one.target, `sanctions[${at}].target`)
  }
  for (const [at, one] of checked.apps.entries()) await needUser(one.owner, `apps[${at}].owner`)
  return checked
}

function unique(values: readonly string[], list: string, field: string): void {
  const seen = new Set<string>()
  for (const [at, value] of values.entries()) {
    if (seen.has(value)) throw new WorldError(`${list}[${at}].${field}`, 'stands here twice')
    seen.add(value)
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`)).join('') ||
    'the world'
  )
}
