// An account as a value: blank, changed, under its guard, and whether it may log in. No store, no clock.
import type { UserId } from '@conclave/wire'
import type { Account } from '../room/facts.ts'
import { sanctionOn } from '../room/state.ts'
import type { Guard } from '../store/store.ts'
import { type AccountChange, usernameKey } from './account-form.ts'

export function blankAccount(id: UserId): Account {
  const names = { username: '', name: '', dinoName: '' }
  const own = { attributes: {}, info: {}, invisible: false, excluded: [] }
  return { id, version: 0, ...names, active: true, roles: [], sanctions: [], ...own }
}

export function changedAccount(account: Account, change: AccountChange): Account {
  const username = change.username === undefined ? account.username : usernameKey(change.username)
  return {
    id: account.id,
    version: account.version,
    username,
    name: change.name ?? (account.name || username),
    dinoName: change.dinoName ?? account.dinoName,
    active: change.active ?? account.active,
    roles: change.roles ?? account.roles,
    ...wireRolesAfter(account, change),
    sanctions: change.sanctions ?? account.sanctions,
    attributes: change.attributes ?? account.attributes,
    info: infoAfter(account, change),
    invisible: change.invisible ?? account.invisible,
    excluded: change.excluded ?? account.excluded,
  }
}

function wireRolesAfter({ wireRoles }: Account, change: AccountChange): Pick<Account, 'wireRoles'> {
  const roles = change.wireRoles ?? wireRoles
  return roles === undefined ? {} : { wireRoles: roles }
}

/** What the operator says anew of a user stands over what the user said of it before. */
function infoAfter(account: Account, { attributes, info = account.info }: AccountChange): Account['info'] {
  if (attributes === undefined) return info
  const kept = Object.entries(info).filter(([name]) => attributes[name] === account.attributes[name])
  return Object.fromEntries(kept)
}

export function withoutVersion({ version: _, ...account }: Account): Omit<Account, 'version'> {
  return account
}

/** Whether the account may log in. */
export function isAdmitted(account: Account, now: number): boolean {
  return account.active && sanctionOn(account.sanctions, account.id, 'ban', now) === undefined
}

export function guardOf({ id, version }: Account): Guard {
  return { of: 'account', id, version }
}
