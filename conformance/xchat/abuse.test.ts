// Anything at all, at every route of the running server: never a 5xx, always problem+json, and the server goes on.
// The seed of a failed run is printed with it.

import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cpuSeconds } from '../../bench/machine.ts'
import { ROUTES } from '../../packages/server/src/gateways/xchat/index.ts'
import type { Route } from '../../packages/server/src/gateways/xchat/route.ts'
import type { TestServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import { additionBody, groupBody, makeGroup, nextVersion } from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { APP } from './listener.ts'
import type { Good, Scene } from './requests.ts'
import { goodRequests, LAN, openScene } from './requests.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

const RUNS = 60
/** Requests of one operation that are answered well before no new ones are made. */
const FRESH = 4
/** Characters of a part of a path or query: a longer head of a request is refused before any wire sees it. */
const LONG = 1_000
/** ms for an answer, whatever was asked. */
const PATIENCE = 30_000

let server: TestServer
let scene: Scene
let a: Hand
let b: Hand
let c: Hand
/** Touched by no request. */
let group: Group

beforeAll(async () => {
  server = await startXchatServer({ config: { limits: { flood: 1_000_000 }, xchat: LAN } })
  scene = await openScene(server.url)
  ;({ a, b, c } = scene)
  group = await makeGroup(server.url, a, [a, b])
  for (const [operation, make] of Object.entries(goodRequests(scene))) supplies.set(operation, await Supply.of(make))
})
afterAll(async () => {
  await scene?.hook.close()
  await server?.remove()
})

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

const DIGITS = /^[0-9]+$/

/** Another spelling of a text, or nearly the same one. `n` chooses the place. */
const SPELLINGS: readonly ((text: string, n: number) => unknown)[] = [
  text => text.slice(0, -1),
  text => `${text} `,
  text => `0${text}`,
  text => `${text},${text}`,
  text => text.toUpperCase(),
  text => [text],
  text => `\ud800${text}`,
  text => `${text}\u0000`,
  text => text.repeat(Math.ceil(5_000 / (text.length + 1))),
  text => text.replace(/[0-9]/g, digit => String.fromCharCode(0x660 + Number(digit))),
  text => (DIGITS.test(text) ? Number(text) : text.normalize('NFD')),
  text => (DIGITS.test(text) ? String(BigInt(text) + 1n) : `${text}=`),
  text => (DIGITS.test(text) ? String(BigInt(text) - 1n) : text.replaceAll('+', '-').replaceAll('/', '_')),
  text => (DIGITS.test(text) ? '9'.repeat(19) : text.replace(/=+$/, '')),
  (text, n) => bytesOf(text, n, bytes => bytes.with(n % bytes.length, n & 0xff)),
  (text, n) => bytesOf(text, n, bytes => bytes.with(n % bytes.length, (bytes[n % bytes.length] ?? 0) ^ (1 << (n % 8)))),
  (text, n) => bytesOf(text, n, bytes => [...bytes.subarray(0, n % bytes.length), ...bytes]),
  (text, n) =>
    bytesOf(text, n, bytes => [...bytes.subarray(0, n % bytes.length), ...bytes.subarray((n % bytes.length) + 1)]),
]

/** What is base64, with other bytes. */
function bytesOf(text: string, n: number, change: (bytes: Uint8Array) => Iterable<number>): string {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  if (bytes.length === 0) return `${text}${n}`
  return Buffer.from(Uint8Array.from(change(bytes))).toString('base64')
}

interface Bend {
  readonly at: number
  readonly how: 'replace' | 'delete' | 'spell' | 'empty' | 'double' | 'reverse' | 'shorten' | 'swap' | 'add'
  readonly n: number
  readonly by: unknown
}

const bend: fc.Arbitrary<Bend> = fc.record({
  at: fc.nat(200),
  how: fc.constantFrom(
    'replace',
    'delete',
    'spell',
    'spell',
    'spell',
    'empty',
    'double',
    'reverse',
    'shorten',
    'swap',
    'add',
  ),
  n: fc.nat(5_000),
  by: junk,
})

/** A right body with one thing or another wrong in it. */
function bent(body: object, bends: readonly Bend[]): unknown {
  const copy = structuredClone(body)
  for (const { at, how, n, by } of bends) {
    const places: [Record<string, unknown>, string][] = []
    collect(copy, places)
    // Half of them in the body itself: what stands deep inside is most of it.
    const from = n % 2 === 0 ? places : places.filter(([parent]) => parent === copy)
    const [parent, key] = from[at % Math.max(1, from.length)] ?? [copy as Record<string, unknown>, 'user_ids']
    const [other, otherKey] = places[n % Math.max(1, places.length)] ?? [parent, key]
    const value = parent[key]
    if (how === 'delete') delete parent[key]
    else if (how === 'spell' && typeof value === 'string') parent[key] = SPELLINGS[n % SPELLINGS.length]?.(value, n)
    else if (how === 'empty') parent[key] = Array.isArray(value) ? [] : typeof value === 'string' ? '' : {}
    else if (how === 'double' && Array.isArray(value)) parent[key] = [...value, ...value]
    else if (how === 'reverse' && Array.isArray(value)) parent[key] = [...value].reverse()
    else if (how === 'shorten' && Array.isArray(value)) parent[key] = value.slice(1)
    else if (how === 'swap') parent[key] = structuredClone(other[otherKey])
    else if (how === 'add') parent[`more${n}`] = structuredClone(by)
    else parent[key] = structuredClone(by)
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

/** The good request of an operation, and a new one each time that one was taken. */
class Supply {
  readonly #make: () => Promise<Good>
  #good: Good
  #left = FRESH
  #used = false

  private constructor(make: () => Promise<Good>, good: Good) {
    this.#make = make
    this.#good = good
  }

  static async of(make: () => Promise<Good>): Promise<Supply> {
    return new Supply(make, await make())
  }

  async next(): Promise<Good> {
    // Challenges of webhooks are bounded in number: then the old one has to do.
    if (this.#used) this.#good = await this.#make().catch(() => this.#good)
    this.#used = false
    return this.#good
  }

  taken(): void {
    this.#used = --this.#left > 0
  }
}

const supplies = new Map<string, Supply>()

function supplyOf({ operation }: Route): Supply {
  const supply = supplies.get(operation)
  if (!supply) throw new Error(`there is no good request of ${operation}`)
  return supply
}

const TYPE = 'application/json'

interface Try {
  readonly path: string
  readonly body?: unknown
  readonly token: string
  readonly type?: string
}

/** Whatever is sent is answered in time and in its form. Gives the answer; null where it is bytes. */
async function attempt(route: Route, { path, body, token, type = TYPE }: Try): Promise<Answered | null> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${server.url}/2${path}`, {
    method: route.method,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    signal: AbortSignal.timeout(PATIENCE),
    ...(body === undefined || route.method === 'GET' ? {} : { body: sent }),
  })
  const { status, headers } = response
  if (status < 300 && route.answer === headers.get('content-type')) {
    await response.body?.cancel()
    return null
  }
  const text = await response.text()
  const answer = { status, headers, text, body: JSON.parse(text) }
  sane(answer)
  if (status < 300) supplyOf(route).taken()
  return answer
}

/** Nearly always the token that may. */
const someone = fc.constantFrom(null, null, null, null, null, null, null, B, C, APP)
const tokenFor = (who: string | null, { who: usual = A, token = tokenOf(usual) }: Good): string =>
  who === null ? token : who === APP ? APP : tokenOf(who)

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

/** A place of a path or a query in another spelling. */
const slip = fc.record({ at: fc.nat(20), n: fc.nat(5_000), by: fc.option(pathId, { nil: undefined, freq: 4 }) })

function slipped(path: string, slips: readonly { at: number; n: number; by?: string | undefined }[]): string {
  const [place = '', search = ''] = path.split('?')
  const segments = place.split('/').slice(1)
  const query = [...new URLSearchParams(search)]
  for (const { at, n, by } of slips) {
    const text = (old: string): string =>
      String(by ?? SPELLINGS[n % SPELLINGS.length]?.(old, n))
        .slice(0, LONG)
        .toWellFormed()
    const place = at % (segments.length + query.length)
    const pair = query[place - segments.length]
    if (pair) pair[1] = text(pair[1])
    // Fixed words stay, or it would be another operation's path.
    else if (/[0-9]/.test(segments[place] ?? '')) segments[place] = encodeURIComponent(text(segments[place] ?? ''))
  }
  return `/${segments.join('/')}${query.length === 0 ? '' : `?${new URLSearchParams(query)}`}`
}

/** The query's own names with anything at all, and names that it does not know. */
function queryOf(route: Route): fc.Arbitrary<[string, string][]> {
  const names = Object.keys((route.query as unknown as { shape: object }).shape)
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names, 'max_results') },
    fc.constantFrom('max_results[]', '__proto__'),
    fc.string({ maxLength: 10 }),
  )
  const value = fc.oneof(
    fc.constantFrom(
      '',
      '1',
      '-1',
      '1e3',
      '1000',
      'id,id',
      ',',
      'id',
      'member_ids',
      'ZXZlbnRzOjE',
      '2026-01-01T00:00:00Z',
    ),
    fc.string({ unit: 'binary', maxLength: 60 }),
    pathId,
  )
  return fc.array(fc.tuple(name, value), { maxLength: 4 })
}

describe('whatever is sent', () => {
  for (const route of ROUTES.filter(({ method }) => method !== 'GET')) {
    test(`as the body of ${route.operation}, nearly right, of another type or random`, async () => {
      const supply = supplyOf(route)
      const near = fc.array(bend, { minLength: 1, maxLength: 3 })
      const types = fc.constantFrom(
        TYPE,
        TYPE,
        TYPE,
        `${TYPE}; charset=utf-16`,
        'text/plain',
        'application/problem+json',
        'multipart/form-data',
      )
      await fc.assert(
        fc.asyncProperty(near, someone, types, async (bends, who, type) => {
          const good = await supply.next()
          const body = bent(good.body ?? {}, bends)
          const answer = await attempt(route, { path: good.path, body, token: tokenFor(who, good), type })
          // What is taken is answered in the operation's own shape.
          if (answer && answer.status < 300 && typeof route.answer !== 'string') route.answer.parse(answer.body)
        }),
        { numRuns: RUNS * 3 },
      )
      const any = fc.oneof(
        junk.map(sent => JSON.stringify(sent)),
        fc.object({ maxDepth: 5 }),
        fc.string({ unit: 'binary' }),
      )
      await fc.assert(
        fc.asyncProperty(any, async body => {
          const good = await supply.next()
          await attempt(route, { path: good.path, body, token: tokenFor(null, good) })
        }),
        { numRuns: RUNS },
      )
      await unharmed()
    })
  }

  for (const route of ROUTES) {
    test(`in the path and the query of ${route.operation}`, async () => {
      const supply = supplyOf(route)
      await fc.assert(
        fc.asyncProperty(fc.array(slip, { maxLength: 3 }), queryOf(route), someone, async (slips, more, who) => {
          const good = await supply.next()
          const path = slipped(good.path, slips)
          const search = new URLSearchParams(
            more.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
          )
          const place = more.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${search}`
          await attempt(route, { path: place, body: good.body, token: tokenFor(who, good) })
        }),
        { numRuns: RUNS * 2 },
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
    const started = cpuSeconds(server.pid)
    const ids = Array.from({ length: 90_000 }, (_, index) => String(10_000_000 + index))
    const answer = await post('/members', JSON.stringify({ user_ids: ids }))
    expect(answer.body.detail).toContain('Too many members')
    expect(cpuSeconds(server.pid) - started).toBeLessThan(5)
  })

  test('cost no comparison of everybody with everybody: 45,000 members and as many admins', async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    const members = Array.from({ length: 45_000 }, (_, index) => String(10_000_000 + index))
    const crowd = { ...body, group_members: [...members, A], group_admins: members.map(() => A) }
    const started = cpuSeconds(server.pid)
    const answer = await ask(server.url, tokenOf(A), 'POST', '/2/chat/conversations/group', { body: crowd })
    expect(answer.body.detail).toContain('Too many members')
    expect(cpuSeconds(server.pid) - started).toBeLessThan(2)
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

  test('of another media type, or compressed, are refused in words, an empty one of any is none', async () => {
    const path = `/2/chat/conversations/${group.id}`
    const form = await ask(server.url, tokenOf(A), 'POST', `${path}/members`, {
      body: 'user_ids=5',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([form.status, form.body.detail]).toEqual([415, 'Content-Type: must be application/json'])
    const headers = { 'content-encoding': 'gzip' }
    const compressed = await ask(server.url, tokenOf(A), 'POST', `${path}/members`, { body: '{}', headers })
    expect([compressed.status, compressed.body.detail]).toEqual([415, expect.stringContaining('Content-Encoding')])
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
