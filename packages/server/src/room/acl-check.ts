// Whether an ACL may be set (dino.md section 4 set_acl, section 6): asked by set_acl, create and the import, of
// everybody. The fields are Dino's codes 601 (type), 602 (action) and 603 (value), in that order.
import { ACL_ECHO, ACL_VALUE, type Acl, type AclTarget } from './acl.ts'
import { customFault } from './acl-custom.ts'
import { type AclRules, type AclValidator, wantsValue } from './acl-rules.ts'
import { valueFault } from './acl-validators.ts'

/** An ACL as it came in; null stands for what was left out. A null value takes the ACL away (Dino: blank content). */
export type ProposedAcl = { readonly [field in keyof Acl]: string | null }

export type AclCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly field: 'type' | 'action' | 'value'; readonly text: string }

/** A null value is in order even where the ACL may no longer be set; a blank one is stored (`disallow` has it). */
export function checkAcl(acl: ProposedAcl, on: AclTarget['kind'], rules: AclRules): AclCheck {
  const { type, action, value } = acl
  if (type === null || !rules.available.has(type)) return refused('type', `invalid acl type "${echo(type)}"`)
  if (action === null || !(rules.room.has(action) || rules.channel.has(action))) {
    return refused('action', `invalid api action "${echo(action)}"`)
  }
  const fault = aclValueFault(type, value ?? '', rules)
  if (fault !== null) {
    return refused('value', `invalid acl value "${echo(value, ACL_VALUE)}" for type "${type}": ${fault}`)
  }
  if (value === null) return { ok: true }
  const allowed = rules[on].get(action)
  if (allowed === undefined) return refused('action', `api action "${action}" is not for a ${on}`)
  return allowed.includes(type)
    ? { ok: true }
    : refused('type', `acl type "${type}" is not for api action "${action}" on a ${on}`)
}

/** What a client asks of a room that it makes, where there is nothing to take away: a blank value says nothing of a type
 * that wants one, so that ACL is left out; of the others (`disallow`) it is all there is to say. */
export function meaningful(acls: readonly ProposedAcl[], rules: AclRules): readonly ProposedAcl[] {
  return acls.flatMap(acl => {
    if (!isBlank(acl.value)) return [acl]
    return saysNothing(acl, rules) ? [] : [{ ...acl, value: '' }]
  })
}

/** Blank where the type wants a value. */
export function saysNothing({ type, value }: ProposedAcl, rules: AclRules): boolean {
  return isBlank(value) && type !== null && wantsValue(type, rules)
}

function isBlank(value: string | null): boolean {
  return value === null || value.trim() === ''
}

function aclValueFault(type: string, value: string, rules: AclRules): string | null {
  const validator = rules.validators.get(type)
  if (validator === undefined) return `acl type "${type}" does not have a validator`
  if (isBlank(value)) return null
  if (value.length > ACL_VALUE) return `more than ${ACL_VALUE} characters`
  return faultOf(validator, value, rules)
}

function faultOf(validator: AclValidator, value: string, rules: AclRules): string | null {
  return validator.kind === 'custom' ? customFault(value, rules) : valueFault(validator, value)
}

function refused(field: 'type' | 'action' | 'value', text: string): AclCheck {
  return { ok: false, field, text }
}

/** "None" is how Dino names what was left out. */
function echo(text: string | null, most = ACL_ECHO): string {
  if (text === null) return 'None'
  return text.length > most ? `${text.slice(0, ACL_ECHO)}…` : text
}
