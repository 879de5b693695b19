// The text that is sent says what the document says, of whatever message.
import { decodeEjson } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Content, EventBody, Mentions, RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import { messageDocument } from './encode-message.ts'
import { messageJson, messageText } from './message-text.ts'

const room = { id: '7205759403792812', pair: null, suite: 'none' } as unknown as RoomState
const pair = { ...room, pair: ['1001', '1002'] } as unknown as RoomState
const sender = { id: '1001', username: 'al"ice', name: 'Alice \u2028' } as unknown as Account

const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '{"text":"inner"}', '{"text":1}', 'see https://example.org/a?b.', '"\\\u0000\ud800', '$date'),
)
const extra = fc.record(
  {
    alias: word,
    attachments: fc.array(fc.record({ text: word, ts: fc.date({ noInvalidDate: true }) })),
    customFields: fc.dictionary(word, word),
    parseUrls: fc.boolean(),
    channels: fc.array(fc.record({ _id: word })),
    mentions: fc.array(word),
    _id: word,
  },
  { requiredKeys: [] },
)
const content = fc.oneof(
  word.map(text => ({ suite: 'none', text })),
  fc.tuple(word, extra).map(([text, rocketchat]) => ({ suite: 'none', text, extra: { rocketchat } })),
  word.map(ciphertext => ({ suite: 'rocketchat', msg: '', content: { algorithm: 'rc.v1.aes-sha2', ciphertext } })),
  fc.tuple(word, extra).map(([msg, shown]) => ({ suite: 'rocketchat', content: null, msg, extra: shown })),
) as unknown as fc.Arbitrary<Content>
const named = { users: [{ id: '1002', username: 'bob', name: 'Bob' }], groups: ['all'] } as unknown as Mentions

function eventOf(body: object): RoomEvent {
  const event = { room: room.id, sequence: 7, id: '7205759403799999', at: 1_800_000_000_000, actor: sender.id }
  return { ...event, body: { type: 'message', messageId: null, ...body } as EventBody } as unknown as RoomEvent
}

function read(text: string): unknown {
  const decoded = decodeEjson(JSON.parse(text))
  return decoded.ok ? decoded.value : decoded
}

describe('messageText', () => {
  test('says what the document says, in its order', () => {
    const messageId = fc.option(word.filter(text => text !== ''))
    fc.assert(
      fc.property(content, messageId, fc.boolean(), fc.boolean(), fc.boolean(), (said, id, isPair, names, isServer) => {
        const event = eventOf({ content: said, messageId: id, ...(names ? { mentions: named } : {}) })
        const [place, actor] = [isPair ? pair : room, isServer ? null : sender]
        const [shown, document] = [read(messageText(event, place, actor)), messageDocument(event, place, actor)]
        expect(shown).toEqual(document)
        expect(Object.keys(shown as object)).toEqual(Object.keys(document))
        expect(JSON.parse(messageJson(event, place, actor))).toEqual(JSON.parse(JSON.stringify(document)))
      }),
    )
  })

  test.each(['', 'hello', '{"text":"inner"}', '{"text":1}', 'see https://example.org/a?b.', '"\\\u0000\ud800'])(
    'says of the text %j what the document says',
    text => {
      const event = eventOf({ content: { suite: 'none', text } })
      expect(read(messageText(event, room, sender))).toEqual(messageDocument(event, room, sender))
      expect(messageJson(event, room, sender)).toBe(JSON.stringify(messageDocument(event, room, sender)))
    },
  )

  test('is made once for a message, so that it is the same for all who are told', () => {
    const event = eventOf({ content: { suite: 'none', text: 'hello' } })
    const text = messageText(event, room, sender)
    expect(messageText(event, room, { ...sender, username: 'renamed' } as Account)).toBe(text)
  })

  test('is of messages alone', () => {
    expect(() => messageText(eventOf({ type: 'room.renamed' }), room, null)).toThrow()
    expect(() => messageJson(eventOf({ type: 'room.renamed' }), room, null)).toThrow()
  })
})
