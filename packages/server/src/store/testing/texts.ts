// The sentences about texts and ids that no wire should let through and a store takes all the same: whatever a client
// sends, nothing throws, and what comes back is what was kept.
import { expect, test } from 'vitest'
import type { EventBody } from '../../room/events.ts'
import type { OpenStore } from '../contract.ts'
import {
  account,
  append,
  channel,
  committed,
  created,
  logOf,
  message,
  NOW,
  outcomeOf,
  room,
  rows,
  token,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')

/** NUL, what stands for it, halves of surrogate pairs, quotes, and one that no index takes whole. */
const TEXTS = [
  '\0',
  'a\0b',
  '\u0001',
  '\u0001\u0001\u0002',
  '\\u0000',
  '\ud800',
  'x\udc00y',
  '"\'\\',
  'é\u{1f600}',
  'long '.repeat(2_000),
]
/** Names that are no ids, and one that is greater than any. */
const IDS = ['', 'x', '-', '1.5', '1e3', '9223372036854775808', '99999999999999999999', '\0']

export function textSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)

  test.each(TEXTS)('a message says %j, under that very id', async text => {
    const at = { digest: text, by: user('1') }
    const said: EventBody = {
      type: 'message',
      messageId: text,
      content: { suite: 'none', text, extra: { dino: { [text]: text } } },
    }
    await committed(store(), append(ROOM, 0, [created({ name: text, topic: text })]))
    await committed(store(), append(ROOM, 1, [said], { messageKeys: [{ key: text, ...at }] }))
    expect((await logOf(store(), ROOM))[1]?.body).toEqual(said)
    expect(await outcomeOf(store(), append(ROOM, 1, [said], { messageKeys: [{ key: text, ...at }] }))).toMatchObject({
      outcome: 'exists',
      room: ROOM,
      sequence: 2,
    })
    expect(await store().messageKey(text)).toMatchObject({ room: ROOM, sequence: 2, digest: text.toWellFormed() })
    expect(await store().messageKey(`${text} `)).toBeUndefined()
    expect(await store().roomsNamed(text)).toEqual([ROOM])
  })

  test.each(TEXTS)('%j is held as a claim, by one room', async key => {
    const claims = [{ space: 'name', key }] as const
    await committed(store(), append(ROOM, 0, [created()], { claims }))
    expect(await store().claimed({ space: 'name', key })).toBe(ROOM)
    expect(await outcomeOf(store(), append(room('7'), 0, [created()], { claims }))).toMatchObject({
      outcome: 'taken',
      by: ROOM,
    })
    await committed(store(), append(ROOM, 1, [message('a')], { releases: claims }))
    expect(await store().claimed({ space: 'name', key })).toBeUndefined()
  })

  test.each(TEXTS)('whoever is called %j is found by it', async text => {
    const attributes = { [text]: text }
    await committed(
      store(),
      rows(
        account('7', { username: text, email: text, name: text, attributes }),
        channel('5', { name: text, tags: [text] }),
      ),
    )
    expect(await store().accountNamed(text)).toMatchObject({
      id: '7',
      username: text.toWellFormed(),
      name: text,
      attributes,
    })
    expect((await store().accountByEmail(text))?.id).toBe('7')
    expect(await store().email(user('7'))).toBe(text.toWellFormed())
    expect(await store().channels()).toMatchObject([{ name: text, tags: [text] }])
    expect(await outcomeOf(store(), rows(account('8', { username: text })))).toMatchObject({
      outcome: 'taken',
      by: '7',
    })
  })

  test.each(TEXTS.filter(text => text.length < 100))('the small tables take %j', async text => {
    const whole = text.toWellFormed()
    await committed(
      store(),
      rows(
        { put: 'token', token: token('h', { issuer: text, scopes: [text] }) },
        { put: 'meta', key: text, value: text },
        { put: 'ref', kind: 'room', ref: text, id: '7' },
        { put: 'word', word: text },
        { put: 'document', document: { kind: 'kind', key: text, owner: text, body: JSON.stringify(text), dueAt: 5 } },
      ),
    )
    expect(await store().token('h')).toMatchObject({ issuer: whole, scopes: [text] })
    expect(await store().meta(text)).toBe(whole)
    expect(await store().ref('room', text)).toBe('7')
    expect(await store().words()).toEqual([whole])
    const document = { kind: 'kind', key: whole, owner: whole, body: JSON.stringify(text), dueAt: 5 }
    expect(await store().document('kind', text)).toMatchObject(document)
    expect(await store().documents('kind', { owner: text, limit: 9 })).toMatchObject([document])
    await committed(
      store(),
      rows({ drop: 'document', kind: 'kind', key: text }, { drop: 'word', word: text.toUpperCase() }),
    )
    expect([await store().document('kind', text), await store().words()]).toEqual([undefined, []])
  })

  test.each(TEXTS)('a member keeps %j for themselves', async text => {
    const kept = { put: 'kept', room: ROOM, user: user('1'), at: NOW } as const
    const fields = { sound: text, names: { one: text, other: 1 } }
    await committed(store(), append(ROOM, 0, [created({ members: [user('1')] })]), rows({ ...kept, fields }))
    await committed(store(), rows({ ...kept, fields: { names: { other: null, list: [text] } } }))
    const [found] = await store().memberships([{ user: user('1'), room: ROOM }], 'all')
    // What half a pair comes back as is the store's matter.
    const whole = JSON.parse(JSON.stringify(found?.kept).replaceAll(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd'))
    const said = text.toWellFormed()
    expect(whole).toEqual({ sound: said, names: { one: said, list: [said] } })
  })

  test('texts stand in the order of their bytes', async () => {
    const keys = ['', '\0', '\0\0', '\u0001', '\u0002', 'A', 'B', 'Z', 'a', 'z', 'ß', 'é', '\uffff', '\u{10000}']
    const put = (key: string) =>
      ({ put: 'document', document: { kind: 'k', key, owner: '', body: '', dueAt: null } }) as const
    await committed(store(), rows(...keys.toReversed().map(put)))
    // An empty key is before all that come after one.
    expect((await store().documents('k', { limit: 99 })).map(({ key }) => key)).toEqual(keys.slice(1))
    expect((await store().documents('k', { after: 'Z', limit: 2 })).map(({ key }) => key)).toEqual(['a', 'z'])
    await committed(
      store(),
      rows(...['b', 'a', 'B', '\0'].map(hash => ({ put: 'token', token: token(hash) }) as const)),
    )
    expect((await store().tokens(null, 9)).map(({ hash }) => hash)).toEqual(['\0', 'B', 'a', 'b'])
  })

  test('names without regard to case are those of JavaScript, not of the store', async () => {
    await committed(store(), rows(account('1', { username: 'İSTANBUL ẞ Σ' }), { put: 'word', word: 'ÄRGER' }))
    expect((await store().accountNamed('İstanbul ẞ Σ'.toLowerCase()))?.id).toBe('1')
    await committed(store(), append(ROOM, 0, [created({ name: 'ǅ Ǳ Ⅷ' })]))
    expect(await store().roomsNamed('ǆ ǳ ⅷ')).toEqual([ROOM])
  })

  test.each(IDS)('nothing is called %j', async id => {
    await committed(store(), append(ROOM, 0, [created({ members: [user('1')] }), message('a')]), rows(account('1')))
    const s = store()
    const [who, at] = [user(id), room(id)]
    for (const asked of [
      s.head(at),
      s.account(who),
      s.channel(id as never),
      s.keys(who),
      s.keyPair(who),
      s.cursor(at, who),
      s.outgoingOf(id),
      s.eventAt(at, 1),
      s.event(ROOM, id as never, { by: 'server' }),
      s.event(at, id as never, { by: 'member', user: who }),
      s.branchAt(at, 'team', at),
      s.page({ room: ROOM, right: { by: 'member', user: who }, select: 'all', order: 'newest', limit: 9 }),
    ])
      expect(await asked).toBeUndefined()
    for (const asked of [s.password(who), s.email(who), s.createdAt(who), s.seenAt(who)]) expect(await asked).toBeNull()
    for (const asked of [
      s.heads([at]),
      s.control(at, 0),
      s.roomsOf(who),
      s.rolesOf(who),
      s.requestsOf(who),
      s.roomsIn(id as never),
      s.tokensOf(who),
      s.keyLog(who, 0, 9),
      s.unacked(who, [at], 9),
      s.lastMessages(who, [at]),
      s.endedMemberships(who, 0, 9),
      s.memberships([{ user: who, room: at }], 'all'),
      s.branches(at, 'team', 9),
      s.messagesIn(at, { limit: 9 }),
      s.sentBy(who, 0, NOW, 9),
    ])
      expect(await asked).toEqual([])
    expect(await s.unacked(who, [ROOM], 9)).toBeInstanceOf(Array)
    expect((await s.locate(at, [id as never])).size + (await s.locate(ROOM, [id as never])).size).toBe(0)
    expect((await s.roomsOfMessages([id as never])).size).toBe(0)
    expect((await s.acks(at, who, [1])).size).toBe(0)
    expect((await s.controls([at])).size).toBe(0)
  })
}
