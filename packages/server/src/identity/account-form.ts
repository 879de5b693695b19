// What an account may hold: the form of names, addresses and attributes, checked wherever they come from.
import { isUserId, type UserId } from '@conclave/wire'
import type { Sanction } from '../room/events.ts'
import type { Account, GlobalRole } from '../room/facts.ts'
import {
  ATTRIBUTE_NAME,
  ATTRIBUTE_VALUE,
  ATTRIBUTES,
  EMAIL,
  EXCLUDED,
  ROLE_NAME,
  SHOWN_NAME,
  USERNAME,
  WIRE_ROLES,
} from './limits.ts'
import type { IdentityRejection } from './rejection.ts'

/** What may be set of an account; what is absent stays. */
export interface AccountChange {
  readonly username?: string
  readonly name?: string
  readonly dinoName?: string
  readonly email?: string | null
  readonly active?: boolean
  readonly roles?: readonly GlobalRole[]
  readonly wireRoles?: readonly string[]
  readonly sanctions?: readonly Sanction[]
  readonly attributes?: Readonly<Record<string, string>>
  readonly info?: Readonly<Record<string, string>>
  readonly invisible?: boolean
  readonly excluded?: readonly UserId[]
}

export const GLOBAL_ROLES: readonly GlobalRole[] = ['superuser', 'globalmod', 'admin']

/** Letters, digits, dot, hyphen, underscore: never an `@`, by which Rocket.Chat tells an address from a name. */
const NAME_FORM = /^[\p{L}\p{M}\p{N}._-]+$/u
const EMAIL_FORM = /^[^\s@]+@[^\s@]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not stand in a name
const CONTROL = /[\u0000-\u001f\u007f]/

/** The form in which usernames are looked up and kept; the store compares without regard to case. */
export function usernameKey(username: string): string {
  return username.normalize('NFC')
}

/** As it was spelled; the store compares without regard to case. */
export function emailKey(email: string): string {
  return email.normalize('NFC')
}

/** undefined when everything that is named may stand so. */
export function checkAccount(change: AccountChange): IdentityRejection | undefined {
  const field = malformedField(change)
  return field && { rejected: 'user.malformed', field: field[0], text: field[1] }
}

function malformedField(change: AccountChange): readonly [string, string] | undefined {
  const { username, name, dinoName, email, roles, wireRoles, attributes, info, excluded } = change
  if (username !== undefined && !isUsername(username))
    return ['username', `must have 1 to ${USERNAME} letters, digits, dots, hyphens or underscores`]
  if (name !== undefined && !isShownName(name)) return ['name', shownNameText]
  if (dinoName !== undefined && !isShownName(dinoName)) return ['dinoName', shownNameText]
  if (email !== undefined && email !== null && (email.length > EMAIL || !EMAIL_FORM.test(email)))
    return ['email', 'must be an e-mail address']
  if (roles !== undefined && !roles.every(role => GLOBAL_ROLES.includes(role)))
    return ['roles', `must be of ${GLOBAL_ROLES.join(', ')}`]
  if (wireRoles !== undefined && (wireRoles.length > WIRE_ROLES || !wireRoles.every(isRoleName)))
    return ['wireRoles', `must be at most ${WIRE_ROLES} names of roles`]
  if (attributes !== undefined && !areAttributes(attributes)) return ['attributes', attributesText]
  if (info !== undefined && !areAttributes(info)) return ['info', attributesText]
  if (excluded !== undefined && (excluded.length > EXCLUDED || !excluded.every(isUserId)))
    return ['excluded', `must be at most ${EXCLUDED} user ids`]
  return undefined
}

/** Look-alikes of other letters that Unicode keeps for old character sets (full-width "ａ") make no other name. */
function isUsername(name: string): boolean {
  return name.length <= USERNAME && NAME_FORM.test(name) && name.normalize('NFKC') === name.normalize('NFC')
}

function isRoleName(name: string): boolean {
  return name.length > 0 && name.length <= ROLE_NAME && !CONTROL.test(name)
}

const shownNameText = `must have at most ${SHOWN_NAME} characters, none of them a control character`

function isShownName(name: string): boolean {
  return name.length <= SHOWN_NAME && !CONTROL.test(name)
}

const attributesText = `must be at most ${ATTRIBUTES} texts of at most ${ATTRIBUTE_VALUE} characters`

function areAttributes(attributes: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(attributes)
  return (
    entries.length <= ATTRIBUTES &&
    entries.every(
      ([name, value]) =>
        name.length > 0 &&
        name.length <= ATTRIBUTE_NAME &&
        typeof value === 'string' &&
        value.length <= ATTRIBUTE_VALUE,
    )
  )
}

/** How the usernames of ended accounts begin; nobody else takes one. */
export const REMOVED = 'removed-'

export function checkReserved({ username }: AccountChange, account?: Account): IdentityRejection | undefined {
  if (!username?.toLowerCase().startsWith(REMOVED) || username === account?.username) return undefined
  return { rejected: 'user.malformed', field: 'username', text: `must not begin with "${REMOVED}"` }
}
