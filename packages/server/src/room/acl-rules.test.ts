// The built-in table against the lists of dino.md section 6.
import { expect, test } from 'vitest'
import { DEFAULT_RULES, wantsValue } from './acl-rules.ts'

const kinds = Object.fromEntries([...DEFAULT_RULES.validators].map(([type, { kind }]) => [type, kind]))
const valuesOf = (type: string): readonly string[] | null => {
  const validator = DEFAULT_RULES.validators.get(type)
  return validator && 'values' in validator ? validator.values : null
}

test('every type has its validator, and `crossroom` has none', () => {
  expect(kinds).toEqual({
    age: 'range',
    gender: 'str_in_csv',
    membership: 'str_in_csv',
    group: 'str_in_csv',
    user_type: 'str_in_csv',
    country: 'str_in_csv',
    city: 'str_in_csv',
    spoken_language: 'csv_in_csv',
    image: 'str_in_csv',
    has_webcam: 'str_in_csv',
    fake_checked: 'str_in_csv',
    owner: 'str_in_csv',
    moderator: 'str_in_csv',
    samechannel: 'samechannel',
    sameroom: 'sameroom',
    disallow: 'disallow',
    room_owner: 'is_room_owner',
    admin: 'is_admin',
    superuser: 'is_super_user',
    custom: 'custom',
  })
  expect([...DEFAULT_RULES.available].filter(type => !(type in kinds))).toEqual(['crossroom'])
})

test('the values that may be named are those of the table, where it names any', () => {
  expect(valuesOf('gender')).toEqual(['m', 'w', 'p', 'tv', 'ts', 'ftm', 'mtf'])
  expect(valuesOf('membership')).toEqual(['normal', 'premium', 'vip', 'tg', 'tg_p'])
  for (const type of ['image', 'has_webcam', 'fake_checked', 'owner', 'moderator'])
    expect(valuesOf(type)).toEqual(['y', 'n'])
  for (const type of ['group', 'user_type', 'country', 'city', 'spoken_language']) expect(valuesOf(type)).toBe(null)
})

test('a type says nothing without a value, but for those that take none', () => {
  const without = [...DEFAULT_RULES.available].filter(type => !wantsValue(type, DEFAULT_RULES))
  expect(without.sort()).toEqual([
    'admin',
    'crossroom',
    'disallow',
    'room_owner',
    'samechannel',
    'sameroom',
    'superuser',
  ])
})

test('every action of rooms and channels has rules, but `create` on a room, which nobody can do', () => {
  const actions = (on: 'room' | 'channel') => [...DEFAULT_RULES[on].keys()].sort()
  const room = ['autojoin', 'ban', 'crossroom', 'history', 'join', 'kick', 'list', 'message', 'setacl']
  expect(actions('room')).toEqual(room)
  expect(actions('channel')).toEqual(['ban', 'create', 'crossroom', 'list', 'message', 'setacl', 'whisper'])
  for (const on of ['room', 'channel'] as const) {
    for (const types of DEFAULT_RULES[on].values())
      for (const type of types) expect(DEFAULT_RULES.validators.has(type)).toBe(true)
  }
})
