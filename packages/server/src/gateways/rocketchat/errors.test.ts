import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Rejection } from '../../room/rejection.ts'
import { ERROR_CODES, errorOf, MeteorError } from './errors.ts'

/** Every code that the union names, read from its source: a type cannot be listed at run time. */
const codes = [
  ...readFileSync(new URL('../../room/rejection.ts', import.meta.url), 'utf8').matchAll(
    /readonly rejected: '([^']+)'/g,
  ),
].map(match => match[1] as Rejection['rejected'])

describe('the table of errors', () => {
  test('names every rejection and no other', () => {
    expect([...ERROR_CODES].sort()).toEqual([...new Set(codes)].sort())
  })

  test.each(codes)('%s has a code and a sentence on both wires', rejected => {
    const error = errorOf({ rejected, text: 'a text', field: 'f', limit: 1, scope: 'room', name: 'n' } as never, 'm')
    expect(String(error.error)).not.toBe('')
    expect(error.reason).not.toBe('')
    expect(error.details).toMatchObject(error.error === 'too-many-requests' ? {} : { method: 'm' })
    expect(error.status).toBeGreaterThanOrEqual(400)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ isClientSafe: true, errorType: 'Meteor.Error' })
  })

  test('an error reads the same in a result frame and in an envelope', () => {
    const error = new MeteorError('error-x', 'Something', { method: 'm' })
    expect(JSON.parse(JSON.stringify(error)).message).toBe('Something [error-x]')
    expect(error.envelope()).toEqual({
      success: false,
      error: 'Something [error-x]',
      errorType: 'error-x',
      details: { method: 'm' },
    })
  })
})
