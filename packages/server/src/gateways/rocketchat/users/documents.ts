// Users in the form of this wire (rocketchat.md section 4). Nothing of a key, a password or a token but that it is there.
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { type Document, globalRolesOf } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { SERVER } from '../names.ts'
import type { Person } from './people.ts'
import { preferencesOf } from './preferences.ts'
import { connectionStatusOf, statusOf } from './status.ts'

/** What everybody learns of a user. */
export async function openDocument(gate: Gate, person: Person): Promise<Document> {
  const { account, profile } = person
  return {
    _id: account.id,
    username: account.username,
    name: account.name,
    type: profile.type,
    status: await statusOf(gate, account),
    active: account.active,
    utcOffset: profile.utcOffset,
    statusText: profile.statusText,
    ...(profile.avatarETag ? { avatarETag: profile.avatarETag } : {}),
    ...(profile.nickname === null ? {} : { nickname: profile.nickname }),
    ...(profile.bio === null ? {} : { bio: profile.bio }),
    customFields: publicFields(gate, profile.customFields),
  }
}

/** What somebody learns of themselves, and who may see everything of others. */
export async function fullDocument(gate: Gate, person: Person): Promise<Document> {
  const { account, createdAt, profile } = person
  return {
    ...(await openDocument(gate, person)),
    emails: emailsOf(person),
    roles: globalRolesOf(account),
    createdAt: new Date(createdAt),
    statusConnection: await connectionStatusOf(gate, account),
    statusDefault: profile.statusDefault,
    ...(profile.lastLogin === null ? {} : { lastLogin: new Date(profile.lastLogin) }),
    ...(profile.language === null ? {} : { language: profile.language }),
    ...(profile.requirePasswordChange ? { requirePasswordChange: true } : {}),
    ...(profile.requirePasswordChangeReason
      ? { requirePasswordChangeReason: profile.requirePasswordChangeReason }
      : {}),
    customFields: profile.customFields,
    settings: { preferences: profile.preferences },
    _updatedAt: new Date(createdAt),
  }
}

export function emailsOf({ email, profile }: Person): { address: string; verified: boolean }[] {
  return email === null ? [] : [{ address: email, verified: profile.verified.includes(email.toLowerCase()) }]
}

/** `me`, as clients read it directly (rocketchat.md section 2). */
export async function meDocument(gate: Gate, person: Person): Promise<Document> {
  const emails = emailsOf(person)
  const known = emails.find(({ verified }) => verified)
  return {
    language: 'en',
    avatarETag: null,
    ...(await fullDocument(gate, person)),
    ...(known ? { email: known.address } : {}),
    services: { password: await gate.parts.identity.hasPassword(person.account.id) },
    settings: { profile: {}, preferences: preferencesOf(gate, person.profile) },
    avatarUrl: avatarUrl(gate, person.account),
    isOAuthUser: false,
  }
}

export function avatarUrl(gate: Gate, { username }: Pick<Account, 'username'>): string {
  return `${gate.parts.publicUrl()}/avatar/${encodeURIComponent(username)}`
}

/** The user's own tokens by hashes of their hashes: a client tells its own from the others, and nobody can use them. */
export async function servicesOf(gate: Gate, account: Account): Promise<Document> {
  const tokens = await gate.parts.identity.tokens.of(account.id)
  const shown = tokens
    .filter(({ issuer }) => issuer === 'rocketchat')
    .map(({ hash: kept, createdAt }) => ({ hashedToken: hash('sha256', kept, 'base64'), when: new Date(createdAt) }))
  return { password: await gate.parts.identity.hasPassword(account.id), resume: { loginTokens: shown } }
}

function publicFields({ settings }: Gate, fields: Document): Document {
  const described = describedFields(settings.get('Accounts_CustomFields'))
  return Object.fromEntries(Object.entries(fields).filter(([name]) => described.get(name)?.public === true))
}

/** Of what a description says in another form than it should, nothing is known. */
const describedField = z.object({
  public: z.boolean().optional().catch(undefined),
  required: z.boolean().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  options: z.array(z.unknown()).optional().catch(undefined),
  minLength: z.number().optional().catch(undefined),
  maxLength: z.number().optional().catch(undefined),
})
type Described = ReadonlyMap<string, z.output<typeof describedField>>

/** As administrators describe them; nothing where that is no JSON. */
export function describedFields(text: string): Described {
  if (text !== read.text) read = { text, fields: descriptionsIn(text) }
  return read.fields
}
/** Asked of every user in a list. */
let read: { readonly text: string; readonly fields: Described } = { text: '', fields: new Map() }

function descriptionsIn(text: string): Described {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map()
    return new Map(
      Object.entries(value).flatMap(([name, field]) => {
        const described = describedField.safeParse(field)
        return described.success ? [[name, described.data]] : []
      }),
    )
  } catch {
    return new Map()
  }
}

/** Who stands for the server in messages, asked for like anybody. */
export const SERVER_USER: Document = {
  _id: SERVER._id,
  username: SERVER.username,
  name: SERVER.name,
  type: 'bot',
  status: 'online',
  active: true,
  utcOffset: 0,
}

/** `roles` of somebody else are told to who may see everything. */
export async function documentFor(gate: Gate, viewer: Account, person: Person): Promise<Document> {
  const sees = viewer.id === person.account.id || gate.permissions.may(viewer, 'view-full-other-user-info')
  return { ...(sees ? await fullDocument(gate, person) : await openDocument(gate, person)), canViewAllInfo: sees }
}
