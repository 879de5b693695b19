// The realms over HTTP, alone on a port over a store in memory.

import type { AddressInfo } from 'node:net'
import type { UserId } from '@conclave/wire'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../../config.ts'
import { isRefused } from '../../../identity/rejection.ts'
import type { XchatParts } from '../route.ts'
import type { XchatServer } from '../testing.ts'
import { startXchat } from '../testing.ts'
import type { JuiceboxConfig } from './config.ts'
import { realmPlugin } from './index.ts'
import { GUESSES_MOST, KEY_LIFE, REALM_RATE } from './limits.ts'
import { realmsOf } from './realms.ts'
import { blinded, cbor, proves, publicOf, randomScalar, read, recover2, recover3, registration } from './testing.ts'

let server: XchatServer
let next = 2_000

beforeAll(async () => {
  server = await startXchat()
})
afterAll(() => server.close())

async function keysOf(user: string, reader = user, query = '', at = server) {
  const answer = await fetch(`${at.url}/2/users/${user}/public_keys${query}`, {
    headers: { authorization: `Bearer token-${reader}` },
  })
  return { status: answer.status, text: await answer.text() }
}

async function configOf(user: string, at = server): Promise<JuiceboxConfig> {
  return JSON.parse((await keysOf(user, user, '', at)).text).juicebox_config
}

interface Place {
  readonly url: string
  readonly token: string
}

/** Where a new user's record would be at one of the realms. */
async function place(which = 0): Promise<Place & { readonly config: JuiceboxConfig; readonly user: string }> {
  const user = String(next++)
  await server.user(user)
  const config = await configOf(user)
  const { key, value } = config.token_map[which]!
  return { url: `${server.url}/juicebox/${key}/req`, token: value.token, config, user }
}

interface Sent {
  readonly headers?: Record<string, string>
  readonly method?: string
}

async function send(
  { url, token }: Place,
  body: Uint8Array<ArrayBuffer> | string | null,
  { headers, method = 'POST' }: Sent = {},
) {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'x-juicebox-version': '0.3.7', ...headers },
    body,
  })
  return { status: answer.status, headers: answer.headers, body: new Uint8Array(await answer.arrayBuffer()) }
}

// biome-ignore lint/suspicious/noExplicitAny: answers as they come
async function ask(at: Place, request: unknown): Promise<any> {
  const { status, headers, body } = await send(at, cbor(request))
  expect([status, headers.get('content-type')]).toEqual([200, 'application/cbor'])
  return read(body)
}

async function registered(guesses = 3, which = 0) {
  const at = await place(which)
  const sent = registration({ guesses })
  expect(await ask(at, { Register2: sent })).toEqual({ Register2: 'Ok' })
  return { at, sent }
}

describe('the config', () => {
  test('names three realms of this server, of which two are enough', async () => {
    const { config, user } = await place()
    const sdk = JSON.parse(config.key_store_token_map_json)
    expect(sdk).toEqual({
      realms: config.token_map.map(({ key, value }) => ({ id: key, address: value.address })),
      register_threshold: 3,
      recover_threshold: 2,
      pin_hashing_mode: 'Standard2019',
    })
    expect(new Set(sdk.realms.map(({ id }: { id: string }) => id)).size).toBe(3)
    for (const { id, address } of sdk.realms) {
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      expect(address).toBe(`http://chat.test/juicebox/${id}/`)
    }
    expect(config.max_guess_count).toBe(20)
    expect(JSON.stringify(config)).not.toContain(`"${user}"`)
  })

  test('is for the owner alone, and left out where the fields leave it out', async () => {
    const { user } = await place()
    await server.user('1999')
    expect(await keysOf(user, '1999')).toEqual({ status: 200, text: '{}' })
    expect(await keysOf(user, '1999', '?public_key.fields=juicebox_config')).toEqual({ status: 200, text: '{}' })
    expect((await keysOf(user, user, '?public_key.fields=public_key')).text).toBe('{}')
    const asked = await keysOf(user, user, '?public_key.fields=public_key,juicebox_config')
    expect(JSON.parse(asked.text)).toHaveProperty('juicebox_config.token_map')
  })

  test('is not there, nor the realms, where they are off', async () => {
    const off = await startXchat({ config: { xchat: { pinBackup: { enabled: false } } } })
    try {
      await off.user('1001')
      expect(await keysOf('1001', '1001', '', off)).toEqual({ status: 200, text: '{}' })
      const { config } = await place()
      const answer = await fetch(`${off.url}/juicebox/${config.token_map[0]!.key}/req`, { method: 'POST' })
      expect(answer.status).toBe(404)
    } finally {
      await off.close()
    }
  })

  test('has realms that are made once, however many ask first', async () => {
    const fresh = await startXchat()
    try {
      await fresh.user('1001')
      const configs = await Promise.all(Array.from({ length: 12 }, () => configOf('1001', fresh)))
      const ids = configs.map(({ token_map }) => token_map.map(({ key }) => key).join())
      expect(new Set(ids).size).toBe(1)
      const [one, two] = configs.map(({ token_map }) => token_map[0]!.value.token)
      expect([one, two].map(token => token!.split('.').length)).toEqual([3, 3])
    } finally {
      await fresh.close()
    }
  })

  test('has the realms that another node was faster to make, and its next keys', async () => {
    const fresh = await startXchat()
    try {
      const { reading, writer, clock, random } = fresh.core
      const parts = { reading, write: writer.write, clock, random }
      /** What a node makes of them that looked before the other one wrote. */
      const late = (seen: Awaited<ReturnType<typeof reading.document>>, time = clock) => {
        let looks = 0
        const document = async (kind: string, key: string) => (looks++ === 0 ? seen : reading.document(kind, key))
        return realmsOf({ ...parts, reading: { document } as unknown as typeof reading, clock: time })
      }
      const made = await realmsOf(parts)
      expect(await late(undefined)).toEqual(made)
      const before = await reading.document('xchat.realms', 'own')
      const later = { now: () => clock.now() + KEY_LIFE }
      const renewed = await realmsOf({ ...parts, clock: later })
      expect(renewed).not.toEqual(made)
      expect(await late(before, later)).toEqual(renewed)
    } finally {
      await fresh.close()
    }
  })

  test('asks for no more guesses than a realm grants', () => {
    const guesses = (count: number) => schema.safeParse({ xchat: { pinBackup: { guesses: count } } }).success
    expect([0, 1, GUESSES_MOST, GUESSES_MOST + 1].map(guesses)).toEqual([false, true, true, false])
  })

  test('is signed with a new key after a time, under the same ids and names', async () => {
    const { reading, writer, clock, random } = server.core
    const parts = { reading, write: writer.write, clock, random }
    const before = await realmsOf(parts)
    const later = { ...parts, clock: { now: () => clock.now() + KEY_LIFE } }
    const after = (await Promise.all([realmsOf(later), realmsOf(later)]))[0]!
    expect(after.map(({ id, subjects }) => ({ id, subjects }))).toEqual(
      before.map(({ id, subjects }) => ({ id, subjects })),
    )
    expect(before.map(({ keys }) => keys.map(({ version }) => version))).toEqual([[1], [1], [1]])
    expect(after.map(({ keys }) => keys.map(({ version }) => version))).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
    const much = { ...parts, clock: { now: () => clock.now() + 3 * KEY_LIFE } }
    expect((await realmsOf(much)).map(({ keys }) => keys.map(({ version }) => version))).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ])
  })
})

describe('a realm', () => {
  test('registers, recovers and deletes', async () => {
    const { at, sent } = await registered()
    expect(await ask(at, 'Recover1')).toEqual({ Recover1: { Ok: { version: sent.version } } })
    const input = blinded()
    const { Ok } = (await ask(at, recover2(sent.version, input))).Recover2
    expect(Ok.guess_count).toBe(1)
    const { public_key } = sent.oprf_signed_public_key
    expect(proves(public_key, input, Ok.oprf_blinded_result, Ok.oprf_proof)).toBe(true)
    expect(proves(publicOf(randomScalar()), input, Ok.oprf_blinded_result, Ok.oprf_proof)).toBe(false)
    const { encrypted_secret } = (await ask(at, recover3(sent.version, sent.unlock_key_tag))).Recover3.Ok
    expect(encrypted_secret).toEqual(sent.encrypted_secret)
    expect(await ask(at, 'Delete')).toEqual({ Delete: 'Ok' })
    expect(await ask(at, 'Recover1')).toEqual({ Recover1: 'NotRegistered' })
  })

  test('knows nothing of a record at another realm, or of another user', async () => {
    const { at } = await registered()
    const elsewhere = at.config.token_map[1]!
    const there = { url: `${server.url}/juicebox/${elsewhere.key}/req`, token: elsewhere.value.token }
    expect(await ask(there, 'Recover1')).toEqual({ Recover1: 'NotRegistered' })
    const stranger = await place()
    expect(await ask(stranger, 'Recover1')).toEqual({ Recover1: 'NotRegistered' })
    expect(await ask(stranger, 'Delete')).toEqual({ Delete: 'Ok' })
    expect((await ask(at, 'Recover1')).Recover1).toHaveProperty('Ok')
  })

  test('answers three of twenty guesses that come at once when three are left', async () => {
    const { at, sent } = await registered(3)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(at, recover2(sent.version))))
    const counts = answers.map(({ Recover2 }) => (Recover2 === 'NoGuesses' ? Recover2 : Recover2.Ok.guess_count))
    expect(counts.filter(count => count !== 'NoGuesses').sort((a, b) => a - b)).toEqual([1, 2, 3])
    expect(counts).toHaveLength(20)
  })

  test('is as strict where its nodes are asked at once', async () => {
    const { at, sent } = await registered(3)
    const { core } = server
    // A node more: the same store, and nothing in memory that is shared.
    const node = fastify()
    const parts = { ...core, write: core.writer.write, publicUrl: () => '' } as unknown as XchatParts
    await node.register(
      realmPlugin(parts, async (_, __, reply) => reply.code(500).send()),
      { prefix: '/juicebox' },
    )
    await node.listen({ host: '127.0.0.1', port: 0 })
    try {
      const other = {
        ...at,
        url: `http://127.0.0.1:${(node.server.address() as AddressInfo).port}${new URL(at.url).pathname}`,
      }
      const places = Array.from({ length: 20 }, (_, index) => (index % 2 ? at : other))
      const answers = await Promise.all(places.map(one => ask(one, recover2(sent.version))))
      const counts = answers.flatMap(({ Recover2 }) => (Recover2 === 'NoGuesses' ? [] : [Recover2.Ok.guess_count]))
      expect(counts.sort((a, b) => a - b)).toEqual([1, 2, 3])
    } finally {
      await node.close()
    }
  })

  test('answers no guess that it could not write down', async () => {
    const { at, sent } = await registered(3)
    const { writer } = server.core
    const parts = {
      ...server.core,
      write: async () => {
        throw Object.assign(new Error('disk full'), { name: 'StoreFailure' })
      },
    } as unknown as XchatParts
    const node = fastify()
    await node.register(
      realmPlugin(parts, async (_, __, reply) => reply.code(503).send()),
      { prefix: '/juicebox' },
    )
    await node.listen({ host: '127.0.0.1', port: 0 })
    try {
      const url = `http://127.0.0.1:${(node.server.address() as AddressInfo).port}${new URL(at.url).pathname}`
      const { status, body } = await send({ ...at, url }, cbor(recover2(sent.version)))
      expect([status, body.length]).toEqual([503, 0])
    } finally {
      await node.close()
    }
    expect(writer.ready).toBe(true)
    expect((await ask(at, recover2(sent.version))).Recover2.Ok.guess_count).toBe(1)
  })

  test('keeps no key and no token in the log', () => expect(server.errors).toEqual([]))
})

describe('whoever comes wrong', () => {
  let at: Place & { readonly config: JuiceboxConfig }
  beforeAll(async () => {
    at = await place()
  })
  const recover1 = cbor('Recover1')

  test.each(['', '0.2.9', '0.2', '0', 'x', '0.3', '0.3.x', '-1.3.0', `0.3.${'7'.repeat(40)}`])(
    'with the version "%s" is sent for a newer one',
    async version => {
      const { status } = await send(at, recover1, { headers: { 'x-juicebox-version': version } })
      expect(status).toBe(426)
    },
  )

  test('without a version is sent for one', async () => {
    const answer = await fetch(at.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${at.token}` },
      body: recover1,
    })
    expect(answer.status).toBe(426)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })

  test.each(['0.3.0', '0.3.7', '0.4.0', '0.10.0', '1.0.0', '0.3.7-beta'])(
    'with the version %s comes in',
    async version => {
      const { status } = await send(at, recover1, { headers: { 'x-juicebox-version': version } })
      expect(status).toBe(200)
    },
  )

  test('with no token, the token of the wire or of another realm is unauthorized', async () => {
    const other = at.config.token_map[1]!.value.token
    for (const authorization of [
      '',
      'Bearer',
      'Bearer x',
      `Basic ${at.token}`,
      'Bearer token-2000',
      `Bearer ${other}`,
    ]) {
      const { status, body } = await send(at, recover1, { headers: { authorization } })
      expect([authorization, status]).toEqual([authorization, 401])
      expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ title: 'Unauthorized' })
    }
  })

  test('with what a dead token of the wire was given is unauthorized at once, and burns no guess', async () => {
    const { at, sent } = await registered(3)
    const { identity } = server.core
    const by = async (text: string) => {
      const headers = { authorization: `Bearer ${text}` }
      const answer = await fetch(`${server.url}/2/users/${at.user}/public_keys`, { headers })
      return {
        url: at.url,
        token: (JSON.parse(await answer.text()).juicebox_config as JuiceboxConfig).token_map[0]!.value.token,
      }
    }
    const mint = async (text: string) => {
      const wanted = { kind: 'user', user: at.user as UserId, issuer: 'test', lifetime: null, text } as const
      const minted = await identity.tokens.mint(wanted)
      if (isRefused(minted)) throw new Error(minted.rejected)
      return minted.token
    }
    const stolen = await mint('stolen')
    const other = await by('stolen')
    expect((await ask(other, recover2(sent.version))).Recover2.Ok.guess_count).toBe(1)
    await identity.tokens.revoke([stolen], 'logged out')
    expect((await send(other, cbor(recover2(sent.version)))).status).toBe(401)
    expect((await ask(at, recover2(sent.version))).Recover2.Ok.guess_count).toBe(2)
    await identity.users.disable(at.user as UserId)
    expect((await send(at, cbor(recover2(sent.version)))).status).toBe(401)
  })

  test('for an account that has ended finds nothing, for there is nothing left', async () => {
    const { at } = await registered()
    const held = () => server.core.reading.countDocuments('xchat.realm-record', at.user)
    expect(await held()).toBe(1)
    await server.core.identity.users.end(at.user as UserId)
    expect((await send(at, cbor('Recover1'))).status).toBe(401)
    expect(await held()).toBe(0)
  })

  test('with a token for reading recovers, and replaces and deletes nothing', async () => {
    const { at, sent } = await registered(3)
    const { tokens } = server.core.identity
    const scopes = ['dm.read', 'users.read', 'tweet.read']
    await tokens.mint({
      kind: 'user',
      user: at.user as UserId,
      issuer: 'test',
      lifetime: null,
      scopes,
      text: `narrow-${at.user}`,
    })
    const answer = await fetch(`${server.url}/2/users/${at.user}/public_keys`, {
      headers: { authorization: `Bearer narrow-${at.user}` },
    })
    const config: JuiceboxConfig = JSON.parse(await answer.text()).juicebox_config
    const narrow = { url: at.url, token: config.token_map[0]!.value.token }
    for (const request of ['Register1', { Register2: registration() }, 'Delete']) {
      const { status, body } = await send(narrow, cbor(request))
      expect([status, Buffer.from(body).toString()]).toEqual([401, expect.stringContaining('dm.write')])
    }
    expect((await ask(narrow, 'Recover1')).Recover1.Ok.version).toEqual(sent.version)
    expect((await ask(narrow, recover2(sent.version))).Recover2.Ok.guess_count).toBe(1)
    expect((await ask(narrow, recover3(sent.version, sent.unlock_key_tag))).Recover3).toHaveProperty('Ok')
    expect(await ask(at, 'Delete')).toEqual({ Delete: 'Ok' })
  })

  test('at a realm that is none finds nothing', async () => {
    for (const id of ['0'.repeat(32), 'x', '%2e%2e', 'a'.repeat(256), at.config.token_map[0]!.key.toUpperCase()]) {
      const { status } = await send({ ...at, url: `${server.url}/juicebox/${id}/req` }, recover1)
      expect([id, status]).toEqual([id, 404])
    }
  })

  test('with another method or path finds nothing', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      const { status } = await send(at, method === 'GET' || method === 'HEAD' ? null : recover1, { method })
      expect([method, status]).toEqual([method, 404])
    }
    for (const path of ['', '/', '/req/req', '/REQ']) {
      const { status } = await send({ ...at, url: at.url.replace(/\/req$/, path) }, recover1)
      expect([path, status]).toEqual([path, 404])
    }
  })

  test.each([
    ['nothing', null],
    ['an empty body', ''],
    ['JSON', '{"Recover1":{}}'],
    ['a kind that is none', cbor('Recover9')],
    ['a point that is none', cbor(recover2(new Uint8Array(16), new Uint8Array(32)))],
    ['bytes', new Uint8Array(100).fill(0xff)],
  ])('with %s is told so', async (_, body) => {
    const answer = await send(at, body)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ])
    expect(JSON.parse(Buffer.from(answer.body).toString())).toHaveProperty('parameter')
  })

  test('with too much is told so', async () => {
    expect((await send(at, new Uint8Array(2_049))).status).toBe(413)
    expect((await send(at, new Uint8Array(5_000_000))).status).toBe(413)
  })

  test.each(['application/cbor', 'application/octet-stream', 'application/json', 'text/plain', 'multipart/form-data'])(
    'may call the body %s',
    async type => {
      const { status } = await send(at, recover1, { headers: { 'content-type': type } })
      expect([status]).toEqual([200])
    },
  )

  test('with a content type that is none is told so', async () => {
    expect((await send(at, recover1, { headers: { 'content-type': 'x' } })).status).toBe(415)
  })

  test('too often is told to wait', async () => {
    const often = await place()
    const statuses: number[] = []
    for (let count = 0; count <= REALM_RATE.limit; count++) statuses.push((await send(often, recover1)).status)
    expect(statuses.slice(0, -1).every(status => status === 200)).toBe(true)
    const { status, headers } = await send(often, recover1)
    expect([statuses.at(-1), status]).toEqual([429, 429])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await send(await place(), recover1)).status).toBe(200)
  })
})

describe('a page of a browser', () => {
  test('may ask first, and then come', async () => {
    const at = await place()
    const origin = 'https://chat.example'
    const asked = await fetch(at.url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, origin])
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-juicebox-version')
    const { status, headers } = await send(at, cbor('Recover1'), { headers: { origin } })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin])
  })

  test('of another site than the configured ones may not', async () => {
    const strict = await startXchat({ config: { origins: ['https://chat.example'] } })
    try {
      await strict.user('1001')
      const { key, value } = (await configOf('1001', strict)).token_map[0]!
      const at = { url: `${strict.url}/juicebox/${key}/req`, token: value.token }
      const from = async (origin: string) => (await send(at, cbor('Recover1'), { headers: { origin } })).status
      expect([await from('https://evil.example'), await from('https://chat.example')]).toEqual([403, 200])
    } finally {
      await strict.close()
    }
  })
})
