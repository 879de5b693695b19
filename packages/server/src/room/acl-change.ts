// Changes to the ACLs of a room or a channel (dino.md section 4, set_acl, as the seed has it): each sets the ACL of its
// type for its action, or takes that one away. Only what changes is checked, of everybody alike.
import { ACLS } from '../limits.ts'
import type { Acl, AclTarget } from './acl.ts'
import { checkAcl, type ProposedAcl, saysNothing } from './acl-check.ts'
import type { AclRules } from './acl-rules.ts'
import type { Rejection } from './rejection.ts'

/** The ACLs after the changes, or why the first wrong one may not be made. `held` itself where nothing changes. */
export function changeAcls(
  held: readonly Acl[],
  changes: readonly ProposedAcl[],
  on: AclTarget['kind'],
  rules: AclRules,
): readonly Acl[] | Rejection {
  const tooMany: Rejection = { rejected: 'limit', text: `at most ${ACLS} rules on a ${on}` }
  if (changes.length > ACLS) return tooMany
  let acls = held
  for (const change of changes) {
    const changed = changeAcl(acls, change, on, rules)
    if ('rejected' in changed) return changed
    acls = changed
  }
  return acls.length > ACLS && acls.length > held.length ? tooMany : acls
}

function changeAcl(
  held: readonly Acl[],
  change: ProposedAcl,
  on: AclTarget['kind'],
  rules: AclRules,
): readonly Acl[] | Rejection {
  const { type, action } = change
  const removes = change.value === null || saysNothing(change, rules)
  const isMeant = (acl: Acl): boolean => acl.type === type && acl.action === action
  const at = held.findIndex(isMeant)
  // What stands there may go even if the rules know it no more: it still locks.
  if (removes && at >= 0) return held.filter(acl => !isMeant(acl))
  const value = removes ? null : change.value
  const checked = checkAcl({ type, action, value }, on, rules)
  if (!checked.ok) return { rejected: 'acl.malformed', field: checked.field, text: checked.text }
  if (type === null || action === null || value === null) return held
  const acl: Acl = { action, type, value }
  if (at < 0) return [...held, acl]
  if (held.every((one, n) => (n === at ? one.value === value : !isMeant(one)))) return held
  return held.flatMap((one, n) => (n === at ? [acl] : isMeant(one) ? [] : [one]))
}
