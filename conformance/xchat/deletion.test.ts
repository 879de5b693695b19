// Messages that go, with X's own software: its engine signs each deletion and verifies what becomes of it, and members on
// the other wires, streams and webhooks see the same.
import { randomBytes } from 'node:crypto'
import { decodeMessageEvent, uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient, plain } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer } from '../server.ts'
import { ask } from './http.ts'
import { APP, Hook, Listener, SECRET, subscribe, until } from './listener.ts'
import { Person } from './sdk.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'
import { download, sendMedium } from './upload.ts'

const ALL = [A, B, C]

let server: TestServer
let a: Person
let b: Person
let c: Person
let id: string
let version: string
const open: { close(): unknown }[] = []

beforeAll(async () => {
  const apps = [{ id: 'app1', secret: SECRET, owner: B, tokens: [APP] }]
  const webhooks = { insecure: true, internal: true }
  server = await startXchatServer({ world: { apps }, config: { xchat: { webhooks } } })
  ;[a, b, c] = ALL.map(user => new Person(server.url, user)) as [Person, Person, Person]
  for (const person of [a, b, c]) await person.register()
})
afterAll(() => server?.remove())
beforeEach(async () => {
  ;({ id, version } = await a.createGroup([B, C]))
  for (const person of [b, c]) await person.read(id, ALL)
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

/** A message's sequence id and message id. */
async function say(by: Person, text: string): Promise<{ sequence: string; message: string }> {
  const event = decodeMessageEvent(await by.say(id, version, text))
  if (!event.ok) throw new Error(event.error)
  return { sequence: event.value.sequenceId, message: event.value.messageId }
}

const texts = async (person: Person) => (await person.read(id, ALL)).texts

async function refusal(call: Promise<unknown>): Promise<{ status: number; data: Record<string, unknown> }> {
  try {
    await call
  } catch (error) {
    const { status, data } = error as { status: number; data: Record<string, unknown> }
    return { status, data }
  }
  throw new Error('the call was answered')
}

async function onDino(user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  open.push(client)
  expect((await client.login(user, `user${user}`, tokenOf(user))).code).toBe(200)
  return client
}

async function onRocketChat(user: string): Promise<Ddp> {
  const client = await Ddp.connect(server.url)
  open.push(client)
  await client.call('login', { resume: tokenOf(user) })
  return client
}

const rid = () => uuidOf(id.slice(1))

/** Message ids that a user's history shows on Dino and on Rocket.Chat. */
async function elsewhere(user: string): Promise<[string[], string[]]> {
  const [dino, ddp] = [await onDino(user), await onRocketChat(user)]
  const history = await dino.request('history', { verb: 'list', target: { id: rid() } })
  const onDinos = history.data.data.object.attachments.map((one: { content: string }) => plain(one.content))
  const loaded = await ddp.call('loadHistory', rid(), null, 50, null)
  const ids = (values: { message_id?: string }[]) => values.map(value => value.message_id ?? '').sort()
  return [
    ids(onDinos.map((text: string) => JSON.parse(text))),
    ids(loaded.messages.flatMap(({ content }: { content?: object }) => content ?? [])),
  ]
}

describe('a deletion for everybody', () => {
  test('is an event that X’s engine verifies, and leaves nothing of the message to anybody', async () => {
    const said = [await say(a, 'one'), await say(a, 'two'), await say(a, 'three')]
    const gone = said.slice(0, 2).map(({ sequence }) => sequence)
    expect(await a.delete(id, gone, 'all')).toEqual({ data: { deleted: true } })
    for (const person of [a, b, c]) {
      const read = await person.read(id, ALL)
      expect([read.texts, read.errors, read.verified]).toEqual([['three'], {}, true])
      expect(read.types).toEqual(['keyChange', 'groupChange', 'message', 'messageDeleted'])
      const { messages } = person.engine.decryptEvents([...read.events], await person.signingKeys(ALL))
      expect(messages.at(-1)?.event).toMatchObject({ messageIds: gone, deleteForAll: true, senderId: A })
    }
    const left = said[2]!.message
    expect(await elsewhere(B)).toEqual([[left], [left]])
  })

  test('is heard on the other wires as each of them says it', async () => {
    const { sequence, message } = await say(b, 'to be gone')
    const [dino, ddp] = [await onDino(C), await onRocketChat(C)]
    await ddp.sub('stream-notify-room', `${rid()}/deleteMessage`)
    await b.delete(id, [sequence], 'all')
    expect(await dino.next('gn_message_deleted')).toMatchObject({
      actor: { id: B },
      object: { id: uuidOf(sequence) },
      target: { id: rid() },
    })
    expect(await ddp.event('notify-room')).toEqual([{ _id: message }])
  })

  test('takes the files along that it names, with the message or not at all', async () => {
    const { sequence } = await say(b, 'with a file')
    const keys = [
      await sendMedium(server.url, B, id, randomBytes(2_000)),
      await sendMedium(server.url, B, id, randomBytes(3)),
      await sendMedium(server.url, A, id, randomBytes(3)),
    ]
    const statuses = async () => Promise.all(keys.map(async key => (await download(server.url, C, id, key)).status))
    const foreign = await refusal(b.delete(id, [sequence], 'all', keys))
    expect([foreign.status, foreign.data.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    const unknown = await refusal(b.delete(id, [sequence], 'all', [keys[0]!, 'nothing']))
    expect([unknown.status, unknown.data.parameter, unknown.data.value]).toEqual([404, 'media_hash_keys', 'nothing'])
    expect([await statuses(), await texts(c)]).toEqual([[200, 200, 200], ['with a file']])
    await b.delete(id, [sequence], 'all', keys.slice(0, 2))
    expect([await statuses(), await texts(c)]).toEqual([[404, 404, 200], []])
    // An admin deletes anybody's.
    await a.delete(id, [sequence], 'all', keys.slice(2))
    expect(await statuses()).toEqual([404, 404, 404])
  })

  test('is one’s own messages’, and any for an admin; in a one-to-one one’s own alone', async () => {
    const { sequence } = await say(b, 'from B')
    const denied = await refusal(c.delete(id, [sequence], 'all'))
    expect([denied.status, denied.data.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    await a.delete(id, [sequence], 'all')
    expect(await texts(c)).toEqual([])
    const pair = await a.begin(B)
    await b.read(A, [A, B])
    const event = decodeMessageEvent(await b.say(`${A}:${B}`, pair.version, 'between us'))
    if (!event.ok) throw new Error(event.error)
    const ids = [event.value.sequenceId]
    expect((await refusal(a.delete(`${A}:${B}`, ids, 'all'))).status).toBe(403)
    expect(await a.delete(`${A}:${B}`, ids, 'self')).toEqual({ data: { deleted: true } })
    expect([(await a.read(B, [A, B])).texts, (await b.read(A, [A, B])).texts]).toEqual([[], ['between us']])
    await b.delete(`${A}:${B}`, ids, 'all')
    expect((await b.read(A, [A, B])).texts).toEqual([])
  })

  test('is for nobody on another wire (design 6)', async () => {
    const { sequence } = await say(b, 'from B')
    const dino = await onDino(A)
    const asked = { verb: 'delete', target: { id: rid() }, object: { id: uuidOf(sequence) } }
    expect((await dino.request('delete', asked)).code).toBeGreaterThan(200)
    expect(await texts(c)).toEqual(['from B'])
  })

  test('goes on in a group that is closed', async () => {
    const { sequence } = await say(b, 'before')
    await c.request('POST', `${id}/leave`, { action_signatures: [c.signed(id, { kind: 'memberRemove', ids: [C] })] })
    await b.delete(id, [sequence], 'all')
    expect(await texts(a)).toEqual([])
  })
})

describe('a deletion for oneself', () => {
  test('is nobody else’s matter, and is seen on no wire by who did it', async () => {
    const said = [await say(a, 'one'), await say(b, 'two'), await say(c, 'three')]
    const [dino, ddp] = [await onDino(C), await onRocketChat(C)]
    await ddp.sub('stream-notify-room', `${rid()}/deleteMessage`)
    const listed = async () => {
      const { body } = await ask(server.url, tokenOf(B), 'GET', '/2/chat/conversations?max_results=100')
      return body.data
    }
    const before = await listed()
    expect(await b.delete(id, [said[0]!.sequence, said[1]!.sequence], 'self')).toEqual({ data: { deleted: true } })
    expect([await texts(b), await texts(a), await texts(c)]).toEqual([
      ['three'],
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ])
    expect(await listed()).toEqual(before)
    const [all, rest] = [said.map(({ message }) => message).sort(), [said[2]!.message]]
    expect(await elsewhere(B)).toEqual([rest, rest])
    expect(await elsewhere(C)).toEqual([all, all])
    await dino.settle()
    expect([dino.named('gn_message_deleted'), ddp.events('notify-room')]).toEqual([[], []])
  })

  test('is not told by a stream that begins later, nor by a webhook that is owed it', async () => {
    await subscribe(server.url, tokenOf(B), 'chat.received', B)
    const hook = await Hook.open()
    open.push(hook)
    const made = await ask(server.url, APP, 'POST', '/2/webhooks', { body: { url: hook.url } })
    await subscribe(server.url, APP, 'chat.received', B, { webhook_id: made.body.data.id })
    await hook.close()
    const [first, second] = [await say(a, 'one'), await say(c, 'two')]
    await b.delete(id, [first.sequence], 'self')
    const stream = await Listener.open(server.url, tokenOf(B), '?backfill_minutes=5')
    open.push(stream)
    const third = await say(a, 'three')
    const heard = (told: readonly { payload: { id: string; conversation_id: string } }[]) =>
      told.flatMap(({ payload }) => (payload.conversation_id === id ? payload.id : []))
    await until(() => heard(stream.events).includes(third.message))
    expect(heard(stream.events)).toEqual([second.message, third.message])
    await hook.listen()
    await until(() => heard(hook.told).includes(third.message))
    expect(heard(hook.told)).toEqual([second.message, third.message])
    expect(hook.faults).toEqual([])
  })

  test('does not bring back what is deleted for everybody, and holds after coming back', async () => {
    const said = [await say(a, 'one'), await say(b, 'two')]
    await c.delete(id, [said[0]!.sequence], 'self')
    await b.delete(id, [said[1]!.sequence], 'all')
    await c.delete(id, [said[1]!.sequence], 'self')
    expect([await texts(c), await texts(a)]).toEqual([[], ['one']])
    await a.remove(id, [C])
    const again = await a.add(id, [C])
    version = again.version
    await c.read(id, ALL)
    await say(a, 'back')
    expect(await texts(c)).toEqual(['back'])
  })

  test('of many that stand together is leapt over by a page', async () => {
    const said: string[] = []
    for (let sent = 0; sent < 30; sent++) said.push((await say(sent % 2 === 0 ? a : b, `${sent}`)).sequence)
    await c.delete(id, said.slice(3, 27), 'self')
    const page = async (query: string) =>
      (await ask(server.url, tokenOf(C), 'GET', `/2/chat/conversations/${id}/events?max_results=4${query}`)).body
    const newest = await page('')
    expect(newest.data.map((one: { id: string }) => one.id)).toEqual([said[29], said[28], said[27], said[2]])
    const older = await page(`&pagination_token=${newest.meta.next_token}`)
    expect(older.data.map((one: { id: string }) => one.id).slice(0, 2)).toEqual([said[1], said[0]])
  })
})

describe('a deletion that is sent again', () => {
  const body = (by: Person, sequences: string[], whom: 'all' | 'self', media?: string[]) => {
    const prepared = by.engine.prepareMessageDelete({
      conversationId: id,
      sequenceIds: sequences,
      deleteForAll: whom === 'all',
    })
    return {
      sequence_ids: sequences,
      delete_message_action: `delete_for_${whom}`,
      action_signatures: [
        {
          message_id: prepared.messageId,
          encoded_message_event_detail: prepared.encodedMessageEventDetail,
          message_event_signature: {
            signature: prepared.signature,
            public_key_version: prepared.publicKeyVersion,
            signature_version: prepared.signatureVersion,
          },
        },
      ],
      ...(media ? { media_hash_keys: media } : {}),
    }
  }
  const post = (sent: object, by = B, to = id) =>
    ask(server.url, tokenOf(by), 'POST', `/2/chat/conversations/${to}/messages/delete`, { body: sent })

  test.each(['all', 'self'] as const)('for %s is answered as the first time, and is one (L7)', async whom => {
    const { sequence } = await say(b, 'gone')
    const media = whom === 'all' ? [await sendMedium(server.url, B, id, randomBytes(3))] : undefined
    const sent = body(b, [sequence], whom, media)
    const answers = await Promise.all([post(sent), post(sent), post(sent)])
    answers.push(await post(sent))
    for (const answer of answers) expect([answer.status, answer.text]).toEqual([200, '{"data":{"deleted":true}}'])
    const deletions = (await a.read(id, ALL)).types.filter(type => type === 'messageDeleted')
    expect(deletions).toHaveLength(whom === 'all' ? 1 : 0)
  })

  test('with anything changed is a replay, and refused (L7)', async () => {
    const [one, two] = [await say(b, 'one'), await say(b, 'two')]
    const key = await sendMedium(server.url, B, id, randomBytes(3))
    const sent = body(b, [one.sequence], 'all')
    expect((await post(sent)).status).toBe(200)
    const other = body(b, [two.sequence], 'all')
    other.action_signatures[0]!.message_id = sent.action_signatures[0]!.message_id
    for (const replay of [{ ...sent, media_hash_keys: [key] }, { ...sent, sequence_ids: [two.sequence] }, other]) {
      expect((await post(replay)).status).toBe(400)
    }
    expect([await texts(a), (await download(server.url, A, id, key)).status]).toEqual([['two'], 200])
  })
})

test('what was answered stays deleted, its file too, when the server is killed right after (L6)', async () => {
  const first = await startXchatServer()
  const [anna, ben] = [new Person(first.url, A), new Person(first.url, B)]
  for (const person of [anna, ben]) await person.register()
  const made = await anna.createGroup([B])
  const say = async (text: string) => {
    const event = decodeMessageEvent(await anna.say(made.id, made.version, text))
    if (!event.ok) throw new Error(event.error)
    return event.value.sequenceId
  }
  const [gone, hidden, kept] = [await say('gone'), await say('hidden'), await say('kept')]
  const key = await sendMedium(first.url, A, made.id, randomBytes(10))
  await ben.read(made.id, [A, B])
  await Promise.all([anna.delete(made.id, [gone], 'all', [key]), ben.delete(made.id, [hidden], 'self')])
  await first.kill()
  const again = await startServer({ data: first.data })
  try {
    const ids = async (user: string) => {
      const path = `/2/chat/conversations/${made.id}/events?max_results=100`
      const { body } = await ask(again.url, tokenOf(user), 'GET', path)
      return [gone, hidden, kept].map(id => body.data.some((event: { id: string }) => event.id === id))
    }
    expect([await ids(A), await ids(B)]).toEqual([
      [false, true, true],
      [false, false, true],
    ])
    expect((await download(again.url, A, made.id, key)).status).toBe(404)
  } finally {
    await again.remove()
  }
})
