// Requests of a client whose session lives on another node: they are handed on to it, so that any node may be asked. Where it
// lives is read from the session's id, which a client may write as it likes: it chooses one of the nodes that count, and
// nothing else of where the request goes.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Agent, type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest, Agent as SecureAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { LiveNode, Nodes } from '../../nodes/nodes.ts'
import {
  COMPLAINT,
  PEER_ANSWERS,
  PEER_ENDS,
  PEER_REQUESTS,
  PEER_SILENCE,
  PEER_SOCKETS,
  PEER_UPGRADES,
  REFUSAL_BYTES,
} from './limits.ts'
import { isProof, proofOf } from './proof.ts'

export interface PeersParts {
  readonly nodes: Pick<Nodes, 'self' | 'live' | 'clock' | 'watch'>
  /** `peers.secret` */
  readonly secret: string
  readonly log: Logger
  /** The address of a client that has come to this node. */
  addressOf(request: IncomingMessage): string
}

/** Whose a request is: a client's, another node's for a client of it, or somebody's who claims to be a node. */
export type Sender = 'client' | 'node' | 'forger'

const PROOF = 'conclave-peer'
const CLIENT = 'conclave-client'
/** An address, or an IPv6 network. */
const ADDRESS = /^[0-9A-Fa-f:./]{0,64}$/

/** What a client says that its session's node has to know. Neither credentials nor anything that another proxy said. */
const HANDED_ON = ['accept', 'content-type', 'content-length', 'host', 'origin', 'user-agent']
const HANDED_ON_UPGRADES = [
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
]
/** What concerns one connection alone. */
const HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

export class Peers {
  readonly #parts: PeersParts
  readonly #agents = {
    'http:': new Agent({ keepAlive: true }),
    'https:': new SecureAgent({ keepAlive: true }),
  }
  /** What is under way, by the registration of the node that it goes to. */
  readonly #open = new Map<string, Set<() => void>>()
  readonly #clients = new WeakMap<object, string>()
  #requests = 0
  #sockets = 0
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(parts: PeersParts) {
    this.#parts = parts
    parts.nodes.watch({ lost: ({ instance }) => this.#cut(instance) })
  }

  /** Requests and WebSockets that are under way to other nodes. */
  get open(): { readonly requests: number; readonly sockets: number } {
    return { requests: this.#requests, sockets: this.#sockets }
  }

  /** The node with that number, where it is another one that counts and can be reached. */
  node(number: number): LiveNode | null {
    const { nodes } = this.#parts
    if (number === nodes.self.node) return null
    return nodes.live().find(({ node, address }) => node === number && address !== null) ?? null
  }

  senderOf(request: IncomingMessage): Sender {
    const { headers, method = '', url = '' } = request
    const proof = headers[PROOF]
    if (proof === undefined) return 'client'
    const client = headers[CLIENT]
    if (typeof proof !== 'string' || typeof client !== 'string' || !ADDRESS.test(client)) return 'forger'
    const { nodes, secret } = this.#parts
    const claim = { to: nodes.self.instance, method, url, client }
    if (!isProof(secret, claim, proof, nodes.clock.now())) return 'forger'
    this.#clients.set(request, client)
    return 'node'
  }

  /** The client's address, where another node has proven that it told it. */
  clientOf(request: object): string | undefined {
    return this.#clients.get(request)
  }

  /** How a request is refused that claims to be of a node: the other side tells a wrong secret by it. */
  refuse(response: ServerResponse, body: object): void {
    response.writeHead(403, { [PROOF]: 'refused', 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify(body))
  }

  refuseUpgrade(socket: Socket): void {
    const head = `HTTP/1.1 403 Forbidden\r\n${PROOF}: refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
    socket.end(head, () => socket.destroy())
  }

  /** `most`: bytes of its body. Resolves when it is over: with false where nobody has been told anything, and something
   * else may answer. */
  forward(request: IncomingMessage, response: ServerResponse, to: LiveNode, most: number): Promise<boolean> {
    const outgoing = this.#requests < PEER_REQUESTS ? this.#ask(request, to, HANDED_ON) : undefined
    if (!outgoing) return Promise.resolve(false)
    this.#requests += 1
    const cut = (): void => void outgoing.destroy()
    const done = this.#opened(to.instance, cut)
    const patience = setTimeout(cut, PEER_ANSWERS)
    const end = setTimeout(() => response.destroy(), PEER_ENDS)
    // The client is gone, or has its answer.
    response.once('close', cut)
    outgoing.once('response', answer => {
      clearTimeout(patience)
      answer.on('error', () => {})
      if (response.headersSent || this.#isRefusal(answer, to)) return cut()
      response.writeHead(answer.statusCode as number, headersOf(answer))
      // One that breaks off in the middle must not look whole.
      answer.once('close', () => answer.complete || response.destroy())
      answer.pipe(response)
    })
    outgoing.on('error', () => {})
    bring(request, response, outgoing, most)
    return new Promise(resolve => {
      outgoing.once('close', () => {
        clearTimeout(patience)
        clearTimeout(end)
        done()
        this.#requests -= 1
        response.off('close', cut)
        request.unpipe(outgoing)
        resolve(response.headersSent)
      })
    })
  }

  /** The same of a WebSocket; from when it is open, bytes go through both ways. Resolves when it is open or refused. */
  forwardUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, to: LiveNode): Promise<boolean> {
    const outgoing =
      this.#sockets < PEER_SOCKETS ? this.#ask(request, to, [...HANDED_ON, ...HANDED_ON_UPGRADES]) : undefined
    if (!outgoing) return Promise.resolve(false)
    this.#sockets += 1
    const cut = (): void => void outgoing.destroy()
    const done = this.#opened(to.instance, cut)
    const patience = setTimeout(cut, PEER_UPGRADES)
    socket.once('close', cut)
    outgoing.on('error', () => {})
    return new Promise(resolve => {
      let opened = false
      let refused = false
      outgoing.once('response', answer => {
        answer.on('error', () => {})
        if (this.#isRefusal(answer, to)) return cut()
        refused = true
        // Ended by `patience` at the latest.
        answer.once('close', cut)
        handRefusal(answer, socket)
      })
      outgoing.once('upgrade', (answer, upstream: Socket, rest: Buffer) => {
        opened = true
        const over = this.#opened(to.instance, () => void upstream.destroy())
        upstream.once('close', () => {
          this.#sockets -= 1
          over()
        })
        join(socket, upstream, [headOf(answer), rest], head)
        resolve(true)
      })
      outgoing.once('close', () => {
        clearTimeout(patience)
        done()
        socket.off('close', cut)
        if (!opened) this.#sockets -= 1
        resolve(opened || refused)
      })
      outgoing.end()
    })
  }

  /** Everything that is under way ends. */
  close(): void {
    for (const instance of [...this.#open.keys()]) this.#cut(instance)
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  #ask(request: IncomingMessage, to: LiveNode, names: readonly string[]): ClientRequest | undefined {
    const { nodes, secret, addressOf } = this.#parts
    const { method = 'GET', url = '/' } = request
    const claim = { to: to.instance, method, url, client: addressOf(request) }
    const headers: OutgoingHttpHeaders = {
      [PROOF]: proofOf(secret, claim, nodes.clock.now()),
      [CLIENT]: claim.client,
    }
    for (const name of names) if (request.headers[name] !== undefined) headers[name] = request.headers[name]
    const base = new URL(to.address as string)
    const secure = base.protocol === 'https:'
    const { hostname, port } = base
    const options: RequestOptions = {
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      method,
      path: url,
      headers,
      agent: this.#agents[secure ? 'https:' : 'http:'],
      ...(secure ? { servername: hostname } : {}),
    }
    try {
      return (secure ? httpsRequest : httpRequest)(options)
    } catch {
      // A path that no client of HTTP would send.
      return undefined
    }
  }

  /** Whether the other node took us for nobody: secrets or clocks differ, which an operator has to hear of. */
  #isRefusal({ headers, statusCode }: IncomingMessage, { node }: LiveNode): boolean {
    if (statusCode !== 403 || headers[PROOF] !== 'refused') return false
    const now = performance.now()
    if (now - this.#complainedAt >= COMPLAINT) {
      this.#complainedAt = now
      this.#parts.log.warn({ node }, 'another node does not take what this one hands on: has it the same peers.secret?')
    }
    return true
  }

  /** Gives what to call at its end. */
  #opened(instance: string, cut: () => void): () => void {
    const open = this.#open.get(instance) ?? new Set()
    this.#open.set(instance, open)
    open.add(cut)
    return () => {
      open.delete(cut)
      if (open.size === 0 && this.#open.get(instance) === open) this.#open.delete(instance)
    }
  }

  #cut(instance: string): void {
    for (const cut of [...(this.#open.get(instance) ?? [])]) cut()
  }
}

/** The body, as far as the other node would take it. */
function bring(request: IncomingMessage, response: ServerResponse, outgoing: ClientRequest, most: number): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= most || response.headersSent) return
    request.unpipe(outgoing)
    response.writeHead(413, { connection: 'close' }).end()
  })
  request.pipe(outgoing)
}

function headersOf({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)))
}

/** A head as it was written, which a WebSocket needs to the letter. */
function headOf({ rawHeaders, statusCode, statusMessage }: IncomingMessage): Buffer {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  for (let n = 0; n + 1 < rawHeaders.length; n += 2) lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function join(socket: Socket, upstream: Socket, toClient: readonly Buffer[], toNode: Buffer): void {
  for (const [from, to] of [
    [socket, upstream],
    [upstream, socket],
  ] as const) {
    from.setTimeout(PEER_SILENCE, () => from.destroy())
    from.setNoDelay(true)
    from.on('error', () => {})
    from.once('close', () => to.destroy())
  }
  for (const bytes of toClient) if (bytes.length > 0) socket.write(bytes)
  if (toNode.length > 0) upstream.write(toNode)
  socket.pipe(upstream)
  upstream.pipe(socket)
}

/** Hands a refusal on, and closes behind it. */
function handRefusal(answer: IncomingMessage, socket: Socket): void {
  const chunks: Buffer[] = []
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= REFUSAL_BYTES) chunks.push(chunk)
  })
  answer.once('close', () => {
    const body = Buffer.concat(chunks)
    const head = [
      `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`,
      'Connection: close',
      'Content-Type: text/plain',
      `Content-Length: ${body.length}`,
    ]
    socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]), () => socket.destroy())
  })
}
