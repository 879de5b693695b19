import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printConfig, readConfig } from './config.ts'

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'conclave-config-')), 'config.json')
  writeFileSync(path, content)
  return path
}

const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

function streams(list: readonly object[], more: readonly object[] = []): Record<string, string> {
  return { ...webhooks(more), CONCLAVE_OUTLET_NATS: JSON.stringify(list) }
}

function webhooks(list: readonly object[]): Record<string, string> {
  return { CONCLAVE_OUTLET_WEBHOOKS: JSON.stringify(list) }
}

describe('configuration', () => {
  test('has a default for every field', () => {
    const config = readConfig({})
    expect([config.host, config.port, config.dino.kickBan, config.dino.history.limit]).toEqual([
      '127.0.0.1',
      4200,
      0,
      50,
    ])
  })

  test('is read from the file, and the environment wins', () => {
    const path = file('{ "port": 1, "dino": { "kickBan": 600, "autojoin": false } }')
    const config = readConfig({
      CONCLAVE_CONFIG: path,
      CONCLAVE_PORT: '2',
      CONCLAVE_ORIGINS: 'https://a.example, https://b.example',
    })
    expect([config.port, config.dino.kickBan, config.dino.autojoin]).toEqual([2, 600, false])
    expect(config.origins).toEqual(['https://a.example', 'https://b.example'])
  })

  test.each([
    [{ CONCLAVE_PROT: '1' }, 'CONCLAVE_PROT'],
    [{ CONCLAVE_PORT: 'many' }, '"port"'],
    [{ CONCLAVE_PORT: '70000' }, '"port"'],
    [{ CONCLAVE_DINO_HISTORY: '{"type":"top","limit":0}' }, '"dino.history.limit"'],
    [{ CONCLAVE_STORE: 'mysql://user:password@localhost/x' }, 'The setting "store" is not valid: must be "sqlite"'],
    [{ CONCLAVE_STORE: 'postgres://user:password@localhost' }, '"store"'],
    [{ CONCLAVE_STORE: 'postgres:///x' }, '"store"'],
    [{ CONCLAVE_STORE: 'postgres' }, '"store"'],
    [{ CONCLAVE_BUS: 'nats://x' }, '"bus"'],
    [{ CONCLAVE_BLOBS: 'disk' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://x' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://key:secret@bucket' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://bucket/../other' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://bucket?endpoint=store.example' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://bucket?endpoint=https://store.example/path' }, '"blobs"'],
    [{ CONCLAVE_BLOBS: 's3://bucket?endpont=https://store.example' }, '"blobs"'],
    [{ CONCLAVE_NODE: '1024' }, '"node"'],
    [{ CONCLAVE_PUBLIC_URL: 'chat.example.org' }, '"publicUrl"'],
    [{ CONCLAVE_PUBLIC_URL: 'ftp://chat.example.org' }, '"publicUrl"'],
    [{ CONCLAVE_ORIGINS: 'https://a.example/' }, '"origins.0"'],
    [{ CONCLAVE_PROXY_TRUST: 'everybody' }, '"proxy.trust.0" is not valid: must be an IP address'],
    [{ CONCLAVE_DINO: '5' }, '"dino"'],
    [{ CONCLAVE_DINO: '5', CONCLAVE_DINO_KICK_BAN: '600' }, '"dino"'],
    [{ CONCLAVE_DINO: '{"__proto__":{"kickBan":1}}' }, '"dino.__proto__"'],
    [{ CONCLAVE_DINO_LIMIT_LENGTH: '{"min":9,"max":3}' }, '"dino.limitLength"'],
    [{ CONCLAVE_DINO_NOT_FULL_MAX_USERS_LOW: '3' }, '"dino.notFull.maxUsersHigh"'],
    [{ CONCLAVE_LOG_LEVEL: 'loud' }, '"log.level"'],
    [webhooks([{ url: 'ftp://a.example', secrets: [KEY] }]), '"outlet.webhooks.0.url"'],
    [streams([{ servers: 'http://me:password@a', stream: 'S' }]), '"outlet.nats.0.servers"'],
    [streams([{ servers: 'nats://me:password@a,nats://other:password@b', stream: 'S' }]), '"outlet.nats.0.servers"'],
    [streams([{ servers: 'nats://a' }]), '"outlet.nats.0.stream"'],
    [streams([{ servers: 'nats://a', stream: 'a.b' }]), '"outlet.nats.0.stream"'],
    [streams([{ servers: 'nats://a', stream: 'S', subject: 'a.>' }]), '"outlet.nats.0.subject"'],
    [streams([{ servers: 'nats://a', stream: 'S', subject: '$JS' }]), '"outlet.nats.0.subject"'],
    [streams([{ servers: 'nats://a', stream: 'S', replicas: 6 }]), '"outlet.nats.0.replicas"'],
    [streams([{ servers: 'nats://a', stream: 'S', verbs: [] }]), '"outlet.nats.0.verbs"'],
    [
      streams(
        [{ servers: 'nats://a', stream: 'S', name: 'a.example' }],
        [{ url: 'https://a.example', secrets: [KEY] }],
      ),
      '"outlet.nats" is not valid: must have a name each',
    ],
    [webhooks([{ url: 'nowhere', secrets: [KEY] }]), '"outlet.webhooks.0.url"'],
    [webhooks([{ url: 'https://me:password@a.example', secrets: [KEY] }]), '"outlet.webhooks.0.url"'],
    [webhooks([{ url: 'https://a.example', secrets: [] }]), '"outlet.webhooks.0.secrets"'],
    [webhooks([{ url: 'https://a.example', secrets: ['whsec_password'] }]), '"outlet.webhooks.0.secrets.0"'],
    [webhooks([{ url: 'https://a.example', secrets: [KEY], verbs: ['shout'] }]), '"outlet.webhooks.0.verbs.0"'],
    [webhooks([{ url: 'https://a.example', secrets: [KEY], name: 'a b' }]), '"outlet.webhooks.0.name"'],
    [
      webhooks(['/one', '/two'].map(path => ({ url: `https://a.example${path}`, secrets: [KEY] }))),
      '"outlet.webhooks" is not valid: must have a name each',
    ],
    [{ CONCLAVE_CONFIG: '/nowhere/config.json' }, 'CONCLAVE_CONFIG'],
  ])('a wrong setting %j is one sentence that names it', (env, name) => {
    expect(() => readConfig(env)).toThrow(name)
    expect(() => readConfig(env)).not.toThrow(/password|\n/)
  })

  test('a wrong group in the file is named, whatever the environment says of its fields', () => {
    const env = { CONCLAVE_CONFIG: file('{ "dino": 5 }'), CONCLAVE_DINO_KICK_BAN: '600' }
    expect(() => readConfig(env)).toThrow('"dino"')
    expect(() => readConfig({ CONCLAVE_CONFIG: file('{ "__proto__": { "port": 1 } }') })).toThrow(
      '"__proto__" is unknown',
    )
  })

  test('of the environment a field wins over its group, in whatever order they come', () => {
    const group = ['CONCLAVE_DINO', '{"kickBan":1,"autojoin":false}'] as const
    const field = ['CONCLAVE_DINO_KICK_BAN', '600'] as const
    for (const env of [Object.fromEntries([group, field]), Object.fromEntries([field, group])]) {
      const { dino } = readConfig(env)
      expect([dino.kickBan, dino.autojoin]).toEqual([600, false])
    }
    const limit = {
      CONCLAVE_CONFIG: file('{ "dino": { "limitAmount": null } }'),
      CONCLAVE_DINO_LIMIT_AMOUNT_MAX_ROOMS: '2',
    }
    expect(readConfig(limit).dino.limitAmount).toEqual({ maxRooms: 2 })
  })

  test('lists, addresses and what is empty are read as compose files write them', () => {
    const config = readConfig({
      CONCLAVE_PORT: '',
      CONCLAVE_ORIGINS: '["https://a.example:8443"]',
      CONCLAVE_PROXY_TRUST: '10.0.0.1, ::1',
      CONCLAVE_PUBLIC_URL: 'https://chat.example.org/',
      CONCLAVE_DINO_LIMIT_AMOUNT: '{"maxRooms":2}',
    })
    expect([config.port, config.origins, config.proxy.trust]).toEqual([
      4200,
      ['https://a.example:8443'],
      ['10.0.0.1', '::1'],
    ])
    expect(readConfig({ CONCLAVE_PROXY_TRUST: 'true', CONCLAVE_PUBLIC_URL: 'null' }).proxy.trust).toBe(true)
    expect(readConfig({ CONCLAVE_ORIGINS: 'capacitor://localhost,*' }).origins).toEqual(['capacitor://localhost', '*'])
  })

  test('what is set for the project’s own tests is no setting, and what only looks like one is refused', () => {
    expect(readConfig({ CONCLAVE_TEST_ENGINES: 'http://127.0.0.1:1' })).toEqual(readConfig({}))
    expect(() => readConfig({ CONCLAVE_TESTS: '1' })).toThrow('CONCLAVE_TESTS')
  })

  test('a database is named by its address, which is not printed with its password', () => {
    const store = 'postgres://conclave:s3cr3t@db.example:5433/chat?sslmode=verify-full&password=s3cr3t'
    const config = readConfig({ CONCLAVE_STORE: store })
    expect(config.store).toBe(store)
    expect(printConfig(config)).toContain('store = "postgres://…@db.example:5433/chat?…"')
    expect(printConfig(config)).not.toContain('s3cr3t')
  })

  test('every field has its own name in the environment', () => {
    const names = [
      ...printConfig(readConfig({ CONCLAVE_DINO_LIMIT_AMOUNT: '{"maxRooms":2}' })).matchAll(/CONCLAVE_\w+/g),
    ].map(String)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('CONCLAVE_DINO_LIMIT_AMOUNT_MAX_ROOMS')
  })

  test('an unknown field of the file is named with its path', () => {
    expect(() => readConfig({ CONCLAVE_CONFIG: file('{ "dino": { "kickban": 1 } }') })).toThrow(
      '"dino.kickban" is unknown',
    )
    expect(() => readConfig({ CONCLAVE_CONFIG: file('[]') })).toThrow('not a JSON object')
  })

  test('prints every field with a sentence', () => {
    const lines = printConfig(readConfig({})).split('\n')
    expect(lines.length % 2).toBe(0)
    for (let n = 1; n < lines.length; n += 2) expect(lines[n]?.trim()).toMatch(/^[A-Zg].*\.$/)
  })

  test('prints neither a secret nor the query of an address', () => {
    const printed = printConfig(
      readConfig(webhooks([{ name: 'shop', url: 'https://shop.example/hook?key=password', secrets: [KEY, KEY] }])),
    )
    expect(printed).toContain('{"name":"shop","url":"https://shop.example/hook?…","secrets":["…","…"]}')
    expect(printed).not.toMatch(/password|MfKQ9r8/)
    const nats = printConfig(
      readConfig(streams([{ servers: 'nats://me:password@a,nats://me:password@b,c', stream: 'S' }])),
    )
    expect(nats).toContain('"servers":"nats://…@a,nats://…@b,c"')
    expect(nats).not.toContain('password')
    const whisperCheck = '{"url":"http://site.example/rpc?key=password","key":"MfKQ9r8"}'
    const asked = printConfig(readConfig({ CONCLAVE_DINO_WHISPER_CHECK: whisperCheck }))
    expect(asked).toContain('dino.whisperCheck.url = "http://site.example/rpc?…"')
    expect(asked).toContain('dino.whisperCheck.key = "…"')
    expect(asked).not.toMatch(/password|MfKQ9r8/)
  })

  test('nodes hear each other over a bus where they share a store, and it is printed without who they are there', () => {
    const several = { CONCLAVE_STORE: 'postgres://me:one@a/x', CONCLAVE_BUS: 'nats://me:two@a:4222,b' }
    const env = { ...several, CONCLAVE_DINO_POLLING: 'false' }
    const config = readConfig(env)
    expect(config.bus).toBe(env.CONCLAVE_BUS)
    const printed = printConfig(config)
    expect(printed).toContain('bus = "nats://…@a:4222,b"')
    expect(printed).not.toMatch(/one@|two@/)
    expect(() => readConfig({ CONCLAVE_BUS: 'nats://a' })).toThrow('"store" has to name one')
    expect(() => readConfig({ ...env, CONCLAVE_BUS: 'http://a' })).toThrow('The setting "bus" is not valid')
    expect(() => readConfig(several)).toThrow('"dino.polling" has to be false')
    const peers = JSON.stringify({ address: 'http://a:4200', secret: 's'.repeat(32) })
    expect(readConfig({ ...several, CONCLAVE_PEERS: peers }).dino.polling).toBe(true)
  })

  test('the whisper check has an address without credentials, and all of its fields or none', () => {
    const read = (value: object) => readConfig({ CONCLAVE_DINO_WHISPER_CHECK: JSON.stringify(value) }).dino.whisperCheck
    expect(readConfig({}).dino.whisperCheck).toBe(null)
    expect(read({ url: 'http://a.example', key: 'k' })).toEqual({ url: 'http://a.example', key: 'k', timeout: 2_000 })
    expect(() => read({ url: 'http://a.example' })).toThrow('"dino.whisperCheck.key"')
    expect(() => read({ url: 'http://me:secret@a.example', key: 'k' })).toThrow('"dino.whisperCheck.url"')
    expect(() => read({ url: 'ftp://a.example', key: 'k' })).toThrow('"dino.whisperCheck.url"')
  })
})
