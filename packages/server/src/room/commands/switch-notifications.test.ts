import { describe, expect, test } from 'vitest'
import { keyedGroup, notificationSwitch, SIGNED_FAULTS, SWITCH_FAULTS, signedLeave } from '../group-testing.ts'
import { member, moderator, owner, scene, stranger } from '../scene-testing.ts'

describe('a member’s switch for notifications', () => {
  test('is theirs alone: no event tells of it, and the room is as it was', () => {
    const made = keyedGroup()
    const before = made.room
    for (const muted of [true, false]) {
      const command = notificationSwitch(made.people, made.room, member, muted)
      const [signature] = command.signatures
      expect(made.decide(command)).toMatchObject({
        events: [],
        notifications: { user: member, muted, signed: { messageId: signature?.messageId } },
        messageKeys: [{ key: signature?.messageId, by: member }],
      })
      expect(made.run(command)).toEqual([])
    }
    expect(made.room).toBe(before)
  })

  test('is in a one-to-one under the pair', () => {
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    expect(direct.submit(notificationSwitch(direct.people, direct.room, member, true))).toBe(null)
    expect(direct.submit(notificationSwitch(direct.people, direct.room, stranger, true))).toBe('member.required')
  })

  test('is there for who is muted, and in a closed room', () => {
    const made = keyedGroup({ members: [owner, moderator, member] })
    const rest = { until: null, reason: '', rank: 'owner' } as const
    expect(made.submit({ command: 'sanction', actor: null, kind: 'mute', user: member, ...rest })).toBe(null)
    made.submit(signedLeave(made.people, made.room, moderator))
    expect(made.room.closed).toBe(true)
    expect(made.submit(notificationSwitch(made.people, made.room, member, true))).toBe(null)
  })

  test.each([...SIGNED_FAULTS, ...SWITCH_FAULTS])('is refused with %s', fault => {
    const made = keyedGroup()
    expect(made.submit(notificationSwitch(made.people, made.room, member, true, fault))).toMatch(/^signature\./)
    expect(made.submit(notificationSwitch(made.people, made.room, member, true))).toBe(null)
  })

  test('is for conversations of this wire', () => {
    const plain = scene()
    expect(plain.submit(notificationSwitch(plain.people, plain.room, member, true))).toBe('room.kind')
  })
})
