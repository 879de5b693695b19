// How far somebody has read, and that they are writing: over X's own SDK, and as other wires see it.
import { decodeMessageEvent, uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import type { TestServer } from '../server.ts'
import {
  addTo,
  deleteBody,
  enroll,
  type Group,
  type Hand,
  keysBody,
  leaveBody,
  makeGroup,
  messageBody,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, startXchatServer, tokenOf } from './start.ts'

const MUTED = CROWD[0]!

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let muted: Hand
let group: Group
const open: { close(): unknown }[] = []

beforeAll(async () => {
  const until = '2099-01-01T00:00:00Z'
  const sanctions = [{ kind: 'mute', user: MUTED, scope: 'global', until }]
  server = await startXchatServer({ world: { sanctions } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
  muted = await enroll(server.url, MUTED)
})
afterAll(() => server?.remove())
beforeEach(async () => {
  group = await makeGroup(server.url, a, [a, b, muted])
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

function post(rest: string, body: unknown, who: string, to = group.id): Promise<Answered> {
  return ask(server.url, tokenOf(who), 'POST', `/2/chat/conversations/${to}${rest}`, { body })
}

async function say(by: Hand, to = group): Promise<string> {
  const sent = await post('/messages', messageBody(by, to.id, to.version), by.id, to.id)
  const event = decodeMessageEvent(sent.body.data.encoded_message_event)
  if (!event.ok) throw new Error(event.error)
  return event.value.sequenceId
}

const read = (who: string, id: unknown, to = group.id) => post('/read', { seen_until_sequence_id: id }, who, to)

async function onDino(user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  open.push(client)
  expect((await client.login(user, `user${user}`, tokenOf(user))).code).toBe(200)
  return client
}

/** How far somebody has got with messages, as A is told over Dino. */
async function statuses(of: string, ids: readonly string[]): Promise<number[]> {
  const dino = await onDino(A)
  const attachments = ids.map(id => ({ id: uuidOf(id) }))
  const answer = await dino.request('msg_status', { verb: 'check', target: { id: of }, object: { attachments } })
  const shown: readonly { id: string; content: number }[] = answer.data.data.object.attachments
  return ids.map(id => shown.find(each => each.id === uuidOf(id))?.content ?? -1)
}

async function eventIds(who: string): Promise<string[]> {
  const { body } = await ask(
    server.url,
    tokenOf(who),
    'GET',
    `/2/chat/conversations/${group.id}/events?max_results=100`,
  )
  return body.data.map((event: { id: string }) => event.id)
}

describe('what is read', () => {
  test('by X’s own SDK counts for everything before it, and on Dino', async () => {
    const ids = [await say(a), await say(a), await say(a)]
    expect(await statuses(B, ids)).toEqual([0, 0, 0])
    const client = new Person(server.url, B).client
    const seen = { seenUntilSequenceId: ids[1] }
    expect(await client.chat.markConversationRead(group.id, seen as never)).toEqual({ data: { success: true } })
    expect(await statuses(B, ids)).toEqual([2, 2, 0])
    expect(await statuses(MUTED, ids)).toEqual([0, 0, 0])
  })

  test('waits for nobody who logs in on Dino', async () => {
    const waiting = async () => {
      const client = await DinoClient.open(server.url)
      open.push(client)
      const { data } = (await client.login(B, `user${B}`, tokenOf(B))).data
      const shown: readonly { id: string }[] = data.object?.attachments ?? []
      return shown.map(({ id }) => id)
    }
    const ids = [await say(a), await say(a), await say(a)]
    await read(B, ids[1])
    const left = await waiting()
    expect(ids.map(id => left.includes(uuidOf(id)))).toEqual([false, false, true])
    await post('/messages/delete', deleteBody(b, group.id, [ids[2]!], 'self'), B)
    expect(await waiting()).not.toContain(uuidOf(ids[2]!))
  })

  test('is never less than before, in whatever order it is said', async () => {
    const ids = [await say(a), await say(a), await say(a)]
    const answers = await Promise.all([ids[2], ids[0], ids[1], ids[0]].map(id => read(B, id)))
    for (const answer of answers) expect(answer.body).toEqual({ data: { success: true } })
    expect(await statuses(B, ids)).toEqual([2, 2, 2])
  })

  test('may be named by any event that is shown, a deleted one too', async () => {
    const id = await say(a)
    for (const shown of await eventIds(B)) expect((await read(B, shown)).status).toBe(200)
    const deleted = await say(a)
    await post('/messages/delete', deleteBody(a, group.id, [deleted], 'all'), A)
    expect((await read(B, deleted)).status).toBe(200)
    await post('/messages/delete', deleteBody(b, group.id, [id], 'self'), B)
    expect((await read(B, id)).status).toBe(200)
  })

  test('is read by a member who is muted, and in a closed group', async () => {
    const id = await say(a)
    await post('/leave', leaveBody(group, b), B)
    expect((await read(MUTED, id)).status).toBe(200)
    expect(await statuses(MUTED, [id])).toEqual([2])
  })

  test('is no event of another conversation, of nowhere, or of before one came: 404, and nothing moves', async () => {
    const ids = [await say(a), await say(a)]
    const other = await makeGroup(server.url, a, [a, b])
    const theirs = await say(a, other)
    for (const id of [theirs, '5', String(BigInt(ids[1]!) + 1n)]) {
      const answer = await read(B, id)
      expect([answer.status, answer.body.parameter, answer.body.value]).toEqual([404, 'seen_until_sequence_id', id])
    }
    await addTo(server.url, group, a, [c])
    expect((await read(C, ids[1])).status).toBe(404)
    expect(await statuses(B, ids)).toEqual([0, 0])
    const [newest] = await eventIds(C)
    expect((await read(C, newest)).status).toBe(200)
  })

  test.each([
    ['nothing', {}],
    ['a number', { seen_until_sequence_id: 5 }],
    ['no number', { seen_until_sequence_id: 'x' }],
    ['more than an id', { seen_until_sequence_id: '9'.repeat(20) }],
  ])('is not %s', async (_, body) => {
    const answer = await post('/read', body, B)
    expect([answer.status, answer.body.parameter]).toEqual([400, 'seen_until_sequence_id'])
  })

  test('is not read by outsiders, former members and the other half of no pair', async () => {
    const id = await say(a)
    expect((await read(C, id)).status).toBe(403)
    await post('/leave', leaveBody(group, b), B)
    expect((await read(B, id)).status).toBe(403)
    expect((await read(B, id, CROWD[5])).status).toBe(404)
  })
})

describe('typing', () => {
  const listening = async (user: string): Promise<Ddp> => {
    const client = await Ddp.connect(server.url)
    open.push(client)
    await client.call('login', { resume: tokenOf(user) })
    const answer = await client.sub('stream-notify-room', `${uuidOf(group.id.slice(1))}/user-activity`)
    expect(answer.msg).toBe('ready')
    return client
  }

  test('over X’s own SDK is seen by members on Rocket.Chat, and leaves nothing behind', async () => {
    const ddp = await listening(B)
    const before = await eventIds(A)
    const client = new Person(server.url, A).client
    expect(await client.chat.sendTypingIndicator(group.id)).toEqual({ data: { success: true } })
    expect(await ddp.event('notify-room')).toEqual([`user${A}`, ['user-typing']])
    await client.chat.sendTypingIndicator(group.id)
    await ddp.until(() => ddp.events('notify-room').length === 2)
    expect(await eventIds(A)).toEqual(before)
  })

  test('in a one-to-one and in a closed group is seen as well', async () => {
    const ddp = await listening(MUTED)
    await post('/leave', leaveBody(group, b), B)
    expect((await post('/typing', undefined, A)).status).toBe(200)
    expect(await ddp.event('notify-room')).toEqual([`user${A}`, ['user-typing']])
    await post('/keys', keysBody(a, `${A}:${B}`, [a, b]), A, B)
    expect((await post('/typing', {}, A, B)).body).toEqual({ data: { success: true } })
  })

  test('is not shown of who may not send here, and of nobody elsewhere', async () => {
    const ddp = await listening(B)
    const [silenced, outsider, unknown] = [
      await post('/typing', undefined, MUTED),
      await post('/typing', undefined, C),
      await post('/typing', undefined, A, 'g5'),
    ]
    expect([silenced.status, silenced.body.detail]).toEqual([403, 'the caller is muted'])
    expect([outsider.status, outsider.body.code, unknown.status]).toEqual([403, 'SENDER_NOT_GROUP_MEMBER', 404])
    const other = await makeGroup(server.url, a, [a, b])
    await post('/typing', undefined, A, other.id)
    await post('/typing', undefined, A)
    expect(await ddp.event('notify-room')).toEqual([`user${A}`, ['user-typing']])
    expect(ddp.events('notify-room')).toHaveLength(1)
  })
})
