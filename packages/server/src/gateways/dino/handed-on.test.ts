import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect as connectTcp, createServer as createTcp } from 'node:net'
import { pino } from 'pino'
import { Server } from 'socket.io'
import { io as connect4 } from 'socket.io-client'
// @ts-expect-error the old client has no types
import connect2 from 'socket.io-client-2'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startBalancer } from '../../../../../engines/balancer.ts'
import type { LiveNode, NodeEvents } from '../../nodes/nodes.ts'
import { PROOF_AGE } from '../peers/limits.ts'
import { Peers } from '../peers/peers.ts'
import { proofOf } from '../peers/proof.ts'
import { handOn } from './handed-on.ts'
import { PACKET_BYTES } from './limits.ts'
import { newSessionId, nodeOf } from './session-ids.ts'

const SECRET = 'what the nodes know and nobody else does'
const random = { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) }
const UNKNOWN = { code: 1, message: 'Session ID unknown' }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Node {
  readonly url: string
  readonly port: number
  readonly io: Server
  readonly peers: Peers
  readonly live: LiveNode
  readonly warnings: object[]
  readonly events: NodeEvents[]
  /** Requests that came here, with whom they were told to be of. */
  readonly seen: {
    readonly url: string
    readonly sender: string
    readonly client: string | undefined
    readonly headers: IncomingMessage['headers']
  }[]
  kill(): Promise<void>
}

/** Nodes that know each other; `now`: the clock that they share. */
async function cluster(
  numbers: readonly number[],
  { secrets = {}, now = () => Date.now() }: { secrets?: Record<number, string>; now?: () => number } = {},
): Promise<{ nodes: Node[]; live: LiveNode[] }> {
  const live: LiveNode[] = []
  const nodes: Node[] = []
  for (const number of numbers) {
    const http = createServer((_, response) => response.writeHead(404).end())
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    const self = { node: number, instance: `instance ${number}`, address: url }
    live.push(self)
    const [warnings, events]: [object[], NodeEvents[]] = [[], []]
    const peers = new Peers({
      nodes: { self, live: () => live, clock: { now }, watch: each => void events.push(each) },
      secret: secrets[number] ?? SECRET,
      log: pino({ level: 'warn' }, { write: (line: string) => void warnings.push(JSON.parse(line)) }),
      addressOf: request => request.socket.remoteAddress ?? '',
    })
    const seen: Node['seen'] = []
    const io = new Server(http, {
      allowEIO3: true,
      serveClient: false,
      maxHttpBufferSize: PACKET_BYTES,
      pingInterval: 500,
      pingTimeout: 2_000,
    })
    io.engine.generateId = () => newSessionId(number, random)
    const handle = io.engine.handleRequest.bind(io.engine)
    io.engine.handleRequest = (request: IncomingMessage, response: unknown) => {
      const { url = '', headers } = request
      seen.push({ url, headers, sender: peers.senderOf(request), client: peers.clientOf(request) })
      handle(request as never, response as never)
    }
    handOn(io.engine, peers)
    io.on('connection', socket => {
      socket.on('say', (text: string, answer?: (text: string) => void) => {
        answer?.(`${number}: ${text}`)
        socket.emit('said', text)
      })
    })
    const kill = async (): Promise<void> => {
      peers.close()
      http.closeAllConnections()
      await io.close()
    }
    closing.push(kill)
    nodes.push({ url, port, io, peers, live: self, warnings, events, seen, kill })
  }
  return { nodes, live }
}

async function balanced(live: readonly LiveNode[]): Promise<string> {
  const balancer = await startBalancer(() => live.map(({ address }) => address as string))
  closing.push(() => balancer.close())
  return balancer.url
}

/** A session by hand, on that very node. */
async function session({ url }: Node, eio = 4): Promise<string> {
  const text = await (await fetch(`${url}/socket.io/?EIO=${eio}&transport=polling`)).text()
  return (JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { sid: string }).sid
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function ask(node: Node, sid: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(`${node.url}/socket.io/?EIO=4&transport=polling&sid=${encodeURIComponent(sid)}`, init)
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}

describe('an id of a session', () => {
  test('names its node and differs from every other', () => {
    const ids = Array.from({ length: 1_024 }, (_, node) => newSessionId(node, random))
    expect(ids.map(nodeOf)).toEqual(Array.from({ length: 1_024 }, (_, node) => node))
    expect(new Set(ids.map(id => id.slice(2))).size).toBe(1_024)
    expect(ids.every(id => /^[A-Za-z0-9_-]{20}$/.test(id))).toBe(true)
  })

  test.each([
    undefined,
    null,
    7,
    '',
    'AA',
    'A'.repeat(19),
    'A'.repeat(21),
    `${'A'.repeat(19)}é`,
    `${'A'.repeat(19)}.`,
    ['A'.repeat(20)],
  ])('is not %s', sid => expect(nodeOf(sid)).toBeNull())
})

describe.each([
  ['socket.io-client 4', connect4 as never as typeof connect2],
  ['socket.io-client 2', connect2],
])('%s through a balancer that remembers nobody', (_, connect) => {
  test.each([
    ['polls', ['polling'], false],
    ['goes over to a WebSocket', ['polling', 'websocket'], true],
  ])('%s', async (_name, transports, upgrades) => {
    const { nodes, live } = await cluster([0, 5, 1_023])
    const socket = connect(await balanced(live), { transports, forceNew: true, reconnection: false })
    closing.push(() => socket.close())
    const said: string[] = []
    socket.on('said', (text: string) => void said.push(text))
    await new Promise((resolve, reject) => {
      socket.on('connect', resolve)
      socket.on('connect_error', reject)
      socket.on('disconnect', reject)
    })
    const texts = Array.from({ length: 40 }, (__, n) => `${n} ${'x'.repeat(n * 100)}`)
    const places = new Set<string>()
    for (const text of texts) {
      const answer = await new Promise<string>(resolve => socket.emit('say', text, resolve))
      expect(answer.endsWith(`: ${text}`)).toBe(true)
      places.add(answer.split(':')[0] as string)
    }
    expect(places.size).toBe(1)
    await until(() => said.length === texts.length)
    expect(said).toEqual(texts)
    if (upgrades) await until(() => socket.io.engine.transport.name === 'websocket')
    else expect(socket.io.engine.transport.name).toBe('polling')
    // Longer than several heartbeats.
    await new Promise(resolve => setTimeout(resolve, 3_000))
    expect(socket.connected).toBe(true)
    const home = nodes.find(({ io }) => io.engine.clientsCount === 1) as Node
    expect(nodes.map(({ io }) => io.engine.clientsCount).reduce((a, b) => a + b)).toBe(1)
    socket.close()
    await until(() => home.io.engine.clientsCount === 0)
    await until(() => nodes.every(({ peers }) => peers.open.requests + peers.open.sockets === 0))
  })

  test('is cut when the node of its session is lost, and begins anew elsewhere', async () => {
    const { nodes, live } = await cluster([1, 2])
    const socket = connect(await balanced(live), { transports: ['polling'], forceNew: true, reconnectionDelay: 20 })
    closing.push(() => socket.close())
    await new Promise(resolve => socket.on('connect', resolve))
    const home = nodes.find(({ io }) => io.engine.clientsCount === 1) as Node
    const other = nodes.find(node => node !== home) as Node
    live.splice(live.indexOf(home.live), 1)
    await home.kill()
    await until(() => other.io.engine.clientsCount === 1)
    expect(await new Promise(resolve => socket.emit('say', 'again', resolve))).toBe(`${other.live.node}: again`)
  })
})

describe('a request for a session of another node', () => {
  test('reaches it with the address of its client and a proof, and nothing that the client made up', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    const headers = {
      origin: 'https://page.example',
      authorization: 'Bearer secret',
      cookie: 'a=b',
      'x-forwarded-for': '9.9.9.9',
      'conclave-client': '9.9.9.9',
      'content-type': 'text/plain;charset=UTF-8',
    }
    expect(await ask(two, sid, { method: 'POST', body: '40', headers })).toEqual({ status: 200, body: 'ok' })
    const seen = one.seen.at(-1) as Node['seen'][number]
    expect([seen.sender, seen.client]).toEqual(['node', '127.0.0.1'])
    expect(seen.headers).toMatchObject({ origin: headers.origin, 'content-type': headers['content-type'] })
    for (const name of ['authorization', 'cookie', 'x-forwarded-for']) expect(seen.headers).not.toHaveProperty(name)
    expect(JSON.stringify(seen.headers)).not.toContain(SECRET)
  })

  test.each<[string, (sid: string) => string]>([
    ['another node that is not there', () => newSessionId(9, random)],
    ['this node, where it is not', () => newSessionId(2, random)],
    ['the other node, where it is not', () => newSessionId(1, random)],
    ['an address', () => 'http://127.0.0.1:1/aaa'],
    ['a path', () => '../../../../dino/rooms'],
    ['an old form', sid => sid.slice(0, 19)],
  ])('that names %s is an unknown session', async (_, make) => {
    const { nodes } = await cluster([1, 2])
    const sid = await session(nodes[0] as Node)
    expect(await ask(nodes[1] as Node, make(sid))).toEqual({ status: 400, body: UNKNOWN })
    expect(await ask(nodes[1] as Node, make(sid), { method: 'POST', body: '40' })).toEqual({
      status: 400,
      body: UNKNOWN,
    })
  })

  test('goes to no address but one that the nodes know, whatever its URL says', async () => {
    const inside = createServer((_, response) => response.end('inside'))
    inside.listen(0, '127.0.0.1')
    await once(inside, 'listening')
    closing.push(() => void inside.close())
    let asked = 0
    inside.on('request', () => void asked++)
    const { port } = inside.address() as AddressInfo
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    for (const path of [
      `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling&sid=${sid}`,
      `//127.0.0.1:${port}/socket.io/?EIO=4&transport=polling&sid=${sid}`,
      `/socket.io/@127.0.0.1:${port}/?EIO=4&transport=polling&sid=${sid}`,
      `/socket.io/../dino/rooms?EIO=4&transport=polling&sid=${sid}`,
    ]) {
      const outgoing = httpRequest({ port: two.port, host: '127.0.0.1', path, headers: { host: `127.0.0.1:${port}` } })
      outgoing.end()
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      answer.resume()
      await once(answer, 'end')
    }
    expect(asked).toBe(0)
    expect(one.seen.every(({ url }) => url.startsWith('/socket.io/'))).toBe(true)
  })

  test('is an unknown session where its node is dead, answers nonsense or hangs up', async () => {
    const { nodes, live } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    await one.kill()
    expect(await ask(two, sid)).toEqual({ status: 400, body: UNKNOWN })
    for (const said of ['nonsense\r\n\r\n', '', 'HTTP/1.1 200 OK\r\n']) {
      const fake = createTcp(socket => {
        socket.on('error', () => {})
        socket.once('data', () => socket.end(said))
      }).listen(0, '127.0.0.1')
      await once(fake, 'listening')
      closing.push(() => void fake.close())
      live.splice(0, 1, { ...one.live, address: `http://127.0.0.1:${(fake.address() as AddressInfo).port}` })
      expect(await ask(two, sid)).toEqual({ status: 400, body: UNKNOWN })
    }
    expect(two.peers.open).toEqual({ requests: 0, sockets: 0 })
  })

  test('is cut, and does not look whole, when its node dies in the middle of an answer', async () => {
    const { nodes, live } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const fake = createTcp(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n40'))
    }).listen(0, '127.0.0.1')
    await once(fake, 'listening')
    closing.push(() => void fake.close())
    live.splice(0, 1, { ...one.live, address: `http://127.0.0.1:${(fake.address() as AddressInfo).port}` })
    await expect(ask(two, newSessionId(1, random))).rejects.toThrow()
  })

  test('ends with its client, and leaves the session to its node', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    const gone = new AbortController()
    const polling = ask(two, sid, { signal: gone.signal }).catch(() => 'gone')
    await until(() => one.seen.length === 2)
    gone.abort()
    expect(await polling).toBe('gone')
    await until(() => two.peers.open.requests === 0)
  })

  test('of a node that is lost ends at once', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    // The first poll has something to fetch, the second waits.
    await ask(two, sid, { method: 'POST', body: '40' })
    await ask(two, sid)
    const polling = ask(two, sid)
    await until(() => two.peers.open.requests === 1)
    for (const { lost } of two.events) lost?.(one.live)
    expect(await polling).toEqual({ status: 400, body: UNKNOWN })
  })
})

describe('a body for a session of another node', () => {
  test('may be as large as one for this node, and no larger', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    for (const node of [one, two]) {
      const sid = await session(one)
      const most = `42["say","${'x'.repeat(PACKET_BYTES - 20)}"]`
      expect(await ask(node, sid, { method: 'POST', body: most })).toEqual({ status: 200, body: 'ok' })
      const more = 'x'.repeat(PACKET_BYTES + 1)
      expect((await ask(node, await session(one), { method: 'POST', body: more })).status).toBe(413)
    }
    expect(two.peers.open.requests).toBe(0)
  })

  test('that never ends is cut at the same size, however it is sent', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    let sent = 0
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: two.port,
      method: 'POST',
      path: `/socket.io/?EIO=4&transport=polling&sid=${sid}`,
    })
    outgoing.on('error', () => {})
    let open = true
    const closed = new Promise<void>(resolve => {
      outgoing.on('close', () => {
        open = false
        resolve()
      })
    })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    while (open && sent < 64 * 1024 * 1024) {
      await Promise.race([new Promise(resolve => outgoing.write(chunk, resolve)), closed])
      sent += chunk.length
    }
    outgoing.destroy()
    expect(sent).toBeLessThan(16 * 1024 * 1024)
    await until(() => two.peers.open.requests === 0)
  })

  test('that breaks off reaches no session', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    const socket = connectTcp(two.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n40`,
    )
    await until(() => one.seen.length === 2)
    socket.destroy()
    await until(() => two.peers.open.requests === 0)
    await until(() => one.io.engine.clientsCount === 0)
  })
})

describe('who is no node', () => {
  const forged = (node: Node, path: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${node.url}${path}`, { headers })

  test.each<[string, (one: Node, path: string, now: number) => string]>([
    ['no proof at all', () => ''],
    ['the secret itself', () => SECRET],
    ['another secret', (one, path, now) => proofOf('x'.repeat(40), claim(one, path), now)],
    ['a proof of another URL', (one, path, now) => proofOf(SECRET, claim(one, `${path}x`), now)],
    ['a proof of another method', (one, path, now) => proofOf(SECRET, { ...claim(one, path), method: 'POST' }, now)],
    [
      'a proof of another address',
      (one, path, now) => proofOf(SECRET, { ...claim(one, path), client: '8.8.8.8' }, now),
    ],
    ['a proof for another node', (one, path, now) => proofOf(SECRET, { ...claim(one, path), to: 'instance 2' }, now)],
    ['an old proof', (one, path, now) => proofOf(SECRET, claim(one, path), now - PROOF_AGE - 1)],
    ['a proof of tomorrow', (one, path, now) => proofOf(SECRET, claim(one, path), now + PROOF_AGE + 1)],
    [
      'another time in it',
      (one, path, now) => proofOf(SECRET, claim(one, path), now - 90_000).replace(/ \d+ /, ` ${now} `),
    ],
    ['half of a proof', (one, path, now) => proofOf(SECRET, claim(one, path), now).slice(0, -1)],
    [
      'two proofs',
      (one, path, now) => `${proofOf(SECRET, claim(one, path), now)}, ${proofOf(SECRET, claim(one, path), now)}`,
    ],
  ])('is refused with %s', async (_, make) => {
    const now = 1_800_000_000_000
    const { nodes } = await cluster([1, 2], { now: () => now })
    const [one] = nodes as [Node, Node]
    const path = '/socket.io/?EIO=4&transport=polling'
    const answer = await forged(one, path, { 'conclave-peer': make(one, path, now), 'conclave-client': '9.9.9.9' })
    expect([answer.status, await answer.json()]).toEqual([403, { code: 4, message: 'Forbidden' }])
    expect(one.io.engine.clientsCount).toBe(0)
    // And the right one is taken: the tries above fail for what they are.
    const right = proofOf(SECRET, claim(one, path), now)
    expect((await forged(one, path, { 'conclave-peer': right, 'conclave-client': '9.9.9.9' })).status).toBe(200)
    expect(one.seen.at(-1)).toMatchObject({ sender: 'node', client: '9.9.9.9' })
  })

  test('is refused a WebSocket too', async () => {
    const { nodes } = await cluster([1, 2])
    const socket = new WebSocket(`${(nodes[0] as Node).url}/socket.io/?EIO=4&transport=websocket`, {
      headers: { 'conclave-peer': 'v1 1 a', 'conclave-client': '9.9.9.9' },
    })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toContain('403')
  })

  test('has its word for its address not taken', async () => {
    const { nodes } = await cluster([1])
    const [one] = nodes as [Node]
    await forged(one, '/socket.io/?EIO=4&transport=polling', { 'conclave-client': '9.9.9.9' })
    expect(one.seen.at(-1)).toMatchObject({ sender: 'client', client: undefined })
  })

  test('nodes with different secrets are told of, and their clients begin anew', async () => {
    const { nodes } = await cluster([1, 2], { secrets: { 2: 'another secret than that of all the others' } })
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    expect(await ask(two, sid)).toEqual({ status: 400, body: UNKNOWN })
    expect(await ask(two, sid)).toEqual({ status: 400, body: UNKNOWN })
    expect(two.warnings).toMatchObject([{ node: 1, msg: expect.stringContaining('peers.secret') }])
  })

  test('a request that was handed on is not handed on again', async () => {
    const { nodes } = await cluster([1, 2])
    const [one, two] = nodes as [Node, Node]
    const sid = await session(one)
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`
    const proof = proofOf(SECRET, claim(two, path), Date.now())
    const answer = await forged(two, path, { 'conclave-peer': proof, 'conclave-client': '9.9.9.9' })
    expect([answer.status, await answer.json()]).toEqual([400, UNKNOWN])
    expect(one.seen.length).toBe(1)
  })
})

function claim(to: Node, url: string) {
  return { to: to.live.instance, method: 'GET', url, client: '9.9.9.9' }
}

describe('a WebSocket for a session of another node', () => {
  test('that is unknown there is refused as on that node', async () => {
    const { nodes } = await cluster([1, 2])
    for (const node of nodes) {
      const url = `${node.url}/socket.io/?EIO=4&transport=websocket&sid=${newSessionId(1, random)}`
      const [error] = (await once(new WebSocket(url), 'error')) as [Error]
      expect(error.message).toContain('400')
    }
    await until(() => nodes.every(({ peers }) => peers.open.sockets === 0))
  })

  test('goes when its node goes, and when its client goes', async () => {
    for (const first of ['client', 'node'] as const) {
      const { nodes } = await cluster([1, 2])
      const [one, two] = nodes as [Node, Node]
      const sid = await session(one)
      const socket = new WebSocket(`${two.url}/socket.io/?EIO=4&transport=websocket&sid=${sid}`)
      socket.on('error', () => {})
      await once(socket, 'open')
      socket.send('2probe')
      expect(String((await once(socket, 'message'))[0])).toBe('3probe')
      expect(two.peers.open.sockets).toBe(1)
      const closed = once(socket, 'close')
      if (first === 'client') socket.terminate()
      else for (const { lost } of two.events) lost?.(one.live)
      await closed
      await until(() => two.peers.open.sockets === 0)
    }
  })
})
