// What the room itself says of edits, reactions, pins and followers, whatever a wire lets through.
import type { EventId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { EMOJI, MENTIONED, MESSAGE_TEXT, PINNED, REACTIONS_EACH, REACTIONS_TAKEN } from '../../limits.ts'
import type { Command } from '../decide.ts'
import { userId } from '../fixtures.ts'
import { member, moderator, operator, owner, scene, stranger } from '../scene-testing.ts'
import type { EditMessage, Target } from './edit-message.ts'

const target = (sender = member, whispered = false): Target => ({ id: '9' as EventId, sequence: 9, sender, whispered })
const plain = (text = 'new') => ({ suite: 'none', text }) as const
const sealed = {
  suite: 'rocketchat',
  content: { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) },
  msg: '',
} as const
const edit = (more: Partial<EditMessage> = {}): EditMessage => ({
  command: 'edit-message',
  actor: member,
  target: target(),
  content: plain(),
  inside: false,
  ...more,
})
const react = (more: object = {}): Command => ({
  command: 'react',
  reactions: { all: 0, own: 0 },
  actor: member,
  target: target(),
  emoji: ':a:',
  on: true,
  inside: false,
  ...more,
})
const pin = (more: object = {}): Command => ({
  command: 'pin-message',
  actor: moderator,
  target: target(),
  on: true,
  pinned: 0,
  ...more,
})
const follow = (more: object = {}): Command => ({
  command: 'follow-thread',
  actor: member,
  target: target(),
  on: true,
  inside: false,
  ...more,
})

describe('an edit', () => {
  test('is the sender’s, or of who moderates the room, and nobody else’s', () => {
    for (const actor of [member, moderator, owner]) expect(scene().submit(edit({ actor }))).toBe(null)
    expect(scene().submit(edit({ target: target(owner) }))).toBe('role.required')
    expect(scene().submit(edit({ actor: stranger }))).toBe('occupant.required')
    expect(scene({ suite: 'rocketchat' }).submit(edit({ actor: operator, content: sealed }))).toBe('member.required')
  })

  test('of a whisper is its sender’s alone', () => {
    expect(scene().submit(edit({ target: target(member, true) }))).toBe(null)
    for (const actor of [owner, moderator])
      expect(scene().submit(edit({ actor, target: target(member, true) }))).toBe('role.required')
  })

  test('puts no plaintext into an encrypted room, and no ciphertext into a plain one (L3)', () => {
    expect(scene({ suite: 'rocketchat' }).submit(edit())).toBe('message.plaintext')
    const fake = { ...sealed, content: { words: 'plain' } }
    expect(scene({ suite: 'rocketchat' }).submit(edit({ content: fake }))).toBe('message.plaintext')
    expect(scene().submit(edit({ content: sealed }))).toBe('message.suite')
    expect(scene({ suite: 'rocketchat' }).submit(edit({ content: sealed }))).toBe(null)
  })

  test('is stopped by a mute, a ban and its bounds', () => {
    for (const [kind, refused] of [
      ['mute', 'muted'],
      ['ban', 'banned'],
    ] as const) {
      const made = scene({ kind: 'static' })
      const sanction = { kind, user: member, until: null, reason: '', rank: 'owner' } as const
      expect(made.submit({ command: 'sanction', actor: owner, ...sanction })).toBe(null)
      const inside = { inside: true }
      expect([kind, made.submit(edit(inside)), made.submit(react(inside))]).toEqual([kind, refused, refused])
    }
    expect(scene().submit(edit({ content: plain('x'.repeat(MESSAGE_TEXT + 1)) }))).toBe('message.size')
    const users = Array.from({ length: MENTIONED + 1 }, (_, n) => ({ id: userId(n), username: '', name: '' }))
    expect(scene().submit(edit({ mentions: { users, groups: [] } }))).toBe('limit')
  })
})

test('messages of X rooms are changed over X only', () => {
  for (const command of [edit({ content: sealed }), react(), pin({ actor: owner }), follow()])
    expect([command.command, scene({ suite: 'xchat' }).submit(command)]).toEqual([command.command, 'suite.refused'])
})

test('whispers take no reactions, pins and followers', () => {
  const whisper = { target: target(member, true) }
  for (const command of [react(whisper), pin(whisper), follow(whisper)])
    expect([command.command, scene().submit(command)]).toEqual([command.command, 'suite.refused'])
})

test('who moderates pins, in a room of two both do, and a room holds so many', () => {
  expect(scene().submit(pin({ actor: member }))).toBe('role.required')
  expect(scene().submit(pin({ actor: stranger }))).toBe('role.required')
  expect(scene().submit(pin({ pinned: PINNED }))).toBe('limit')
  expect(scene().submit(pin({ pinned: PINNED, on: false }))).toBe(null)
  expect(scene().submit(pin())).toBe(null)
})

test('strangers neither react nor follow, and an emoji is short', () => {
  for (const command of [react({ actor: stranger }), follow({ actor: stranger })])
    expect(scene().submit(command)).toBe('occupant.required')
  expect(scene().submit(react({ emoji: 'x'.repeat(EMOJI + 1) }))).toBe('limit')
  for (const reactions of [
    { all: REACTIONS_TAKEN, own: 0 },
    { all: 50, own: REACTIONS_EACH },
  ]) {
    expect(scene().submit(react({ reactions }))).toBe('limit')
    expect(scene().submit(react({ reactions, on: false }))).toBe(null)
  }
  expect(scene({ kind: 'static' }).submit(react({ actor: stranger, inside: true }))).toBe(null)
})

test('nothing of it moves the control sequence', () => {
  const made = scene()
  const { control } = made.room
  for (const command of [edit(), react(), pin(), follow()]) expect(made.submit(command)).toBe(null)
  expect(made.room.control).toBe(control)
})
