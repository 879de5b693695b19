import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from './json.ts'

const limits = { maxBytes: 10_000_000, maxDepth: 20 }

describe('parseJson', () => {
  test('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        fc.pre(!text.includes('__proto__'))
        expect(parseJson(text, limits)).toEqual({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  test('no text makes it throw', () => {
    const unit = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'a', '\u{1f600}')
    fc.assert(
      fc.property(fc.string({ unit }), text => {
        const answer = parseJson(text, limits)
        let expected: unknown
        try {
          expected = { ok: true, value: JSON.parse(text) }
        } catch {
          expected = { ok: false, error: 'not JSON' }
        }
        expect(answer).toEqual(expected)
      }),
    )
  })

  test('a bomb of brackets is refused without being parsed', () => {
    for (const unit of ['[', '{"a":', '[[],']) {
      const started = process.cpuUsage()
      expect(parseJson(unit.repeat(1_000_000), limits)).toEqual({ ok: false, error: 'nested too deeply' })
      expect(process.cpuUsage(started).user / 1_000).toBeLessThan(2_000)
    }
  })

  test('brackets inside strings do not count', () => {
    const text = JSON.stringify({ a: '[[[["\\{{{', 'b"\\': '[' })
    expect(parseJson(text, { maxBytes: 100, maxDepth: 1 })).toEqual({ ok: true, value: JSON.parse(text) })
  })

  test('a million escaped quotes take linear time', () => {
    const started = process.cpuUsage()
    expect(parseJson(`"${'\\"'.repeat(1_000_000)}"`, limits).ok).toBe(true)
    expect(parseJson(`"${'\\'.repeat(2_000_000)}`, limits).ok).toBe(false)
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000)
  })

  test('the depth limit is exact', () => {
    expect(parseJson('[[1]]', { maxBytes: 9, maxDepth: 2 }).ok).toBe(true)
    expect(parseJson('[[1]]', { maxBytes: 9, maxDepth: 1 }).ok).toBe(false)
  })

  test('the size is counted in bytes', () => {
    expect(parseJson('"ä"', { maxBytes: 4, maxDepth: 1 }).ok).toBe(true)
    expect(parseJson('"ää"', { maxBytes: 5, maxDepth: 1 })).toEqual({ ok: false, error: 'too large' })
    expect(parseJson('"👋"', { maxBytes: 6, maxDepth: 1 }).ok).toBe(true)
    expect(parseJson('"👋"', { maxBytes: 5, maxDepth: 1 }).ok).toBe(false)
  })

  test('the number of values is bounded', () => {
    const text = JSON.stringify(Array.from({ length: 1_000 }, () => 0))
    expect(parseJson(text, { ...limits, maxKeys: 1_000 }).ok).toBe(true)
    expect(parseJson(text, { ...limits, maxKeys: 999 })).toEqual({ ok: false, error: 'too many values' })
  })

  test.each(['{"__proto__":{"a":1},"b":2}', '{"\\u005f_proto__":{"a":1},"b":2}', '{"__pr\\u006Fto__":{"a":1},"b":2}'])(
    'a prototype in %s does not come out',
    text => {
      const answer = parseJson(`[${text}]`, limits)
      expect(answer.ok && Object.assign({}, (answer.value as object[])[0])).toEqual({ b: 2 })
      expect(answer.ok && Object.keys((answer.value as object[])[0]!)).toEqual(['b'])
    },
  )
})
