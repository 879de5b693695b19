// An encrypted room takes no plaintext on any path (L3). The table says for each path by which real clients send how it is
// refused; after it every route and every method that there is gets words in all the places where they could stand, so that
// a path which is new tomorrow is tried too.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { METHODS } from '../../packages/server/src/gateways/rocketchat/dispatch.ts'
import { ROUTES } from '../../packages/server/src/gateways/rocketchat/rest.ts'
import { base64, DinoClient } from '../dino/client.ts'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { E2eClient } from './e2e-client.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

const WORDS = 'words that nobody else may read'
const READABLE = /words that nobody/

let server: TestServer
let alice: Ddp
let keys: E2eClient
let rid: string
/** A message that is encrypted as it should be. */
let sealed: string
let rooms = 0
const open: Ddp[] = []
/** Hears every message of every room of alice's. */
let listener: Ddp

beforeAll(async () => {
  server = await start()
  alice = await Ddp.as(server.url, 'alice')
  keys = new E2eClient(alice, IDS.alice, 'v2', (verb, path, body) => api('alice', verb, path, body))
  await keys.setUp('a passphrase')
  listener = await Ddp.as(server.url, 'alice')
  await listener.sub('stream-room-messages', '__my_messages__')
})
afterAll(async () => {
  alice?.close()
  listener?.close()
  await server?.remove()
})
beforeEach(async () => {
  await freshRoom()
})
afterEach(async () => {
  for (const client of open.splice(0)) client.close()
  // Nor in a room that came of it, such as a discussion of the encrypted one.
  const heard = listener.events('room-messages').map(([message]: Frame[]) => message)
  const readable = heard.filter(one => (one.t === undefined || one.t === 'e2e') && READABLE.test(JSON.stringify(one)))
  if (readable.length === 0) return
  const encrypted = (await alice.call('rooms/get')).filter((one: Frame) => one.encrypted).map((one: Frame) => one._id)
  for (const { rid: where } of readable) expect(encrypted).not.toContain(where)
})

const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)

async function freshRoom(): Promise<void> {
  const name = `sealed-${rooms++}`
  rid = (await alice.call('createPrivateGroup', name, ['bob'], false, {}, { encrypted: true })).rid
  await keys.enter(rid)
  sealed = (await keys.send(rid, 'as it should be'))._id
}

/** Everything that a member sees of the room which is no message of the server's own: those may show a topic. */
async function messages(): Promise<Frame[]> {
  const shown: Frame[] = (await alice.call('loadHistory', rid, null, 100)).messages
  return shown.filter(({ t }) => t === undefined || t === 'e2e')
}

const envelope = async () => keys.encrypt(rid, 'hidden')
const refusedOver = (answer: Frame, code = 'error-not-allowed') => expect(answer.error?.error).toBe(code)
const refusedRest = ({ status, body }: { status: number; body: Frame }, code = 'error-not-allowed') =>
  expect([status, body.success, body.errorType]).toEqual([400, false, code])

/** Uploads a file to the room; with a `content` it calls itself encrypted. */
async function upload(route: string, fields: Readonly<Record<string, string>> = {}) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([WORDS], { type: 'text/plain' }), `${WORDS}.txt`)
  const headers = { 'x-user-id': IDS.alice, 'x-auth-token': tokenOf('alice') }
  const response = await fetch(`${server.url}/api/v1/${route}/${rid}`, { method: 'POST', headers, body: form })
  return { status: response.status, body: (await response.json()) as Frame }
}

/** Where words could stand beside a ciphertext. */
const BESIDE: readonly object[] = [
  { msg: WORDS },
  { text: WORDS },
  { alias: WORDS },
  { attachments: [{ text: WORDS }] },
  { attachments: [{ title: WORDS, fields: [{ title: 'a', value: 'b' }] }] },
  { blocks: [{ type: 'section', text: { type: 'plain_text', text: WORDS } }] },
  { customFields: { note: WORDS } },
  { emoji: `:${WORDS}:` },
  { avatar: `https://example.org/${WORDS}` },
  { md: [{ type: 'PARAGRAPH', value: [{ type: 'PLAIN_TEXT', value: WORDS }] }] },
  { urls: [{ url: `https://example.org/${WORDS}` }] },
  { mentions: [{ _id: 'a', username: WORDS }] },
  { file: { _id: 'a', name: WORDS } },
  { files: [{ _id: 'a', name: WORDS }] },
  { tmid: WORDS },
  { e2eMentions: { e2eUserMentions: [WORDS] } },
  { e2eMentions: { e2eUserMentions: [], note: WORDS, e2eChannelMentions: [WORDS] } },
  { bot: { i: WORDS } },
  { note: WORDS },
]

const PATHS: Readonly<Record<string, () => Promise<unknown>>> = {
  'sendMessage: words': async () => refusedOver(await alice.ask('sendMessage', { rid, msg: WORDS })),
  'sendMessage: words in an attachment': async () =>
    refusedOver(await alice.ask('sendMessage', { rid, msg: '', attachments: [{ text: WORDS }] })),
  'sendMessage: words that call themselves encrypted': async () =>
    refusedOver(await alice.ask('sendMessage', { rid, t: 'e2e', e2e: 'pending', msg: WORDS })),
  'sendMessage: words in a content': async () => {
    for (const content of [
      { algorithm: 'rc.v1.aes-sha2', ciphertext: WORDS },
      { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'i', ciphertext: WORDS },
      { algorithm: 'none', ciphertext: WORDS },
      { text: WORDS },
    ])
      refusedOver(await alice.ask('sendMessage', { rid, t: 'e2e', content }))
  },
  'sendMessage: words beside a ciphertext': async () => {
    const content = await envelope()
    for (const beside of BESIDE) refusedOver(await alice.ask('sendMessage', { rid, t: 'e2e', content, ...beside }))
  },
  'sendMessage: words within a content are not kept': async () => {
    const content = { ...(await envelope()), note: WORDS, msg: WORDS }
    const sent = await alice.ask('sendMessage', { rid, t: 'e2e', content })
    if (!sent.error)
      expect(Object.keys(sent.result.content).toSorted()).toEqual(['algorithm', 'ciphertext', 'iv', 'kid'])
  },
  'sendMessage: a reply in a thread': async () =>
    refusedOver(await alice.ask('sendMessage', { rid, tmid: sealed, msg: WORDS })),
  'chat.sendMessage: words': async () =>
    refusedRest(await api('alice', 'POST', 'chat.sendMessage', { message: { rid, msg: WORDS } })),
  'chat.sendMessage: words that call themselves encrypted (RC-166, which differs here by L3)': async () =>
    refusedRest(
      await api('alice', 'POST', 'chat.sendMessage', { message: { rid, t: 'e2e', e2e: 'pending', text: WORDS } }),
    ),
  'chat.sendMessage: words beside a ciphertext': async () => {
    const content = await envelope()
    for (const beside of BESIDE)
      refusedRest(await api('alice', 'POST', 'chat.sendMessage', { message: { rid, t: 'e2e', content, ...beside } }))
  },
  'chat.postMessage: words, to the room by id and by name (RC-111, refused here)': async () => {
    for (const place of [{ roomId: rid }, { channel: rid }, { channel: `#sealed-${rooms - 1}` }, { roomId: [rid] }])
      for (const said of [{ text: WORDS }, { msg: WORDS }, { attachments: [{ text: WORDS }] }])
        refusedRest(await api('alice', 'POST', 'chat.postMessage', { ...place, ...said }))
  },
  'chat.update: words instead of a ciphertext': async () =>
    refusedRest(await api('alice', 'POST', 'chat.update', { roomId: rid, msgId: sealed, text: WORDS })),
  'chat.update: words beside a ciphertext are refused or not kept': async () => {
    const change = { roomId: rid, msgId: sealed, content: await envelope() }
    for (const beside of [{ customFields: { note: WORDS } }, { e2eMentions: { e2eUserMentions: [WORDS] } }])
      await api('alice', 'POST', 'chat.update', { ...change, ...beside })
  },
  'updateMessage: words instead of a ciphertext, and beside one': async () => {
    const content = await envelope()
    refusedOver(await alice.ask('updateMessage', { _id: sealed, rid, msg: WORDS }))
    for (const beside of BESIDE) await alice.ask('updateMessage', { _id: sealed, rid, content, ...beside })
  },
  'rooms.upload: a file, and words with it': async () => {
    const every: Record<string, string>[] = [{}, { msg: WORDS }, { description: WORDS }]
    for (const fields of every) {
      const { status, body } = await upload('rooms.upload', fields)
      expect([status, body.success]).toEqual([400, false])
    }
  },
  'rooms.media: a file that is not encrypted goes with no message, whatever that calls itself': async () => {
    const { status, body } = await upload('rooms.media')
    if (status !== 200) return
    const path = `rooms.mediaConfirm/${rid}/${body.file._id}`
    const content = await envelope()
    for (const said of [{ msg: WORDS }, {}, { description: WORDS }, { t: 'e2e', content }, { t: 'e2e', msg: WORDS }]) {
      const confirmed = await api('alice', 'POST', path, said)
      expect([confirmed.status, confirmed.body.success]).toEqual([400, false])
    }
    const file = { _id: body.file._id, name: 'a', type: 'text/plain', size: 1 }
    for (const said of [{ msg: WORDS }, { t: 'e2e', content }])
      expect((await alice.ask('sendFileMessage', rid, null, file, said)).error).toBeDefined()
  },
  'rooms.mediaConfirm: words with an encrypted file': async () => {
    const content = await envelope()
    const { status, body } = await upload('rooms.media', { content: JSON.stringify(content) })
    expect([status, body.success]).toEqual([200, true])
    const path = `rooms.mediaConfirm/${rid}/${body.file._id}`
    for (const said of [
      { msg: WORDS },
      { description: WORDS },
      { t: 'e2e', msg: WORDS },
      { t: 'e2e', content, alias: WORDS },
      { t: 'e2e', content, customFields: { note: WORDS } },
      { t: 'e2e', content, msg: WORDS },
    ])
      expect((await api('alice', 'POST', path, said)).status).toBe(400)
    const sent = await api('alice', 'POST', path, { t: 'e2e', content, fileName: WORDS, description: WORDS })
    if (sent.status === 200) expect(JSON.stringify(sent.body)).not.toMatch(READABLE)
  },
  'method.call/sendMessage: words': async () => {
    const message = JSON.stringify({ msg: 'method', id: '1', method: 'sendMessage', params: [{ rid, msg: WORDS }] })
    const { body } = await api('alice', 'POST', 'method.call/sendMessage', { message })
    refusedOver(JSON.parse(body.message))
  },
  "Dino's message: words": async () => {
    const dino = await DinoClient.open(server.url)
    await dino.login(IDS.alice, 'alice', tokenOf('alice'))
    for (const content of [
      WORDS,
      JSON.stringify({ text: WORDS }),
      JSON.stringify({ ...(await envelope()), kid: '' }),
    ]) {
      const object = { content: base64(content) }
      const answer = await dino.request('message', { verb: 'send', target: { id: rid, objectType: 'room' }, object })
      expect(answer.code).not.toBe(200)
    }
    dino.close()
  },
}

describe('an encrypted room takes no plaintext (L3)', () => {
  for (const [path, tried] of Object.entries(PATHS))
    test(path, async () => {
      await tried()
      expect(JSON.stringify(await messages())).not.toMatch(READABLE)
    })
})

test('what real clients send beside a ciphertext is taken, and what is empty counts as nothing', async () => {
  const content = await envelope()
  const mentions = { e2eUserMentions: ['@bob'], e2eChannelMentions: [] }
  const sent = await alice.call('sendMessage', {
    rid,
    content,
    t: 'e2e',
    e2e: 'pending',
    msg: '',
    ts: { $date: Date.now() },
    u: { _id: IDS.alice, username: 'alice' },
    e2eMentions: mentions,
    groupable: false,
    attachments: [],
    urls: [],
    md: null,
    alias: '',
    customFields: {},
    unread: true,
    temp: true,
  })
  expect(sent).toMatchObject({ content, t: 'e2e', e2e: 'pending', msg: '', groupable: false, e2eMentions: mentions })
  for (const gone of ['attachments', 'alias', 'customFields', 'unread', 'temp', 'md']) {
    expect(sent[gone] ?? []).toEqual([])
  }
})

/** They end the caller's log-in or the room, and say nothing. */
const ENDING = new Set([
  'logout',
  'eraseRoom',
  'leaveRoom',
  'archiveRoom',
  'hideRoom',
  'removeUserFromRoom',
  'deleteUserOwnAccount',
])
const endsSomething = (path: string): boolean =>
  /logout|\.delete$|\.leave$|\.archive$|resetE2EKey|deleteOwnAccount|cleanHistory|removeOtherTokens|regeneratePersonal/i.test(
    path,
  )

test('what was said before the room was encrypted is edited into a ciphertext alone', async () => {
  const plain = (await alice.call('createPrivateGroup', `plain-${rooms++}`, ['bob'], false, {})).rid
  const { _id } = await alice.call('sendMessage', { rid: plain, msg: 'before' })
  const edits = async (more: object) => [
    await alice.ask('updateMessage', { _id, rid: plain, ...more }),
    (await api('alice', 'POST', 'chat.update', { roomId: plain, msgId: _id, text: 'before', ...more })).body,
  ]
  expect(await api('alice', 'POST', 'rooms.saveRoomSettings', { rid: plain, encrypted: true })).toMatchObject({
    status: 200,
  })
  await keys.enter(plain)
  const content = await keys.encrypt(plain, 'hidden')
  const beside = [
    { attachments: [{ text: WORDS }] },
    { alias: WORDS },
    { customFields: { note: WORDS } },
    { emoji: WORDS },
  ]
  for (const more of [{ msg: WORDS, text: WORDS }, ...beside, ...beside.map(one => ({ ...one, content }))]) {
    await edits(more)
    const shown: Frame = await alice.call('getSingleMessage', _id)
    expect(JSON.stringify(shown)).not.toMatch(READABLE)
  }
  expect((await edits({ content })).map(({ error }) => error)).toEqual([undefined, undefined])
  expect(await alice.call('getSingleMessage', _id)).toMatchObject({
    t: 'e2e',
    content: { algorithm: content.algorithm },
  })
})

test('what somebody is doing is a name, in no room words', async () => {
  const bob = await Ddp.as(server.url, 'bob')
  open.push(bob)
  const event = `${rid}/user-activity`
  await bob.sub('stream-notify-room', event)
  await alice.call('stream-notify-room', event, 'alice', [WORDS])
  await alice.call('stream-notify-room', event, 'alice', ['user-typing', WORDS])
  await alice.call('stream-notify-room', event, 'alice', ['user-typing'])
  await bob.event('notify-room', ([, activities]) => activities.length === 1)
  expect(JSON.stringify(bob.events('notify-room'))).not.toMatch(READABLE)
})

describe('words in every place of every request', () => {
  const name = () => `sealed-${rooms - 1}`
  const whole = (): Record<string, unknown> => ({
    rid,
    roomId: rid,
    channel: rid,
    msgId: sealed,
    messageId: sealed,
    mid: sealed,
    tmid: sealed,
    _id: sealed,
    msg: WORDS,
    text: WORDS,
    description: WORDS,
    alias: WORDS,
    emoji: ':smile:',
    attachments: [{ text: WORDS, title: WORDS }],
    blocks: [{ type: 'section', text: { type: 'plain_text', text: WORDS } }],
  })
  const bodies = (): object[] => {
    const { rid: _rid, _id: _own, tmid: _tmid, ...rest } = whole()
    const sent = { rid, msg: WORDS, text: WORDS, attachments: [{ text: WORDS }] }
    return [
      whole(),
      rest,
      { ...rest, channel: `#${name()}`, roomId: undefined },
      { ...rest, roomName: name(), roomId: undefined },
      { message: sent },
      { message: { ...sent, t: 'e2e', e2e: 'pending' } },
      { message: { ...sent, tmid: sealed } },
      { roomId: rid, msgId: sealed, text: WORDS },
      { roomId: rid, msgId: sealed, text: WORDS, customFields: { note: WORDS } },
      { roomId: [rid], text: WORDS },
      { prid: rid, t_name: 'talk', reply: WORDS, pmid: sealed },
    ]
  }
  const params = (): unknown[][] => {
    const sent = { rid, msg: WORDS, text: WORDS, attachments: [{ text: WORDS }] }
    return [
      [sent],
      [{ ...sent, t: 'e2e', e2e: 'pending' }],
      [{ ...sent, tmid: sealed }],
      [{ ...sent, _id: sealed }],
      [{ ...sent, _id: sealed, t: 'e2e' }],
      [rid, WORDS],
      [WORDS, rid],
      [sealed, WORDS],
      [rid, sealed, WORDS],
      [rid, null, { name: WORDS, type: 'text/plain', _id: 'a' }, { msg: WORDS }],
      [{ cmd: 'me', params: WORDS, msg: sent }],
      [{ prid: rid, t_name: 'talk', reply: WORDS, pmid: sealed }],
    ]
  }

  const routes = ROUTES.filter(({ verb, paths }) => verb === 'POST' && !paths.some(endsSomething))
  test.each(routes.map(({ paths }) => paths[0] as string))('POST %s', async path => {
    for (const body of bodies()) {
      const answer = await rest(
        server.url,
        { id: IDS.alice, token: tokenOf('alice') },
        'POST',
        path.replace(/^\//, '').replace(/:rid/, rid).replace(/:\w+/, 'sendMessage'),
        body,
      )
      expect(answer.status).toBeLessThan(500)
    }
    const shown = await alice.ask('loadHistory', rid, null, 100)
    if (shown.result) expect(JSON.stringify(await messages())).not.toMatch(READABLE)
  })

  const methods = [...METHODS.keys()].filter(name => !ENDING.has(name))
  test.each(methods)('method %s', async method => {
    const client = await Ddp.as(server.url, 'alice')
    open.push(client)
    for (const given of params()) {
      const { error } = await client.ask(method, ...given)
      expect(error?.error).not.toBe(500)
    }
    const shown = await alice.ask('loadHistory', rid, null, 100)
    if (shown.result) expect(JSON.stringify(await messages())).not.toMatch(READABLE)
  })
})
