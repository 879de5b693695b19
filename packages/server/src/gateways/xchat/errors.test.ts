import { readFileSync } from 'node:fs'
import type { UserId } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rejection, RejectionCode } from '../../room/rejection.ts'
import type { About } from './errors.ts'
import { problemOf, REJECTION_CODES } from './errors.ts'
import { problemShape } from './problem.ts'

const ABOUT: About = { conversation: 'g5', current: '1795311596872', members: 'user_ids', hideGroups: false }

/** Every member that any rejection has. */
function rejection(rejected: RejectionCode, more: Record<string, unknown> = {}): Rejection {
  const members = {
    room: '5',
    limit: 7,
    text: 'a text',
    name: 'name',
    where: 'room',
    acl: { action: 'join', type: 'gender', value: 'w' },
    reason: 'a reason',
    scope: 'global',
    sanction: { kind: 'ban', user: '1', from: 0, until: null, reason: '', by: null },
    user: '333' as UserId,
    current: '1795311596872',
    newest: '2',
    field: 'action_signatures',
    part: 'member add',
    version: '6',
    wanted: 'xchat',
    id: '9',
    key: 'a-key',
  }
  return { rejected, ...members, ...more } as unknown as Rejection
}

describe('the table of problems', () => {
  test('has every code of the union, as the source of the union names them', () => {
    const source = readFileSync(new URL('../../room/rejection.ts', import.meta.url), 'utf8')
    const named = [...source.matchAll(/readonly rejected: '([a-z.]+)'/g)].map(match => match[1])
    expect(named.length).toBeGreaterThan(40)
    expect(new Set<unknown>(REJECTION_CODES)).toEqual(new Set(named))
  })

  test.each(REJECTION_CODES)('answers %s with a problem that says something', code => {
    const problem = problemOf(rejection(code), ABOUT)
    expect(problemShape.parse(problem)).toEqual(problem)
    expect([400, 403, 404, 409, 503]).toContain(problem.status)
    expect(problem.detail).not.toMatch(/undefined|null|\[object/)
    if (problem.status === 400)
      expect(problem).toMatchObject({ title: 'Invalid Request', parameter: expect.any(String) })
  })

  test('names the version that counts with every conflict and every stale version', () => {
    for (const code of [
      'epoch.stale',
      'epoch.ahead',
      'epoch.exists',
      'conflict',
      'room.closed',
      'signature.roster',
      'members.already',
      'members.absent',
    ] as const) {
      const problem = problemOf(rejection(code), ABOUT)
      expect(problem.detail).toContain('1795311596872')
      expect(problem.current_key_version).toBe('1795311596872')
    }
  })

  test('says the words that clients look for', () => {
    const detail = (code: RejectionCode) => problemOf(rejection(code), ABOUT).detail
    expect(detail('field.missing')).toBe('$.action_signatures: is missing but it is required')
    expect(detail('members.duplicate')).toContain('duplicate')
    expect(detail('members.already')).toContain('already')
    expect(detail('role.held')).toContain('already')
    expect(detail('signature.mismatch')).toContain('does not match')
    expect(detail('signature.invalid')).toContain('does not verify')
    expect(detail('signature.comma')).toContain('comma')
    expect(detail('signature.roster')).toContain('stale')
    expect(detail('epoch.stale')).toContain('NON_LATEST_CKEY_VERSION')
    expect(detail('message.plaintext')).toContain('ONLY_ENCRYPTED_MESSAGES_ALLOWED')
    expect(detail('message.size')).toContain('CONTENTS_TOO_LARGE')
    expect(detail('message.taken')).toContain('duplicate')
    expect(detail('message.taken')).toContain('already')
    expect(detail('wrap.missing')).toContain('missing participant key for 333')
    expect(detail('wrap.extra')).toContain('extra participant key')
    expect(detail('room.full')).toBe('Too many members: adding these members would exceed the allowed group size.')
    expect(detail('members.unaddable')).toBe(
      'Cannot add all members: one or more of the requested members cannot be added to this conversation.',
    )
  })

  test('a failure that X names is named in the sentence, wherever it is written', () => {
    let named = 0
    for (const code of REJECTION_CODES) {
      const problem = problemOf(rejection(code), ABOUT)
      if (problem.code === undefined) continue
      named += 1
      expect(problem.detail).toContain(problem.code)
      if (problem.errors) expect(problem.errors).toEqual([{ message: problem.detail }])
    }
    expect(named).toBeGreaterThan(8)
  })

  test('a hidden group is told like an unknown one', () => {
    const hidden = problemOf(rejection('member.required'), { ...ABOUT, hideGroups: true })
    expect(hidden).toEqual(problemOf(rejection('room.unknown'), ABOUT))
  })

  test('whatever a rejection carries, the problem can be sent', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REJECTION_CODES), fc.string({ unit: 'binary' }), (code, text) => {
        const problem = problemOf(rejection(code, { text, user: text, key: text, version: text }), ABOUT)
        expect(JSON.parse(JSON.stringify(problem)).status).toBe(problem.status)
      }),
    )
  })
})
