// The form of a world (design 5): how an embedding site hands its people, rooms and rules over.
import { isUserId, type UserId } from '@conclave/wire'
import { z } from 'zod'
import { PASSWORD, TOKEN_TEXT } from '../identity/limits.ts'
import { isRedirect } from '../identity/redirects.ts'
import { NAME } from '../limits.ts'
import { Breath } from './breath.ts'

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
  password: z.string().min(1).max(PASSWORD).optional(),
  email: z.string().nullable().optional(),
  active: z.boolean().optional(),
  tokens: z.array(z.string().min(1).max(TOKEN_TEXT)).default([]),
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
  /** static where it is absent and the room is new. */
  kind: z.enum(['static', 'temporary', 'private', 'public']).optional(),
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

const word = z.string().min(1).max(200)

const NO_REDIRECT = 'must be an absolute address without credentials and fragment'

const app = z.strictObject({
  id: z.string().min(1).max(200),
  secret: z.string().min(16).max(1_024),
  owner: userId,
  redirects: z.array(z.string().refine(isRedirect, NO_REDIRECT)).max(20).default([]),
  tokens: z.array(z.string().min(1).max(TOKEN_TEXT)).default([]),
})

/** The lists of a world, each of one form. */
const LISTS = { users: user, channels: channel, rooms: room, blacklist: word, sanctions: sanction, apps: app }

const lists = z.strictObject({
  users: z.array(z.unknown()).default([]),
  channels: z.array(z.unknown()).default([]),
  rooms: z.array(z.unknown()).default([]),
  blacklist: z.array(z.unknown()).default([]),
  sanctions: z.array(z.unknown()).default([]),
  apps: z.array(z.unknown()).default([]),
})

export type World = { readonly [name in keyof typeof LISTS]: readonly z.infer<(typeof LISTS)[name]>[] }
export type WorldSanction = World['sanctions'][number]
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

/** A world by its form alone; whether its references hold is for world-check.ts. */
export async function parseWorld(value: unknown): Promise<World> {
  const breath = new Breath()
  const parse = <T>(form: z.ZodType<T>, part: unknown, path: readonly PropertyKey[]): T => {
    const parsed = form.safeParse(part)
    if (parsed.success) return parsed.data
    throw errorOf(path, parsed.error.issues[0])
  }
  const given = parse(lists, value, [])
  const parseEach = async <T>(form: z.ZodType<T>, name: keyof typeof LISTS): Promise<T[]> => {
    const list: T[] = []
    for (const [at, one] of given[name].entries()) {
      list.push(parse(form, one, [name, at]))
      await breath.take()
    }
    return list
  }
  return {
    users: await parseEach(user, 'users'),
    channels: await parseEach(channel, 'channels'),
    rooms: await parseEach(room, 'rooms'),
    blacklist: await parseEach(word, 'blacklist'),
    sanctions: await parseEach(sanction, 'sanctions'),
    apps: await parseEach(app, 'apps'),
  }
}

function errorOf(path: readonly PropertyKey[], issue: z.core.$ZodIssue | undefined): WorldError {
  if (issue?.code === 'unrecognized_keys')
    return new WorldError(pathOf([...path, ...issue.path, ...issue.keys.slice(0, 1)]), 'is unknown')
  return new WorldError(pathOf([...path, ...(issue?.path ?? [])]), issue?.message ?? 'is not valid')
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`)).join('') ||
    'the world'
  )
}
