// A free username out of what a user is called.
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { SUGGESTIONS } from '../limits.ts'
import { slugOf } from '../names.ts'
import { isFree, isUsername } from './rules.ts'

export async function suggestedUsername(gate: Gate, account: Account): Promise<string | undefined> {
  const { email } = await gate.people.about(account)
  return freeUsername(gate, [account.name, email?.split('@', 1)[0] ?? '', account.username, 'user'], account.username)
}

/** `own`: a name that counts as free. */
export async function freeUsername(gate: Gate, names: readonly string[], own?: string): Promise<string | undefined> {
  const bases = names.map(name =>
    slugOf(name)
      .toLowerCase()
      .replace(/[^a-z0-9._-]/g, ''),
  )
  for (const base of bases.filter(isUsername))
    for (let number = 0; number < SUGGESTIONS; number++) {
      const name = number === 0 ? base : `${base}-${number}`
      if (name === own) return name
      const free = await isFree(gate, name)
      if (free instanceof MeteorError) break
      if (free) return name
    }
  return undefined
}
