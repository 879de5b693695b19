import type { EventId, UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { DELETED_TOGETHER, HIDDEN_STRETCHES } from '../../limits.ts'
import type { RoomEvent } from '../events.ts'
import { freshMessageId, xchatContent } from '../fixtures.ts'
import type { Deletion } from '../group-testing.ts'
import { DELETE_FAULTS, deletion, keyedGroup, SIGNED_FAULTS, signedLeave } from '../group-testing.ts'
import type { Scene } from '../scene-testing.ts'
import { member, moderator, operator, owner, scene, stranger } from '../scene-testing.ts'
import type { DeleteSigned } from './delete-signed.ts'

function said(made: Scene, by: UserId): RoomEvent {
  const messageId = freshMessageId()
  const content = xchatContent(made.people, by, made.room, made.room.epoch?.version ?? '1', messageId)
  const sent = { actor: by, content, messageId, digest: '', inside: true, attributes: null, origin: null }
  expect(made.submit({ command: 'send-message', ...sent })).toBe(null)
  return made.events.at(-1) as RoomEvent
}

const decide = (made: Scene, by: UserId, what: Deletion, more: Partial<DeleteSigned> = {}) =>
  made.decide({ ...deletion(made.people, made.room, by, what), ...more })
const codeOf = (made: Scene, by: UserId, what: Deletion, more: Partial<DeleteSigned> = {}) => {
  const decision = decide(made, by, what, more)
  return 'rejected' in decision ? decision.rejected : null
}
const mute = (user: UserId, kind: 'mute' | 'ban' = 'mute') =>
  ({ command: 'sanction', actor: null, kind, user, until: null, reason: '', rank: 'owner' }) as const

describe('messages of an X room', () => {
  test('go from everybody under one signature, in one event that carries it', () => {
    const made = keyedGroup()
    const messages = [said(made, member), said(made, member)]
    const decision = decide(made, member, { whom: 'all', messages })
    expect(decision).toEqual({
      events: [
        {
          type: 'messages.deleted',
          targets: messages.map(({ id }) => id),
          sequences: messages.map(({ sequence }) => sequence),
          signed: expect.objectContaining({ signatureVersion: '7', publicKeyVersion: expect.any(String) }),
        },
      ],
      messageKeys: [{ key: expect.any(String), by: member, digest: messages.map(({ id }) => id).join() }],
    })
  })

  test('go from oneself without an event, whoever sent them', () => {
    const made = keyedGroup()
    const messages = [said(made, owner), said(made, moderator)]
    expect(decide(made, member, { whom: 'self', messages })).toEqual({
      events: [],
      hides: { user: member, sequences: messages.map(({ sequence }) => sequence) },
      messageKeys: [expect.objectContaining({ by: member })],
    })
  })

  test('of others are deleted for everybody by the group’s admins alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, moderator, member, operator] })
    const messages = [said(made, member)]
    expect(codeOf(made, owner, { whom: 'all', messages })).toBe(null)
    for (const by of [moderator, operator]) expect(codeOf(made, by, { whom: 'all', messages })).toBe('role.required')
    const mixed = [said(made, moderator), ...messages]
    expect(codeOf(made, moderator, { whom: 'all', messages: mixed })).toBe('role.required')
    expect(codeOf(made, stranger, { whom: 'all', messages })).toBe('member.required')
  })

  test('of the other one of a pair are nobody’s to delete but for oneself', () => {
    const pair = [owner, member] as const
    // Whatever roles the log might give them.
    const made = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [owner] })
    const [mine, theirs] = [said(made, owner), said(made, member)]
    expect(codeOf(made, owner, { whom: 'all', messages: [theirs] })).toBe('role.required')
    expect(codeOf(made, owner, { whom: 'self', messages: [theirs] })).toBe(null)
    expect(codeOf(made, owner, { whom: 'all', messages: [mine] })).toBe(null)
  })

  test('that nobody can see are unknown, by the first of their ids', () => {
    const made = keyedGroup()
    const messages = [said(made, owner), said(made, owner)]
    for (const whom of ['all', 'self'] as const) {
      const placed = new Map([[messages[0]?.id as EventId, { sequence: 1, sender: owner }]])
      const id = messages[1]?.id
      expect(decide(made, owner, { whom, messages }, { placed })).toEqual({ rejected: 'message.unknown', id })
      expect(codeOf(made, owner, { whom, messages: [] })).toBe('message.unknown')
    }
  })

  test('take with them only files that the actor may delete', () => {
    const made = keyedGroup()
    const messages = [said(made, member)]
    const media = (by: UserId | null) => ({ media: [{ key: 'k', by }] })
    expect(codeOf(made, member, { whom: 'all', messages }, media(member))).toBe(null)
    expect(codeOf(made, member, { whom: 'all', messages }, media(owner))).toBe('role.required')
    expect(codeOf(made, owner, { whom: 'all', messages }, media(moderator))).toBe(null)
    for (const by of [owner, member])
      expect(decide(made, by, { whom: 'all', messages }, media(null))).toEqual({ rejected: 'medium.unknown', key: 'k' })
  })

  test('are deleted by who is muted and in a closed room too, not by who is banned', () => {
    const made = keyedGroup()
    const messages = [said(made, member)]
    expect(made.submit(mute(member))).toBe(null)
    expect(made.submit(signedLeave(made.people, made.room, moderator))).toBe(null)
    expect(made.room.closed).toBe(true)
    for (const whom of ['all', 'self'] as const) expect(codeOf(made, member, { whom, messages })).toBe(null)
    expect(made.submit(mute(member, 'ban'))).toBe(null)
    for (const whom of ['all', 'self'] as const) expect(codeOf(made, member, { whom, messages })).toBe('banned')
  })

  test('are deleted a number at a time, and hidden in a number of stretches', () => {
    const made = keyedGroup()
    const message = said(made, owner)
    const many = Array.from({ length: DELETED_TOGETHER + 1 }, (_, n) => ({ ...message, id: `${n + 1}` as EventId }))
    expect(codeOf(made, owner, { whom: 'all', messages: many })).toBe('limit')
    expect(codeOf(made, owner, { whom: 'all', messages: many.slice(1) })).toBe(null)
    const one = { whom: 'self', messages: [message] } as const
    expect(codeOf(made, owner, one, { stretches: HIDDEN_STRETCHES - 1 })).toBe(null)
    expect(codeOf(made, owner, one, { stretches: HIDDEN_STRETCHES })).toBe('hidden.full')
  })

  test('of other rooms are deleted without a signature, and these not without one', () => {
    const made = scene()
    const what = { ...deletion(made.people, made.room, owner, { whom: 'all', messages: [] }) }
    expect(made.decide(what)).toMatchObject({ rejected: 'suite.refused' })
    const group = keyedGroup()
    const { id, sequence } = said(group, owner)
    const targets = [{ id, sequence, sender: owner }]
    for (const actor of [owner, null]) {
      const unsigned = { command: 'delete-messages', actor, targets, senderMay: true } as const
      expect(group.submit(unsigned)).toBe('suite.refused')
    }
  })

  const faults = [...SIGNED_FAULTS, ...DELETE_FAULTS].flatMap(fault =>
    (['all', 'self'] as const).map(whom => ({ fault, whom })),
  )
  test.each(faults)('are not deleted for $whom with $fault (L5)', ({ fault, whom }) => {
    const made = keyedGroup()
    const messages = [said(made, owner), said(made, owner)]
    expect(codeOf(made, owner, { whom, messages, fault })).toMatch(/^signature\./)
    expect(codeOf(made, owner, { whom, messages })).toBe(null)
  })

  test('are not deleted by naming one of them twice', () => {
    const made = keyedGroup()
    const message = said(made, owner)
    const { ids, ...rest } = deletion(made.people, made.room, owner, { whom: 'all', messages: [message] })
    expect(made.decide({ ...rest, ids: [...ids, ...ids] })).toMatchObject({ rejected: 'signature.mismatch' })
  })
})
