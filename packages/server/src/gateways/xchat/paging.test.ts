import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pageToken, placeOf } from './paging.ts'

describe('a pagination token', () => {
  test('gives back its place, in its own list alone', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String), place => {
        const token = pageToken('events', place)
        expect(placeOf('events', token)).toBe(place)
        for (const other of ['conversations', 'newer', 'subscriptions'] as const)
          expect(placeOf(other, token)).toBeUndefined()
        expect(placeOf('events', pageToken('newer', place))).toBeUndefined()
      }),
    )
  })

  test('is nothing that anybody makes up', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), text => {
        expect(placeOf('events', text)).toBeUndefined()
      }),
    )
    for (const text of ['events:-1', 'events:', 'events:1.5', 'events:01', 'events:9223372036854775808']) {
      expect(placeOf('events', Buffer.from(text).toString('base64url'))).toBeUndefined()
    }
    expect(placeOf('events', `${pageToken('events', '5')}=`)).toBeUndefined()
  })
})
