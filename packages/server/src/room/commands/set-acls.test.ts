// Changing a room's ACLs over Dino, and putting a whole list in their place by an import.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Acl } from '../acl.ts'
import type { ProposedAcl } from '../acl-check.ts'
import { DEFAULT_RULES } from '../acl-rules.ts'
import {
  channelAdmin,
  channelOwner,
  globalmod,
  member,
  moderator,
  operator,
  owner,
  scene,
  stranger,
} from '../scene-testing.ts'
import type { SetAcls } from './set-acls.ts'

const acl = (action: string, type: string, value = ''): Acl => ({ action, type, value })
const set = (changes: readonly ProposedAcl[], actor: SetAcls['actor'] = owner): SetAcls => ({
  command: 'set-acls',
  actor,
  changes,
})
const EVERYBODY = [owner, moderator, member, stranger, operator, globalmod, channelOwner, channelAdmin]

describe('set-acls', () => {
  test('leaves an event only where something changed', () => {
    const made = scene({ acls: [acl('join', 'gender', 'w')] })
    expect(made.run(set([acl('join', 'age', '18:')]))).toEqual(['acls.changed'])
    expect(made.room.acls).toEqual([acl('join', 'gender', 'w'), acl('join', 'age', '18:')])
    expect(made.run(set([acl('join', 'age', '18:'), { ...acl('list', 'age'), value: null }]))).toEqual([])
    expect(made.run(set([]))).toEqual([])
  })

  test('checks the values of operators like everybody’s', () => {
    for (const actor of [operator, globalmod, owner, null]) {
      const made = scene({ kind: 'static' })
      const refused = (change: ProposedAcl, field: string) =>
        expect(made.run(set([change], actor))).toMatchObject({ rejected: 'acl.malformed', field })
      refused(acl('join', 'foo', 'x'), 'type')
      refused(acl('foo', 'gender', 'w'), 'action')
      refused(acl('whisper', 'disallow'), 'action')
      refused(acl('join', 'gender', 'zz'), 'value')
      refused(acl('kick', 'age', '18:'), 'type')
      expect(made.room.acls).toEqual([])
    }
  })

  test('makes none of the changes where one is wrong', () => {
    const made = scene()
    expect(made.submit(set([acl('join', 'gender', 'w'), acl('join', 'age', 'x')]))).toBe('acl.malformed')
    expect(made.room.acls).toEqual([])
  })

  test('whatever the rules come to say, nobody may set them who could not before, and owners still may', () => {
    const change = fc.record({
      action: fc.constantFrom('setacl', 'join', 'ban', 'kick', 'list'),
      type: fc.constantFrom('owner', 'admin', 'superuser', 'disallow', 'custom', 'gender', 'room_owner'),
      value: fc.constantFrom('y', 'n', '', 'gender=m', 'm', null),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), changes => {
        const made = scene({ kind: 'static' })
        for (const user of EVERYBODY) {
          const known = made.people.accounts.get(user)
          made.people.add(user, true, { roles: known?.roles ?? [], attributes: { gender: 'm' } })
        }
        for (const one of changes) made.submit(set([one]))
        const may = EVERYBODY.filter(actor => made.submit(set([acl('join', 'age', '1:')], actor)) === null)
        expect(may).toEqual([owner, operator, globalmod, channelOwner])
      }),
      { numRuns: 100 },
    )
  })

  test('is not done by who is put out, nor in a room that is gone', () => {
    const made = scene({ suite: 'rocketchat' })
    expect(made.submit({ command: 'kick', actor: operator, user: owner, reason: '', banMs: 0 })).toBe(null)
    expect(made.submit(set([acl('join', 'disallow')]))).toBe('role.required')
    expect(made.submit({ command: 'remove-room', actor: null, reason: '' })).toBe(null)
    expect(made.submit(set([acl('join', 'disallow')], operator))).toBe('room.unknown')
  })
})

describe('replace-acls', () => {
  const replace = (acls: readonly Acl[]) => ({ command: 'replace-acls', actor: null, acls }) as const
  test('puts a list in the place of the other, checked as a whole', () => {
    const made = scene({ acls: [acl('join', 'gender', 'w')] })
    expect(made.run(replace([acl('list', 'age', '18:'), acl('join', 'disallow')]))).toEqual(['acls.changed'])
    expect(made.room.acls).toEqual([acl('list', 'age', '18:'), acl('join', 'disallow')])
    expect(made.run(replace(made.room.acls))).toEqual([])
    expect(made.submit(replace([acl('join', 'foo')]))).toBe('acl.malformed')
    expect(made.submit(replace(Array(65).fill(acl('join', 'disallow'))))).toBe('limit')
    expect(made.run(replace([]))).toEqual(['acls.changed'])
  })
  test('by the rules of this server', () => {
    const made = scene()
    made.settings = { acl: { ...DEFAULT_RULES, room: new Map([['join', ['age']]]) } }
    expect(made.submit(replace([acl('join', 'gender', 'w')]))).toBe('acl.malformed')
    expect(made.submit(set([acl('join', 'gender', 'w')]))).toBe('acl.malformed')
    expect(made.submit(set([acl('join', 'age', '18:')]))).toBe(null)
  })
})
