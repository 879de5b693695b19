// Strangers who make themselves an account, where administrators let them. Attempts are counted by address.
import { z } from 'zod'
import { isRefused } from '../../../identity/rejection.ts'
import { MeteorError, tooMany } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { ID_TEXT, PASSWORD_TEXT, REGISTRATIONS } from '../limits.ts'
import { joinDefaultRooms } from './default-rooms.ts'
import type { Person } from './people.ts'
import { rolesGiven } from './roles.ts'
import { checkCustomFields, checkPassword, isFree, isShownName, isUsername } from './rules.ts'
import { defaultRoles, refusalOf } from './save.ts'

export const REGISTRATION = z.looseObject({
  username: z.string().min(1).max(ID_TEXT),
  name: z.string().max(ID_TEXT).optional(),
  email: z.string().min(1).max(ID_TEXT),
  pass: z.string().min(1).max(PASSWORD_TEXT),
  secret: z.string().max(ID_TEXT).optional(),
  secretURL: z.string().max(ID_TEXT).optional(),
  customFields: z.record(z.string(), z.unknown()).optional(),
})

/** `failed`: a refusal that has no code on this wire. */
export async function registerUser(
  gate: Gate,
  given: z.output<typeof REGISTRATION>,
  address: string,
): Promise<Person | MeteorError | { readonly failed: string }> {
  const { settings, parts } = gate
  const { username, name = username, email, pass } = given
  const form = settings.get('Accounts_RegistrationForm')
  const method = 'registerUser'
  if (form === 'Disabled')
    return new MeteorError('error-user-registration-disabled', 'User registration is disabled', { method })
  const secret = settings.get('Accounts_RegistrationForm_SecretURL')
  if (form === 'Secret URL' && (secret === '' || (given.secret ?? given.secretURL) !== secret))
    return new MeteorError('error-user-registration-secret', 'User registration is only allowed via Secret URL', {
      method,
    })
  const { allowed } = await parts.quota.take(`register:${address}`, { limit: REGISTRATIONS, window: 60_000 })
  if (!allowed) return tooMany(60_000)
  if (!isShownName(name)) return { failed: 'Name contains invalid characters' }
  if (!isUsername(username))
    return new MeteorError(
      'username-invalid',
      'The username is not valid, use only letters, numbers, dots, hyphens and underscores',
    )
  const free = await isFree(gate, username)
  if (free instanceof MeteorError) return free
  if (!free) return { failed: 'Username is already in use' }
  const weak = checkPassword(gate, pass)
  if (weak) return weak
  const fields = given.customFields ? checkCustomFields(gate, given.customFields) : {}
  if (fields instanceof MeteorError) return fields
  if (await parts.identity.users.find({ email: email.trim() })) return new MeteorError(403, 'Email already exists.')
  const user = {
    username,
    name: name.trim() || username,
    email: email.trim(),
    password: { plain: pass },
    ...rolesGiven(
      undefined,
      defaultRoles(gate).filter(role => role !== 'admin'),
    ),
  }
  const made = await gate.people.create(user, { customFields: fields })
  if (isRefused(made)) return refusalOf(made, { username, email })
  await joinDefaultRooms(gate, made.account)
  return made
}
