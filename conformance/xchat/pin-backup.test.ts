// PIN backup with the real clients: chat-xdk, each chat in a process of its own, and the bare juicebox-sdk. A PIN costs
// them a second or two (Argon2), so tests share what they set up.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Client } from '@xdevplatform/xdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recover2, registration } from '../../packages/server/src/gateways/xchat/realm/testing.ts'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import { ask } from './http.ts'
import type { Config } from './pin.ts'
import { askRealm, atAddresses, chat, configOf, tokensOf } from './pin.ts'
import { PINS } from './pin-cases.ts'
import { A, B, CROWD, D, startXchatServer, tokenOf } from './start.ts'

const PIN = 'correct horse 7'

let server: TestServer
beforeAll(async () => {
  server = await startXchatServer()
})
afterAll(() => server?.remove())

/** A user with a backup, and the keys in it. */
async function backedUp(user: string) {
  const config = await configOf(server.url, user)
  const [done] = await chat(config, [{ generate: true, setup: PIN }])
  expect(done).toEqual({ keys: expect.objectContaining({ identity: expect.any(String) }), error: null })
  return { config, keys: done!.keys }
}

const invalid = (left: number) => `Juicebox recovery failed: reason=InvalidPin guesses_remaining=${left}`

/** The config with one realm at an address where nobody is. */
function withoutRealm(config: Config, down: number): Config {
  return atAddresses(config, (address, which) => (which === down ? 'http://127.0.0.1:9/' : address))
}

describe('a first boot', () => {
  test(
    'generates keys with a config from before, registers them, sets a PIN and unlocks elsewhere',
    async () => {
      const before = await ask(server.url, tokenOf(A), 'GET', `/2/users/${A}/public_keys`)
      // As every client that looks for a key tests it.
      expect(before.body.data?.length).toBeUndefined()
      expect(before.body.juicebox_config.max_guess_count).toBe(20)
      // To X's SDK, too, nobody is enrolled who has no key.
      const sdk = await new Client({ accessToken: tokenOf(A), baseUrl: server.url }).users.getPublicKey(A)
      expect(sdk.data?.length).toBeUndefined()
      expect(sdk).toHaveProperty('juiceboxConfig.keyStoreTokenMapJson')
      const [generated] = await chat(before.body.juicebox_config, [
        { generate: true, register: { url: server.url, user: A }, setup: PIN },
      ])
      expect(generated!.error).toBeNull()
      const { token_map } = generated!.config as Config
      expect(token_map.map(({ key }) => key)).toEqual(
        before.body.juicebox_config.token_map.map(({ key }: { key: string }) => key),
      )

      const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/users/${A}/public_keys`)
      expect(body.juicebox_config).toBeUndefined()
      expect(body.data).toHaveLength(1)
      const [unlocked] = await chat(body.data[0].juicebox_config, [{ unlock: PIN }])
      expect(unlocked).toMatchObject({
        error: null,
        keys: { identity: generated!.keys.identity, signing: generated!.keys.signing },
      })
    },
    PINS,
  )

  test('shows the config to nobody else, on no route', async () => {
    const single = await ask(server.url, tokenOf(B), 'GET', `/2/users/${A}/public_keys`)
    expect(single.body.data).toHaveLength(1)
    const batch = await ask(
      server.url,
      tokenOf(B),
      'GET',
      `/2/users/public_keys?ids=${A},${D}&public_key.fields=public_key,juicebox_config`,
    )
    expect(batch.body.data).toHaveLength(1)
    const none = await ask(server.url, tokenOf(B), 'GET', `/2/users/${D}/public_keys`)
    expect(none.text).toBe('{}')
    for (const { text } of [single, batch, none]) expect(text).not.toMatch(/juicebox|token_map|eyJ/)
  })

  test('gets it in the batch too, and everywhere but where the fields leave it out', async () => {
    const get = (path: string) => ask(server.url, tokenOf(A), 'GET', `/2/users/${path}`)
    expect((await get(`public_keys?ids=${A}`)).body.data[0]).toHaveProperty('juicebox_config')
    expect((await get(`${A}/public_keys?public_key.fields=juicebox_config`)).body.data[0]).toEqual({
      juicebox_config: expect.anything(),
    })
    expect((await get(`${A}/public_keys?public_key.fields=public_key`)).text).not.toContain('juicebox')
    expect((await get(`public_keys?ids=${A}&public_key.fields=public_key`)).text).not.toContain('juicebox')
  })

  test('gives tokens that end within minutes, new ones at every look', async () => {
    const { token_map } = await configOf(server.url, A)
    for (const { key, value } of token_map) {
      const [header, claims] = value.token
        .split('.', 2)
        .map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
      expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'conclave:1' })
      expect(claims).toMatchObject({ iss: 'conclave', aud: key, scope: 'user' })
      expect(claims.exp - claims.iat).toBe(600)
      expect(JSON.stringify(claims)).not.toContain(A)
      expect(value.address).toBe(`${server.url}/juicebox/${key}/`)
    }
  })
})

describe('a PIN', () => {
  test(
    'that is wrong counts, and the right one begins anew',
    async () => {
      const { config, keys } = await backedUp(CROWD[1]!)
      const done = await chat(config, [
        { unlock: 'wrong' },
        { unlock: 'wrong again' },
        { unlock: PIN },
        { unlock: 'wrong' },
      ])
      expect(done.map(({ error }) => error)).toEqual([invalid(19), invalid(18), null, invalid(19)])
      expect(done[2]!.keys).toMatchObject({ identity: keys.identity, signing: keys.signing })
    },
    PINS,
  )

  test(
    'is changed, with a realm down is still enough to unlock, and goes with the backup',
    async () => {
      const { config, keys } = await backedUp(CROWD[2]!)
      const changed = await chat(config, [{ change: [PIN, 'another one'] }, { unlock: PIN }, { unlock: 'another one' }])
      expect(changed.map(({ error }) => error)).toEqual([null, invalid(19), null])
      for (const down of [0, 2]) {
        const [unlocked] = await chat(withoutRealm(config, down), [{ unlock: 'another one' }])
        expect(unlocked).toMatchObject({ error: null, keys: { identity: keys.identity } })
      }
      const gone = await chat(config, [{ delete: true }, { unlock: 'another one' }])
      expect(gone.map(({ error }) => error)).toEqual([null, 'Juicebox recovery failed: reason=NotRegistered'])
    },
    PINS,
  )

  test(
    'that is wrong too often locks the backup on all realms, and a killed server gives no guess back',
    async () => {
      const user = CROWD[3]!
      const own = await startXchatServer()
      let running = own
      try {
        const config = { ...(await configOf(own.url, user)), max_guess_count: 3 }
        const [first, second] = await chat(config, [{ generate: true, setup: PIN }, { unlock: 'wrong' }])
        expect([first!.error, second!.error]).toEqual([null, invalid(2)])
        await own.kill()
        running = await startServer({ data: own.data })
        const moved = await configOf(running.url, user)
        expect(moved.token_map.map(({ key }) => key)).toEqual(config.token_map.map(({ key }) => key))
        const after = await chat(moved, [
          { unlock: 'wrong' },
          { unlock: 'wrong' },
          { unlock: 'wrong' },
          { unlock: PIN },
        ])
        expect(after.map(({ error }) => error)).toEqual([invalid(1), invalid(0), invalid(0), invalid(0)])
        for (const which of [0, 1, 2])
          expect((await askRealm(moved, 'Recover1', { which })).body).toEqual({ Recover1: 'NoGuesses' })
        const [anew, open] = await chat(moved, [{ generate: true, setup: PIN }, { unlock: PIN }])
        expect([anew!.error, open!.error]).toEqual([null, null])
        expect(running.output()).not.toMatch(/eyJ|"level":50/)
      } finally {
        await running.remove()
      }
    },
    PINS,
  )

  test(
    'that is being guessed while the server dies has every answered guess counted',
    async () => {
      const own = await startXchatServer()
      let running = own
      try {
        const config = await configOf(own.url, CROWD[3]!)
        const sent = registration({ guesses: 100 })
        expect((await askRealm(config, { Register2: sent })).status).toBe(200)
        const guess = async (at: Config): Promise<number> => {
          const { status, body } = await askRealm(at, recover2(sent.version))
          expect(status).toBe(200)
          return body.Recover2.Ok.guess_count
        }
        const guesses = Array.from({ length: 60 }, () => guess(config))
        const settled = Promise.allSettled(guesses)
        await Promise.any(guesses)
        await own.kill()
        const counts = (await settled).flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
        expect(new Set(counts).size).toBe(counts.length)
        running = await startServer({ data: own.data })
        expect(await guess(await configOf(running.url, CROWD[3]!))).toBeGreaterThan(Math.max(...counts))
      } finally {
        await running.remove()
      }
    },
    PINS,
  )

  test(
    'of another user opens nothing, and neither does a token that the realm does not believe',
    async () => {
      const user = CROWD[4]!
      const { config } = await backedUp(user)
      const stranger = tokensOf(await configOf(server.url, CROWD[5]!))
      const [other] = await chat(config, [{ unlock: PIN }], { tokens: stranger })
      expect(other!.error).toBe('Juicebox recovery failed: reason=NotRegistered')
      const [first, second, third] = config.token_map.map(({ key }) => key) as [string, string, string]
      const own = tokensOf(config)
      const turned = { [first]: own[second]!, [second]: own[third]!, [third]: own[first]! }
      const [refused] = await chat(config, [{ unlock: PIN }], { tokens: turned })
      expect(refused!.error).toBe('Juicebox recovery failed: reason=InvalidAuth')
      const [cut] = await chat(config, [{ unlock: PIN }], {
        tokens: Object.fromEntries(Object.keys(own).map(key => [key, 'e30.e30.'])),
      })
      expect(cut!.error).toBe('Juicebox recovery failed: reason=InvalidAuth')
    },
    PINS,
  )
})

describe('the bare juicebox-sdk', () => {
  interface Sdk {
    readonly Configuration: new (value: object) => object
    readonly Client: new (
      configuration: object,
      previous: object[],
    ) => {
      register(pin: Uint8Array, secret: Uint8Array, info: Uint8Array, guesses: number): Promise<void>
      recover(pin: Uint8Array, info: Uint8Array): Promise<Uint8Array>
      delete(): Promise<void>
    }
  }
  /** The types of Node leave it out. */
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: { instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: object } }> }
  }
  const text = (value: string) => new TextEncoder().encode(value)
  let sdk: Sdk

  beforeAll(async () => {
    const resolve = createRequire(import.meta.url).resolve
    const glue = await import(resolve('juicebox-sdk/juicebox-sdk_bg.js'))
    const { instance } = await WebAssembly.instantiate(readFileSync(resolve('juicebox-sdk/juicebox-sdk_bg.wasm')), {
      './juicebox-sdk_bg.js': glue,
    })
    glue.__wbg_set_wasm(instance.exports)
    sdk = glue
  })

  /** A client that hashes fast, of the given realms out of the three. */
  async function clientOf(user: string, { realms = [0, 1, 2], register = 3, recover = 2 } = {}) {
    const config = await configOf(server.url, user)
    const tokens = tokensOf(config)
    Object.assign(globalThis, {
      JuiceboxGetAuthToken: async (realm: Uint8Array) => tokens[Buffer.from(realm).toString('hex')],
    })
    const all = JSON.parse(config.key_store_token_map_json).realms
    const configuration = new sdk.Configuration({
      realms: realms.map(index => all[index]),
      register_threshold: register,
      recover_threshold: recover,
      pin_hashing_mode: 'FastInsecure',
    })
    return new sdk.Client(configuration, [])
  }

  test('registers, recovers with the last of its guesses, and deletes', async () => {
    const client = await clientOf(CROWD[6]!)
    const [pin, secret, info] = [text('2580'), text('a secret'), text('of somebody')]
    await client.register(pin, secret, info, 2)
    await expect(client.recover(text('2581'), info)).rejects.toMatchObject({ reason: 0, guesses_remaining: 1 })
    expect(await client.recover(pin, info)).toEqual(secret)
    await expect(client.recover(pin, text('of another'))).rejects.toMatchObject({ reason: 0, guesses_remaining: 1 })
    expect(await client.recover(pin, info)).toEqual(secret)
    await client.delete()
    await expect(client.recover(pin, info)).rejects.toMatchObject({ reason: 1 })
  })

  test('is locked out, and may register anew', async () => {
    const user = CROWD[7]!
    const client = await clientOf(user, { realms: [0], register: 1, recover: 1 })
    const [pin, info] = [text('2580'), text('')]
    await client.register(pin, text('a secret'), info, 1)
    await expect(client.recover(text('2581'), info)).rejects.toMatchObject({ reason: 0, guesses_remaining: 0 })
    await expect(client.recover(pin, info)).rejects.toMatchObject({ reason: 0, guesses_remaining: 0 })
    await client.register(pin, text('another'), info, 1)
    expect(await client.recover(pin, info)).toEqual(text('another'))
  })

  test('is refused a number of guesses that would make a PIN worthless', async () => {
    const client = await clientOf(CROWD[8]!)
    // The SDK calls it transient, as every 4xx that it knows nothing of.
    const transient = 4
    await expect(client.register(text('2580'), text('a secret'), text(''), 101)).rejects.toBe(transient)
    await expect(client.register(text('2580'), text('a secret'), text(''), 0)).rejects.toBe(transient)
  })
})

test('a server without realms hands out no config', async () => {
  const off = await startXchatServer({ config: { xchat: { pinBackup: { enabled: false } } } })
  try {
    expect((await ask(off.url, tokenOf(A), 'GET', `/2/users/${A}/public_keys`)).text).toBe('{}')
    const { token_map } = await configOf(server.url, A)
    const { pathname } = new URL(token_map[0]!.value.address)
    expect((await ask(off.url, tokenOf(A), 'POST', `${pathname}req`, { body: {} })).status).toBe(404)
  } finally {
    await off.remove()
  }
})
