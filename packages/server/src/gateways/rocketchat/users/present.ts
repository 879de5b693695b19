// Who is there (`users.presence`), for clients that begin: what changes afterwards comes by the streams.
import { isUserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { PRESENT_USERS } from '../limits.ts'
import { SERVER_USER } from './documents.ts'
import { statusOf } from './status.ts'

/** Clients that were here so lately keep their list and ask for what has changed. */
const RECENT = 10 * 60 * 1000

export async function presentUsers(
  gate: Gate,
  ids: readonly string[] | undefined,
  from: string | undefined,
): Promise<{ readonly users: readonly Document[]; readonly full: boolean }> {
  const { parts } = gate
  if (ids !== undefined) {
    const accounts = await Promise.all(ids.filter(isUserId).map(id => parts.identity.accounts.load(id)))
    return { users: await shown(gate, accounts), full: false }
  }
  // The streams have told of it, or will: nothing that a client could have missed is kept.
  if (from !== undefined && parts.clock.now() - Date.parse(from) < RECENT) return { users: [], full: false }
  const present = await parts.presence.present(PRESENT_USERS)
  const accounts = await Promise.all(present.map(id => parts.identity.accounts.load(id)))
  const server = { ...SERVER_USER, avatarETag: null }
  const { _id, username, name, status, utcOffset, avatarETag } = server as Document & { avatarETag: null }
  return {
    users: [{ _id, username, name, status, utcOffset, avatarETag }, ...(await shown(gate, accounts))],
    full: true,
  }
}

async function shown(gate: Gate, accounts: readonly (Account | undefined)[]): Promise<Document[]> {
  const users: Document[] = []
  for (const account of accounts) {
    if (!account) continue
    const status = await statusOf(gate, account)
    if (status === 'offline') continue
    const { utcOffset, statusText, avatarETag } = (await gate.people.about(account)).profile
    const { id: _id, username, name } = account
    users.push({ _id, username, name, status, utcOffset, statusText, ...(avatarETag ? { avatarETag } : {}) })
  }
  return users
}
