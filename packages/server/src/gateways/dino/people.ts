// How users look to others on this wire: name, roles, and the details of their account (dino.md section 2). What a
// client claims about itself at log-in is never among them.
import { encodeUtf8Base64, type UserId } from '@conclave/wire'
import type { Account } from '../../room/facts.ts'
import { isOperator } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { AUTHOR_ATTRIBUTES } from './limits.ts'
import { userName } from './names.ts'

export interface Attachment {
  readonly objectType: string
  readonly content: string
}

/** Attributes that an embedding site may keep with an account and that are nobody's business. */
export const PRIVATE_ATTRIBUTES: ReadonlySet<string> = new Set(['token', 'user_id', 'user_name'])

/** What the operator says of the user, and over it what the user says. */
export function shownInfo({ attributes, info }: Account): Readonly<Record<string, string>> {
  return { ...attributes, ...info }
}

const details = new WeakMap<Account, readonly Attachment[]>()

/** The user's details for everybody, `user_name` first; all contents base64. */
export function detailsOf(account: Account): readonly Attachment[] {
  const known = details.get(account)
  if (known) return known
  const made = [attachment('user_name', account.attributes.user_name || account.username)]
  for (const [name, value] of Object.entries(shownInfo(account))) {
    if (!PRIVATE_ATTRIBUTES.has(name)) made.push(attachment(name, value))
  }
  details.set(account, made)
  return made
}

/** What a history shows of an author, also of one who is not there. */
export function authorDetails(account: Account): readonly Attachment[] {
  const shown: Attachment[] = []
  for (const name of AUTHOR_ATTRIBUTES) {
    const value = account.info[name] ?? account.attributes[name]
    if (value !== undefined && value !== '') shown.push(attachment(name, value))
  }
  return shown
}

function attachment(objectType: string, value: string): Attachment {
  return { objectType, content: encodeUtf8Base64(value) }
}

/** `y` or `n`: whether the account has a picture. */
export function imageOf(account: Account): 'y' | 'n' {
  return (account.info.image ?? account.attributes.image) === 'y' ? 'y' : 'n'
}

/** superuser and globalmod, as a csv. */
export function globalRoles(account: Account): string {
  return account.roles.filter(role => role === 'superuser' || role === 'globalmod').join(',')
}

/** The roles held in the room, then the global ones: `owner,superuser`, or nothing. */
export function rolesIn(room: RoomState, account: Account): string {
  const own = room.roles.get(account.id)
  const everywhere = globalRoles(account)
  if (!own) return everywhere
  return everywhere === '' ? own.join(',') : `${own.join(',')},${everywhere}`
}

const items = new WeakMap<Account, string>()

/** One user of a list, as JSON; what does not depend on the room is made once for an account. */
function userJson(room: RoomState, account: Account, invisible: boolean): string {
  let known = items.get(account)
  if (known === undefined) {
    const { id } = account
    const json = JSON.stringify({ id, displayName: userName(account), attachments: detailsOf(account) })
    known = json.slice(0, -1)
    items.set(account, known)
  }
  return `${known},"content":"${rolesIn(room, account)}","objectType":"${invisible ? 'invisible' : 'user'}"}`
}

/**
 * Who is in the room as a JSON list, in the order of entering, each once whatever their sessions. Invisible users and
 * those whom the viewer excludes are shown to operators alone. `except`: a session that does not count.
 */
export async function usersJson(
  { occupancy, identity }: GatewayParts,
  room: RoomState,
  viewer: Account,
  except: string | null = null,
): Promise<string> {
  const visible = new Map<UserId, boolean>()
  for (const session of await occupancy.occupants(room.id)) {
    if (session.id === except) continue
    visible.set(session.user, (visible.get(session.user) ?? false) || !session.invisible)
  }
  const seesAll = isOperator(viewer)
  const ignored = seesAll ? NOBODY : ignoredBy(viewer)
  const shown: string[] = []
  for (const [user, isVisible] of visible) {
    if ((!isVisible && !seesAll) || ignored.has(user)) continue
    const account = identity.accounts.peek(user) ?? (await identity.accounts.load(user))
    if (account) shown.push(userJson(room, account, !isVisible))
  }
  return `[${shown.join(',')}]`
}

const NOBODY: ReadonlySet<UserId> = new Set()
const ignore = new WeakMap<Account, ReadonlySet<UserId>>()

/** Made once for an account: the list may be long, and so may a room's. */
function ignoredBy(account: Account): ReadonlySet<UserId> {
  const known = ignore.get(account)
  if (known) return known
  const made = new Set(account.excluded)
  ignore.set(account, made)
  return made
}

/** The accounts of several users; who is gone is left out. */
export async function accountsOf(
  { identity }: GatewayParts,
  users: Iterable<UserId>,
): Promise<ReadonlyMap<UserId, Account>> {
  const found = new Map<UserId, Account>()
  for (const user of users) {
    if (found.has(user)) continue
    const account = identity.accounts.peek(user) ?? (await identity.accounts.load(user))
    if (account) found.set(user, account)
  }
  return found
}
