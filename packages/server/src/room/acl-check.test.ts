import { describe, expect, test } from 'vitest'
import { ACL_VALUE, type Acl } from './acl.ts'
import { checkAcl as check, type ProposedAcl } from './acl-check.ts'
import { DEFAULT_RULES } from './acl-rules.ts'

const checkAcl = (proposed: ProposedAcl, on: 'room' | 'channel') => check(proposed, on, DEFAULT_RULES)
const acl = (type: string, value = '', action = 'join'): Acl => ({ action, type, value })

describe('checkAcl', () => {
  test.each([
    ['room', acl('gender', 'w', 'whisper'), 'action', 'api action "whisper" is not for a room'],
    ['channel', acl('gender', 'w', 'join'), 'action', 'api action "join" is not for a channel'],
    ['room', acl('samechannel', 'x', 'join'), 'type', 'acl type "samechannel" is not for api action "join" on a room'],
    ['room', acl('constructor', 'x'), 'type', 'invalid acl type "constructor"'],
    ['room', acl('gender', 'w', 'toString'), 'action', 'invalid api action "toString"'],
    ['room', { type: null, action: null, value: null }, 'type', 'invalid acl type "None"'],
  ] as const)('on a %s %j: %s', (on, proposed, field, text) => {
    expect(checkAcl(proposed, on)).toEqual({ ok: false, field, text })
  })
  test('what may no longer be set may still be taken away', () => {
    expect(checkAcl({ ...acl('age', '', 'kick'), value: null }, 'room')).toEqual({ ok: true })
  })
  test('a blank value does not get past the table: such an ACL would be stored and lock nothing', () => {
    expect(checkAcl(acl('disallow', '', 'whisper'), 'room')).toMatchObject({ ok: false, field: 'action' })
    expect(checkAcl(acl('disallow', '', 'whisper'), 'channel')).toEqual({ ok: true })
    expect(checkAcl(acl('age', ' ', 'kick'), 'room')).toMatchObject({ ok: false, field: 'type' })
  })
  test('an oversized value, type or action is refused with a short text', () => {
    const long = 'x'.repeat(1_000_000)
    expect(checkAcl(acl('city', 'x'.repeat(ACL_VALUE)), 'room')).toEqual({ ok: true })
    for (const proposed of [acl('city', long), acl('custom', long), acl(long, 'x'), acl('city', 'x', long)]) {
      const checked = checkAcl(proposed, 'room')
      expect(checked.ok ? '' : checked.text).toMatch(/^.{20,400}$/)
    }
  })
})
