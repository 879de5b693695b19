// The operator's table of access rules: what a Dino server's file may hold is read, and whatever is wrong in it stops
// the start with the name of the field.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAclRules } from './acl-file.ts'
import { ConfigError, readConfig } from './config.ts'
import { changeAcls } from './room/acl-change.ts'
import { evaluate } from './room/acl-evaluate.ts'
import { type AclRules, DEFAULT_RULES } from './room/acl-rules.ts'
import { visitor } from './room/acl-testing.ts'

const directory = mkdtempSync(join(tmpdir(), 'conclave-acl-'))
let files = 0
function file(content: string | Uint8Array): string {
  files += 1
  const path = join(directory, `${files}.yaml`)
  writeFileSync(path, content)
  return path
}

/** The built-in rules as such a file. */
function written(rules: AclRules) {
  const actions = (of: ReadonlyMap<string, readonly string[]>) =>
    Object.fromEntries([...of].map(([action, acls]) => [action, { acls }]))
  const validation = [...rules.validators].map(([type, validator]) => {
    const values = 'values' in validator && validator.values !== null ? { value: validator.values.join(',') } : {}
    return [type, { type: validator.kind, ...values }]
  })
  return {
    available: { acls: [...rules.available] },
    validation: Object.fromEntries(validation) as Record<string, Record<string, string>>,
    channel: actions(rules.channel),
    room: actions(rules.room),
  }
}

const SITE = `
available: &AVAILABLE
  acls: [age, gender, level, crossroom, samechannel, disallow]
validation:
  age:
    type: "range"
  gender:
    type: "str_in_csv"
    value: "##db##"
    default: "m,f"
  level:
    type: "str_in_csv"
  samechannel:
    type: "samechannel"
  disallow:
    type: "disallow"
channel:
  list:
    <<: *AVAILABLE
room:
  join:
    <<: *AVAILABLE
    exclude:
      - crossroom
      - samechannel
  crossroom:
    <<: *AVAILABLE
`

describe('a file of access rules', () => {
  test('that writes out the built-in ones is the built-in ones, as JSON and as YAML', () => {
    const tree = written(DEFAULT_RULES)
    expect(readAclRules(file(JSON.stringify(tree)))).toEqual(DEFAULT_RULES)
    expect(readAclRules(file(JSON.stringify(tree, null, 2)))).toEqual(DEFAULT_RULES)
    expect(readAclRules(null)).toBe(DEFAULT_RULES)
  })

  test('may use anchors and merged keys, and leave the values of its own database to the default', () => {
    const rules = readAclRules(file(SITE))
    expect(rules.room.get('join')).toEqual(['age', 'gender', 'level', 'disallow'])
    expect(rules.room.get('crossroom')).toEqual(rules.channel.get('list'))
    expect(rules.validators.get('gender')).toEqual({ kind: 'str_in_csv', values: ['m', 'f'] })
    expect(rules.validators.get('level')).toEqual({ kind: 'str_in_csv', values: null })
    expect(rules.validators.has('crossroom')).toBe(false)
  })

  test('rules what may be set and who passes', () => {
    const rules = readAclRules(file(SITE))
    const set = (type: string, value: string) => changeAcls([], [{ action: 'join', type, value }], 'room', rules)
    expect(set('gender', 'f')).toEqual([{ action: 'join', type: 'gender', value: 'f' }])
    expect(set('gender', 'ts')).toMatchObject({ rejected: 'acl.malformed', field: 'value' })
    expect(set('country', 'de')).toMatchObject({ rejected: 'acl.malformed', field: 'type' })
    expect(set('samechannel', '')).toMatchObject({ rejected: 'acl.malformed', field: 'type' })
    const acls = [{ action: 'join', type: 'level', value: '2,3' }]
    expect(evaluate(acls, 'join', visitor({ rules, attributes: { level: '3' } }))).toBeNull()
    expect(evaluate(acls, 'join', visitor({ rules, attributes: { level: '1' } }))).not.toBeNull()
  })

  test('may name a type like a method of objects', () => {
    const rules = readAclRules(
      file(`
available: { acls: [constructor, __proto__] }
validation: { constructor: { type: range }, __proto__: { type: disallow } }
channel: {}
room: { join: { acls: [constructor, __proto__] } }
`),
    )
    expect(rules.validators.get('__proto__')).toEqual({ kind: 'disallow' })
    expect(rules.validators.get('toString')).toBeUndefined()
  })

  const broken = (change: (tree: ReturnType<typeof written>) => unknown): string => {
    const tree = written(DEFAULT_RULES)
    change(tree)
    return JSON.stringify(tree)
  }
  const wrong: readonly (readonly [content: string, sentence: string])[] = [
    [broken(tree => Object.assign(tree, { rooms: {} })), 'rooms is not one of available, validation, channel, room'],
    [broken(tree => Object.assign(tree, { room: undefined })), 'room is missing'],
    [broken(tree => Object.assign(tree, { channel: [] })), 'channel must be a mapping'],
    [broken(tree => Object.assign(tree.room, { jion: { acls: [] } })), 'room.jion is no action of a room: join, '],
    [broken(tree => Object.assign(tree.room, { whisper: { acls: [] } })), 'room.whisper is no action of a room: '],
    [broken(tree => Object.assign(tree.channel, { kick: { acls: [] } })), 'channel.kick is no action of a channel: '],
    [broken(tree => Object.assign(tree.room, { join: null })), 'room.join must be a mapping'],
    [broken(tree => Object.assign(tree.room, { join: {} })), 'room.join.acls must be a list'],
    [broken(tree => Object.assign(tree.room, { join: { acls: ['age', 'agee'] } })), 'room.join.acls[1] "agee" is none'],
    [broken(tree => Object.assign(tree.room, { join: { acls: [], exclude: ['x'] } })), 'room.join.exclude[0] "x" is'],
    [broken(tree => Object.assign(tree.room, { join: { acls: [], deny: [] } })), 'room.join.deny is not one of acls, '],
    [broken(tree => Object.assign(tree.available, { exclude: [] })), 'available.exclude is not one of acls'],
    [broken(tree => Object.assign(tree.available, { acls: [1] })), 'available.acls[0] must be a text'],
    [broken(tree => Object.assign(tree.available, { acls: ['Age'] })), 'available.acls[0] "Age" must have 1 to 64 of'],
    [broken(tree => Object.assign(tree.validation, { foo: { type: 'range' } })), 'validation.foo is none of available'],
    [broken(tree => Object.assign(tree.validation, { age: 'range' })), 'validation.age must be a mapping'],
    [broken(tree => Object.assign(tree.validation, { age: {} })), 'validation.age.type is missing'],
    [
      broken(tree => Object.assign(tree.validation, { age: { type: 'anything' } })),
      'validation.age.type "anything" is',
    ],
    [
      broken(tree => Object.assign(tree.validation, { age: { type: 'range', value: '1:' } })),
      'validation.age.value is',
    ],
    [
      broken(tree => Object.assign(tree.validation, { age: { type: 'range', min: 1 } })),
      'validation.age.min is not one',
    ],
    [
      broken(tree => Object.assign(tree.validation, { gender: { type: 'str_in_csv', value: 1 } })),
      'validation.gender.value must be a text; put it in quotes',
    ],
    [
      broken(tree => Object.assign(tree.validation, { gender: { type: 'str_in_csv', value: '##db##' } })),
      'validation.gender.default is missing',
    ],
    ['', 'the file must be a mapping'],
    ['available: [', 'the file is neither YAML nor JSON: '],
    ['room: {}\nroom: {}', 'the file is neither YAML nor JSON: '],
    ['1: x', 'the file has a name that is no text: 1'],
    ['available: !!js/function "x"', 'the file is neither YAML nor JSON: '],
    ['---\na: 1\n---\nb: 2', 'the file is neither YAML nor JSON: '],
    ['['.repeat(20_000), 'the file is neither YAML nor JSON: '],
  ]
  test.each(wrong.map(([content, sentence]) => [sentence, content]))('stops the start: %s', (sentence, content) => {
    const read = () => readAclRules(file(content))
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(`The setting "dino.acl" is not valid: ${sentence}`)
  })

  test('is no file of another kind, not too large, not missing, and is a text', () => {
    const refused = (path: string, sentence: string) =>
      expect(() => readAclRules(path)).toThrow(`The setting "dino.acl" is not valid: ${sentence} (${path}).`)
    refused(join(directory, 'absent'), 'the file cannot be read as a text')
    refused(directory, 'it is not a file')
    refused('/dev/zero', 'it is not a file')
    refused(file('#'.repeat(1024 * 1024 + 1)), 'the file has more than 1048576 bytes')
    refused(file(new Uint8Array([0x61, 0xff, 0xfe])), 'the file cannot be read as a text')
  })

  test('whose anchors name each other a million times is refused at once', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(n === 0 ? 0 : 9)} x]`)
    expect(() => readAclRules(file(levels.join('\n')))).toThrow(ConfigError)
  })

  test('of whatever content gives rules or a ConfigError', () => {
    const token = fc.constantFrom(
      'available',
      'acls',
      'room',
      'join',
      ':',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '<<',
      '!',
      '"',
      'age',
      '0',
      ',',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token, { maxLength: 40 }).map(parts => parts.join('')),
        ),
        content => {
          const path = file(content)
          try {
            readAclRules(path)
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('is named by a setting that is absent by default', () => {
    expect(readConfig({}).dino.acl).toBeNull()
    expect(readConfig({ CONCLAVE_DINO_ACL: 'acl.yaml' }).dino.acl).toBe('acl.yaml')
  })
})
