// What is done to messages over this wire: edits, deletions, reactions, pins, stars, threads, mentions, search, and what
// changed since. Each is attacked by who may not, and none of it is told to who may not read the message.

import { idOfUuid, uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base64, DinoClient } from '../dino/client.ts'
import type { TestServer } from '../server.ts'
import { addTo, enroll, makeGroup, messageBody } from '../xchat/hand.ts'
import { ask } from '../xchat/http.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
let general: string
let secret: string
const clients: Ddp[] = []

beforeAll(async () => {
  server = await start()
  general = server.rooms.general as string
  secret = server.rooms.secret as string
})
afterAll(async () => {
  for (const client of clients) client.close()
  await server?.remove()
})

const as = async (name: Name): Promise<Ddp> => {
  const client = await Ddp.as(server.url, name)
  clients.push(client)
  return client
}
const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)
const say = async (name: Name, rid: string, msg: string, more: object = {}): Promise<Frame> => {
  const { status, body } = await api(name, 'POST', 'chat.sendMessage', { message: { rid, msg, ...more } })
  expect([status, body.success]).toEqual([200, true])
  return body.message
}
const shown = async (name: Name, msgId: string): Promise<Frame> =>
  (await api(name, 'GET', `chat.getMessage?msgId=${msgId}`)).body.message
const refusal = async (answer: Promise<{ status: number; body: Frame }>) => {
  const { status, body } = await answer
  expect(body.success).toBe(false)
  return [status, body.errorType ?? body.error]
}
const sealed = (kid = 'k') => ({
  algorithm: 'rc.v2.aes-sha2',
  kid,
  iv: 'A'.repeat(16),
  ciphertext: `${kid}${'A'.repeat(24)}`,
})
const sealedRoom = async (alice: Ddp, ...members: Name[]): Promise<string> =>
  (await alice.call('createPrivateGroup', `sealed ${Math.random()}`, members, false, {}, { encrypted: true })).rid
const quiet = () => new Promise(resolve => setTimeout(resolve, 150))

describe('editing', () => {
  test('shows the newest text everywhere under the same id, and leaves nothing of the old one', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await bob.sub('stream-room-messages', general)
    const dino = await DinoClient.open(server.url)
    await dino.login(IDS.carol, 'CAROL', tokenOf('carol'))
    await dino.request('join', { verb: 'join', target: { id: general } })
    const sent = await say('alice', general, 'the first wording')
    const { body } = await api('alice', 'POST', 'chat.update', { roomId: general, msgId: sent._id, text: 'the second' })
    expect(body.message).toMatchObject({ _id: sent._id, ts: sent.ts, msg: 'the second', editedBy: { _id: IDS.alice } })
    const [told] = await bob.event('room-messages', ([message]) => message.msg === 'the second')
    expect(told).toMatchObject({ _id: sent._id, editedAt: { $date: expect.any(Number) } })
    const pushed = await dino.next('gn_message_edited', () => true)
    expect(pushed).toMatchObject({ id: sent._id, object: { content: base64('the second') }, actor: { id: IDS.alice } })
    expect(pushed.updated).toMatch(/^\d{4}-/)
    await alice.call('updateMessage', { _id: sent._id, rid: general, msg: 'the third' })
    const history = await bob.call('loadHistory', general)
    expect(history.messages.find(({ _id }: Frame) => _id === sent._id).msg).toBe('the third')
    const past = await dino.request('history', { verb: 'list', target: { id: general } })
    expect(JSON.stringify(past)).toContain(base64('the third'))
    expect(JSON.stringify([history, past])).not.toContain('wording')
  })

  test("is refused to who did not write it, to strangers, and with keys that are the server's", async () => {
    const [alice, bob, mallory] = [await as('alice'), await as('bob'), await as('mallory')]
    const [open, hidden] = [await say('alice', general, 'mine'), await say('alice', secret, 'hidden')]
    const codeOf = async (client: Ddp, change: object) => (await client.ask('updateMessage', change)).error?.error
    expect(await codeOf(bob, { _id: open._id, rid: general, msg: 'bob was here' })).toBe('error-action-not-allowed')
    expect(await codeOf(alice, { _id: open._id, rid: general, msg: 'x', u: { _id: IDS.bob } })).toBe(
      'error-invalid-update-key',
    )
    expect(await codeOf(alice, { _id: open._id, rid: secret, msg: 'moved' })).toBe('error-invalid-update-key')
    expect(await codeOf(alice, { _id: open._id, rid: general, msg: 'x', ts: { $date: 1 } })).toBe(
      'error-invalid-update-key',
    )
    // Void, as for a message that is not there.
    const foreign = await mallory.ask('updateMessage', { _id: hidden._id, rid: secret, msg: 'mallory' })
    const unknown = await mallory.ask('updateMessage', { _id: 'nothing', rid: secret, msg: 'mallory' })
    expect([foreign.error, foreign.result]).toEqual([unknown.error, unknown.result])
    expect(
      await refusal(api('mallory', 'POST', 'chat.update', { roomId: secret, msgId: hidden._id, text: 'm' })),
    ).toEqual([400, `No message found with the id of "${hidden._id}".`])
    expect([(await shown('alice', open._id)).msg, (await shown('alice', hidden._id)).msg]).toEqual(['mine', 'hidden'])
  })

  test('an encrypted message takes ciphertext and no words (L3, RC-176)', async () => {
    const alice = await as('alice')
    const rid = await sealedRoom(alice, 'bob')
    const sent = await say('alice', rid, '', { t: 'e2e', content: sealed('one'), msg: undefined })
    const update = (body: object, who: Name = 'alice') =>
      api(who, 'POST', 'chat.update', { roomId: rid, msgId: sent._id, ...body })
    for (const words of [
      { text: 'plain' },
      { text: 'plain', customFields: { a: 'plain' } },
      { content: { words: 'plain' } },
    ])
      expect((await update(words)).status).toBe(400)
    // What is no part of a ciphertext is not kept with it.
    await update({ content: { ...sealed('two'), text: 'plain' } })
    expect(
      (await update({ content: sealed('two'), e2eMentions: { e2eUserMentions: ['see you at five'] } })).status,
    ).toBe(400)
    expect(await refusal(update({ content: sealed('bob') }, 'bob'))).toEqual([400, 'error-action-not-allowed'])
    const { body } = await update({ content: sealed('two'), e2eMentions: { e2eUserMentions: ['@bob'] } })
    expect(body.message).toMatchObject({ _id: sent._id, t: 'e2e', msg: '', content: sealed('two') })
    expect(body.message.mentions).toEqual([{ _id: IDS.bob, username: 'bob', name: 'BOB', type: 'user' }])
    const all = JSON.stringify(await alice.call('loadHistory', rid))
    expect(all).toContain(sealed('two').ciphertext)
    expect(all).not.toMatch(/plain|oneAAA/)
  })

  test('a deleted message stays deleted', async () => {
    const sent = await say('alice', general, 'short')
    const named = { roomId: general, msgId: sent._id }
    expect((await api('alice', 'POST', 'chat.delete', named)).status).toBe(200)
    expect((await api('alice', 'POST', 'chat.update', { ...named, text: 'back' })).status).toBe(400)
    expect((await api('alice', 'POST', 'chat.delete', named)).status).toBe(400)
    expect((await api('alice', 'GET', `chat.getMessage?msgId=${sent._id}`)).body).toEqual({ success: false })
  })
})

describe('deleting', () => {
  test('is told to the room by the id that its client chose (RC-042), and refused to others', async () => {
    const bob = await as('bob')
    await bob.sub('stream-notify-room', `${general}/deleteMessage`)
    const sent = await say('alice', general, 'to go', { _id: `chosen-${Date.now()}` })
    expect(await refusal(api('bob', 'POST', 'chat.delete', { roomId: general, msgId: sent._id }))).toEqual([
      400,
      'error-action-not-allowed',
    ])
    const elsewhere = await api('alice', 'POST', 'chat.delete', { roomId: secret, msgId: sent._id })
    expect(elsewhere.body.error).toBe('The room id provided does not match where the message is from.')
    const { body } = await api('alice', 'POST', 'chat.delete', { roomId: general, msgId: sent._id })
    expect(body).toMatchObject({ _id: sent._id, message: { _id: sent._id, rid: general, u: { _id: IDS.alice } } })
    expect(await bob.event('notify-room', ([told]) => told._id === sent._id)).toEqual([{ _id: sent._id }])
    const since = new Date(Date.parse(sent.ts) - 1).toISOString()
    const gone = await api('bob', 'GET', `chat.getDeletedMessages?roomId=${general}&since=${since}`)
    expect(gone.body.messages).toContainEqual({ _id: sent._id })
  })
})

describe('reactions', () => {
  test('are shown per emoji with who reacted, live and in the history, and go again', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await alice.sub('stream-room-messages', general)
    const sent = await say('alice', general, 'react to me')
    expect(await bob.call('setReaction', ':wave:', sent._id)).toBeUndefined()
    const [told] = await alice.event('room-messages', ([{ _id, reactions }]) => _id === sent._id && reactions)
    expect(told.reactions).toEqual({ ':wave:': { usernames: ['bob'] } })
    await api('alice', 'POST', 'chat.react', { messageId: sent._id, emoji: 'wave', shouldReact: true })
    expect((await shown('bob', sent._id)).reactions).toEqual({ ':wave:': { usernames: ['bob', 'alice'] } })
    for (const who of ['alice', 'bob'] as const)
      await api(who, 'POST', 'chat.react', { messageId: sent._id, emoji: 'wave' })
    expect(await shown('bob', sent._id)).not.toHaveProperty('reactions')
  })

  test('come from nobody who may not read the message, or may not speak, and carry no words', async () => {
    const [mallory, alice] = [await as('mallory'), await as('alice')]
    const hidden = await say('alice', secret, 'hidden')
    const codeOf = async (client: Ddp, ...params: unknown[]) =>
      (await client.ask('setReaction', ...params)).error?.error
    expect(await codeOf(mallory, ':wave:', hidden._id)).toBe(await codeOf(mallory, ':wave:', 'nothing'))
    for (const emoji of ['__proto__:x y', '<b>', 'a'.repeat(100), ''])
      expect(await codeOf(alice, emoji, hidden._id)).toBe('error-not-allowed')
    expect(await codeOf(alice, ':__proto__:', hidden._id)).toBeUndefined()
    expect(Object.keys((await shown('alice', hidden._id)).reactions)).toEqual([':__proto__:'])
    expect((await alice.ask('setReaction', { $ne: 1 }, hidden._id)).error.error).toBe(400)
  })

  test('many at once lose none', async () => {
    const sent = await say('alice', general, 'popular')
    const emojis = Array.from({ length: 20 }, (_, n) => `e${n}`)
    const put = (who: Name) =>
      emojis.map(emoji => api(who, 'POST', 'chat.react', { messageId: sent._id, emoji, shouldReact: true }))
    await Promise.all([...put('alice'), ...put('bob')])
    const { reactions } = await shown('alice', sent._id)
    expect(Object.keys(reactions).sort()).toEqual(emojis.map(emoji => `:${emoji}:`).sort())
    for (const { usernames } of Object.values(reactions) as Frame[]) expect(usernames.sort()).toEqual(['alice', 'bob'])
  })
})

describe('pins and stars', () => {
  test('who moderates pins; everybody is told; the message that says so goes with the pinned one', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const { rid } = await alice.call('createPrivateGroup', 'pins', ['bob'])
    await bob.sub('stream-room-messages', rid)
    const sent = await say('bob', rid, 'pin me')
    expect((await bob.ask('pinMessage', { _id: sent._id, rid })).error.error).toBe('not-authorized')
    const { body } = await api('alice', 'POST', 'chat.pinMessage', { messageId: sent._id })
    expect(body.message).toMatchObject({ t: 'message_pinned', attachments: [{ text: 'pin me', author_name: 'bob' }] })
    const [told] = await bob.event('room-messages', ([{ pinned }]) => pinned)
    expect(told).toMatchObject({ _id: sent._id, pinned: true, pinnedBy: { _id: IDS.alice, username: 'alice' } })
    await bob.event('room-messages', ([{ t }]) => t === 'message_pinned')
    const list = async () => (await api('bob', 'GET', `chat.getPinnedMessages?roomId=${rid}`)).body
    expect(await list()).toMatchObject({ total: 1, messages: [{ _id: sent._id }] })
    await api('alice', 'POST', 'chat.unPinMessage', { messageId: sent._id })
    expect(await list()).toMatchObject({ total: 0, messages: [] })
    await api('alice', 'POST', 'chat.delete', { roomId: rid, msgId: sent._id })
    const history = await bob.call('loadHistory', rid)
    expect(JSON.stringify(history)).not.toContain('pin me')
    expect(await refusal(api('mallory', 'GET', `chat.getPinnedMessages?roomId=${rid}`))).toEqual([
      400,
      'error-not-allowed',
    ])
  })

  test('a star is seen by nobody else', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    for (const client of [alice, bob]) await client.sub('stream-room-messages', general)
    const sent = await say('bob', general, 'to be found again')
    expect(await alice.call('starMessage', { _id: sent._id, rid: general, starred: true })).toBe(true)
    await alice.event('room-messages', ([{ _id, starred }]) => _id === sent._id && starred)
    await quiet()
    expect(bob.texts.join()).not.toContain('starred')
    expect((await shown('alice', sent._id)).starred).toEqual([{ _id: IDS.alice }])
    expect(await shown('bob', sent._id)).not.toHaveProperty('starred')
    const list = async (who: Name) => (await api(who, 'GET', `chat.getStarredMessages?roomId=${general}`)).body.messages
    expect((await list('alice')).map(({ _id }: Frame) => _id)).toContain(sent._id)
    expect(await list('bob')).toEqual([])
    const foreign = await (await as('mallory')).ask('starMessage', { _id: sent._id, rid: general, starred: true })
    expect(foreign.result).toBe(false)
  })
})

describe('threads', () => {
  test('replies are counted on what began them, listed, followed and synced', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await alice.sub('stream-room-messages', general)
    const root = await say('alice', general, 'shall we?')
    const reply = await say('bob', general, 'yes', { tmid: root._id })
    expect(reply.tmid).toBe(root._id)
    const [told] = await alice.event('room-messages', ([{ _id, tcount }]) => _id === root._id && tcount)
    expect(told).toMatchObject({ tcount: 1, replies: [IDS.alice, IDS.bob], tlm: { $date: Date.parse(reply.ts) } })
    // A reply to a reply belongs to the same thread.
    const nested = await say('alice', general, 'good', { tmid: reply._id })
    expect(nested.tmid).toBe(root._id)
    const list = async (path: string) => (await api('bob', 'GET', path)).body
    expect(await list(`chat.getThreadMessages?tmid=${root._id}`)).toMatchObject({
      total: 2,
      messages: [{ msg: 'yes' }, { msg: 'good' }],
    })
    const threads = await list(`chat.getThreadsList?rid=${general}&text=SHALL`)
    expect(threads.threads).toMatchObject([{ _id: root._id, tcount: 2 }])
    const asked = await bob.call('getThreadMessages', { tmid: root._id })
    expect(asked.map(({ msg }: Frame) => msg)).toEqual(['shall we?', 'good', 'yes'])
    const hidden = await bob.call('loadHistory', general, null, 50, null, false)
    expect(hidden.messages.map(({ msg }: Frame) => msg)).not.toContain('yes')
    await api('bob', 'POST', 'chat.unfollowMessage', { mid: root._id })
    expect((await shown('alice', root._id)).replies).toEqual([IDS.alice])
    const since = root.ts
    await api('bob', 'POST', 'chat.delete', { roomId: general, msgId: reply._id })
    const synced = await list(`chat.syncThreadMessages?tmid=${root._id}&updatedSince=${since}`)
    expect(synced.messages).toMatchObject({ update: [{ _id: nested._id }], remove: [{ _id: reply._id }] })
    expect((await shown('alice', root._id)).tcount).toBe(1)
  })

  test('nobody replies into a thread that they cannot see, or across rooms', async () => {
    const [hidden, open] = [await say('alice', secret, 'hidden'), await say('alice', general, 'open')]
    const send = (who: Name, rid: string, tmid: string) =>
      refusal(api(who, 'POST', 'chat.sendMessage', { message: { rid, msg: 'reply', tmid } }))
    expect(await send('bob', general, hidden._id)).toEqual(await send('bob', general, 'nothing'))
    expect(await send('alice', general, hidden._id)).toEqual([400, 'error-invalid-message'])
    expect((await shown('alice', hidden._id)).tcount).toBeUndefined()
    const of = (who: Name, path: string) => refusal(api(who, 'GET', path))
    expect(await of('mallory', `chat.getThreadMessages?tmid=${hidden._id}`)).toEqual(
      await of('mallory', 'chat.getThreadMessages?tmid=nothing'),
    )
    expect(
      await refusal(api('alice', 'POST', 'chat.sendMessage', { message: { rid: general, msg: 'x', tshow: true } })),
    ).toEqual([400, 'invalid-params'])
    expect(open.tmid).toBeUndefined()
  })
})

describe('mentions and search', () => {
  test('a text names users, everybody and public rooms; what nobody has is no name', async () => {
    const sent = await say('alice', general, '@bob, @nobody and @all: see #general and #secret (mail a@bob.org)')
    expect(sent.mentions).toEqual([
      { _id: 'all', username: 'all' },
      { _id: IDS.bob, username: 'bob', name: 'BOB', type: 'user' },
    ])
    expect(sent.channels).toEqual([{ _id: general, name: 'general', fname: 'general' }])
    const { body } = await api('bob', 'GET', `chat.getMentionedMessages?roomId=${general}`)
    expect(body.messages.map(({ _id }: Frame) => _id)).toContain(sent._id)
    const mine = await (await as('bob')).call('getUserMentionsByChannel', { roomId: general, options: { limit: 5 } })
    expect(mine.map(({ _id }: Frame) => _id)).toContain(sent._id)
    expect(await refusal(api('mallory', 'GET', `chat.getMentionedMessages?roomId=${secret}`))).toEqual([
      400,
      'error-not-allowed',
    ])
  })

  test('a search finds plain messages of rooms that the caller may read, and nothing in encrypted ones', async () => {
    const alice = await as('alice')
    const sent = await say('alice', secret, 'The Needle is here')
    const search = async (who: Name, rid: string, text: string) =>
      (await api(who, 'GET', `chat.search?roomId=${rid}&searchText=${encodeURIComponent(text)}`)).body
    expect((await search('alice', secret, 'needle')).messages.map(({ _id }: Frame) => _id)).toEqual([sent._id])
    expect((await search('alice', secret, 'from:bob needle')).messages).toEqual([])
    expect((await search('alice', secret, '100%')).messages).toEqual([])
    expect(await search('mallory', secret, 'needle')).toMatchObject({ success: false, errorType: 'error-not-allowed' })
    const rid = await sealedRoom(alice)
    await say('alice', rid, '', { t: 'e2e', content: sealed('needle'), msg: undefined })
    expect((await search('alice', rid, 'needle')).messages).toEqual([])
    await api('alice', 'POST', 'chat.delete', { roomId: secret, msgId: sent._id })
    expect((await search('alice', secret, 'needle')).messages).toEqual([])
  })
})

describe('quotes', () => {
  const linkTo = (id: string) => `${server.url}/channel/any?msg=${id}`

  test('a link to a message shows it, as it is now, and nothing of it once it is gone', async () => {
    const bob = await as('bob')
    await bob.sub('stream-room-messages', general)
    const quoted = await say('alice', general, 'the quoted words')
    const sent = await say('bob', general, `I agree ${linkTo(quoted._id)}`)
    expect(sent.attachments).toMatchObject([{ text: 'the quoted words', message_link: linkTo(quoted._id) }])
    const [told] = await bob.event('room-messages', ([{ _id }]) => _id === sent._id)
    expect(told.attachments).toMatchObject([{ text: 'the quoted words', author_name: 'alice' }])
    expect(told).not.toHaveProperty('quotes')
    await api('alice', 'POST', 'chat.update', { roomId: general, msgId: quoted._id, text: 'other words' })
    expect((await shown('bob', sent._id)).attachments).toMatchObject([{ text: 'other words' }])
    await api('alice', 'POST', 'chat.delete', { roomId: general, msgId: quoted._id })
    expect((await shown('bob', sent._id)).attachments).toEqual([])
  })

  test('nobody quotes what they may not read, nor from another server, nor by a field of their own', async () => {
    const hidden = await say('alice', secret, 'nobody else knows')
    const forged = Array.from({ length: 60 }, (_, n) => ({
      room: idOfUuid(secret),
      id: idOfUuid(hidden._id),
      sequence: n + 1,
      link: 'x',
    }))
    for (const message of [
      { msg: linkTo(hidden._id) },
      { msg: `https://example.org/channel/any?msg=${hidden._id}` },
      { msg: 'x', quotes: forged },
    ]) {
      const sent = await say('mallory', general, message.msg, message)
      expect(JSON.stringify([sent, await shown('bob', sent._id)])).not.toContain('nobody else')
    }
  })
})

describe('what was not meant for somebody', () => {
  test('changes of X messages are refused, and those that came before a newcomer are not told to them (L10)', async () => {
    const alice = await enroll(server.url, IDS.alice)
    const [carol, bob] = [await enroll(server.url, IDS.carol), await enroll(server.url, IDS.bob)]
    const group = await makeGroup(server.url, alice, [alice, carol])
    const rid = uuidOf(group.id.slice(1))
    const body = messageBody(alice, group.id, group.version)
    await ask(server.url, `token-of-${IDS.alice}`, 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
    await addTo(server.url, group, alice, [bob])
    const named = await (await as('alice')).call('loadHistory', rid)
    const message = named.messages.find(({ t }: Frame) => t === 'e2e')
    for (const [path, input] of [
      ['chat.react', { messageId: message._id, emoji: 'wave' }],
      ['chat.pinMessage', { messageId: message._id }],
      ['chat.delete', { roomId: rid, msgId: message._id }],
      ['chat.update', { roomId: rid, msgId: message._id, content: sealed() }],
      ['chat.followMessage', { mid: message._id }],
    ] as const)
      expect([path, (await api('alice', 'POST', path, input)).status]).toEqual([path, 400])
    expect(await api('bob', 'GET', `chat.getMessage?msgId=${message._id}`)).toMatchObject({
      status: 400,
      body: { success: false },
    })
    expect((await (await as('bob')).ask('setReaction', ':wave:', message._id)).error.error).toBe('error-not-allowed')
  })

  test('nobody finds, reacts to or quotes a whisper that is not for them', async () => {
    const dino = await DinoClient.open(server.url)
    await dino.login(IDS.carol, 'CAROL', tokenOf('carol'))
    await dino.request('join', { verb: 'join', target: { id: general } })
    const bob = await as('bob')
    await bob.sub('stream-room-messages', general)
    await bob.sub('stream-room-messages', '__my_messages__')
    const alice = await as('alice')
    await alice.sub('stream-room-messages', general)
    const whispered = await dino.request('message', {
      verb: 'send',
      target: { id: general, objectType: 'room' },
      object: { content: base64('-alice for you alone') },
    })
    expect(whispered.code).toBe(200)
    const id = whispered.data.data.id
    const isWhisper = !(await api('bob', 'GET', `chat.getMessage?msgId=${id}`)).body.success
    // Only where this server's setting makes whispers of such texts.
    if (isWhisper) {
      expect((await bob.ask('setReaction', ':wave:', id)).error.error).toBe('error-not-allowed')
      expect((await alice.ask('setReaction', ':wave:', id)).error.error).toBe('error-not-allowed')
    }
    await quiet()
    expect(isWhisper && bob.texts.join().includes('for you alone')).toBe(false)
  })
})

describe('what changed since', () => {
  test('is every message that is new, was edited, reacted to or pinned, and what is gone', async () => {
    const [kept, edited, gone] = [
      await say('alice', general, 'as it was'),
      await say('alice', general, 'to edit'),
      await say('alice', general, 'to delete'),
    ]
    await new Promise(resolve => setTimeout(resolve, 5))
    const since = Date.now() - 1
    await new Promise(resolve => setTimeout(resolve, 5))
    await api('alice', 'POST', 'chat.update', { roomId: general, msgId: edited._id, text: 'edited' })
    await api('bob', 'POST', 'chat.react', { messageId: kept._id, emoji: 'wave' })
    await api('alice', 'POST', 'chat.delete', { roomId: general, msgId: gone._id })
    const path = `chat.syncMessages?roomId=${general}&lastUpdate=${new Date(since).toISOString()}`
    const { result } = (await api('bob', 'GET', path)).body
    expect(result.updated.map(({ _id, msg }: Frame) => [_id, msg])).toEqual([
      [edited._id, 'edited'],
      [kept._id, 'as it was'],
    ])
    expect(result.deleted).toEqual([{ _id: gone._id, _deletedAt: expect.any(String) }])
    const over = await (await as('bob')).call('messages/get', general, { lastUpdate: { $date: since } })
    expect(over.updated).toHaveLength(2)
    const parts = await (await as('bob')).call('messages/get', general, {
      next: String(since),
      type: 'UPDATED',
      count: 1,
    })
    expect(parts.updated).toHaveLength(1)
    expect(Number(parts.cursor.next)).toBeGreaterThan(since)
    expect(await refusal(api('mallory', 'GET', path.replace(general, secret)))).toEqual([400, 'error-not-allowed'])
  })
})

describe('chat.postMessage', () => {
  test('finds its room by id, by #name and by @user, and is refused in an encrypted one (RC-111)', async () => {
    const alice = await as('alice')
    const post = (body: object, who: Name = 'alice') => api(who, 'POST', 'chat.postMessage', body)
    for (const place of [
      { roomId: general },
      { channel: '#general' },
      { channel: 'general' },
      { channel: ['#general'] },
    ])
      expect((await post({ ...place, text: ' hello ' })).body.message).toMatchObject({ rid: general, msg: 'hello' })
    const direct = (await post({ channel: '@bob', text: 'hi' })).body.message
    expect(direct.rid).toBe(IDS.alice + IDS.bob)
    expect((await post({ channel: '#secret', text: 'hi' }, 'mallory')).body.error).toBe('[invalid-channel]')
    expect((await post({ channel: '#nothing', text: 'hi' }, 'mallory')).body.error).toBe('[invalid-channel]')
    expect((await post({ text: 'nowhere' })).body.error).toBe('[invalid-channel]')
    const rid = await sealedRoom(alice, 'bob')
    for (const words of [{ text: 'plain' }, { attachments: [{ text: 'plain' }] }, { text: 'plain', t: 'e2e' }])
      expect([words, (await post({ roomId: rid, ...words })).status]).toEqual([words, 400])
    expect(await refusal(post({ roomId: general, text: 'x', alias: 'The Boss' }))).toEqual([
      400,
      'Not enough permission',
    ])
  })

  test('takes no address that runs as a script, however it is written', async () => {
    const places = ['title_link', 'author_link', 'message_link', 'image_url', 'thumb_url', 'author_icon', 'audio_url']
    const scripts = [
      'javascript:alert(1)',
      ' java\tscript:alert(1)',
      'JaVaScRiPt:x',
      '\u0001javascript:x',
      'vbscript:x',
      'data:text/html,x',
    ]
    for (const place of places)
      for (const script of scripts) {
        const attachments = [{ text: 'x', [place]: script }]
        const { status } = await api('alice', 'POST', 'chat.postMessage', { roomId: general, attachments })
        expect([place, script, status]).toEqual([place, script, 400])
      }
    const nested = { text: 'x', attachments: [{ title_link: 'javascript:x' }] }
    expect((await api('alice', 'POST', 'chat.postMessage', { roomId: general, attachments: [nested] })).status).toBe(
      400,
    )
    const fine = {
      title_link: 'https://example.org/',
      image_url: '/file-upload/a/b.png',
      fields: [{ title: 't', value: 1 }],
    }
    expect((await api('alice', 'POST', 'chat.postMessage', { roomId: general, attachments: [fine] })).status).toBe(200)
  })
})

test('wrong types are refused by every method, and the connection lives', async () => {
  const alice = await as('alice')
  const methods =
    'updateMessage deleteMessage setReaction starMessage pinMessage unpinMessage loadHistory loadNextMessages loadMissedMessages loadSurroundingMessages messages/get getSingleMessage getMessages getThreadMessages getThreadsList followMessage unfollowMessage getUserMentionsByChannel messageSearch'.split(
      ' ',
    )
  const odd = [
    null,
    1,
    [],
    {},
    { _id: { $ne: null } },
    { _id: 1 },
    { rid: { $gt: '' } },
    'x'.repeat(5_000),
    '\u0000',
    [[]],
    true,
  ]
  for (const method of methods)
    for (const value of odd) {
      const { error } = await alice.ask(method, value, value)
      expect([method, error?.error === 500]).toEqual([method, false])
    }
  expect(await alice.call('getSingleMessage', (await say('alice', general, 'alive'))._id)).toMatchObject({
    msg: 'alive',
  })
})

test('the address of a preview is fetched by nobody', async () => {
  const { createServer } = await import('node:http')
  let asked = 0
  const inside = createServer((_request, response) => {
    asked += 1
    response.end('secret')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => inside.once('listening', resolve))
  const { port } = inside.address() as { port: number }
  const url = encodeURIComponent(`http://127.0.0.1:${port}/`)
  const { body } = await api('alice', 'GET', `chat.getURLPreview?roomId=${general}&url=${url}`)
  await say('alice', general, `look http://127.0.0.1:${port}/`)
  await quiet()
  expect(body.urlPreview).toMatchObject({ url: `http://127.0.0.1:${port}/` })
  expect(asked).toBe(0)
  inside.close()
  expect((await api('mallory', 'GET', `chat.getURLPreview?roomId=${secret}&url=${url}`)).status).toBe(400)
})
