import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Few } from './few.ts'

const ITEMS = ['a', 'b', 'c']

test('whatever is done to it, it holds what a Set would hold, in its order', () => {
  const item = fc.constantFrom(...ITEMS)
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), item }),
    fc.record({ do: fc.constant('delete' as const), item }),
    fc.record({ do: fc.constant('clear' as const), item }),
  )
  fc.assert(
    fc.property(fc.array(step), fc.option(item, { nil: undefined }), (steps, first) => {
      const few = new Few<string>(first)
      const set = new Set<string>(first === undefined ? [] : [first])
      for (const { do: what, item } of steps) {
        if (what === 'delete') expect(few.delete(item)).toBe(set.delete(item))
        else if (what === 'clear') {
          few.clear()
          set.clear()
        } else {
          few.add(item)
          set.add(item)
        }
        expect([...few]).toEqual([...set])
        expect(few.size).toBe(set.size)
        for (const one of ITEMS) expect(few.has(one)).toBe(set.has(one))
      }
    }),
  )
})

test('a walk goes on when somebody goes, and does not come to who has gone', () => {
  const few = new Few<string>('a')
  few.add('b')
  few.add('c')
  const walked: string[] = []
  for (const item of few) {
    walked.push(item)
    few.delete('a')
    few.delete('b')
  }
  expect(walked).toEqual(['a', 'c'])
})
