import { expect, test } from 'vitest'
import { TTL_LEAST, TTL_MOST } from '../limits.ts'
import { expiryAt, hasEnded, ttlOf } from './ttl.ts'

test('a lifetime is a decimal number of ms from a second to a year', () => {
  expect([`${TTL_LEAST}`, '86400000', `${TTL_MOST}`].map(ttlOf)).toEqual([TTL_LEAST, 86_400_000, TTL_MOST])
  for (const text of ['', '0', '999', `${TTL_MOST + 1}`, '-5000', '+5000', '5e3', '5000.0', ' 5000', '0x2000', 'NaN'])
    expect([text, ttlOf(text)]).toEqual([text, undefined])
})

test.each([
  [null, null, null],
  [5_000, null, 5_100],
  [null, 5_000, 5_100],
  [5_000, 6_000, 5_100],
  [6_000, 5_000, 5_100],
  [0, null, null],
  [0, 5_000, 5_100],
])('a room’s of %j and a message’s own of %j end it at %j', (room, own, end) => {
  expect(expiryAt(100, room, own)).toBe(end)
})

test('a message has ended from that moment on, and what is none never', () => {
  const body = { type: 'message', messageId: null, content: { suite: 'none', text: '' } } as const
  expect([99, 100, 101].map(now => hasEnded({ ...body, expiresAt: 100 }, now))).toEqual([false, true, true])
  expect(hasEnded(body, Number.MAX_SAFE_INTEGER)).toBe(false)
  expect(hasEnded({ type: 'room.renamed', name: 'x' }, Number.MAX_SAFE_INTEGER)).toBe(false)
})
