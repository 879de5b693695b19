// Whispers and mutes of a message: to whom it goes, and whom a mute stops.
import type { RoomId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { WHISPERED } from '../../limits.ts'
import { fold } from '../apply.ts'
import type { EventBody, Sanction } from '../events.ts'
import { contextAt, People, userId } from '../fixtures.ts'
import type { RoomState } from '../state.ts'
import { blankRoom } from './create-room.ts'
import { type SendMessage, sendMessage } from './send-message.ts'

const NOW = 1_800_000_000_000
const [anna, ben] = [userId(1), userId(2)]
const people = new People()
for (const user of [anna, ben]) people.add(user, false)

function room(...more: EventBody[]): RoomState {
  const { pair, ...blank } = blankRoom({ suite: 'none', kind: 'private', name: 'room', members: [anna, ben] })
  const created: EventBody = { type: 'room.created', channel: people.channel.id, pair: pair ?? null, ...blank }
  const events = [created, ...more].map((body, index) => ({
    room: '1' as RoomId,
    sequence: index + 1,
    id: `${index + 1}` as never,
    at: NOW,
    actor: null,
    body,
  }))
  return fold(undefined, events) as RoomState
}

const send = (state: RoomState, more: Partial<SendMessage>) =>
  sendMessage.decide(
    state,
    {
      command: 'send-message',
      actor: anna,
      content: { suite: 'none', text: 'hello' },
      messageId: null,
      digest: '',
      inside: false,
      attributes: null,
      origin: null,
      ...more,
    },
    people.facts,
    contextAt(NOW),
  )

const mute: Sanction = { kind: 'mute', user: anna, from: 0, until: null, reason: '', by: null }

test('a mute stops its user, unless the wire is set not to look at mutes; a ban always does', () => {
  const muted = room({ type: 'sanction.set', sanction: mute })
  expect(send(muted, {})).toMatchObject({ rejected: 'muted', scope: 'room' })
  expect(send(muted, { ignoreMutes: true })).toMatchObject({ events: [{ type: 'message' }] })
  const banned = room({ type: 'sanction.set', sanction: { ...mute, kind: 'ban' } })
  expect(send(banned, { ignoreMutes: true })).toMatchObject({ rejected: 'banned' })
})

test('a whisper says whom it is for, and a message says nothing of that', () => {
  expect(send(room(), { to: [ben] })).toMatchObject({ events: [{ type: 'message', to: [ben] }] })
  const [plain] = (send(room(), {}) as { events: EventBody[] }).events
  expect(plain && 'to' in plain).toBe(false)
})

test('a whisper names only so many, and is not for encrypted rooms', () => {
  const names = (count: number) => Array.from({ length: count }, (_, n) => userId(100 + n))
  expect(send(room(), { to: names(WHISPERED) })).toHaveProperty('events')
  expect(send(room(), { to: names(WHISPERED + 1) })).toMatchObject({ rejected: 'limit' })
  const encrypted = room({ type: 'suite.switched', suite: 'rocketchat' })
  const content = { suite: 'rocketchat', content: null, msg: 'A'.repeat(60) } as const
  expect(send(encrypted, { content, to: [ben] })).toMatchObject({ rejected: 'suite.refused' })
})

test('a file that was sent as plaintext goes into no encrypted room, beside a ciphertext neither (L3, attack)', () => {
  const content = {
    suite: 'rocketchat',
    content: { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) },
    msg: '',
  } as const
  const sealed = room({ type: 'suite.switched', suite: 'rocketchat' })
  const [plain, ciphertext] = [
    { key: 'a', sealed: false },
    { key: 'b', sealed: true },
  ]
  expect(send(room(), { media: [plain, ciphertext] })).toMatchObject({ events: [{ media: ['a', 'b'] }] })
  expect(send(sealed, { media: [plain] })).toEqual({ rejected: 'message.plaintext' })
  expect(send(sealed, { content, media: [ciphertext, plain] })).toEqual({ rejected: 'message.plaintext' })
  expect(send(sealed, { content, media: [ciphertext] })).toMatchObject({ events: [{ media: ['b'] }] })
  expect(JSON.stringify(send(room(), {}))).not.toContain('media')
})
