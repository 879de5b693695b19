// Evaluation beyond the recorded cases, and abuse: no stored ACL and no attribute may throw or let in.
import type { ChannelId, RoomId } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACL_ATTRIBUTE, type Acl, type AclTarget, refusalText, type Visitor } from './acl.ts'
import { judgeCustom } from './acl-custom.ts'
import { evaluate } from './acl-evaluate.ts'
import { type AclRules, DEFAULT_RULES } from './acl-rules.ts'
import { channel, inChannel, inRoom, room, visitor } from './acl-testing.ts'

const elsewhere = '21' as ChannelId
const acl = (type: string, value = '', action = 'join'): Acl => ({ action, type, value })
const reason = (type: string, value: string, over: Partial<Visitor> = {}): string | null =>
  evaluate([acl(type, value, 'crossroom')], 'crossroom', visitor(over))?.reason ?? null
const custom = (value: string, attributes: Record<string, string>): boolean =>
  judgeCustom(value, visitor({ attributes })) === null

describe('who passes', () => {
  test('a room owner passes in the room, not in its channel', () => {
    expect(evaluate([acl('disallow')], 'join', visitor({ isRoomOwner: true }))).toBeNull()
    const refusal = evaluate([acl('disallow', '', 'list')], 'list', visitor({ isRoomOwner: true, target: inChannel }))
    expect(refusal?.reason).toBe('not allowed')
  })
  test('a room moderator does not pass', () => {
    expect(evaluate([acl('disallow')], 'join', visitor({ isRoomModerator: true }))).not.toBeNull()
  })
  test('every ACL for the action must be met, and those for other actions do not count', () => {
    const who = visitor({ attributes: { age: '40', gender: 'm' } })
    const acls = [acl('disallow', '', 'history'), acl('age', '35:'), acl('gender', 'w')]
    expect(evaluate(acls, 'join', who)?.acl).toBe(acls[2])
    expect(evaluate(acls.slice(0, 2), 'join', who)).toBeNull()
  })
  test('an action that the rules leave out is not ruled', () => {
    expect(evaluate([acl('disallow', '', 'whisper')], 'whisper', visitor())).toBeNull()
    expect(evaluate([acl('disallow', '', 'constructor')], 'constructor', visitor())).toBeNull()
  })
  test('a type that is unknown, or no longer listed for the action, still locks', () => {
    expect(evaluate([acl('foo', 'x')], 'join', visitor())?.reason).toBe('acl type "foo" does not have a validator')
    const narrowed: AclRules = { ...DEFAULT_RULES, room: new Map([['join', ['age']]]) }
    expect(evaluate([acl('disallow')], 'join', visitor({ rules: narrowed }))?.reason).toBe('not allowed')
  })
  test('the refusal reads as Dino writes it', () => {
    const refusal = evaluate([acl('age', '35:50')], 'join', visitor({ attributes: { age: '30' } }))
    expect(refusal && refusalText(refusal)).toBe('acl "age" did not validate for target acl "35:50": value too low')
  })
})

describe('where the visitor comes from', () => {
  const here = { room, channel, inside: true }
  test.each<[string, Visitor['origin'], AclTarget, string | null]>([
    ['sameroom', null, inRoom, 'no origin room uuid in actor.url'],
    ['sameroom', here, inRoom, null],
    ['sameroom', { ...here, inside: false }, inRoom, 'user is not in room, not allowed'],
    ['sameroom', { ...here, room: '11' as RoomId }, inRoom, 'rooms are not the same'],
    ['sameroom', here, inChannel, 'no target room uuid in object.url'],
    ['samechannel', null, inRoom, 'no origin channel uuid in actor.url'],
    ['samechannel', { ...here, room: '11' as RoomId }, inRoom, null],
    ['samechannel', { ...here, inside: false }, inRoom, 'user is not in room, not allowed'],
    ['samechannel', { ...here, channel: elsewhere }, inChannel, 'channels are not the same'],
  ])('%s, from %j to %j: %s', (type, origin, target, expected) => {
    expect(reason(type, '', { origin, target })).toBe(expected)
  })
  test('a claimed origin does not become "another room" by negation', () => {
    expect(reason('custom', 'sameroom=!x', { origin: null })).not.toBeNull()
    expect(reason('custom', 'sameroom=!x', { origin: { room: '11' as RoomId, channel, inside: false } })).not.toBeNull()
    expect(reason('custom', 'sameroom=!x', { origin: { room: '11' as RoomId, channel, inside: true } })).toBeNull()
  })
})

describe('attributes', () => {
  test('roles are not taken from what users say about themselves', () => {
    const attributes = { owner: 'y', moderator: 'y', admin: 'y', superuser: 'y', room_owner: 'y' }
    expect(reason('owner', 'y', { attributes })).toBe('session value n not in allowed values [y]')
    expect(reason('moderator', 'y', { attributes })).not.toBeNull()
    expect(reason('moderator', 'y', { isRoomModerator: true })).toBeNull()
    expect(reason('admin', '', { attributes })).toBe('not admin')
    expect(reason('superuser', '', { attributes })).toBe('not super user')
    expect(reason('room_owner', '', { attributes })).toBe('not owner')
  })
  test('a missing, blank or oversized attribute meets neither an ACL nor its negation', () => {
    for (const country of [undefined, '', '  ', 'd'.repeat(ACL_ATTRIBUTE + 1)]) {
      const attributes: Record<string, string> = country === undefined ? {} : { country }
      expect(reason('country', 'de,,', { attributes })).toBe('no session value for acl"country"')
      expect(custom('country=!de', attributes)).toBe(false)
      expect(custom('spoken_language=!de', attributes)).toBe(false)
      expect(custom('age=!30:', { age: country ?? '' })).toBe(false)
    }
  })
  test('a type that an operator names like a method of objects is only an attribute', () => {
    const validators = new Map(DEFAULT_RULES.validators).set('constructor', { kind: 'str_in_csv', values: null })
    const refusal = evaluate([acl('constructor', 'x')], 'join', visitor({ rules: { ...DEFAULT_RULES, validators } }))
    expect(refusal?.reason).toBe('no session value for acl"constructor"')
  })
  test('a blank csv is met by everybody', () => expect(reason('country', ' ')).toBeNull())
  test('age is a whole number', () => {
    expect(reason('age', '-5:40', { attributes: { age: ' +40 ' } })).toBeNull()
    for (const age of ['1e1', '0x10', '3.5', '9'.repeat(16), 'Infinity']) {
      expect(reason('age', ':', { attributes: { age } })).toBe(`session value "${age}" is not a valid number`)
    }
  })
  test('a stored range without a colon refuses', () => {
    expect(reason('age', '35', { attributes: { age: '40' } })).toBe('value not a range, no colon in value: "35"')
  })
})

test('no ACL and no attribute makes evaluate throw, and another ACL never lets in', () => {
  const types = fc.constantFrom(...DEFAULT_RULES.available, '__proto__', 'foo')
  const word = fc.constantFrom('(', ')', '|', ',', '=', '!', ':', '@', '0', '35', 'age', 'gender', 'w', 'custom', 'A')
  const value = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 40 }).map(words => words.join('')),
  )
  const acls = fc.array(fc.record({ action: fc.constantFrom('join', 'list'), type: types, value }), { maxLength: 8 })
  const attributes = fc.dictionary(types, fc.oneof(fc.string(), fc.constantFrom('w', '35', 'y')))
  const origin = fc.option(fc.record({ room: fc.constant(room), channel: fc.constant(channel), inside: fc.boolean() }))
  const strangers = fc.record({ attributes, origin }).map(over => visitor(over))

  fc.assert(
    fc.property(acls, acls, strangers, (some, more, who) => {
      const refusal = evaluate(some, 'join', who)
      if (refusal === null) return
      expect(typeof refusalText(refusal)).toBe('string')
      expect(evaluate([...more, ...some], 'join', who)).not.toBeNull()
    }),
    { numRuns: 1_000 },
  )
})
