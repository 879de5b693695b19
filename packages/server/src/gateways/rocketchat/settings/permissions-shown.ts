// Permissions as clients read and change them: over REST and by methods, in one way.
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { isPermission, type PermissionDocument } from './permissions.ts'

export interface ShownPermission {
  readonly _id: string
  readonly roles: readonly string[]
  readonly _updatedAt: Date
}

/** `since`: ms since 1970; those that somebody has changed later. */
export function permissionsShown({ permissions }: Gate, since?: number): ShownPermission[] {
  return permissions
    .all()
    .filter(({ updatedAt }: PermissionDocument) => since === undefined || updatedAt > since)
    .map(({ _id, roles, updatedAt }) => ({ _id, roles, _updatedAt: new Date(updatedAt) }))
}

export interface PermissionChange {
  readonly _id: string
  readonly roles: readonly string[]
}

/** All or, where one of them cannot be, none. */
export async function savePermissions(gate: Gate, changes: readonly PermissionChange[]): Promise<MeteorError | null> {
  for (const { _id, roles } of changes) {
    if (!isPermission(_id)) return new MeteorError('error-invalid-permission', 'Invalid permission')
    if (roles.some(role => !gate.roles.get(role))) return new MeteorError('error-invalid-role', 'Invalid role')
  }
  for (const { _id, roles } of changes)
    if (isPermission(_id)) await gate.permissions.set(_id, [...new Set(roles)], gate.parts.clock.now())
  return null
}
