// The grammar of `custom` ACLs (dino.md section 6): `|` OR, `,` AND (binds tighter), `type=value`, `!` after the
// equal sign negates, one level of parentheses: `(age=35:|gender=w),membership=!normal`. Linear in the value's size.
// In texts each parenthesis that was taken out stands as @n@, as in the recorded ones. Every clause is checked, also
// those that Dino never reaches, and a parenthesis that fails makes its clause false, not the whole ACL.
import type { Visitor } from './acl.ts'
import type { AclRules, PlainValidator } from './acl-rules.ts'
import { judge, valueFault } from './acl-validators.ts'

const ALPHABET = /^[0-9a-z!|,():=_]*$/
const PARENTHESIS = /\(([^()]*)\)/g
const PLACE = /^@(\d+)@$/

interface Clause {
  readonly type: string
  readonly value: string
  readonly negated: boolean
  readonly validator: PlainValidator
}

/** `any` of the alternatives holds when all of its terms do. */
interface Pattern {
  readonly text: string
  readonly any: readonly (readonly Term[])[]
}

type Term = { readonly clause: Clause } | { readonly pattern: Pattern }

/** Why the value may not be set, or null. */
export function customFault(value: string, rules: AclRules): string | null {
  const pattern = parse(value, rules)
  return typeof pattern === 'string' ? pattern : null
}

/** Why the visitor does not meet it, or null. A value that could not be set is met by nobody. */
export function judgeCustom(value: string, visitor: Visitor): string | null {
  const pattern = parse(value, visitor.rules)
  return typeof pattern === 'string' ? pattern : test(pattern, visitor)
}

/** A string is the fault. */
function parse(value: string, rules: AclRules): Pattern | string {
  if (value.trim() === '') return 'blank pattern'
  if (!ALPHABET.test(value)) return `pattern did not match new value: ${value}`
  const fault = parenthesesFault(value)
  if (fault !== null) return fault
  const groups: string[] = []
  const flat = value.replace(PARENTHESIS, (_, inner: string) => `@${groups.push(inner) - 1}@`)
  return parsePattern(flat, groups, rules)
}

function parenthesesFault(value: string): string | null {
  let depth = 0
  let nested = false
  for (const c of value) {
    if (c === '(') depth++
    else if (c === ')') depth--
    if (depth < 0 || depth > 1) nested = true
  }
  if (depth !== 0) return `parenthesis mismatch in pattern: ${value}`
  return nested ? `nest parenthesis not allowed in pattern: ${value}` : null
}

function parsePattern(text: string, groups: readonly string[], rules: AclRules): Pattern | string {
  const any: Term[][] = []
  for (const alternative of text.split('|')) {
    const all: Term[] = []
    for (const part of alternative.split(',')) {
      const term = parseTerm(part, groups, rules)
      if (typeof term === 'string') return term
      all.push(term)
    }
    any.push(all)
  }
  return { text, any }
}

function parseTerm(part: string, groups: readonly string[], rules: AclRules): Term | string {
  if (!part.includes('@')) return parseClause(part, rules)
  const inner = groups[Number(PLACE.exec(part)?.[1])]
  if (inner === undefined) return `mismatched at-signs in clause: ${part}`
  if (!/[|,]/.test(inner)) return parseClause(inner, rules)
  const pattern = parsePattern(inner, [], rules)
  return typeof pattern === 'string' ? pattern : { pattern }
}

function parseClause(clause: string, rules: AclRules): Term | string {
  const [type, given, more] = clause.split('=', 3)
  if (type === undefined || given === undefined) return `no equal sign in clause: ${clause}`
  if (more !== undefined) return `equal sign mismatch in clause: ${clause}`
  const validator = rules.validators.get(type)
  if (validator === undefined) return `invalid acl "${type}" in clause: ${clause}`
  if (validator.kind === 'custom') return `nested custom acls not allowed in clause: ${clause}`
  const negated = given.startsWith('!')
  const value = negated ? given.slice(1) : given
  if (value === '') return `no value in clause: ${clause}`
  return valueFault(validator, value) ?? { clause: { type, value, negated, validator } }
}

function test(pattern: Pattern, visitor: Visitor): string | null {
  let deepest: string | null = null
  for (const all of pattern.any) {
    let holds = true
    for (const term of all) {
      if ('clause' in term) {
        holds = meets(term.clause, visitor)
      } else {
        const fault = test(term.pattern, visitor)
        holds = fault === null
        deepest ??= fault
      }
      if (!holds) break
    }
    if (holds) return null
  }
  if (deepest !== null) return deepest
  return pattern.any.length > 1
    ? `no OR clause validated true for: ${pattern.text}`
    : `the AND clause did not validate for: ${pattern.text}`
}

function meets(clause: Clause, visitor: Visitor): boolean {
  const unmet = judge(clause.validator, clause.type, clause.value, visitor)
  return clause.negated ? unmet !== null && !unmet.final : unmet === null
}
