// Nearly right requests to every route and every method: made from the shape that each declares, with names of the world in
// them, and then one thing wrong. Whatever comes, it is answered in the wire's own form; no bug is logged and no secret; and
// somebody whose rooms these are not hears and loses nothing. A failure prints its seed: SHAPES_SEED=… runs it again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { METHODS } from '../../packages/server/src/gateways/rocketchat/dispatch.ts'
import { ROUTES } from '../../packages/server/src/gateways/rocketchat/rest.ts'
import { isUpload } from '../../packages/server/src/gateways/rocketchat/route.ts'
import { SETTINGS } from '../../packages/server/src/gateways/rocketchat/settings/setting-table.ts'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, tap } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

const SEED = Number(process.env.SHAPES_SEED ?? Date.now() % 2 ** 31)
/** Requests to each route and each method. */
const EACH = Number(process.env.SHAPES_EACH ?? 8)
const TOGETHER = 8
/** What ends the log-in of who asks says nothing more afterwards. */
const ENDS = /logout|OwnAccount|resetE2EKey|resetOwnE2EKey|deactivateIdle|^login$/i
/** An administrator who takes the name of somebody else may then end that one's account, which is now their own. */
const RENAMES = /updateOwnBasicInfo|saveUserProfile|setUsername/
/** Passwords are slow by design: these are tried in the tests of users. */
const SLOW = /^(?:\/v1\/)?(?:login|users\.create|users\.register|registerUser|insertOrUpdateUser)$/

// biome-ignore lint/suspicious/noExplicitAny: shapes of all kinds
type Shape = any

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
const random = numbers(SEED)
const under = (most: number): number => Math.floor(random() * most)
const one = <T>(of: readonly T[]): T => of[under(of.length)] as T

/** Written into the JSON as what `JSON.stringify` would not write. */
const RAW: readonly (readonly [string, string])[] = [
  ['"@@infinite"', '1e999'],
  ['"@@minus"', '-0'],
  ['@@proto', '__proto__'],
]
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  -1e308,
  '@@infinite',
  '@@minus',
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u2066',
  '%',
  '%ff',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '@@proto',
  'constructor',
  'toString',
  'é'.repeat(300),
  'x'.repeat(70_000),
  '('.repeat(2_000),
  [],
  [[]],
  [null],
  Array.from({ length: 1_500 }, () => 'x'),
  {},
  { '@@proto': { admin: true } },
  { constructor: { prototype: { admin: true } } },
  Object.fromEntries(['toString', 'valueOf', 'toJSON', 'length', 'then'].map(name => [name, -1])),
  { $date: 0 },
  { $date: 1e99 },
  { $binary: 'AAAA' },
  { $type: 'oid', $value: 'x' },
  { $escape: { $date: 1 } },
  { $ne: null },
  { $gt: '' },
  { $regex: '(a+)+$' },
  Array.from({ length: 30 }).reduce<unknown>(inner => [inner], 1),
  Array.from({ length: 30 }).reduce<unknown>(inner => ({ a: inner }), 1),
]

/** What stands in arguments of these names. */
let pools: readonly (readonly [RegExp, readonly unknown[]])[] = []

function named(name: string): unknown {
  const pool = pools.find(([form]) => form.test(name))
  return pool ? one(pool[1]) : undefined
}

/** Something of that shape, mostly; `name`: of the field that it is for. */
function made(shape: Shape, name: string, depth = 0): unknown {
  const { def } = shape._zod
  const inner = (other: Shape, field = name): unknown => made(other, field, depth + 1)
  if (depth > 12) return null
  switch (def.type) {
    case 'object': {
      const fields: Record<string, unknown> = {}
      for (const [field, of] of Object.entries(def.shape as Record<string, Shape>)) {
        const value = inner(of, field)
        if (value !== undefined) fields[field] = value
      }
      // Loose ones are asked for more than they say.
      if (def.catchall) fields[one(['rid', 'roomId', 'roomName', 'msgId', 'username', 'type'])] ??= named('rid')
      return fields
    }
    case 'array':
      return Array.from({ length: under(4) }, () => inner(def.element, name.replace(/s$/, '')))
    case 'tuple':
      return def.items.map((item: Shape, at: number) => inner(item, at === 0 ? 'rid' : one(['rid', 'username', 'msg'])))
    case 'record':
      return { [one(['a', 'b.c', 'text'])]: inner(def.valueType), [one(['toString', '@@proto'])]: inner(def.valueType) }
    case 'union':
      return inner(one(def.options))
    case 'intersection':
      return { ...(inner(def.left) as object), ...(inner(def.right) as object) }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return def.type !== 'nonoptional' && random() < 0.4 ? undefined : inner(def.innerType)
    case 'pipe':
      return inner(def.in._zod.def.type === 'transform' ? def.out : def.in)
    case 'lazy':
      return inner(def.getter())
    case 'literal':
      return one(def.values)
    case 'enum':
      return one(Object.values(def.entries))
    case 'string':
      return named(name) ?? one(['x', 'general', IDS.bob, '2026-01-01T00:00:00.000Z', '{}', 'a'.repeat(64), ''])
    case 'number':
    case 'int':
      return one([0, 1, 50, -1, 2 ** 31, 1e15, 0.5])
    case 'boolean':
      return random() < 0.5
    case 'date':
      return { $date: one([0, Date.now(), -1, 8.64e15]) }
    case 'null':
      return null
    case 'undefined':
    case 'void':
      return undefined
    default:
      return named(name) ?? one(HOSTILE)
  }
}

/** One thing of it wrong: another value somewhere, one less, one more. */
function spoiled(value: unknown): unknown {
  if (random() < 0.25 || typeof value !== 'object' || value === null) return one(HOSTILE)
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.2) return [...value, one(HOSTILE)]
    const at = under(value.length)
    return value.map((item, index) => (index === at ? spoiled(item) : item))
  }
  const keys = Object.keys(value)
  const key = keys.length === 0 || random() < 0.2 ? one(['@@proto', 'constructor', '$where']) : one(keys)
  return { ...value, [key]: spoiled((value as Record<string, unknown>)[key]) }
}

const asked = (shape: Shape, name: string): unknown => {
  const value = made(shape, name)
  return random() < 0.6 ? spoiled(value) : value
}

function textOf(value: unknown): string {
  return RAW.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(value ?? {}))
}

function queryOf(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return encodeURIComponent(String(value).toWellFormed()).slice(0, 4_000)
  const pair = (key: string, item: unknown): string => {
    const text = typeof item === 'string' ? item : textOf(item)
    return `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(text.toWellFormed().slice(0, 1_000))}`
  }
  const pairs = Object.entries(value).flatMap(([key, item]) =>
    Array.isArray(item)
      ? item.slice(0, 20).map(each => pair(one([key, `${key}[]`, `${key}[0]`]), each))
      : [pair(key, item)],
  )
  return pairs.join('&').replaceAll('%40%40proto', '__proto__').slice(0, 8_000)
}

/** As far as it can be: what is cut to a length may end in half a letter. */
function decoded(target: string): string {
  return target.replace(/(?:%[0-9a-f]{2})+/gi, part => Buffer.from(part.replaceAll('%', ''), 'hex').toString())
}

interface Broken {
  readonly request: string
  readonly answer: string
}

/** All routes and methods, each some times, in an order of its own. */
async function everything(
  url: string,
  actors: readonly Name[],
  avoided = ENDS,
): Promise<{ broken: Broken[]; answered: number; taken: number }> {
  const broken: Broken[] = []
  let [answered, taken] = [0, 0]
  const requests: (() => Promise<void>)[] = []
  const clients = new Map<Name, Ddp>()
  for (const actor of actors) clients.set(actor, await Ddp.as(url, actor))
  const note = (request: string, answer: string, fits: boolean, ok: boolean): void => {
    answered += 1
    if (ok) taken += 1
    if (!fits) broken.push({ request: request.slice(0, 1_500), answer: answer.slice(0, 500) })
  }
  for (const route of ROUTES)
    for (const path of route.paths) {
      if (avoided.test(path) || SLOW.test(path)) continue
      for (let time = 0; time < EACH; time++) {
        const actor = one(actors)
        const place = path.replace(/:(\w+)/g, (_, part) =>
          encodeURIComponent(String(named(part) ?? named('rid')).toWellFormed()),
        )
        const headers: Record<string, string> = { 'x-user-id': IDS[actor], 'x-auth-token': tokenOf(actor) }
        let target = `${url}/api${place}`
        let body: string | undefined
        if (isUpload(route)) {
          headers['content-type'] = one(['multipart/form-data; boundary=b', 'multipart/form-data', 'text/plain'])
          const [field, file] = [
            one(['file', 'image', 'msg', '__proto__']),
            one(['a.png', '../a', 'a"b', '\u00ff', '']),
          ]
          const part = `content-disposition: form-data; name="${field}"; filename="${file}"\r\ncontent-type: image/svg+xml`
          body = `--b\r\n${part}\r\n\r\n<svg/>\r\n--b--\r\n`
        } else if (route.verb === 'GET') target += `?${queryOf(asked(route.input, path))}`
        else {
          headers['content-type'] = 'application/json'
          body = textOf(asked(route.input, path))
        }
        requests.push(async () => {
          const request = `${actor}: ${route.verb} ${target} ${body ?? ''}`
          tap.sent(IDS[actor], `${decoded(target)}\n${body}`)
          const answer = await fetch(target, {
            method: route.verb,
            headers,
            redirect: 'manual',
            ...(body === undefined ? {} : { body }),
          })
          const text = await answer.text()
          // Which tells its own user of their log-ins.
          if (!path.endsWith('users.info')) tap.received(IDS[actor], text)
          const fits = answer.status < 500 && answer.headers.get('content-type') === 'application/json' && isJson(text)
          note(request, `${answer.status} ${text}`, fits, answer.status === 200)
        })
      }
    }
  for (const { name, params } of METHODS.values()) {
    if (avoided.test(name) || SLOW.test(name)) continue
    for (let time = 0; time < EACH; time++) {
      const actor = one(actors)
      const text = textOf(asked(params, name))
      requests.push(async () => {
        const answer = await askRaw(clients.get(actor) as Ddp, name, text)
        // Of rooms that one may enter and has not, the real server answers so (RC-192).
        const fits = answer.error?.error !== 500 || name === 'readMessages'
        note(`${actor}: ${name} ${text}`, JSON.stringify(answer), fits, answer.error === undefined)
      })
    }
  }
  const shuffled = requests.map(request => ({ request, at: random() })).sort((a, b) => a.at - b.at)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < shuffled.length; at = next++) await shuffled[at]?.request()
  }
  await Promise.all(Array.from({ length: TOGETHER }, worker))
  for (const client of clients.values()) {
    if (client.closed !== null) broken.push({ request: 'a socket', answer: `closed with ${client.closed}` })
    client.close()
  }
  return { broken, answered, taken }
}

let requestNumber = 0
async function askRaw(client: Ddp, name: string, params: string): Promise<Frame> {
  const id = `shape${++requestNumber}`
  client.send(`{"msg":"method","method":${JSON.stringify(name)},"id":"${id}","params":${params}}`)
  return client.until(
    (frame: Frame) => frame.msg === 'result' && frame.id === id,
    Math.max(0, client.frames.length - 50),
    20_000,
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Rooms of bob's and carol's alone, a group and a direct one, with a message in each. */
async function bystanders(server: TestServer) {
  const bob = await Ddp.as(server.url, 'bob')
  const group = (await bob.call('createPrivateGroup', 'bystanders', ['carol'])).rid
  const direct = (await bob.call('createDirectMessage', 'carol')).rid
  const said = []
  for (const rid of [group, direct])
    said.push((await bob.call('sendMessage', { rid, msg: `PRIVATE-of-bystanders ${rid}` }))._id)
  for (const rid of [group, direct]) {
    await bob.sub('stream-room-messages', rid)
    for (const event of ['deleteMessage', 'user-activity', 'messagesRead'])
      await bob.sub('stream-notify-room', `${rid}/${event}`)
  }
  for (const event of ['force_logout', 'e2ekeyRequest', 'userData'])
    await bob.sub('stream-notify-user', `${IDS.bob}/${event}`)
  return { bob, group, direct, said }
}

async function stateOf(bob: Ddp, { group, direct }: { group: string; direct: string }) {
  const shown = []
  for (const rid of [group, direct]) {
    const { _updatedAt: _, ...room } = await bob.call('getRoomById', rid).catch(error => ({ error: String(error) }))
    shown.push(room, (await bob.call('loadHistory', rid, null, 50)).messages)
  }
  return shown
}

let server: TestServer
beforeAll(async () => {
  server = await start({ config: { limits: { flood: 1_000_000 } } })
  console.log(`SHAPES_SEED=${SEED}`)
})
afterAll(() => server?.remove())

function furnish(rooms: readonly string[], messages: readonly string[]): void {
  const users = [IDS.alice, IDS.carol, IDS.bob, IDS.dave, 'rocket.cat', '999999']
  const names = ['alice', 'carol', 'bob', 'dave', 'nobody', 'ALICE', 'rocket.cat']
  const query = [
    '{}',
    '{"name":1}',
    '{"username":{"$regex":"(a+)+$"}}',
    '{"$or":[]}',
    '{"__proto__":1}',
    '[',
    'null',
    '{"term":"a"}',
  ]
  const settings = [
    ...Object.keys(SETTINGS).filter(id => !/Password|Login|TwoFactor/.test(id)),
    'constructor',
    '__proto__',
  ]
  pools = [
    [/^(?:rid|roomIds?|room|teamId|prid|_id)$/i, rooms],
    [/^(?:msgId|messageId|mid|tmid|pmid|fileId)$/i, messages],
    [/^(?:userIds?|uid|member|user)$/i, users],
    [/^(?:usernames?|names?|text|term|channel|roomName|teamName)$/i, [...names, ...rooms]],
    [/^(?:query|sort|fields|selector|filter)$/, query],
    [/^role(?:s|Name|Id)?$/i, ['admin', 'owner', 'moderator', 'user', 'constructor']],
    [/^id$/, [...settings, ...rooms, ...messages]],
    [
      /^(?:from|oldest|latest|updatedSince|lastUpdate|date)$/i,
      ['2026-01-01T00:00:00.000Z', 'x', '0', '275760-09-14T00:00:00Z'],
    ],
    [/^(?:offset|count)$/, ['0', '1', '-1', '1e9', 'NaN', '0x10', '']],
    [
      /^(?:message|msg)$/i,
      ['hello', 'PRIVATE?', { rid: one(rooms), msg: 'x' }, { rid: one(rooms), _id: one(messages), msg: 'y' }],
    ],
  ]
}

/** Nothing of it is a bug, and nothing that should not is in the log. */
function expectHealthy({ broken, answered, taken }: Awaited<ReturnType<typeof everything>>, output: string): void {
  const bugs = output
    .split('\n')
    .filter(line => /"level":[56]0/.test(line))
    .slice(0, 3)
  expect({ broken: broken.slice(0, 5), bugs }, `SHAPES_SEED=${SEED}`).toEqual({ broken: [], bugs: [] })
  expect(output).not.toMatch(/token-of-|password of |PRIVATE/)
  // Whether what was made fits at all.
  expect(answered).toBeGreaterThan(1_000)
  expect(taken / answered).toBeGreaterThan(0.05)
}

test('whatever users ask for is answered, and others neither hear nor lose anything', async () => {
  const { bob, ...rooms } = await bystanders(server)
  const alice = await Ddp.as(server.url, 'alice')
  const own = (await alice.call('createPrivateGroup', 'own', ['dave'])).rid
  const open = (await alice.call('createChannel', 'open', ['dave'])).rid
  const said = (await alice.call('sendMessage', { rid: own, msg: 'said' }))._id
  const { general, secret } = server.rooms as { general: string; secret: string }
  furnish([rooms.group, rooms.direct, own, open, general, secret, 'none', '__proto__'], [...rooms.said, said, 'none'])
  const before = await stateOf(bob, rooms)
  const heard = bob.frames.length
  const done = await everything(server.url, ['alice', 'mallory'])
  expectHealthy(done, server.output())
  expect(bob.closed).toBeNull()
  expect(bob.frames.slice(heard).filter(({ msg }) => msg === 'changed' || msg === 'nosub')).toEqual([])
  expect(await stateOf(bob, rooms)).toEqual(before)
  bob.close()
  alice.close()
})

test('whatever an administrator asks for is answered, and the server goes on', async () => {
  const alice = await Ddp.as(server.url, 'alice')
  const { general, secret } = server.rooms as { general: string; secret: string }
  const own = (await alice.call('createPrivateGroup', 'hers', ['dave'])).rid
  const said = (await alice.call('sendMessage', { rid: own, msg: 'said' }))._id
  alice.close()
  furnish([own, general, secret, 'none', '__proto__'], [said, 'none'])
  const done = await everything(server.url, ['ada'], new RegExp(`${ENDS.source}|${RENAMES.source}`, 'i'))
  expectHealthy(done, server.output())
})
