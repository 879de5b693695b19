// Roles everywhere: those that the wire knows from the start, and those that administrators have made. Which somebody has
// lies in their account, so that asking for a permission is a look into memory; `admin` there is every wire's.
import type { AccountChange } from '../../../identity/account-form.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { globalRolesOf } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { CUSTOM_ROLES } from '../limits.ts'
import { tellLogged, tellRoles } from '../live/tell.ts'
import { Overrides } from '../settings/overrides.ts'

export interface RoleDocument {
  readonly _id: string
  readonly name: string
  readonly description: string
  /** Of users everywhere, or of a room's members. */
  readonly scope: 'Users' | 'Subscriptions'
  readonly mandatory2fa: boolean
  readonly protected: boolean
}

const given = (_id: string, scope: RoleDocument['scope'], description = ''): RoleDocument => {
  return { _id, name: _id, description, scope, mandatory2fa: false, protected: true }
}

const GIVEN: readonly RoleDocument[] = [
  given('admin', 'Users', 'Admin'),
  given('moderator', 'Subscriptions', 'Moderator'),
  given('leader', 'Subscriptions', 'Leader'),
  given('owner', 'Subscriptions', 'Owner'),
  given('user', 'Users'),
  given('bot', 'Users'),
  given('app', 'Users'),
  given('guest', 'Users'),
  given('anonymous', 'Users'),
]

interface Made {
  /** null: it was made once, and is gone. */
  readonly role: RoleDocument | null
  readonly updatedAt: number
}

export class Roles {
  readonly #made: Overrides<Made>
  readonly #given = new Map(GIVEN.map(role => [role._id, role]))

  private constructor(made: Overrides<Made>) {
    this.#made = made
  }

  static async open(parts: GatewayParts): Promise<Roles> {
    return new Roles(await Overrides.open<Made>(parts, 'rocketchat.role', () => {}))
  }

  get(id: string): RoleDocument | undefined {
    return this.#given.get(id) ?? this.#made.get(id)?.role ?? undefined
  }

  find(idOrName: string): RoleDocument | undefined {
    return this.get(idOrName) ?? this.all().find(({ name }) => name === idOrName)
  }

  all(): RoleDocument[] {
    return [...GIVEN, ...this.#made.entries().flatMap(([, { role }]) => role ?? [])]
  }

  /** Since a time (ms since 1970): what there is now, and what is gone. */
  since(time: number): { readonly update: readonly RoleDocument[]; readonly remove: readonly object[] } {
    const later = this.#made.entries().filter(([, { updatedAt }]) => updatedAt > time)
    return {
      update: later.flatMap(([, { role }]) => role ?? []),
      remove: later
        .filter(([, { role }]) => role === null)
        .map(([_id, { updatedAt }]) => ({ _id, _deletedAt: new Date(updatedAt) })),
    }
  }

  async put({ parts }: Gate, role: RoleDocument): Promise<MeteorError | null> {
    if (this.all().some(({ _id, name }) => name === role.name && _id !== role._id))
      return new MeteorError('error-duplicate-role-names-not-allowed', 'Role name already exists')
    if (!this.get(role._id) && this.all().length >= CUSTOM_ROLES)
      return new MeteorError('error-not-allowed', 'Too many roles')
    await this.#made.put(role._id, { role, updatedAt: parts.clock.now() })
    tellRoles(parts, { type: 'changed', ...role })
    return null
  }

  async remove({ parts }: Gate, { _id, name }: RoleDocument): Promise<void> {
    await this.#made.put(_id, { role: null, updatedAt: parts.clock.now() })
    tellRoles(parts, { type: 'removed', _id, name })
  }
}

/** What of the account says that its user has these roles. A superuser is an administrator whatever this wire says. */
export function rolesGiven(
  account: Account | undefined,
  roles: readonly string[],
): Pick<AccountChange, 'roles' | 'wireRoles'> {
  const kept = (account?.roles ?? []).filter(role => role !== 'admin')
  const isAdmin = roles.includes('admin') && !kept.includes('superuser')
  return {
    roles: isAdmin ? [...kept, 'admin'] : kept,
    wireRoles: [...new Set(roles)].filter(role => role !== 'admin'),
  }
}

export function tellRoleChanges({ parts }: Gate, before: Account, after: Account): void {
  const [was, is] = [globalRolesOf(before), globalRolesOf(after)]
  const u = { _id: after.id, username: after.username }
  for (const _id of is) if (!was.includes(_id)) tellLogged(parts, 'roles-change', { type: 'added', _id, u })
  for (const _id of was) if (!is.includes(_id)) tellLogged(parts, 'roles-change', { type: 'removed', _id, u })
}
