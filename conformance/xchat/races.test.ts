// Many at once (L1, L2, L3): one wins, everybody else is told what counts now, and the log shows one change.
import { decodeDetailBytes, decodeMessageEvent } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import { additionBody, enroll, groupBody, keysBody, makeGroup, messageBody } from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { A, B, CROWD, startXchatServer, tokenOf } from './start.ts'

const MANY = 25

let server: TestServer
let a: Hand
let b: Hand
let crowd: Hand[]

beforeAll(async () => {
  server = await startXchatServer()
  ;[a, b] = [await enroll(server.url, A), await enroll(server.url, B)]
  crowd = await Promise.all(CROWD.slice(0, MANY).map(id => enroll(server.url, id)))
})
afterAll(() => server?.remove())

function post(path: string, body: unknown, who = A): Promise<Answered> {
  return ask(server.url, tokenOf(who), 'POST', `/2/chat/conversations/${path}`, { body })
}

/** Kinds of a conversation's events, oldest first, with the versions of key changes. */
async function log(id: string, who = A): Promise<{ kinds: string[]; versions: string[] }> {
  const answer = await ask(server.url, tokenOf(who), 'GET', `/2/chat/conversations/${id}/events?max_results=100`)
  const kinds: string[] = []
  const versions: string[] = []
  for (const item of answer.body.data.reverse()) {
    const event = decodeMessageEvent(item.encoded_event)
    if (!event.ok) throw new Error(event.error)
    const detail = decodeDetailBytes(event.value.detail)
    if (!detail.ok) throw new Error(detail.error)
    kinds.push(detail.value.kind === 'groupChange' ? detail.value.change.kind : detail.value.kind)
    if (detail.value.kind === 'keyChange') versions.push(detail.value.event.conversationKeyVersion)
  }
  return { kinds, versions }
}

/** One 200; the others 409 or 400, each naming the version that won. */
async function oneWins(group: Pick<Group, 'id'>, answers: readonly Answered[]): Promise<void> {
  const { versions } = await log(group.id)
  const current = versions.at(-1)
  expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
  for (const answer of answers) {
    if (answer.status === 200) continue
    expect([400, 409]).toContain(answer.status)
    expect(answer.body.detail).toContain(current)
    expect(answer.body.current_key_version).toBe(current)
  }
}

describe('of many at once', () => {
  test(`${MANY} additions of different people, one wins and the log shows one rotation`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(user => additionBody(group, a, [user]))
    const answers = await Promise.all(bodies.map(body => post(`${group.id}/members`, body)))
    await oneWins(group, answers)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'keyChange', 'memberAdd'])
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    expect(body.data.member_ids).toHaveLength(3)
  })

  test(`${MANY} additions of the same person, one wins`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(() => additionBody(group, a, [crowd[0]!]))
    await oneWins(group, await Promise.all(bodies.map(body => post(`${group.id}/members`, body))))
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'keyChange', 'memberAdd'])
  })

  test(`${MANY} rotations, each overtaken one is refused although its version is newer`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(() => keysBody(a, group.id, [a, b]))
    const answers = await Promise.all(bodies.map(body => post(`${group.id}/keys`, body)))
    // One that was only begun after another was committed starts from what that one made, and may win after it.
    const won = answers.filter(answer => answer.status === 200).length
    const { kinds, versions } = await log(group.id)
    expect(kinds.filter(kind => kind === 'keyChange')).toHaveLength(1 + won)
    expect([...versions].sort()).toEqual(versions)
    expect(answers.some(answer => answer.status === 409)).toBe(true)
    for (const answer of answers) {
      if (answer.status === 200) continue
      expect([400, 409]).toContain(answer.status)
      expect(versions).toContain(answer.body.current_key_version)
      expect(answer.body.detail).toContain(answer.body.current_key_version)
    }
  })

  test('beginnings of one one-to-one, from both sides, one wins and is what both find', async () => {
    const [one, two] = [crowd[1]!, crowd[2]!]
    const id = `${one.id}:${two.id}`
    const asks = crowd.map((_, index) => {
      const [by, other] = index % 2 === 0 ? [one, two] : [two, one]
      return post(`${other.id}/keys`, keysBody(by, id, [one, two]), by.id)
    })
    const answers = await Promise.all(asks)
    const won = answers.filter(answer => answer.status === 200)
    const { kinds, versions } = await log(two.id, one.id)
    expect(kinds).toHaveLength(won.length)
    expect(won.length).toBeGreaterThan(0)
    for (const answer of answers) {
      if (answer.status === 200) expect(answer.body.data.conversation_id).toBe(`${one.id}-${two.id}`)
      else expect(versions).toContain(answer.body.current_key_version)
    }
    for (const user of [one, two]) {
      const listed = await ask(server.url, tokenOf(user.id), 'GET', '/2/chat/conversations')
      expect(listed.body.data.filter((item: { type: string }) => item.type === 'direct')).toHaveLength(1)
    }
  })

  test('creations of one group, one wins', async () => {
    const { body, group } = await groupBody(server.url, a, [a, b])
    const answers = await Promise.all(crowd.map(() => post('group', body)))
    expect(answers.filter(answer => answer.status === 201)).toHaveLength(1)
    expect(answers.filter(answer => answer.status === 400)).toHaveLength(MANY - 1)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create'])
  })

  test('sendings of one message, all get the identical envelope', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const body = messageBody(a, group.id, group.version)
    const answers = await Promise.all(crowd.map(() => post(`${group.id}/messages`, body)))
    expect(new Set(answers.map(answer => `${answer.status} ${answer.text}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'messageCreate'])
  })

  test('messages while a member is added, none is taken under the old key after the new one', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const addition = additionBody(group, a, [crowd[3]!])
    const messages = Array.from({ length: 60 }, (_, index) => messageBody(index % 2 ? a : b, group.id, group.version))
    const say = (body: object, index: number) => post(`${group.id}/messages`, body, index % 2 ? A : B)
    const answers = await Promise.all([
      ...messages.slice(0, 30).map(say),
      post(`${group.id}/members`, addition),
      ...messages.slice(30).map(say),
    ])
    const taken = answers.filter(answer => answer.status === 201).length
    for (const answer of answers) {
      if (answer.status === 400) expect(answer.body.code).toBe('NON_LATEST_CKEY_VERSION')
      else expect([200, 201]).toContain(answer.status)
    }
    const { kinds } = await log(group.id)
    expect(kinds.filter(kind => kind === 'messageCreate')).toHaveLength(taken)
    expect(kinds.lastIndexOf('messageCreate')).toBeLessThan(kinds.lastIndexOf('keyChange'))
  })
})

describe('a restart', () => {
  test('forgets neither who initialised a group nor what was said in it', async () => {
    let first = await startXchatServer()
    const { data } = first
    const one = await enroll(first.url, A)
    const prepared = await groupBody(first.url, one, [one])
    await first.stop()
    first = await startServer({ data })
    const created = await ask(first.url, tokenOf(A), 'POST', '/2/chat/conversations/group', { body: prepared.body })
    expect(created.status).toBe(201)
    const { id, version } = prepared.group
    const path = `/2/chat/conversations/${id}`
    const message = messageBody(one, id, version)
    const sent = await ask(first.url, tokenOf(A), 'POST', `${path}/messages`, { body: message })
    const before = await ask(first.url, tokenOf(A), 'GET', `${path}/events`)
    await first.kill()
    first = await startServer({ data })
    try {
      expect((await ask(first.url, tokenOf(A), 'GET', `${path}/events`)).text).toBe(before.text)
      const again = await ask(first.url, tokenOf(A), 'POST', `${path}/messages`, { body: message })
      expect(again.text).toBe(sent.text)
    } finally {
      await first.remove()
    }
  }, 60_000)
})
