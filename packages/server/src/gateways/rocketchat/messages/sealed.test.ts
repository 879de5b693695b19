import { describe, expect, test } from 'vitest'
import { besideCiphertext } from './sealed.ts'

describe('beside a ciphertext', () => {
  test('stays what can hold no words, and what is empty is passed over', () => {
    const e2eMentions = { e2eUserMentions: ['@ann', 'all'], e2eChannelMentions: [] }
    const kept = {
      tmid: 'a-message',
      tshow: false,
      groupable: true,
      parseUrls: false,
      bot: { i: 'js.SDK' },
      e2eMentions,
    }
    const envelope = { _id: 'x', rid: 'r', t: 'e2e', msg: '', content: { ciphertext: 'c' }, ts: new Date(0), u: {} }
    const empty = { attachments: [], alias: '', md: null, customFields: {}, blocks: undefined, unread: true, n: 1 }
    expect(besideCiphertext({ ...envelope, ...empty, ...kept })).toEqual({ kept })
  })

  test('what a known member holds besides its own is left out', () => {
    const e2eMentions = { e2eUserMentions: ['ann'], note: 'words' }
    expect(besideCiphertext({ e2eMentions })).toEqual({ kept: { e2eMentions: { e2eUserMentions: ['ann'] } } })
    expect(besideCiphertext({ bot: { i: 'sdk', note: 'words' } })).toEqual({ kept: { bot: { i: 'sdk' } } })
  })

  test.each([
    ['alias', 'words'],
    ['text', 'words'],
    ['attachments', [{ text: 'words' }]],
    ['attachments', 'words'],
    ['customFields', { note: '' }],
    ['md', [{}]],
    ['tmid', 'words in it'],
    ['tmid', { $ne: '' }],
    ['tshow', 'words'],
    ['bot', { i: 'words in it' }],
    ['e2eMentions', { e2eUserMentions: ['words in it'] }],
    ['e2eMentions', { e2eChannelMentions: Array.from({ length: 101 }, () => 'a') }],
    ['e2eMentions', ['words']],
    ['constructor', 'words'],
    ['toString', { a: 1 }],
  ])('%s is refused as %j', (name, value) => {
    expect(besideCiphertext({ [name]: value })).toEqual({ refused: name })
  })

  test('no name reaches a prototype', () => {
    const given = JSON.parse('{"__proto__": {"polluted": "words"}, "tshow": true}')
    expect(besideCiphertext(given)).toEqual({ refused: '__proto__' })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
