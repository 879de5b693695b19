// Characters as people count them, nearly.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLonger } from './text-length.ts'

test('a text is as long as it has code points', () => {
  const texts = fc
    .array(fc.constantFrom('a', 'é', '😀', '\ud83d', '\ude00'), { maxLength: 40 })
    .map(all => all.join(''))
  fc.assert(
    fc.property(texts, fc.nat(45), (text, most) => {
      expect(isLonger(text, most)).toBe([...text].length > most)
    }),
  )
})

test('what stands for a half of a character counts as one', () => {
  expect(isLonger('\ud83d\ude00', 1)).toBe(false)
  expect(isLonger('\ud83d\ud83d', 1)).toBe(true)
})
