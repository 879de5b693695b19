// Who has which role, everywhere or in a room, and roles given and taken.
import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import { type Document, globalRolesOf } from '../encode.ts'
import { errorOf, MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { roomOf } from '../names.ts'
import { rolesIn } from '../rooms/subscription-document.ts'
import { everybody } from './everybody.ts'
import { standsAbove } from './find.ts'
import { isLastAdmin } from './last-admin.ts'
import type { Person } from './people.ts'
import { type RoleDocument, rolesGiven } from './roles.ts'
import { tellChanged } from './save.ts'

export async function usersInRole(gate: Gate, role: string): Promise<readonly Account[]> {
  const found: Account[] = []
  for await (const account of everybody(gate, null)) if (globalRolesOf(account).includes(role)) found.push(account)
  return found.sort((a, b) => (a.username < b.username ? -1 : 1))
}

/** Of a room that whoever asks may look into. */
export async function usersInRoleOf(
  gate: Gate,
  caller: Caller,
  role: string,
  rid: string,
): Promise<readonly Account[]> {
  const found = await roomOf(gate.parts, caller.account, rid)
  if (!found) return []
  const held: Account[] = []
  for (const user of found.room.members.keys()) {
    if (!rolesIn(found.room, user).includes(role)) continue
    const account = await gate.parts.identity.accounts.load(user)
    if (account) held.push(account)
  }
  return held
}

/** Everybody whose roles say more than that they are a user. */
export async function usersInPublicRoles(gate: Gate): Promise<readonly Document[]> {
  const shown: Document[] = []
  for (const [_id, { username, roles: held }] of await gate.holders.all()) {
    const roles = held.filter(role => (gate.roles.get(role)?.description ?? '') !== '')
    if (roles.length > 0) shown.push({ _id, username, roles })
  }
  return shown
}

export interface RoleChange {
  readonly role: RoleDocument
  /** The room in which; undefined everywhere. */
  readonly rid: string | undefined
  readonly granted: boolean
}

export async function changeRoleOf(
  gate: Gate,
  caller: Caller,
  person: Person,
  { role, rid, granted }: RoleChange,
): Promise<MeteorError | null> {
  const method = granted ? 'authorization:addUserToRole' : 'authorization:removeUserFromRole'
  const may = (id: 'access-permissions' | 'assign-admin-role'): boolean => gate.permissions.may(caller.account, id)
  const refuse = (reason: string, action: string): MeteorError =>
    new MeteorError('error-action-not-allowed', reason, { method, action })
  if (!may('access-permissions')) return refuse('Access permissions is not allowed', 'Accessing_permissions')
  if (role._id === 'admin' && !may('assign-admin-role')) return refuse('Assign admin is not allowed', 'Assign_admin')
  if (standsAbove(person.account, caller.account)) return refuse('Not allowed', 'Assign_role')
  if (rid !== undefined) return changeInRoom(gate, caller, person, { role, rid, granted }, method)
  const { account } = person
  const held = globalRolesOf(account)
  if (granted && held.includes(role._id)) return new MeteorError('error-user-already-in-role', 'User already in role')
  if (!granted && !held.includes(role._id)) return new MeteorError('error-user-not-in-role', 'User is not in this role')
  if (!granted && role._id === 'admin' && (await isLastAdmin(gate, account)))
    return new MeteorError('error-admin-required', 'You need to have at least one admin')
  const changed = await gate.parts.identity.users.change(account.id, now => {
    const roles = globalRolesOf(now).filter(one => one !== role._id)
    return rolesGiven(now, granted ? [...roles, role._id] : roles)
  })
  if (isRefused(changed)) return new MeteorError('error-invalid-user', 'Invalid user', { method })
  await tellChanged(gate, person, await gate.people.about(changed))
  return null
}

async function changeInRoom(
  gate: Gate,
  caller: Caller,
  { account }: Person,
  { role: { _id: role }, rid, granted }: RoleChange,
  method: string,
): Promise<MeteorError | null> {
  const invalid = new MeteorError('error-invalid-room', 'Invalid room', { method })
  const found = rid === undefined ? undefined : await roomOf(gate.parts, caller.account, rid)
  if (!found) return invalid
  if (role !== 'owner' && role !== 'moderator' && role !== 'leader')
    return new MeteorError('error-not-allowed', 'This role is none of a room', { method })
  const has = rolesIn(found.room, account.id).includes(role)
  if (granted && has) return new MeteorError('error-user-already-in-role', 'User already in role')
  if (!granted && !has) return new MeteorError('error-user-not-in-role', 'User is not in this role')
  const actor = caller.account.id
  const command = { command: 'change-role', actor, user: account.id, role, granted, ofMember: true } as const
  const done = await gate.parts.engine.submit({ room: found.room.id, command, session: caller.session, bytes: 512 })
  return isRejection(done) ? errorOf(done, method) : null
}
