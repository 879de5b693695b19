import { expect, test } from 'vitest'
import type { EventBody } from '../room/events.ts'
import { audienceOf, classOf, erase, foldName } from './projection.ts'
import { created, message, rotated, whisper } from './testing/items.ts'

const SECRET = 'c2VjcmV0'

test.each<[string, EventBody, object]>([
  [
    'plain',
    {
      type: 'message',
      messageId: 'm1',
      content: { suite: 'none', text: SECRET, extra: { dino: { a: SECRET }, rocketchat: { alias: SECRET } } },
    },
    { suite: 'none', text: '' },
  ],
  [
    'xchat',
    {
      type: 'message',
      messageId: 'm1',
      content: {
        suite: 'xchat',
        createEvent: SECRET,
        signature: SECRET,
        publicKeyVersion: '3',
        signatureVersion: '1',
        epoch: '9',
        conversationToken: SECRET,
      },
    },
    { suite: 'xchat', createEvent: '', signature: '', publicKeyVersion: '3', signatureVersion: '1', epoch: '9' },
  ],
  [
    'rocketchat',
    {
      type: 'message',
      messageId: 'm1',
      content: { suite: 'rocketchat', content: { ciphertext: SECRET }, msg: SECRET, extra: { file: SECRET } },
    },
    { suite: 'rocketchat', content: null, msg: '' },
  ],
])('an erased %s message keeps what it was sent under, and nothing of its content', (_suite, body, content) => {
  expect(erase(body)).toEqual({ type: 'message', messageId: 'm1', content })
  expect(JSON.stringify(erase(body))).not.toContain(SECRET)
})

test('an erased whisper still says to whom it was', () => {
  expect(erase(whisper(SECRET, '7', '8'))).toEqual(whisper('', '7', '8'))
})

test('each of an audience stands between commas, and without one nothing is hidden', () => {
  expect([whisper('a', '7', '81'), whisper('a'), message('a'), created()].map(audienceOf)).toEqual([
    ',7,81,',
    ',,',
    null,
    null,
  ])
})

test('what is no message is not erased', () => {
  for (const body of [created({ name: 'n' }), rotated('1')]) expect(erase(body)).toBe(body)
})

test('erasing twice is erasing once', () => {
  expect(erase(erase(message('a')))).toEqual(erase(message('a')))
})

test('events are messages, deletions or control', () => {
  const deletion: EventBody = { type: 'messages.deleted', targets: [], sequences: [], signed: null }
  expect([message('a'), deletion, created(), rotated('1')].map(classOf)).toEqual(['m', 'd', 'c', 'c'])
})

test('names are folded over the whole of Unicode', () => {
  expect(foldName('ÄÖÜ Ωmega ДОМ İ')).toBe(foldName('äöü ωMEGA дом i̇'))
})
