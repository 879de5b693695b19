import { describe, expect, it } from 'vitest'
import { exitCode, lessIsBetter, markdown, notInstalled, row, table, verdict } from './rows.ts'

const targets = { reference: 10, against: 'ten', accept: 0.5, aim: 2 }

describe('a row of the benchmark', () => {
  it('is good above what is accepted, whether more or less is better', () => {
    expect(row('a', 20, '/s', targets).ratio).toBe(2)
    expect(lessIsBetter('a', 20, 'ms', targets).ratio).toBe(0.5)
    expect([20, 6, 4].map(value => verdict(row('a', value, '/s', targets)))).toEqual(['aim', 'accept', 'below'])
    expect([4, 20, 21].map(value => verdict(lessIsBetter('a', value, 'ms', targets)))).toEqual([
      'aim',
      'accept',
      'below',
    ])
  })

  it('that has only an aim reaches it or is below', () => {
    const aim = { reference: 10, aim: 2 }
    expect([20, 19].map(value => verdict(row('a', value, '/s', aim)))).toEqual(['aim', 'below'])
    expect(verdict(row('a', 20, '/s', { reference: 10 }))).toBe('')
  })

  it('that came to nothing has no ratio, so that it is JSON', () => {
    const nothing = [row('a', 1, '/s', { ...targets, reference: 0 }), lessIsBetter('a', Number.NaN, 'ms', targets)]
    expect(nothing.map(({ ratio }) => ratio)).toEqual([null, null])
    expect(nothing.map(verdict)).toEqual(['', ''])
  })

  it('is printed as a table, and as one for RESULTS.md', () => {
    const rows = [row('a/b', 4, '/s', targets)]
    expect(table(rows)).toMatch(/^row .*\na\/b .* 10.0 +ten +0.40 +0.50 +2.00 +below$/)
    expect(markdown(rows).split('\n')[2]).toBe('| `a/b` | 4.00 | /s | 10.0 | ten | 0.40 | 0.50 | 2.00 | **below** |  |')
  })
})

describe('what was not run', () => {
  it('is a failure unless it is not installed', () => {
    const missing = notInstalled('wires/nats', 'nats-server')
    expect(missing.reason).toBe('nats-server: not installed')
    expect(exitCode([missing])).toBe(0)
    expect(exitCode([missing, { id: 'wires', reason: 'broken', failed: true }])).toBe(1)
  })
})
