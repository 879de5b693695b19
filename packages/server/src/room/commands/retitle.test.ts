import { describe, expect, test } from 'vitest'
import { decide } from '../decide.ts'
import { contextAt } from '../fixtures.ts'
import { keyedGroup, retitling, rotate, signedLeave } from '../group-testing.ts'
import { channelOwner, member, operator, owner, scene, stranger } from '../scene-testing.ts'

describe('the title of an X group', () => {
  test('changes and leaves the avatar as it is, and the other way round', () => {
    const made = keyedGroup()
    const title = retitling(made.people, made.room, owner, 'title')
    expect(made.run(title)).toEqual(['room.retitled'])
    const avatar = retitling(made.people, made.room, owner, 'avatar')
    expect(made.run(avatar)).toEqual(['room.retitled'])
    expect(made.room).toMatchObject({ title: title.value, avatar: avatar.value })
    expect(made.events.at(-1)?.body).toMatchObject({ signed: { signatureVersion: '7' } })
  })

  test('is changed by admins alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, member, operator, channelOwner] })
    for (const user of [member, operator, channelOwner])
      expect(made.submit(retitling(made.people, made.room, user, 'title'))).toBe('role.required')
    expect(made.submit(retitling(made.people, made.room, stranger, 'title'))).toBe('member.required')
  })

  test('is not changed under a key that whoever left still holds', () => {
    const made = keyedGroup()
    expect(made.submit(signedLeave(made.people, made.room, member))).toBe(null)
    expect(made.submit(retitling(made.people, made.room, owner, 'title'))).toBe('room.closed')
    rotate(made, owner)
    expect(made.submit(retitling(made.people, made.room, owner, 'title'))).toBe(null)
  })

  test('under an old key is stale, or a conflict where that key was the newest when it began', () => {
    const made = keyedGroup()
    const late = retitling(made.people, made.room, owner, 'title')
    rotate(made, owner)
    const current = made.room.epoch?.version
    expect(made.decide(late)).toEqual({ rejected: 'epoch.stale', current })
    const context = contextAt(made.now, { raced: true, overtaken: true })
    expect(decide(made.state, late, made.people.facts, context)).toEqual({ rejected: 'conflict', current })
  })

  test('is the one that was signed', () => {
    const made = keyedGroup()
    const command = retitling(made.people, made.room, owner, 'title', 'other value')
    expect(made.decide(command)).toEqual({ rejected: 'signature.mismatch', part: 'title', field: 'encrypted_title' })
    const avatar = retitling(made.people, made.room, owner, 'avatar')
    expect(made.decide({ ...avatar, part: 'title' })).toEqual({ rejected: 'signature.missing', part: 'title' })
  })

  test('is for groups', () => {
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    expect(direct.submit(retitling(direct.people, direct.room, owner, 'title'))).toBe('room.kind')
    const plain = scene()
    expect(plain.submit(retitling(plain.people, plain.room, owner, 'title'))).toBe('room.kind')
  })
})
