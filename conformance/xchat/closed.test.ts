// A conversation whose members changed without a new key (L4, design 6): closed until one of them rotates, and what
// somebody reads who left and came back (L10). Here nobody signs the removal: the operator does it, or the engine itself;
// signed ones are group-changes.test.ts.
import type { RoomId, UserId } from '@conclave/wire'
import { decodeDetailBytes, decodeMessageEvent } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { XchatServer } from '../../packages/server/src/gateways/xchat/testing.ts'
import { startXchat } from '../../packages/server/src/gateways/xchat/testing.ts'
import type { TestServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import { enroll, keysBody, makeGroup, messageBody } from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { Person } from './sdk.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

describe('a member whose account ends', () => {
  let server: TestServer
  let a: Hand
  let b: Hand
  let group: Group

  beforeAll(async () => {
    server = await startXchatServer()
    const [first, second, third] = [
      await enroll(server.url, A),
      await enroll(server.url, B),
      await enroll(server.url, C),
    ]
    ;[a, b] = [first, second]
    group = await makeGroup(server.url, a, [a, b, third])
    await call('POST', '/messages', messageBody(third, group.id, group.version), C)
    const removed = await server.command('user', 'remove', C)
    expect([removed.code, removed.err]).toEqual([0, ''])
  })
  afterAll(() => server?.remove())

  function call(method: string, rest: string, body?: unknown, who = A): Promise<Answered> {
    return ask(server.url, tokenOf(who), method, `/2/chat/conversations/${group.id}${rest}`, { body })
  }

  test('closes the conversation, which says so', async () => {
    const { body } = await call('GET', '')
    expect(body.data).toMatchObject({ rotation_required: true, member_ids: [A, B] })
    const listed = await ask(server.url, tokenOf(B), 'GET', '/2/chat/conversations?chat_conversation.fields=id')
    expect(listed.body.data[0].rotation_required).toBe(true)
  })

  test('is seen by the others as an unsigned removal, and can read no more', async () => {
    const { body } = await call('GET', '/events?max_results=1')
    const event = decodeMessageEvent(body.data[0].encoded_event)
    if (!event.ok) throw new Error(event.error)
    expect(event.value.signature).toBeUndefined()
    expect(decodeDetailBytes(event.value.detail)).toMatchObject({
      value: { change: { kind: 'memberRemove', ids: [C] } },
    })
    expect((await call('GET', '/events', undefined, C)).status).toBe(401)
  })

  test('leaves a conversation that takes no message', async () => {
    const answer = await call('POST', '/messages', messageBody(b, group.id, group.version), B)
    expect([answer.status, answer.body.type]).toEqual([409, 'https://api.x.com/2/problems/conversation-closed'])
    expect(answer.body.current_key_version).toBe(group.version)
  })

  test('is not given the next key', async () => {
    const gone = { ...b, id: C }
    const answer = await call('POST', '/keys', keysBody(b, group.id, [a, b, gone]), B)
    expect(answer.body.detail).toContain(`extra participant key for ${C}`)
  })

  test('is gone once any remaining member has rotated', async () => {
    const body = keysBody(b, group.id, [a, b])
    expect((await call('POST', '/keys', body, B)).status).toBe(200)
    const { body: opened } = await call('GET', '')
    expect(opened.data.rotation_required).toBeUndefined()
    const message = messageBody(a, group.id, body.conversation_key_version)
    expect((await call('POST', '/messages', message)).status).toBe(201)
  })

  test('has keys that stay served, so that what they said stays verifiable', async () => {
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/users/${C}/public_keys`)
    expect(body.data).toHaveLength(1)
  })
})

describe('a member who was removed and added again', () => {
  let server: XchatServer

  beforeAll(async () => {
    server = await startXchat()
    for (const id of [A, B, C]) {
      await server.user(id)
      const { tokens } = server.core.identity
      await tokens.mint({ kind: 'user', user: id as UserId, issuer: 'test', lifetime: null, text: tokenOf(id) })
    }
  })
  afterAll(() => server?.close())

  test('reads both times with X software, and nothing of what was said between', async () => {
    const [a, b, c] = [A, B, C].map(id => new Person(server.url, id)) as [Person, Person, Person]
    for (const person of [a, b, c]) await person.register()
    const { id, version } = await a.createGroup([B, C])
    await a.say(id, version, 'with C')
    const removal = { command: 'remove-members', actor: null, users: [C as UserId], how: 'kicked' } as const
    const done = await server.core.engine.submit({
      room: id.slice(1) as RoomId,
      session: null,
      bytes: 0,
      command: { ...removal, reason: '', keepOwner: false },
    })
    expect(done).toHaveProperty('events')
    await expect(c.read(id, [A, B, C])).rejects.toMatchObject({ status: 403 })
    const without = await b.rotate(id, [A, B])
    await b.say(id, without, 'without C')
    const again = await b.add(id, [C])
    await b.say(id, again.version, 'C is back')
    const read = await c.read(id, [A, B, C])
    expect(read.texts).toEqual(['with C', 'C is back'])
    // The removal is the one thing that nobody signed.
    expect(Object.values(read.errors)).toHaveLength(1)
    expect(JSON.stringify(read.raw)).not.toContain(without)
    const pages = await pagesOf(server.url, id, C)
    expect(pages).toEqual(read.raw.data.map((event: { id: string }) => event.id))
    // Field 10 is the event before, whoever reads: one event has one envelope.
    const whole = (await a.read(id, [A, B, C])).events
    for (const envelope of read.events) expect(whole).toContain(envelope)
    expect((await a.read(id, [A, B, C])).texts).toEqual(['with C', 'without C', 'C is back'])
    expect(server.errors).toEqual([])
  })
})

/** The ids of all events, one page of one event after the other. */
async function pagesOf(url: string, id: string, who: string): Promise<string[]> {
  const ids: string[] = []
  let token = ''
  for (;;) {
    const page = await ask(url, tokenOf(who), 'GET', `/2/chat/conversations/${id}/events?max_results=1${token}`)
    ids.push(...page.body.data.map((event: { id: string }) => event.id))
    if (page.body.meta.next_token === undefined) return ids
    token = `&pagination_token=${page.body.meta.next_token}`
  }
}
