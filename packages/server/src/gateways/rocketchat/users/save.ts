// Users made and changed over this wire: by administrators (`users.create`, `users.update`, `insertOrUpdateUser`) and by
// themselves (`saveUserProfile`, `users.updateOwnBasicInfo`). Everything is checked before anything is written, and written
// as one.
import { z } from 'zod'
import type { AccountChange } from '../../../identity/account-form.ts'
import { type IdentityRejection, isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import { globalRolesOf } from '../encode.ts'
import { MeteorError, tooMany } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { BIO, CUSTOM_FIELDS, ID_TEXT, NICKNAME, PASSWORD_TEXT, STATUS_TEXT } from '../limits.ts'
import { tellLogged, tellPresence, tellUser } from '../live/tell.ts'
import type { Permission } from '../settings/permission-table.ts'
import { joinDefaultRooms } from './default-rooms.ts'
import { emailsOf, fullDocument } from './documents.ts'
import { standsAbove } from './find.ts'
import { isLastAdmin, lastAdmin } from './last-admin.ts'
import type { Person, PersonChange, Profile } from './people.ts'
import { preferencesShape, savedPreferences } from './preferences.ts'
import { rolesGiven, tellRoleChanges } from './roles.ts'
import {
  checkCustomFields,
  checkPassword,
  escaped,
  isFree,
  isShownName,
  isUsername,
  withCustomFields,
} from './rules.ts'

const text = z.string().max(ID_TEXT)

/** What an administrator may say of a user. */
export const USER_FIELDS = {
  username: text.optional(),
  name: text.optional(),
  email: text.optional(),
  password: z.string().max(PASSWORD_TEXT).optional(),
  verified: z.boolean().optional(),
  roles: z.array(text).max(100).optional(),
  // Longer ones are refused in this wire's own words.
  bio: z.string().max(10_000).optional(),
  nickname: z.string().max(10_000).optional(),
  statusText: z.string().max(STATUS_TEXT).optional(),
  language: z.string().max(32).optional(),
  requirePasswordChange: z.boolean().optional(),
  requirePasswordChangeReason: text.optional(),
  setRandomPassword: z.boolean().optional(),
  sendWelcomeEmail: z.boolean().optional(),
  joinDefaultChannels: z.boolean().optional(),
  customFields: z
    .record(text, z.unknown())
    .refine(fields => Object.keys(fields).length <= CUSTOM_FIELDS)
    .optional(),
  settings: z.looseObject({ preferences: preferencesShape.optional() }).optional(),
} as const
const fieldsShape = z.looseObject(USER_FIELDS)
export type UserFields = z.output<typeof fieldsShape>

const METHOD = 'insertOrUpdateUser'

export async function createUser(gate: Gate, caller: Caller, given: UserFields): Promise<Person | MeteorError> {
  const { account } = caller
  if (!gate.permissions.may(account, 'create-user')) return notAllowed('Adding user is not allowed', 'Adding_user')
  const wrong = checkRoles(gate, account, given.roles) ?? (await checkNew(gate, given))
  if (wrong) return wrong
  const { username = '', email } = given
  const roles = given.roles?.length ? given.roles : defaultRoles(gate)
  const fields = given.customFields ? checkCustomFields(gate, given.customFields) : {}
  if (fields instanceof MeteorError) return fields
  const profile = profileOf(given)
  if (profile instanceof MeteorError) return profile
  const made = await gate.people.create(
    {
      username,
      name: given.name?.trim() || username,
      password: { plain: given.setRandomPassword ? randomPassword(gate) : (given.password as string) },
      ...(email ? { email: email.trim() } : {}),
      ...rolesGiven(undefined, roles),
    },
    {
      ...profile,
      customFields: fields,
      type: roles.includes('bot') ? 'bot' : 'user',
      verified: given.verified && email ? [email.trim().toLowerCase()] : [],
      ...(given.setRandomPassword ? { requirePasswordChange: true } : {}),
    },
  )
  if (isRefused(made)) return refusalOf(made, given)
  if (given.joinDefaultChannels !== false) await joinDefaultRooms(gate, made.account)
  return made
}

async function checkNew(gate: Gate, { username = '', name = '', email, password, ...given }: UserFields) {
  const required = (field: string): MeteorError =>
    new MeteorError('error-the-field-is-required', `The field ${field} is required`, { method: METHOD, field })
  if (gate.settings.get('Accounts_RequireNameForSignUp') && name.trim() === '') return required('Name')
  if (username.trim() === '') return required('Username')
  if (!isShownName(name)) return new MeteorError('error-invalid-name', 'Name contains invalid characters')
  if (!isUsername(username)) return notAUsername(username)
  if (!password && !given.setRandomPassword) return required('Password')
  const free = await isFree(gate, username)
  if (free instanceof MeteorError) return free
  if (!free) return inUse(username)
  if (email && (await gate.parts.identity.users.find({ email: email.trim() }))) return inUse(email)
  return given.setRandomPassword ? null : checkPassword(gate, password ?? '')
}

/** What an administrator changes of somebody, or somebody of themselves by the same route. */
export async function updateUser(
  gate: Gate,
  caller: Caller,
  target: Person,
  given: UserFields,
): Promise<Person | MeteorError> {
  const { account } = caller
  const isOwn = target.account.id === account.id
  const may = (id: Permission): boolean => gate.permissions.may(account, id)
  if (given.verified && isOwn) return notAllowed('Editing email verification is not allowed', 'Editing_user')
  if (!isOwn && !may('edit-other-user-info')) return notAllowed('Editing user is not allowed', 'Editing_user')
  if (standsAbove(target.account, account)) return notAllowed('Editing user is not allowed', 'Editing_user')
  const wrong =
    checkRoles(gate, account, given.roles, target.account) ??
    (await checkLastAdmin(gate, target.account, given.roles)) ??
    checkEditing(gate, caller, target, given) ??
    (await checkNames(gate, target, given))
  if (wrong) return wrong
  // Whoever may not set passwords of others does not set their own this way either: it would need no proof.
  const randomly = given.setRandomPassword === true && may('edit-other-user-password')
  const setsPassword = Boolean(given.password?.trim()) && may('edit-other-user-password')
  if (setsPassword) {
    const weak = checkPassword(gate, given.password ?? '')
    if (weak) return weak
  }
  const fields = given.customFields ? checkCustomFields(gate, given.customFields, target.profile.customFields) : null
  if (fields instanceof MeteorError) return fields
  const profile = profileOf(given)
  if (profile instanceof MeteorError) return profile
  const email = given.email?.trim()
  const change: PersonChange = {
    account: {
      ...namesOf(given),
      ...(email ? { email } : {}),
      ...(given.roles ? rolesGiven(target.account, given.roles) : {}),
    },
    profile: before => ({
      ...profile,
      ...(given.settings?.preferences ? savedPreferences(given.settings.preferences)(before) : {}),
      ...(fields ? { customFields: withCustomFields(before.customFields, fields) } : {}),
      ...verifiedAfter(before, target, email, given.verified),
    }),
    ...(randomly
      ? { password: { plain: randomPassword(gate) } }
      : setsPassword
        ? { password: { plain: (given.password as string).trim() } }
        : {}),
  }
  const changed = await gate.people.change(target.account.id, change)
  if (isRefused(changed)) return refusalOf(changed, given)
  if (setsPassword || randomly) await endTokens(gate, changed.account, isOwn ? caller : null)
  await tellChanged(gate, target, changed)
  return changed
}

function verifiedAfter(
  before: Profile,
  { email: address }: Person,
  email: string | undefined,
  verified: boolean | undefined,
): Partial<Profile> {
  const next = (email ?? address)?.toLowerCase()
  if (next === undefined) return {}
  if (verified === true) return { verified: [next] }
  if (verified === false) return { verified: [] }
  return email !== undefined && next !== address?.toLowerCase() ? { verified: [] } : { verified: before.verified }
}

export interface OwnFields {
  readonly email?: string | undefined
  readonly username?: string | undefined
  readonly realname?: string | undefined
  readonly newPassword?: string | undefined
  readonly statusText?: string | undefined
  readonly statusType?: string | undefined
  readonly bio?: string | undefined
  readonly nickname?: string | undefined
}

/** What a user changes of themselves. What needs a second factor has been proven by whoever calls. */
export async function saveOwnProfile(
  gate: Gate,
  caller: Caller,
  given: OwnFields,
  customFields: Readonly<Record<string, unknown>> | undefined,
): Promise<Person | MeteorError> {
  const method = 'saveUserProfile'
  const target = await gate.people.about(caller.account)
  const named: UserFields = { ...given, name: given.realname, password: given.newPassword }
  if (!gate.settings.get('Accounts_AllowUserProfileChange'))
    return new MeteorError('error-not-allowed', 'Not allowed', { method })
  const wrong = checkEditing(gate, caller, target, named)
  if (wrong) return wrong
  if (given.realname !== undefined && (given.realname.trim() === '' || !isShownName(given.realname)))
    return new MeteorError('error-invalid-name', 'Name contains invalid characters', { method })
  const unfit = await checkNames(gate, target, named)
  if (unfit) return unfit
  const fields =
    customFields && Object.keys(customFields).length > 0
      ? checkCustomFields(gate, customFields, target.profile.customFields)
      : null
  if (fields instanceof MeteorError) return fields
  const profile = profileOf(named)
  if (profile instanceof MeteorError) return profile
  if (given.newPassword) {
    const weak = await checkNewPassword(gate, caller, given.newPassword)
    if (weak) return weak
  }
  const email = given.email?.trim()
  const changed = await gate.people.change(caller.account.id, {
    account: { ...namesOf(named), ...(email ? { email } : {}) },
    profile: before => ({
      ...profile,
      ...(fields ? { customFields: withCustomFields(before.customFields, fields) } : {}),
      ...verifiedAfter(before, target, email, undefined),
      ...(given.newPassword ? { requirePasswordChange: false, requirePasswordChangeReason: null } : {}),
    }),
    ...(given.newPassword ? { password: { plain: given.newPassword } } : {}),
  })
  if (isRefused(changed)) return refusalOf(changed, named)
  if (given.newPassword) await endTokens(gate, changed.account, caller)
  await tellChanged(gate, target, changed)
  return changed
}

async function checkNewPassword(gate: Gate, { account }: Caller, password: string): Promise<MeteorError | null> {
  const same = await gate.parts.identity.passwordFits(account.id, { plain: password })
  if (same === 'busy') return tooMany(1_000)
  if (same)
    return new MeteorError('error-password-same-as-current', 'Entered password same as current password', {
      method: 'saveUserProfile',
    })
  return checkPassword(gate, password)
}

/** Whoever knew the old password is out; the client that set the new one stays. */
async function endTokens({ parts }: Gate, account: Account, kept: Caller | null): Promise<void> {
  const tokens = await parts.identity.tokens.of(account.id)
  const theirs = tokens.filter(({ issuer, id, expiresAt }) => {
    return issuer === 'rocketchat' && expiresAt !== null && id !== kept?.token?.id
  })
  await parts.identity.tokens.revoke(theirs, 'the password was changed')
}

/** Settings that keep users from changing things, for themselves and for who may not change others. */
function checkEditing(gate: Gate, { account }: Caller, target: Person, given: UserFields): MeteorError | null {
  const { settings, permissions } = gate
  const isOwn = target.account.id === account.id
  const others = permissions.may(account, 'edit-other-user-info')
  const passwords = permissions.may(account, 'edit-other-user-password')
  const refuse = (what: string) => notAllowed(what, 'Update_user')
  const differs = (after: string | undefined, before: string | null): boolean => after !== undefined && after !== before
  if (!settings.get('Accounts_AllowUserProfileChange') && !others && !passwords)
    return refuse('Edit user profile is not allowed')
  const shut = !others || isOwn
  if (shut && differs(given.username, target.account.username) && !settings.get('Accounts_AllowUsernameChange'))
    return refuse('Edit username is not allowed')
  if (
    shut &&
    differs(given.statusText, target.profile.statusText) &&
    !settings.get('Accounts_AllowUserStatusMessageChange')
  )
    return refuse('Edit user status is not allowed')
  if (shut && differs(given.name, target.account.name) && !settings.get('Accounts_AllowRealNameChange'))
    return refuse('Edit user real name is not allowed')
  if (shut && differs(given.email, target.email) && !settings.get('Accounts_AllowEmailChange'))
    return refuse('Edit user email is not allowed')
  if (given.password && (!passwords || isOwn) && !settings.get('Accounts_AllowPasswordChange'))
    return refuse('Edit user password is not allowed')
  return null
}

async function checkNames(
  gate: Gate,
  target: Person,
  { username, name, email }: UserFields,
): Promise<MeteorError | null> {
  if (name !== undefined && !isShownName(name))
    return new MeteorError('error-invalid-name', 'Name contains invalid characters')
  if (username !== undefined && username !== target.account.username) {
    if (!isUsername(username)) return notAUsername(username)
    const free = await isFree(gate, username)
    const isOwn = username.toLowerCase() === target.account.username.toLowerCase()
    if (free instanceof MeteorError || (!free && !isOwn))
      return new MeteorError('error-could-not-save-identity', 'Could not save user identity', { method: 'saveUser' })
  }
  if (email?.trim() && email.trim().toLowerCase() !== target.email?.toLowerCase()) {
    const holder = await gate.parts.identity.users.find({ email: email.trim() })
    if (holder && holder.id !== target.account.id) return inUse(email)
  }
  return null
}

/** Roles that there are, given by who may give them. */
function checkRoles(
  gate: Gate,
  caller: Account,
  roles: readonly string[] | undefined,
  target?: Account,
): MeteorError | null {
  if (roles === undefined) return null
  if (roles.some(role => !gate.roles.get(role)))
    return notAllowed('The field Roles consist invalid role id', 'Assign_role')
  const before = target ? globalRolesOf(target) : []
  if (roles.includes('admin') && !before.includes('admin') && !gate.permissions.may(caller, 'assign-admin-role'))
    return notAllowed('Assigning admin is not allowed', 'Assign_admin')
  const same = [...before].sort().join() === [...new Set(roles)].sort().join()
  if (target && !same && !gate.permissions.may(caller, 'assign-roles'))
    return notAllowed('Assign roles is not allowed', 'Assign_role')
  return null
}

async function checkLastAdmin(
  gate: Gate,
  target: Account,
  roles: readonly string[] | undefined,
): Promise<MeteorError | null> {
  if (roles === undefined || roles.includes('admin') || !globalRolesOf(target).includes('admin')) return null
  return (await isLastAdmin(gate, target)) ? lastAdmin('Leaving the app without admins is not allowed') : null
}

function profileOf(given: UserFields): Partial<Profile> | MeteorError {
  const method = 'saveUserProfile'
  if (given.bio !== undefined && given.bio.length > BIO)
    return new MeteorError('error-bio-size-exceeded', `Bio size exceeds ${BIO} characters`, { method })
  if (given.nickname !== undefined && given.nickname.length > NICKNAME)
    return new MeteorError('error-nickname-size-exceeded', `Nickname size exceeds ${NICKNAME} characters`, { method })
  return {
    ...(given.bio === undefined ? {} : { bio: given.bio.trim() || null }),
    ...(given.nickname === undefined ? {} : { nickname: given.nickname.trim() || null }),
    ...(given.statusText === undefined ? {} : { statusText: given.statusText.trim() }),
    ...(given.language === undefined ? {} : { language: given.language }),
    ...(given.requirePasswordChange === undefined ? {} : { requirePasswordChange: given.requirePasswordChange }),
    ...(given.requirePasswordChangeReason === undefined
      ? {}
      : { requirePasswordChangeReason: given.requirePasswordChangeReason }),
    ...(given.requirePasswordChange === false ? { requirePasswordChangeReason: null } : {}),
  }
}

function namesOf({ username, name }: UserFields): AccountChange {
  return { ...(username ? { username } : {}), ...(name?.trim() ? { name: name.trim() } : {}) }
}

/** The facts of a change, to whoever shows them. */
export async function tellChanged(gate: Gate, before: Person, after: Person): Promise<void> {
  const { parts } = gate
  const { id, username, name } = after.account
  if (username !== before.account.username || name !== before.account.name)
    tellLogged(parts, 'Users:NameChanged', { _id: id, name, username })
  tellRoleChanges(gate, before.account, after.account)
  tellPresence(parts, id)
  const { _id, ...diff } = (await fullDocument(gate, after)) as Record<string, unknown>
  tellUser(parts, id, 'userData', { type: 'updated', id, diff: { ...diff, emails: emailsOf(after) }, unset: {} })
}

export function defaultRoles({ settings, roles }: Gate): string[] {
  const named = settings.get('Accounts_Registration_Users_Default_Roles').split(',')
  return named.map(role => role.trim()).filter(role => roles.get(role))
}

function randomPassword({ parts }: Gate): string {
  return Buffer.from(parts.random.bytes(24)).toString('base64url')
}

export function refusalOf(refused: IdentityRejection, { username = '', email = '' }: UserFields): MeteorError {
  switch (refused.rejected) {
    case 'username.taken':
      return inUse(username)
    case 'email.taken':
      return inUse(email)
    case 'user.malformed':
      return new MeteorError('error-input-is-not-a-valid-field', `${refused.field} ${refused.text}`, { method: METHOD })
    case 'password.malformed':
      return new MeteorError('error-password-policy-not-met', `The password ${refused.text}`)
    case 'busy':
      return tooMany(1_000)
    case 'user.unknown':
      return new MeteorError('error-invalid-user', 'Invalid user', { method: METHOD })
    default:
      return new MeteorError('error-conflict', 'Somebody else changed this user at the same time, try again')
  }
}

function notAUsername(username: string): MeteorError {
  const details = { method: METHOD, input: username, field: 'Username' }
  return new MeteorError('error-input-is-not-a-valid-field', `${escaped(username)} is not a valid username`, details)
}

function inUse(field: string): MeteorError {
  return new MeteorError('error-field-unavailable', `${escaped(field)} is already in use :(`, { method: METHOD, field })
}

function notAllowed(reason: string, action: string): MeteorError {
  return new MeteorError('error-action-not-allowed', reason, { method: METHOD, action })
}
