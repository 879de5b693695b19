// Coverage (L1): a rotation carries one wrap for exactly every member of the new roster, each at that member's
// newest public-key version, under a key version that is newer than the current one (L2).
import type { UserId } from '@conclave/wire'
import { compareVersions, isKeyVersion, parseWrap } from '@conclave/wire/xchat/keys'
import { VERSION_AHEAD } from '../limits.ts'
import type { Wrap } from './events.ts'
import type { Context, Facts } from './facts.ts'
import type { Rejection } from './rejection.ts'
import type { Epoch } from './state.ts'

export interface Rotation {
  readonly version: string
  readonly wraps: readonly Wrap[]
}

/** The key version alone: numeric, newer than the current one, not further ahead than clients' clocks may be. */
export function checkVersion(version: string, current: Epoch | null, context: Context): Rejection | null {
  const now = current?.version ?? null
  if (!isKeyVersion(version)) return { rejected: 'epoch.malformed' }
  // Even under a newer version: it was made for the key that this one would replace unseen.
  if (context.overtaken) return { rejected: 'conflict', current: now }
  if (now !== null && compareVersions(version, now) <= 0) {
    return context.raced ? { rejected: 'conflict', current: now } : { rejected: 'epoch.stale', current: now }
  }
  if (Number(version) > context.now + VERSION_AHEAD) return { rejected: 'epoch.ahead', current: now }
  return null
}

/** Wraps for exactly this roster. `roster` holds each user once. */
export function checkWraps(wraps: readonly Wrap[], roster: ReadonlySet<UserId>, facts: Facts): Rejection | null {
  const covered = new Set<UserId>()
  for (const wrap of wraps) {
    if (covered.has(wrap.user)) return { rejected: 'wrap.duplicate', user: wrap.user }
    covered.add(wrap.user)
  }
  for (const user of roster) if (!covered.has(user)) return { rejected: 'wrap.missing', user }
  for (const user of covered) if (!roster.has(user)) return { rejected: 'wrap.extra', user }
  for (const wrap of wraps) {
    const newest = facts.keys(wrap.user)?.keys.at(-1)
    if (!newest) return { rejected: 'members.unaddable', user: wrap.user }
    if (wrap.publicKeyVersion !== newest.version) {
      return { rejected: 'wrap.outdated', user: wrap.user, newest: newest.version }
    }
  }
  for (const wrap of wraps) if (!parseWrap(wrap.key)) return { rejected: 'wrap.malformed', user: wrap.user }
  return null
}
