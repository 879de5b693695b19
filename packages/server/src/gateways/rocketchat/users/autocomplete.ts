// The first users whose names hold a term. Whoever may not see beyond their rooms finds those that they share one with.
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import type { Document } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { COMPLETED_USERS, COMPLETION_MEMBERS } from '../limits.ts'
import { everybody } from './everybody.ts'
import { hasEnded } from './find.ts'
import { matcherOf } from './list.ts'
import { statusOf } from './status.ts'

const selectorShape = z.looseObject({
  term: z.string().max(256).optional(),
  exceptions: z.array(z.string().max(256)).max(1_000).optional(),
  conditions: z.record(z.string(), z.unknown()).optional(),
})
export type Selector = z.output<typeof selectorShape>

export function selectorOf(text: string): Selector | MeteorError {
  const invalid = new MeteorError('error-invalid-params', 'The selector cannot be read')
  try {
    const read = selectorShape.safeParse(JSON.parse(text))
    return read.success ? read.data : invalid
  } catch {
    return invalid
  }
}

const ASKED: ReadonlySet<string> = new Set(['_id', 'username', 'name', 'active', 'status'])

export async function completedUsers(
  gate: Gate,
  viewer: Account,
  { term = '', exceptions = [], conditions = {} }: Selector,
): Promise<readonly Document[] | MeteorError> {
  const test = matcherOf(conditions, path => ASKED.has(path))
  if (test instanceof MeteorError) return new MeteorError('error-invalid-query', 'error-invalid-query')
  const wanted = term.trim().replace(/^@/, '').toLowerCase()
  const left = new Set(exceptions)
  const found: Account[] = []
  for await (const account of candidates(gate, viewer)) {
    const { id: _id, username, name, active } = account
    if (!active || left.has(username)) continue
    if (!username.toLowerCase().includes(wanted) && !name.toLowerCase().includes(wanted)) continue
    const status = test.paths.includes('status') ? await statusOf(gate, account) : ''
    if (!test.fits({ _id, username, name, active, status })) continue
    found.push(account)
    if (found.length >= COMPLETED_USERS) break
  }
  found.sort((a, b) => (a.username < b.username ? -1 : 1))
  return Promise.all(found.map(account => item(gate, account)))
}

async function* candidates(gate: Gate, viewer: Account): AsyncGenerator<Account> {
  if (gate.permissions.may(viewer, 'view-outside-room')) {
    yield* everybody(gate, viewer.id)
    return
  }
  const seen = new Set<string>([viewer.id])
  for (const room of await gate.parts.reading.roomsOf(viewer.id)) {
    for (const user of room.members.keys()) {
      if (seen.has(user)) continue
      if (seen.add(user).size > COMPLETION_MEMBERS) return
      const account = await gate.parts.identity.accounts.load(user)
      if (account && !hasEnded(account)) yield account
    }
  }
}

async function item(gate: Gate, account: Account): Promise<Document> {
  const { nickname, avatarETag } = (await gate.people.about(account)).profile
  const { id: _id, username, name } = account
  const status = await statusOf(gate, account)
  return { _id, username, name, status, ...(nickname ? { nickname } : {}), ...(avatarETag ? { avatarETag } : {}) }
}
