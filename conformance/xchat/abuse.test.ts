// Anything at all, at every route of the running server: never a 5xx, always problem+json, and the server goes on.
// The seed of a failed run is printed with it.

import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/gateways/xchat/index.ts'
import type { TestServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import {
  additionBody,
  enroll,
  groupBody,
  keysBody,
  makeGroup,
  makeHand,
  messageBody,
  nextVersion,
  registration,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

const RUNS = 120

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let group: Group

beforeAll(async () => {
  server = await startXchatServer({ config: { limits: { flood: 1_000_000 } } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
  group = await makeGroup(server.url, a, [a, b])
})
afterAll(() => server?.remove())

function sane(answer: Answered): void {
  expect([answer.status < 500, answer.status, answer.text]).toEqual([true, answer.status, answer.text])
  expect(typeof answer.body).toBe('object')
  if (answer.status < 400) return
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer.body).toMatchObject({ type: expect.any(String), title: expect.any(String), status: answer.status })
}

/** It still serves, logged no bug, and the group is as it was. */
async function unharmed(): Promise<void> {
  const answer = await ask(server.url, tokenOf(B), 'GET', `/2/chat/conversations/${group.id}`)
  expect(answer.status).toBe(200)
  expect(answer.body.data.member_ids).toEqual([A, B])
  expect(server.output()).not.toContain('"level":50')
}

const json = fc.jsonValue({ maxDepth: 4 })
const junk = fc.oneof(
  json,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    'g5',
    A,
    B,
    '__proto__',
    'constructor',
    '\u0000',
    '💥',
    '9'.repeat(40),
    'AAAA',
    1e308,
    [],
    {},
  ),
  fc.constantFrom([[]], [{}], [null], [A, A], { length: 5 }, [{ user_id: A }], [{ message_event_signature: {} }]),
  fc.base64String({ maxLength: 400 }),
)

interface Bend {
  readonly at: number
  readonly how: 'replace' | 'delete' | 'nudge' | 'double'
  readonly by: unknown
}

const bend: fc.Arbitrary<Bend> = fc.record({
  at: fc.nat(200),
  how: fc.constantFrom('replace' as const, 'delete' as const, 'nudge' as const, 'double' as const),
  by: junk,
})

/** A right body with one thing or another wrong in it. */
function bent(body: object, bends: readonly Bend[]): unknown {
  const copy = structuredClone(body)
  for (const one of bends) {
    const places: [Record<string, unknown>, string][] = []
    collect(copy, places)
    const [parent, key] = places[one.at % places.length] ?? [copy as Record<string, unknown>, 'user_ids']
    const value = parent[key]
    if (one.how === 'delete') delete parent[key]
    else if (one.how === 'nudge' && typeof value === 'string') parent[key] = value.slice(0, -2) + value.slice(-1)
    else if (one.how === 'double' && Array.isArray(value)) parent[key] = [...value, ...value]
    else parent[key] = structuredClone(one.by)
  }
  return copy
}

function collect(value: unknown, places: [Record<string, unknown>, string][]): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    places.push([value as Record<string, unknown>, key])
    collect((value as Record<string, unknown>)[key], places)
  }
}

/**
 * A body of each operation that has one, and the path for it. What would change something has one fault that is found
 * last of all, so that bends that do not matter leave everything as it is.
 */
const NEARLY: Readonly<Record<string, () => Promise<{ path: string; body: object }>>> = {
  addUserPublicKey: async () => ({
    path: `/users/${A}/public_keys`,
    body: registration({ ...makeHand(A, '1'), version: '1' }),
  }),
  initializeChatGroup: async () => ({ path: '/chat/conversations/group/initialize', body: {} }),
  createChatConversation: async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    return { path: '/chat/conversations/group', body: { ...body, group_name: 'Other' } }
  },
  addConversationKeys: async () => ({
    path: `/chat/conversations/${group.id}/keys`,
    body: {
      ...keysBody(a, group.id, [a, b]),
      conversation_participant_keys: keysBody(a, group.id, [a, b]).conversation_participant_keys,
    },
  }),
  addChatGroupMembers: async () => ({
    path: `/chat/conversations/${group.id}/members`,
    body: additionBody(group, a, [c], { title: 'Other' }),
  }),
  sendChatMessage: async () => ({
    path: `/chat/conversations/${group.id}/messages`,
    body: messageBody(a, group.id, group.version),
  }),
}

const pathId = fc.oneof(
  fc.constantFrom(
    A,
    B,
    `${A}-${B}`,
    `${A}:${B}`,
    'g5',
    'g',
    '',
    '0',
    '-',
    ':',
    `${A}-${A}`,
    '9'.repeat(19),
    '..',
    'me',
  ),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ maxLength: 300 }),
)

describe('whatever is sent', () => {
  for (const route of ROUTES.filter(one => one.method === 'POST')) {
    test(`as the body of ${route.operation}, random or nearly right`, async () => {
      const { path, body } = await NEARLY[route.operation]!()
      const send = (sent: unknown) => ask(server.url, tokenOf(A), 'POST', `/2${path}`, { body: sent })
      await fc.assert(
        fc.asyncProperty(fc.array(bend, { minLength: 1, maxLength: 3 }), async bends =>
          sane(await send(bent(body, bends))),
        ),
        { numRuns: RUNS },
      )
      await fc.assert(
        fc.asyncProperty(fc.oneof(junk, fc.object({ maxDepth: 5 })), async sent =>
          sane(await send(JSON.stringify(sent))),
        ),
        { numRuns: RUNS },
      )
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), async text => sane(await send(text))),
        { numRuns: RUNS },
      )
      await unharmed()
    })
  }

  for (const route of ROUTES) {
    test(`in the path and the query of ${route.operation}`, async () => {
      const query = fc.array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom('max_results', 'pagination_token', 'expansions', 'ids', 'user.fields', 'public_key.fields'),
            fc.constantFrom('chat_conversation.fields', 'chat_message_event.fields', 'max_results[]', '__proto__'),
            fc.string({ maxLength: 10 }),
          ),
          fc.oneof(
            fc.string({ unit: 'binary', maxLength: 60 }),
            fc.constantFrom('', '1', '-1', '1e3', 'id,id', ','),
            pathId,
          ),
        ),
        { maxLength: 4 },
      )
      await fc.assert(
        fc.asyncProperty(pathId, query, async (id, pairs) => {
          const place = route.path.replace(/:\w+/, () => encodeURIComponent(id.toWellFormed()))
          const search = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]))
          sane(await ask(server.url, tokenOf(A), route.method, `/2${place}?${search}`))
        }),
        { numRuns: RUNS },
      )
      await unharmed()
    })
  }

  test('as an authorization', async () => {
    const header = fc.oneof(
      fc.constantFrom(
        '',
        'Bearer',
        'Bearer ',
        'Basic YTpi',
        'OAuth oauth_token="x"',
        'Bearer a b',
        `Bearer ${'x'.repeat(5_000)}`,
      ),
      fc.string().map(text => `Bearer ${text.replaceAll(/[^\x21-\x7e]/g, '')}`),
    )
    await fc.assert(
      fc.asyncProperty(header, async authorization => {
        const answer = await ask(server.url, '', 'GET', '/2/users/me', { authorization })
        expect([answer.status, answer.body]).toEqual([
          401,
          { title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' },
        ])
      }),
      { numRuns: RUNS },
    )
    const none = await ask(server.url, '', 'GET', '/2/users/me', { authorization: null })
    expect(none.status).toBe(401)
  })
})

describe('bodies out of all proportion', () => {
  const post = (rest: string, body: string) =>
    ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}${rest}`, { body })

  test('are refused as too large: 2 MiB, and 4 for a rotation', async () => {
    const message = await post('/messages', JSON.stringify({ message_id: 'x'.repeat(2 * 1024 * 1024) }))
    expect(message.status).toBe(413)
    sane(message)
    const fits = await post('/members', JSON.stringify({ user_ids: 'x'.repeat(3 * 1024 * 1024) }))
    expect(fits.status).toBe(400)
    const addition = await post('/members', JSON.stringify({ user_ids: 'x'.repeat(4 * 1024 * 1024) }))
    expect(addition.status).toBe(413)
    sane(addition)
  })

  test('are refused as too deep, too many or cut short', async () => {
    const deep = await post('/members', '['.repeat(100_000))
    expect([deep.status, deep.body.detail]).toEqual([400, 'body: nested too deeply'])
    const many = await post('/members', `[${'1,'.repeat(500_000)}1]`)
    expect([many.status, many.body.detail]).toEqual([400, 'body: too many values'])
    const cut = await post('/members', '{"user_ids":["1"')
    expect([cut.status, cut.body.detail]).toEqual([400, 'body: not JSON'])
  })

  test('cost no look at anybody: 90,000 ids of nobody', async () => {
    const started = performance.now()
    const ids = Array.from({ length: 90_000 }, (_, index) => String(10_000_000 + index))
    const answer = await post('/members', JSON.stringify({ user_ids: ids }))
    expect(answer.body.detail).toContain('Too many members')
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('cost no comparison of everybody with everybody: 45,000 members and as many admins', async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    const members = Array.from({ length: 45_000 }, (_, index) => String(10_000_000 + index))
    const crowd = { ...body, group_members: [...members, A], group_admins: members.map(() => A) }
    const started = performance.now()
    const answer = await ask(server.url, tokenOf(A), 'POST', '/2/chat/conversations/group', { body: crowd })
    expect(answer.body.detail).toContain('Too many members')
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  test('cost no look at the keys of more people than a group has', async () => {
    const body = additionBody(group, a, [c])
    const infos = (list: number) =>
      Array.from({ length: 1_000 }, (_, index) => ({
        member_id: String(20_000_000 + 1_000 * list + index),
        public_key_version: '1',
        signing_public_key: 'AAAA',
      }))
    for (const [list, action] of body.action_signatures.entries())
      action.message_event_signature.message_signing_key_info_list = infos(list)
    const answer = await post('/members', JSON.stringify(body))
    expect([answer.status, answer.body.detail]).toEqual([
      400,
      '$.action_signatures: must speak of the keys of at most 1000 members',
    ])
  })

  test('of another media type are refused in words, an empty one of any is none', async () => {
    const path = `/2/chat/conversations/${group.id}`
    const form = await ask(server.url, tokenOf(A), 'POST', `${path}/members`, {
      body: 'user_ids=5',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([form.status, form.body.detail]).toEqual([415, 'Content-Type: must be application/json'])
    const empty = await ask(server.url, tokenOf(A), 'POST', `${path}/members`)
    expect(empty.body.detail).toBe('$.user_ids: is missing but it is required')
    const list = await ask(server.url, tokenOf(A), 'GET', '/2/chat/conversations')
    expect(list.status).toBe(200)
  })

  test('that end in the middle of the connection end nothing else', async () => {
    for (const raw of [
      `POST /2/chat/conversations/${group.id}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenOf(A)}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"mess`,
      'GET /2/users/me HTTP/1.1\r\nHo',
      `\u0016\u0003\u0001${'x'.repeat(200)}`,
    ]) {
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.on('error', () => {})
      socket.write(raw)
      await new Promise(resolve => setTimeout(resolve, 20))
      socket.destroy()
    }
    await unharmed()
  })

  test('paths that are no path and methods that are none get a problem as well', async () => {
    for (const [method, path] of [
      ['GET', '/2/nothing'],
      ['DELETE', '/2/users/me'],
      ['PUT', `/2/chat/conversations/${group.id}/members`],
      ['GET', '/2/'],
    ] as const) {
      const answer = await ask(server.url, tokenOf(A), method, path)
      expect(answer.status).toBe(404)
      sane(answer)
    }
    expect(nextVersion()).toBeTruthy()
  })
})
