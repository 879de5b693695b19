// Who is in a room, as its members' lists show them: whoever is there first, then by name.
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import { accountOf, type Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { LISTED_MEMBERS } from '../limits.ts'
import { statusOf } from '../users/status.ts'
import { rolesIn } from './subscription-document.ts'

export interface MembersWanted {
  /** Words of `online`, `away`, `busy`, `offline`; absent: all. */
  readonly status?: readonly string[] | undefined
  /** What a name or username contains, whatever its case. */
  readonly filter?: string | undefined
  /** By username, the other way round. */
  readonly descending?: boolean
}

export interface Listed {
  readonly account: Account
  readonly status: string
}

export async function membersOf(gate: Gate, room: RoomState, wanted: MembersWanted): Promise<Listed[]> {
  const needle = wanted.filter?.toLowerCase() ?? ''
  const listed: Listed[] = []
  for (const user of room.members.keys()) {
    if (listed.length >= LISTED_MEMBERS) break
    const account = await accountOf(gate.parts, user)
    if (!account?.active || !isNamed(account, needle)) continue
    const status = await statusOf(gate, account)
    if (!wanted.status || wanted.status.includes(status)) listed.push({ account, status })
  }
  const turn = wanted.descending ? -1 : 1
  return listed.sort((a, b) => rankOf(a) - rankOf(b) || turn * compare(a.account.username, b.account.username))
}

export function isNamed({ username, name }: Account, needle: string): boolean {
  return needle === '' || username.toLowerCase().includes(needle) || name.toLowerCase().includes(needle)
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function rankOf({ status }: Listed): number {
  return status === 'offline' ? 1 : 0
}

export function memberDocument({ account, status }: Listed): Document {
  return { _id: account.id, username: account.username, name: account.name, status }
}

export function memberWithRoles(room: RoomState, listed: Listed): Document {
  return { ...memberDocument(listed), roles: rolesIn(room, listed.account.id) }
}
