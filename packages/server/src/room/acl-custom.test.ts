// The custom grammar beyond the recorded cases, and abuse of it: nothing throws, nothing is slow, nothing lets in.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { customFault, judgeCustom } from './acl-custom.ts'
import { DEFAULT_RULES } from './acl-rules.ts'
import { visitor } from './acl-testing.ts'

const custom = (value: string, attributes: Record<string, string>): boolean =>
  judgeCustom(value, visitor({ attributes })) === null

describe('custom', () => {
  test.each([
    ['age=!35:', '34', true],
    ['age=!35:', '35', false],
    ['age=!:35', '35', false],
    ['age=!:35', '36', true],
    ['age=!35:45', '34', true],
    ['age=!35:45', '35', false],
    ['age=!35:45', '45', false],
    ['age=!35:45', '46', true],
    ['age=!:', '40', false],
  ])('%s at %s: %s', (value, age, met) => expect(custom(value, { age })).toBe(met))

  test('AND binds tighter than OR, parentheses tighter than both', () => {
    const w = { gender: 'w', age: '20', membership: 'normal' }
    expect(custom('gender=w|age=35:,membership=vip', w)).toBe(true)
    expect(custom('(gender=w|age=35:),membership=vip', w)).toBe(false)
    expect(custom('(gender=w),(age=:20|age=60:)', w)).toBe(true)
  })
  test('a parenthesis that fails leaves the other alternatives', () => {
    expect(custom('(age=35:|gender=w),membership=vip|country=de', { gender: 'm', country: 'de' })).toBe(true)
  })
  test('disallow is not turned around by negation', () => {
    expect(custom('disallow=x', {})).toBe(false)
    expect(custom('disallow=!x', {})).toBe(false)
  })

  test.each([
    ['', 'blank pattern'],
    ['age', 'no equal sign in clause: age'],
    ['age=3:|', 'no equal sign in clause: '],
    ['age=3:,,gender=w', 'no equal sign in clause: '],
    ['()', 'no equal sign in clause: '],
    ['age=', 'no value in clause: age='],
    ['age=!', 'no value in clause: age=!'],
    ['gender=w|age=', 'no value in clause: age='],
    ['gender=w|foo=x', 'invalid acl "foo" in clause: foo=x'],
    ['constructor=x', 'invalid acl "constructor" in clause: constructor=x'],
    ['crossroom=x', 'invalid acl "crossroom" in clause: crossroom=x'],
    [')gender=w(', 'nest parenthesis not allowed in pattern: )gender=w('],
    ['(gender=w', 'parenthesis mismatch in pattern: (gender=w'],
    ['age=35', 'value not a range, no colon in value: "35"'],
    [
      'gender=!!w',
      `new acl value(s) "!w" does not match configured possible value(s) "['m', 'w', 'p', 'tv', 'ts', 'ftm', 'mtf']"`,
    ],
    ['gender=w\n', 'pattern did not match new value: gender=w\n'],
    ['@0@', 'pattern did not match new value: @0@'],
  ])('%j may not be set, and is met by nobody', (value, fault) => {
    expect(customFault(value, DEFAULT_RULES)).toBe(fault)
    expect(custom(value, { age: '40', gender: 'w' })).toBe(false)
  })
})

describe('abuse', () => {
  const word = fc.constantFrom('(', ')', '|', ',', '=', '!', ':', '@', '0', '35', 'age', 'gender', 'w', 'custom', 'A')
  const value = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 40 }).map(words => words.join('')),
  )
  const attributes = fc.dictionary(fc.constantFrom('age', 'gender'), fc.constantFrom('w', '35', '', 'x'))
  test('a custom value that may not be set is met by nobody', () => {
    fc.assert(
      fc.property(value, attributes, (text, has) => {
        if (customFault(text, DEFAULT_RULES) !== null) {
          expect(judgeCustom(text, visitor({ attributes: has }))).not.toBeNull()
        }
      }),
      { numRuns: 2_000 },
    )
  })
  test('a formula means what its operators mean', () => {
    const clause = fc.constantFrom('gender=w', 'gender=!w', 'age=35:', 'age=!35:', 'country=de')
    const all = fc.array(clause, { minLength: 1, maxLength: 3 })
    const any = fc.array(all, { minLength: 1, maxLength: 3 })
    const groups = fc.array(any, { minLength: 1, maxLength: 4 })
    const who = fc.record({
      gender: fc.constantFrom('w', 'm'),
      age: fc.constantFrom('34', '35'),
      country: fc.constant('de'),
    })
    fc.assert(
      fc.property(groups, who, (formula, attributes) => {
        const text = formula.map(g => `(${g.map(c => c.join(',')).join('|')})`).join(',')
        const meaning = formula.every(g => g.some(c => c.every(one => custom(one, attributes))))
        expect(custom(text, attributes)).toBe(meaning)
      }),
    )
  })
  test.each(['(', ')', '(gender=w),', '(gender=w|age=3:),', 'gender=w|', 'age=', '=', ',', '|', '!', '()', 'age=!'])(
    '200,000 characters of %j take no time',
    piece => {
      const text = piece.repeat(200_000 / piece.length)
      const from = process.cpuUsage()
      customFault(text, DEFAULT_RULES)
      customFault(`${text}gender=w`, DEFAULT_RULES)
      judgeCustom(`${text}gender=w`, visitor({ attributes: { gender: 'w', age: '1' } }))
      // A quadratic parser would need minutes for some of these.
      expect(process.cpuUsage(from).user / 1_000).toBeLessThan(5_000)
    },
  )
})
