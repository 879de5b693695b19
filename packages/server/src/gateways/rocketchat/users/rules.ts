// What names, passwords and custom fields must be like on this wire, as administrators set it.
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { CUSTOM_FIELDS, CUSTOM_FIELDS_BYTES } from '../limits.ts'
import type { SettingId } from '../settings/setting-table.ts'
import { describedFields } from './documents.ts'

type Fields = Readonly<Record<string, unknown>>

const USERNAME = /^[0-9a-zA-Z-_.]+$/
const NAME_CHARACTERS = /[<>\\/]/
/** Words that mention everybody. */
const EVERYBODY = ['all', 'here']

export function isShownName(name: string): boolean {
  if (NAME_CHARACTERS.test(name)) return false
  try {
    return !NAME_CHARACTERS.test(decodeURI(name))
  } catch {
    return false
  }
}

export function isUsername(username: string): boolean {
  return USERNAME.test(username)
}

export function isBlockedUsername({ settings }: Gate, username: string): boolean {
  const blocked = [
    ...settings.get('Accounts_SystemBlockedUsernameList').split(','),
    ...settings.get('Accounts_BlockedUsernameList').split(','),
    ...EVERYBODY,
  ]
  const folded = username.trim().toLowerCase()
  return blocked.some(word => word.trim() !== '' && word.trim().toLowerCase() === folded)
}

export function blockedUsername(username: string): MeteorError {
  return new MeteorError('error-blocked-username', `${escaped(username)} is blocked and can't be used!`, {
    method: 'checkUsernameAvailability',
    field: username,
  })
}

/** False where somebody has it, a refusal where nobody may. */
export async function isFree(gate: Gate, username: string): Promise<boolean | MeteorError> {
  if (isBlockedUsername(gate, username)) return blockedUsername(username)
  return (await gate.parts.identity.users.find({ username })) === undefined
}

/** Texts of refusals are shown as HTML by some clients. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, sign => `&#${sign.charCodeAt(0)};`)
}

export function checkPassword({ settings }: Gate, password: string): MeteorError | null {
  const not = (reasons?: readonly object[]): MeteorError =>
    new MeteorError(
      'error-password-policy-not-met',
      "The password provided does not meet the server's password policy.",
      ...(reasons ? ([reasons as unknown as Record<string, unknown>] as const) : []),
    )
  if (password.trim() === '') return not()
  if (!settings.get('Accounts_Password_Policy_Enabled')) return null
  const wants = (id: SettingId): boolean => Boolean(settings.get(id))
  const [least, most] = [
    settings.get('Accounts_Password_Policy_MinLength'),
    settings.get('Accounts_Password_Policy_MaxLength'),
  ]
  const repeats = Math.max(1, settings.get('Accounts_Password_Policy_ForbidRepeatingCharactersCount'))
  const lacks = (form: RegExp): boolean => !form.test(password)
  const character = (what: string): string =>
    `The password does not contain at least one ${what} character which is against the password policy.`
  const rules: readonly (readonly [boolean, string, string])[] = [
    [
      least >= 1 && password.length < least,
      'minLength',
      'The password does not meet the minimum length password policy.',
    ],
    [
      most >= 1 && password.length > most,
      'maxLength',
      'The password does not meet the maximum length password policy.',
    ],
    [
      wants('Accounts_Password_Policy_ForbidRepeatingCharacters') && repeatsMore(password, repeats),
      'repeatingCharacters',
      'The password contains repeating characters which is against the password policy.',
    ],
    [wants('Accounts_Password_Policy_AtLeastOneLowercase') && lacks(/[a-z]/), 'oneLowercase', character('lowercase')],
    [wants('Accounts_Password_Policy_AtLeastOneUppercase') && lacks(/[A-Z]/), 'oneUppercase', character('uppercase')],
    [wants('Accounts_Password_Policy_AtLeastOneNumber') && lacks(/[0-9]/), 'oneNumber', character('numerical')],
    [
      wants('Accounts_Password_Policy_AtLeastOneSpecialCharacter') && lacks(/[^A-Za-z0-9 ]/),
      'oneSpecial',
      character('special'),
    ],
  ]
  const broken = rules.filter(([isBroken]) => isBroken)
  if (broken.length === 0) return null
  return not(broken.map(([, name, message]) => ({ error: `error-password-policy-not-met-${name}`, message })))
}

/** One character more than `most` times in a row. */
function repeatsMore(text: string, most: number): boolean {
  let run = 0
  for (let at = 0; at < text.length; at++) {
    run = text[at] === text[at - 1] ? run + 1 : 1
    if (run > most) return true
  }
  return false
}

/** Those that administrators describe; all are taken where none is described. `held`: what the user has already. */
export function checkCustomFields({ settings }: Gate, fields: Fields, held: Fields = {}): Fields | MeteorError {
  if (!isBounded({ ...held, ...fields }))
    return new MeteorError('error-user-registration-custom-field', 'Custom fields are too large')
  const described = describedFields(settings.get('Accounts_CustomFields'))
  if (described.size === 0) return fields
  const taken: Record<string, unknown> = {}
  for (const [name, field] of described) {
    const value = fields[name]
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
    const refuse = (reason: string): MeteorError =>
      new MeteorError('error-user-registration-custom-field', reason, { method: 'registerUser' })
    if (field.required && text === '') return refuse(`Field ${name} is required`)
    if (field.type === 'select' && value !== undefined && !field.options?.includes(value))
      return refuse(`Value for field ${name} is invalid`)
    if (field.maxLength && text.length > field.maxLength)
      return refuse(`Max length of field ${name} ${field.maxLength}`)
    if (field.minLength && text !== '' && text.length < field.minLength)
      return refuse(`Min length of field ${name} ${field.minLength}`)
    if (value !== undefined) taken[name] = value
  }
  return taken
}

/** What the user has then; what came meanwhile stays where both together would be too much. */
export function withCustomFields(held: Fields, fields: Fields): Fields {
  const all = { ...held, ...fields }
  return isBounded(all) ? all : held
}

function isBounded(fields: Fields): boolean {
  return Object.keys(fields).length <= CUSTOM_FIELDS && JSON.stringify(fields).length <= CUSTOM_FIELDS_BYTES
}

/** As clients show it: names of rules, those with a number beside it. */
export function passwordPolicy({ settings }: Gate): { enabled: boolean; policy: readonly (readonly unknown[])[] } {
  const enabled = settings.get('Accounts_Password_Policy_Enabled')
  if (!enabled) return { enabled, policy: [] }
  const policy: (readonly unknown[])[] = []
  const [minLength, maxLength] = [
    settings.get('Accounts_Password_Policy_MinLength'),
    settings.get('Accounts_Password_Policy_MaxLength'),
  ]
  if (minLength >= 1) policy.push(['get-password-policy-minLength', { minLength }])
  if (maxLength >= 1) policy.push(['get-password-policy-maxLength', { maxLength }])
  if (settings.get('Accounts_Password_Policy_ForbidRepeatingCharacters')) {
    const forbidRepeatingCharactersCount = settings.get('Accounts_Password_Policy_ForbidRepeatingCharactersCount')
    policy.push(['get-password-policy-forbidRepeatingCharacters'])
    policy.push(['get-password-policy-forbidRepeatingCharactersCount', { forbidRepeatingCharactersCount }])
  }
  for (const what of ['Lowercase', 'Uppercase', 'Number', 'SpecialCharacter'] as const)
    if (settings.get(`Accounts_Password_Policy_AtLeastOne${what}`))
      policy.push([`get-password-policy-mustContainAtLeastOne${what}`])
  return { enabled, policy }
}
