// Who may do what over this wire, by the permission names that its clients ask for. A permission only narrows what the
// room's own rules allow (room/rights.ts): it is a further no, never a further yes.
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { globalRolesOf } from '../encode.ts'
import type { Required } from '../route.ts'
import { Overrides } from './overrides.ts'
import { PERMISSIONS, type Permission } from './permission-table.ts'

export interface PermissionDocument {
  readonly _id: Permission
  readonly roles: readonly string[]
  /** ms since 1970; 0 where nobody has changed it. */
  readonly updatedAt: number
}

interface Changed {
  readonly roles: readonly string[]
  readonly updatedAt: number
}

export class Permissions {
  readonly #changed: Overrides<Changed>

  private constructor(changed: Overrides<Changed>) {
    this.#changed = changed
  }

  /** `told`: called on every node after one has changed. */
  static async open(parts: GatewayParts, told: (permission: PermissionDocument) => void): Promise<Permissions> {
    const changed = await Overrides.open<Changed>(parts, 'rocketchat.permission', id => {
      if (isPermission(id)) told(permissions.get(id))
    })
    const permissions = new Permissions(changed)
    return permissions
  }

  get(id: Permission): PermissionDocument {
    const changed = this.#changed.get(id)
    return { _id: id, roles: changed?.roles ?? PERMISSIONS[id], updatedAt: changed?.updatedAt ?? 0 }
  }

  all(): PermissionDocument[] {
    return (Object.keys(PERMISSIONS) as Permission[]).map(id => this.get(id))
  }

  async set(id: Permission, roles: readonly string[], now: number): Promise<void> {
    await this.#changed.put(id, { roles, updatedAt: now })
  }

  /** `room`: where the account's roles in it count as well. */
  may(account: Account, id: Permission, room?: RoomState): boolean {
    const { roles } = this.get(id)
    if (globalRolesOf(account).some(role => roles.includes(role))) return true
    return room?.roles.get(account.id)?.some(role => roles.includes(role)) ?? false
  }
}

/** The same of what a route requires. */
export function meets(permissions: Permissions, account: Account, required: Required): boolean {
  if (typeof required === 'string') return permissions.may(account, required)
  if ('any' in required) return required.any.some(id => permissions.may(account, id))
  return required.all.every(id => permissions.may(account, id))
}

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text)
}
