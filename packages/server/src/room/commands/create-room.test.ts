// Making a room: the place that it takes among its maker's rooms, and its ACLs.
import { describe, expect, test } from 'vitest'
import type { Decision } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { owner, Scene, stranger } from '../scene-testing.ts'
import { blankRoom, type CreateRoom } from './create-room.ts'

const create = (more: Partial<CreateRoom> = {}): CreateRoom => ({
  command: 'create-room',
  actor: owner,
  room: blankRoom({ suite: 'none', kind: 'temporary', name: 'New', owners: [owner] }),
  claimName: true,
  slot: 2,
  epoch: null,
  ...more,
})
function decided(made: Scene, command: Parameters<Scene['decide']>[0]): Decision {
  const decision = made.decide(command)
  if (isRejection(decision)) throw new Error(decision.rejected)
  return decision
}
const place = { space: 'slot', key: `${owner}:2` }

describe('a place among its maker’s rooms', () => {
  test('is claimed beside the name, kept in the log, and free again when the room goes', () => {
    const made = new Scene()
    expect(decided(made, create()).claims).toEqual([{ space: 'name', key: 'new' }, place])
    expect(made.submit(create())).toBe(null)
    expect(made.room.slot).toBe(2)
    const { releases } = decided(made, { command: 'remove-room', actor: null, reason: '' })
    expect(releases).toEqual([{ space: 'name', key: 'new' }, place])
  })
  test('stays its maker’s when the room gets another owner', () => {
    const made = new Scene()
    made.submit(create())
    made.submit({ command: 'change-role', actor: null, user: stranger, role: 'owner', granted: true })
    made.submit({ command: 'change-role', actor: null, user: owner, role: 'owner', granted: false })
    expect(decided(made, { command: 'remove-room', actor: stranger, reason: '' }).releases).toContainEqual(place)
  })
  test('is not taken where there is no limit, nor by the server', () => {
    for (const command of [create({ slot: null }), create({ actor: null })]) {
      const made = new Scene()
      expect(decided(made, command).claims).toEqual([{ space: 'name', key: 'new' }])
      made.submit(command)
      expect(made.room.slot).toBe(null)
      expect('slot' in (made.events[0]?.body ?? {})).toBe(false)
      expect(decided(made, { command: 'remove-room', actor: null, reason: '' }).releases).not.toContainEqual(place)
    }
  })
})

describe('rules of a new room', () => {
  const make = (type: string, value: string, action = 'join') =>
    new Scene().submit(create({ room: { ...create().room, acls: [{ action, type, value }] } }))
  test('are checked before there is a room', () => {
    expect(make('gender', 'w')).toBe(null)
    expect(make('foo', 'w')).toBe('acl.malformed')
    expect(make('gender', 'zz')).toBe('acl.malformed')
    expect(make('disallow', '', 'whisper')).toBe('acl.malformed')
  })
})
