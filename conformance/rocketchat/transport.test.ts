// The connection itself (rocketchat.md section 1): raw and SockJS, the handshake, silence, and whatever may come instead of
// a packet. Another session notices nothing of any of it.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { TestServer } from '../server.ts'
import { Ddp } from './ddp.ts'
import { IDS, start } from './start.ts'

const SOCKJS = '/sockjs/123/abcdefgh/websocket'

let server: TestServer
/** Pings after a short silence, and lets nobody stay who does not log in. */
let strict: TestServer
let witness: Ddp

beforeAll(async () => {
  ;[server, strict] = await Promise.all([
    start({ config: { limits: { flood: 1_000_000 } } }),
    start({ config: { rocketchat: { silence: 0.4, anonymous: 1.5 } } }),
  ])
  witness = await Ddp.as(server.url, 'bob')
  await witness.sub('stream-room-messages', server.rooms.general as string)
})
afterAll(async () => {
  witness.close()
  await Promise.all([server.remove(), strict.remove()])
})

async function unharmed(): Promise<void> {
  const { _id } = await witness.call('sendMessage', { rid: server.rooms.general, msg: 'still here' })
  await witness.event('room-messages', ([message]) => message._id === _id)
  expect(server.output()).not.toContain('"level":50')
}

const status = (url: string, path: string): Promise<number> =>
  new Promise(resolve => {
    const ws = new WebSocket(`${url.replace('http', 'ws')}${path}`)
    ws.on('unexpected-response', (_, response) => {
      resolve(response.statusCode as number)
      ws.terminate()
    })
    ws.on('open', () => {
      resolve(101)
      ws.close()
    })
    ws.on('error', () => {})
  })

describe('handshake', () => {
  test.each(['1', 'pre2', 'pre1'])('version %s is connected', async version => {
    const client = await Ddp.open(server.url)
    client.send({ msg: 'connect', version, support: [version] })
    await client.until(({ msg }) => msg === 'connected')
    client.close()
  })

  test.each([['2'], [1], [null], [['1']], [undefined]])(
    'version %j is told the right one, and closed',
    async version => {
      const client = await Ddp.open(server.url)
      client.send({ msg: 'connect', version, support: ['2'] })
      expect(await client.until(({ msg }) => msg === 'failed')).toEqual({ msg: 'failed', version: '1' })
      expect(await client.untilClosed()).toBe(1002)
    },
  )

  test('a second connect is refused, the session goes on; each connection has an id of its own', async () => {
    const [one, other] = [await Ddp.connect(server.url), await Ddp.connect(server.url)]
    one.send({ msg: 'connect', version: '1', support: ['1'] })
    expect(await one.until(({ msg }) => msg === 'error')).toEqual({ msg: 'error', reason: 'Already connected' })
    expect((await one.ask('login', { resume: 'token-of-alice' })).result.id).toBe(IDS.alice)
    expect(one.frames[0].session).not.toBe(other.frames[0].session)
    for (const client of [one, other]) client.close()
  })

  test.each(['/websocket/', '/websocket/x', '/sockjs', '/sockjsx', '/nowhere'])('no socket at %s', async path =>
    expect(await status(server.url, path)).toBe(404),
  )
})

describe('SockJS', () => {
  test('GET /sockjs/info, and nothing but WebSocket', async () => {
    const response = await fetch(`${server.url}/sockjs/info`)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('application/json'),
    ])
    const entropy = expect.any(Number)
    expect(await response.json()).toEqual({ websocket: true, origins: ['*:*'], cookie_needed: false, entropy })
    for (const path of [
      '',
      '/123/abc/xhr',
      '/123/abc/xhr_streaming',
      '/123/abc/eventsource',
      '/123/abc/jsonp',
      '/iframe.html',
    ])
      expect(
        (await fetch(`${server.url}/sockjs${path}`, { method: path.includes('xhr') ? 'POST' : 'GET' })).status,
      ).toBe(404)
  })

  test('a page of another origin gets neither the info nor a socket', async () => {
    const own = await start({ config: { origins: ['https://chat.example'] } })
    const headers = { origin: 'https://evil.example' }
    expect((await fetch(`${own.url}/sockjs/info`, { headers })).status).toBe(403)
    await expect(Ddp.open(own.url, headers, SOCKJS)).rejects.toThrow('403')
    const allowed = await fetch(`${own.url}/sockjs/info`, { headers: { origin: 'https://chat.example' } })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://chat.example')
    await own.remove()
  })

  test('opens with o, speaks in a[…], closes with c[…]', async () => {
    const client = await Ddp.open(server.url, {}, SOCKJS)
    client.send({ msg: 'connect', version: '1', support: ['1'] })
    await client.until(({ msg }) => msg === 'connected')
    expect(client.controls).toEqual(['o'])
    client.send({ msg: 'ping', id: '1' })
    expect(await client.until(({ msg }) => msg === 'pong')).toEqual({ msg: 'pong', id: '1' })
    client.send({ msg: 'method', id: '1' })
    expect(await client.untilClosed()).toBe(1002)
    expect(client.controls).toEqual(['o', 'c[1002,"CLOSE_PROTOCOL_ERROR"]'])
  })

  test('a message reaches raw and SockJS clients alike', async () => {
    const rid = server.rooms.general as string
    const [raw, framed] = [await Ddp.as(server.url, 'alice'), await Ddp.as(server.url, 'alice', SOCKJS)]
    for (const client of [raw, framed]) await client.sub('stream-room-messages', rid)
    const sent = await raw.call('sendMessage', { rid, msg: 'to "both" of \u2028 them \u00e4\u{1f600}' })
    const [one] = await raw.event('room-messages', ([message]) => message._id === sent._id)
    const [other] = await framed.event('room-messages', ([message]) => message._id === sent._id)
    expect(other).toEqual(one)
    for (const client of [raw, framed]) client.close()
  })

  const packets = ['{"msg":"ping","id":"a"}', '{"msg":"ping","id":"b"}']
  test.each([
    ['on its endpoint, several in one frame', SOCKJS, JSON.stringify(packets), ['a', 'b']],
    ['on its endpoint, one bare string', SOCKJS, JSON.stringify(packets[0]), ['a']],
    ['on its endpoint, without framing', SOCKJS, packets[0], ['a']],
    ['on the raw endpoint, framed', '/websocket', JSON.stringify(packets), ['a', 'b']],
    ['on the raw endpoint of SockJS', '/sockjs/websocket', packets[1], ['b']],
  ] as const)('%s', async (_, path, text, ids) => {
    const client = await Ddp.connect(server.url, path)
    client.ws.send(text as string)
    for (const id of ids) await client.until(frame => frame.msg === 'pong' && frame.id === id)
    client.close()
  })

  test.each([
    ['10,000 strings', JSON.stringify(Array(10_000).fill('{"msg":"ping"}')), 1002],
    ['100,000 strings', JSON.stringify(Array(100_000).fill('')), 1007],
    ['what is no string', '[{"msg":"ping"}]', 1002],
    ['a list inside', '[["{}"]]', 1002],
    ['numbers', '[1]', 1002],
    ['a string that is no JSON', '["nonsense"]', 1007],
    ['an empty string', '[""]', 1007],
    ['a string that is a list', '["[]"]', 1002],
    ['framing inside of framing', JSON.stringify([JSON.stringify(['{"msg":"ping"}'])]), 1002],
    ['depth outside', '['.repeat(50_000), 1007],
    ['depth inside', JSON.stringify(['['.repeat(50_000)]), 1007],
    ['a bare number', '1', 1002],
    ['null', 'null', 1002],
    ['half a frame of JSON', '["{\\"msg\\":', 1007],
  ])('%s closes the socket', async (_, text, code) => {
    for (const path of ['/websocket', SOCKJS]) {
      const client = await Ddp.as(server.url, 'alice', path)
      client.ws.send(text)
      expect(await client.untilClosed()).toBe(code)
    }
    await unharmed()
  })

  test('an empty list is nothing', async () => {
    const client = await Ddp.connect(server.url, SOCKJS)
    client.ws.send('[]')
    client.send({ msg: 'ping', id: 'after' })
    await client.until(({ id }) => id === 'after')
    client.close()
  })
})

describe('silence', () => {
  test('a client that says nothing is pinged, then closed with 4000; one that answers stays', async () => {
    const [silent, answering] = [await Ddp.as(strict.url, 'alice'), await Ddp.as(strict.url, 'bob')]
    answering.ws.on('message', data => {
      if (data.toString() === '{"msg":"ping"}') answering.send({ msg: 'pong' })
    })
    const begun = Date.now()
    expect(await silent.until(({ msg }) => msg === 'ping')).toEqual({ msg: 'ping' })
    expect(await silent.untilClosed()).toBe(4000)
    expect(Date.now() - begun).toBeGreaterThan(600)
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(answering.closed).toBeNull()
    expect(silent.frames.filter(({ msg }) => msg === 'ping')).toHaveLength(1)
    answering.close()
  })

  test('who never says connect, and who never logs in, is closed as well', async () => {
    const [mute, stranger, framed] = [
      await Ddp.open(strict.url),
      await Ddp.connect(strict.url),
      await Ddp.connect(strict.url, SOCKJS),
    ]
    const talking = setInterval(() => {
      for (const client of [stranger, framed]) if (client.closed === null) client.send({ msg: 'ping' })
    }, 100)
    expect(await mute.untilClosed()).toBe(4000)
    expect(stranger.closed).toBeNull()
    expect(await stranger.untilClosed()).toBe(4000)
    expect(await framed.untilClosed()).toBe(4000)
    expect(framed.controls.at(-1)).toBe('c[4000,"not logged in"]')
    clearInterval(talking)
  })
})

describe('one connection', () => {
  test('its requests run in their order, and unblock nothing', async () => {
    const client = await Ddp.as(server.url, 'alice')
    const rid = server.rooms.general
    const from = client.frames.length
    for (let i = 0; i < 50; i++) {
      client.send({
        msg: 'method',
        id: `a${i}`,
        method: i % 2 ? 'sendMessage' : 'rooms/get',
        params: i % 2 ? [{ rid, msg: `${i}` }] : [],
      })
      client.send({ msg: 'sub', id: `b${i}`, name: 'stream-notify-all', params: ['public-info', false] })
    }
    await client.until(({ msg, subs }) => msg === 'ready' && subs[0] === 'b49', from)
    const order = client.frames
      .slice(from)
      .flatMap(({ msg, id, subs }) => (msg === 'result' ? id : msg === 'ready' ? subs[0] : []))
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => [`a${i}`, `b${i}`]).flat())
    client.close()
  })

  test('100,000 pings are answered or not, and cost nobody else anything', async () => {
    const limited = await start({ config: { limits: { flood: 1_000 } } })
    const [flooding, other] = [await Ddp.as(limited.url, 'alice'), await Ddp.as(limited.url, 'bob')]
    for (let i = 0; i < 100_000; i++) flooding.ws.send('{"msg":"ping"}')
    await other.call('rooms/get')
    await new Promise(resolve => setTimeout(resolve, 1_100))
    // Where they take the server several seconds, it was a flood of several seconds.
    const isAnswered = () => flooding.frames.some(({ id }) => id === 'last')
    await expect
      .poll(
        () => {
          if (flooding.closed === null) flooding.send({ msg: 'ping', id: 'last' })
          return flooding.closed === 4003 || isAnswered()
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe(true)
    expect(flooding.frames.filter(({ msg }) => msg === 'pong').length).toBeLessThan(30_000)
    for (const client of [flooding, other]) client.close()
    await limited.remove()
  })

  test('storms of sub and unsub end where they should', async () => {
    const client = await Ddp.as(server.url, 'alice')
    const rid = server.rooms.general as string
    for (let i = 0; i < 2_000; i++) {
      client.send({ msg: 'sub', id: `s${i % 7}`, name: 'stream-room-messages', params: [rid, false] })
      if (i % 3) client.send({ msg: 'unsub', id: `s${(i * 5) % 7}` })
    }
    for (let i = 0; i < 7; i++) client.send({ msg: 'unsub', id: `s${i}` })
    await client.call('rooms/get')
    const from = client.frames.length
    await unharmed()
    await client.call('rooms/get')
    expect(client.frames.slice(from).filter(({ msg }) => msg === 'changed')).toEqual([])
    client.close()
  })

  test('a subscription too many is refused, and unsub makes room again', async () => {
    const client = await Ddp.as(server.url, 'alice')
    for (let i = 0; i < 1_001; i++)
      client.send({ msg: 'sub', id: `s${i}`, name: 'stream-notify-logged', params: [`event ${i}`, false] })
    const refused = await client.until(({ msg }) => msg === 'nosub')
    expect([refused.id, refused.error.error]).toEqual(['s1000', 'too-many-requests'])
    client.send({ msg: 'unsub', id: 's0' })
    expect((await client.sub('stream-notify-logged', 'one more')).msg).toBe('ready')
    client.close()
  })

  test.each([
    '{"msg":"method","method":"rooms/get","id":"1","params":[],"__proto__":{"msg":"x"}}',
    '{"__proto__":{"msg":"ping"},"msg":"ping","id":"1"}',
    '{"msg":"ping","id":"1","constructor":{"prototype":{"polluted":1}}}',
    '{"msg":"method","id":"1","method":"__proto__","params":[{"__proto__":{"polluted":1}}]}',
  ])('keys of the prototype are only keys: %s', async text => {
    const client = await Ddp.as(server.url, 'alice')
    client.send(text)
    await client.until(({ id }) => id === '1')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    client.close()
    await unharmed()
  })

  test('sockets that break off in the middle of anything leave nothing behind', async () => {
    const port = server.port
    const upgrade = `GET /websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    const halves = [
      upgrade.slice(0, 40),
      upgrade,
      Buffer.concat([Buffer.from(upgrade), Buffer.from([0x81])]),
      Buffer.concat([Buffer.from(upgrade), Buffer.from([0x81, 0xfe, 0x10])]),
      Buffer.concat([Buffer.from(upgrade), Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])]),
      Buffer.concat([Buffer.from(upgrade), Buffer.from([0x01, 0x82, 1, 2, 3, 4, 5, 6])]),
      Buffer.concat([Buffer.from(upgrade), Buffer.from([0xf1, 0x00])]),
    ]
    await Promise.all(
      halves.flatMap(half =>
        Array.from(
          { length: 20 },
          () =>
            new Promise<void>(resolve => {
              const socket = connect(port, '127.0.0.1', () => socket.write(half, () => socket.resetAndDestroy()))
              socket.on('error', () => {})
              socket.on('close', () => resolve())
            }),
        ),
      ),
    )
    const frames = [Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]), Buffer.from([0xc1, 0x80, 0, 0, 0, 0])]
    for (const frame of frames) {
      const client = await Ddp.as(server.url, 'alice')
      ;(client.ws as unknown as { _socket: { write(data: Buffer): void } })._socket.write(frame)
      expect([1002, 1006]).toContain(await client.untilClosed())
    }
    await unharmed()
  })

  test('a client that goes while its requests run takes nobody along', async () => {
    const rid = server.rooms.general
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const client = await Ddp.as(server.url, 'alice', i % 2 ? SOCKJS : undefined)
        for (let j = 0; j < 20; j++) {
          client.send({
            msg: 'sub',
            id: `s${j}`,
            name: 'stream-room-messages',
            params: [j % 2 ? rid : '__my_messages__', true],
          })
          client.send({ msg: 'method', id: `m${j}`, method: 'sendMessage', params: [{ rid, msg: `${i} ${j}` }] })
        }
        client.ws.terminate()
      }),
    )
    await unharmed()
  })
})
