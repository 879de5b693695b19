// Many users at once, as an import brings them (design 5): one item for all, so that they are there together or not
// at all, and names may change hands among them. What is there already is left alone.
import type { UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Account } from '../room/facts.ts'
import type { Guard, Row, Store, Write } from '../store/store.ts'
import { blankAccount, changedAccount, guardOf, isAdmitted, withoutVersion } from './account.ts'
import { type AccountChange, checkAccount, checkReserved, emailKey, REMOVED } from './account-form.ts'
import { commit } from './commit.ts'
import { type IdentityRejection, isRefused } from './rejection.ts'
import { isSameOwner, type Tokens } from './tokens.ts'

export interface Brought {
  readonly id: UserId
  readonly change: AccountChange & { readonly username: string }
  /** A new hash; null leaves the password as it is. */
  readonly passwordHash: string | null
  /** Texts that shall be tokens with all of a user's scopes. */
  readonly tokens: readonly string[]
}

export interface BringParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly tokens: Tokens
  changed(user: UserId): void
  ended(user: UserId, reason: string): void
}

interface Writing {
  readonly guards: readonly Guard[]
  /** What must be out of the way before anybody's rows: names that others take over. */
  readonly first: readonly Row[]
  readonly rows: readonly Row[]
  readonly changed: { readonly before: Account; readonly after: Account } | null
}

/** The refusal and whose it is, or null when all is there. */
export async function bringUsers(
  parts: BringParts,
  users: readonly Brought[],
): Promise<{ readonly refusal: IdentityRejection; readonly index: number } | null> {
  let index = 0
  const done = await commit<readonly Writing[]>(parts.write, async () => {
    const writings: Writing[] = []
    for (const [at, user] of users.entries()) {
      index = at
      const writing = await writingOf(parts, user)
      if (isRefused(writing)) return writing
      writings.push(writing)
    }
    return {
      guards: writings.flatMap(({ guards }) => guards),
      rows: [...writings.flatMap(({ first }) => first), ...writings.flatMap(({ rows }) => rows)],
      value: writings,
    }
  })
  if (isRefused(done)) return { refusal: done, index }
  const now = parts.clock.now()
  for (const { changed } of done) {
    if (!changed) continue
    const { before, after } = changed
    parts.changed(after.id)
    if (before.version > 0 && isAdmitted(before, now) && !isAdmitted(after, now)) {
      parts.ended(after.id, after.active ? 'banned' : 'account disabled')
    }
  }
  return null
}

async function writingOf(
  { store, clock, tokens }: BringParts,
  { id, change, passwordHash, tokens: texts }: Brought,
): Promise<Writing | IdentityRejection> {
  const known = await store.account(id)
  const refused = checkAccount(change) ?? checkReserved(change, known)
  if (refused) return refused
  const before = known ?? blankAccount(id)
  const emailBefore = known ? await store.email(id) : null
  const after = changedAccount(before, change)
  const email = change.email === undefined ? emailBefore : change.email === null ? null : emailKey(change.email)
  const moves = after.username !== before.username || email !== emailBefore
  const differs = moves || JSON.stringify(after) !== JSON.stringify(changedAccount(before, {}))
  const at = clock.now()
  const first: Row[] = []
  const rows: Row[] = []
  if (known && moves) {
    const away = { ...withoutVersion(before), username: `${REMOVED}${id}` }
    first.push({ put: 'account', account: away, email: null, createdAt: at })
  }
  if (!known || differs) rows.push({ put: 'account', account: withoutVersion(after), email, createdAt: at })
  if (passwordHash !== null) rows.push({ put: 'password', user: id, hash: passwordHash })
  for (const text of texts) {
    const token = tokens.draft({ kind: 'user', user: id, issuer: 'import', lifetime: null }, text)
    const held = await store.token(token.hash)
    if (held && !isSameOwner(held, token)) return { rejected: 'token.exists' }
    if (!held) rows.push({ put: 'token', token })
  }
  const guards = rows.length > 0 ? [guardOf(before)] : []
  return { guards, first, rows, changed: !known || differs ? { before, after } : null }
}
