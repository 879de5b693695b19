import { describe, expect, test } from 'vitest'
import { TTL_LEAST, TTL_MOST } from '../../limits.ts'
import { freshMessageId, xchatContent } from '../fixtures.ts'
import { keyedGroup, rotate, signedLeave, TTL_FAULTS, ttlChange } from '../group-testing.ts'
import { channelOwner, member, operator, owner, type Scene, scene, stranger } from '../scene-testing.ts'

const HOUR = 3_600_000

/** Sends and gives when it ends, in ms from now; null: it stays. Or why it was refused. */
function lasts(made: Scene, own?: string): number | null | string {
  const messageId = freshMessageId()
  const content = xchatContent(made.people, owner, made.room, made.room.epoch?.version ?? '', messageId, undefined, own)
  const rest = { digest: '', inside: false, attributes: null, origin: null }
  const rejected = made.submit({ command: 'send-message', actor: owner, content, messageId, ...rest })
  if (rejected !== null) return rejected
  const body = made.events.at(-1)?.body
  return body?.type === 'message' && body.expiresAt !== undefined ? body.expiresAt - made.now : null
}

describe('the lifetime of an X conversation', () => {
  test('counts from now on, until it is taken away', () => {
    const made = keyedGroup()
    expect(lasts(made)).toBe(null)
    expect(made.run(ttlChange(made.people, made.room, owner, HOUR))).toEqual(['ttl.changed'])
    expect(made.room.ttlMs).toBe(HOUR)
    expect(made.events.at(-1)?.body).toMatchObject({ ttlMs: HOUR, signed: { signatureVersion: '7' } })
    expect(lasts(made)).toBe(HOUR)
    expect(made.submit(ttlChange(made.people, made.room, owner, null))).toBe(null)
    expect([made.room.ttlMs, lasts(made)]).toEqual([null, null])
  })

  test('is set with the group', () => {
    expect(lasts(keyedGroup({ ttlMs: HOUR }))).toBe(HOUR)
    // From before it counted for anything.
    expect(lasts(keyedGroup({ ttlMs: 0 }))).toBe(null)
  })

  test('and the message’s own: the shorter one counts, also alone', () => {
    const made = keyedGroup()
    expect(lasts(made, '5000')).toBe(5_000)
    made.submit(ttlChange(made.people, made.room, owner, HOUR))
    expect(lasts(made, '5000')).toBe(5_000)
    expect(lasts(made, String(HOUR + 1))).toBe(HOUR)
    expect(lasts(made, String(TTL_MOST))).toBe(HOUR)
  })

  test.each(['0', '-1', '999', String(TTL_MOST + 1), String(2n ** 63n - 1n), String(-(2n ** 63n))])(
    'a message’s own of %s is refused',
    own => expect(lasts(keyedGroup(), own)).toBe('message.malformed'),
  )

  test('is from a second to a year', () => {
    const made = keyedGroup()
    for (const ms of [TTL_LEAST - 1, TTL_MOST + 1, 0, -1])
      expect(made.submit(ttlChange(made.people, made.room, owner, ms))).toBe('limit')
    for (const ms of [TTL_LEAST, TTL_MOST]) expect(made.submit(ttlChange(made.people, made.room, owner, ms))).toBe(null)
  })

  test('is changed by admins of a group alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, member, operator, channelOwner] })
    for (const user of [member, operator, channelOwner])
      expect(made.submit(ttlChange(made.people, made.room, user, HOUR))).toBe('role.required')
    expect(made.submit(ttlChange(made.people, made.room, stranger, HOUR))).toBe('member.required')
  })

  test('is changed by either of a pair', () => {
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    for (const user of pair) expect(direct.submit(ttlChange(direct.people, direct.room, user, HOUR))).toBe(null)
    expect(direct.submit(ttlChange(direct.people, direct.room, stranger, HOUR))).toBe('member.required')
  })

  test('is not changed where nothing can be sent, and not over others’ heads', () => {
    const made = keyedGroup()
    made.submit(signedLeave(made.people, made.room, member))
    expect(made.submit(ttlChange(made.people, made.room, owner, HOUR))).toBe('room.closed')
    rotate(made, owner)
    expect(made.submit(ttlChange(made.people, made.room, owner, HOUR))).toBe(null)
    const plain = scene()
    expect(plain.submit(ttlChange(plain.people, plain.room, owner, HOUR))).toBe('room.kind')
  })

  test.each(TTL_FAULTS)('is what was signed, so not with %s', fault => {
    const made = keyedGroup()
    expect(made.submit(ttlChange(made.people, made.room, owner, HOUR, fault))).toMatch(/^(signature\.mismatch|limit)$/)
    expect(made.room.ttlMs).toBe(null)
  })

  test('a lifetime that was taken away by signature is not kept by the request', () => {
    const made = keyedGroup({ ttlMs: HOUR })
    expect(made.submit(ttlChange(made.people, made.room, owner, null, 'other kind'))).toBe('signature.mismatch')
  })
})
