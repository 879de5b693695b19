// Whether a visitor may act (dino.md section 6, Evaluation). Every ACL for the action must be met, also one of a type
// that the rules no longer list for it; one that cannot be judged (unknown type, malformed value) refuses. What somebody
// locked stays locked until they unlock it. Only an action that the rules leave out altogether is not ruled by ACLs.
import type { Acl, AclRefusal, Visitor } from './acl.ts'
import { judgeCustom } from './acl-custom.ts'
import { judge } from './acl-validators.ts'

/** `acls` are those of the visitor's target. Null when allowed, else the first ACL that refuses, in their order. */
export function evaluate(acls: readonly Acl[], action: string, visitor: Visitor): AclRefusal | null {
  if (acls.length === 0 || passes(visitor) || !visitor.rules[visitor.target.kind].has(action)) return null
  for (const acl of acls) {
    if (acl.action !== action) continue
    const reason = reasonAgainst(acl, visitor)
    if (reason !== null) return { acl, reason }
  }
  return null
}

function passes(visitor: Visitor): boolean {
  return (
    visitor.isChannelAdmin ||
    visitor.isOperator ||
    visitor.isSuperuser ||
    visitor.isChannelOwner ||
    (visitor.isRoomOwner && visitor.target.kind === 'room')
  )
}

function reasonAgainst(acl: Acl, visitor: Visitor): string | null {
  const validator = visitor.rules.validators.get(acl.type)
  if (validator === undefined) return `acl type "${acl.type}" does not have a validator`
  if (validator.kind === 'custom') return judgeCustom(acl.value, visitor)
  return judge(validator, acl.type, acl.value, visitor)?.reason ?? null
}
