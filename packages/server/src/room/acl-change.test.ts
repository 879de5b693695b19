// Changes to a list of ACLs: which one each means, and that nothing else moves.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACLS } from '../limits.ts'
import type { Acl } from './acl.ts'
import { changeAcls } from './acl-change.ts'
import { meaningful, type ProposedAcl } from './acl-check.ts'
import { DEFAULT_RULES } from './acl-rules.ts'

const acl = (action: string, type: string, value = ''): Acl => ({ action, type, value })
const gone = (action: string, type: string): ProposedAcl => ({ action, type, value: null })
const change = (held: readonly Acl[], ...changes: ProposedAcl[]) => changeAcls(held, changes, 'room', DEFAULT_RULES)

describe('changeAcls', () => {
  const held = [acl('join', 'age', '18:'), acl('join', 'gender', 'w'), acl('list', 'age', '18:')]
  test('replaces the one of that type and action where it stands, and adds others at the end', () => {
    expect(change(held, acl('join', 'gender', 'm'))).toEqual([held[0], acl('join', 'gender', 'm'), held[2]])
    expect(change(held, acl('list', 'gender', 'm'))).toEqual([...held, acl('list', 'gender', 'm')])
    expect(change(held, acl('join', 'gender', 'w'))).toBe(held)
  })
  test('takes away the one of that type for that action alone, as the seed says', () => {
    expect(change(held, gone('list', 'age'))).toEqual(held.slice(0, 2))
    expect(change(held, gone('join', 'age'))).toEqual(held.slice(1))
    expect(change(held, gone('history', 'age'))).toBe(held)
    expect(change([], gone('join', 'age'))).toEqual([])
  })
  test('takes a blank value for a removal where the type wants one, and for all there is to say where not', () => {
    for (const blank of ['', ' ', '\n']) expect(change(held, acl('join', 'age', blank))).toEqual(held.slice(1))
    expect(change(held, acl('join', 'custom', ''))).toBe(held)
    expect(change(held, acl('join', 'disallow'))).toEqual([...held, acl('join', 'disallow')])
    expect(change([...held, acl('join', 'disallow')], gone('join', 'disallow'))).toEqual(held)
  })
  test('goes from one change to the next', () => {
    expect(change([], acl('join', 'age', '1:'), gone('join', 'age'), acl('join', 'age', '2:'))).toEqual([
      acl('join', 'age', '2:'),
    ])
  })
  test('leaves one where an import left two of a kind', () => {
    const twice = [acl('join', 'age', '18:'), acl('join', 'disallow'), acl('join', 'age', ':50')]
    expect(change(twice, acl('join', 'age', '18:'))).toEqual(twice.slice(0, 2))
    expect(change(twice, gone('join', 'age'))).toEqual([acl('join', 'disallow')])
  })
  test('takes away what the rules know no more, and refuses to take away what nobody knows', () => {
    const old = [acl('join', 'shoe_size', '42'), acl('enter', 'age', '18:')]
    expect(change(old, gone('join', 'shoe_size'), gone('enter', 'age'))).toEqual([])
    expect(change([], gone('join', 'shoe_size'))).toMatchObject({ rejected: 'acl.malformed', field: 'type' })
    expect(change([], gone('enter', 'age'))).toMatchObject({ rejected: 'acl.malformed', field: 'action' })
    expect(change([], { action: null, type: 'age', value: null })).toMatchObject({ field: 'action' })
    expect(change([], { action: 'join', type: null, value: null })).toMatchObject({ field: 'type' })
  })
  test('checks what changes, not what is there', () => {
    const old = [acl('join', 'shoe_size', '42')]
    expect(change(old, acl('join', 'age', '18:'))).toEqual([...old, acl('join', 'age', '18:')])
  })
  test('has an end in number, but lets a list that is too long become shorter', () => {
    const types = [...DEFAULT_RULES.validators.keys()]
    const many = Array.from({ length: ACLS + 1 }, (_, n) => acl(`old${n}`, types[n % types.length] as string))
    expect(change(many, acl('join', 'disallow'))).toMatchObject({ rejected: 'limit' })
    expect(change(many, gone('old1', types[1] as string))).toHaveLength(ACLS)
    const more = [...many, acl('old', 'age'), acl('older', 'age')]
    expect(change(more, gone('old', 'age'))).toHaveLength(ACLS + 2)
    expect(change(many.slice(1), acl('join', 'disallow'))).toMatchObject({ rejected: 'limit' })
    expect(change(many.slice(2), acl('join', 'disallow'))).toHaveLength(ACLS)
    expect(change([], ...Array<Acl>(ACLS + 1).fill(acl('join', 'disallow')))).toMatchObject({ rejected: 'limit' })
  })
  test('of whatever is sent gives a list without repetitions, with all else as it was, or a refusal', () => {
    const word = fc.constantFrom(
      'join',
      'list',
      'whisper',
      'age',
      'gender',
      'disallow',
      'crossroom',
      '__proto__',
      'foo',
    )
    const value = fc.oneof(fc.constantFrom('18:', 'w', '', ' ', 'y'), fc.string())
    const some = fc.array(fc.record({ action: word, type: word, value }), { maxLength: 6 })
    const nullable = fc.option(word)
    const proposed = fc.array(fc.record({ action: nullable, type: nullable, value: fc.option(value) }), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(some, proposed, (before, changes) => {
        const after = change(before, ...changes)
        if ('rejected' in after) return
        const key = ({ action, type }: ProposedAcl) => `${action} ${type}`
        const meant = new Set(changes.map(key))
        const others = (acls: readonly Acl[]) => acls.filter(one => !meant.has(key(one)))
        expect(others(after)).toEqual(others(before))
        const touched = after.filter(one => meant.has(key(one))).map(key)
        expect(new Set(touched).size).toBe(touched.length)
      }),
      { numRuns: 500 },
    )
  })
})

describe('meaningful', () => {
  test('leaves out what says nothing, and keeps what locks without a value', () => {
    const proposed: ProposedAcl[] = [
      acl('join', 'age', ''),
      gone('join', 'gender'),
      acl('join', 'custom', ' '),
      gone('join', 'disallow'),
      acl('join', 'sameroom', ''),
      acl('join', 'age', '18:'),
      gone('join', 'foo'),
      { action: 'join', type: null, value: null },
    ]
    expect(meaningful(proposed, DEFAULT_RULES)).toEqual([
      acl('join', 'disallow'),
      acl('join', 'sameroom'),
      acl('join', 'age', '18:'),
      acl('join', 'foo'),
      { action: 'join', type: null, value: '' },
    ])
  })
  test('is what a room can be made with', () => {
    const make = (...proposed: ProposedAcl[]) => change([], ...meaningful(proposed, DEFAULT_RULES))
    expect(make(gone('join', 'disallow'), acl('list', 'age', ''))).toEqual([acl('join', 'disallow')])
    expect(make(gone('join', 'foo'))).toMatchObject({ rejected: 'acl.malformed', field: 'type' })
    expect(make({ action: null, type: 'disallow', value: null })).toMatchObject({ field: 'action' })
  })
})
