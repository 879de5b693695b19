// Requests of Engine.IO sessions that live on other nodes. A client that polls, or that goes over from polling to a
// WebSocket, sends each request to whatever node a balancer chooses; the node of the session answers. Where that one is
// gone, the library's own answer to an unknown session tells the client to begin anew.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server } from 'socket.io'
import type { LiveNode } from '../../nodes/nodes.ts'
import type { Peers } from '../peers/peers.ts'
import { PACKET_BYTES } from './limits.ts'
import { nodeOf } from './session-ids.ts'

type Engine = Server['engine']
/** What the library makes of the query, once. */
type Prepared = IncomingMessage & { readonly _query?: Readonly<Record<string, string>> }

/** The library's own words for whoever may not. */
const FORBIDDEN = { code: 4, message: 'Forbidden' }

export function handOn(engine: Engine, peers: Peers): void {
  const here = {
    request: engine.handleRequest.bind(engine),
    upgrade: engine.handleUpgrade.bind(engine),
  }

  /** null: it is for this node to answer. A request that was handed on once is not handed on again. */
  function elsewhere(request: Prepared): LiveNode | null {
    const { sid } = request._query ?? {}
    const node = sid === undefined ? null : nodeOf(sid)
    return node === null ? null : peers.node(node)
  }

  engine.handleRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const sender = peers.senderOf(request)
    if (sender === 'forger') peers.refuse(response, FORBIDDEN)
    else void answer(sender)

    async function answer(by: 'client' | 'node'): Promise<void> {
      prepare(engine, request)
      // What a page of another origin asks before it asks is the same everywhere.
      const to = by === 'client' && request.method !== 'OPTIONS' ? elsewhere(request) : null
      if (to && ((await peers.forward(request, response, to, PACKET_BYTES)) || response.destroyed)) return
      here.request(request as never, response as never)
    }
  }

  engine.handleUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const sender = peers.senderOf(request)
    if (sender === 'forger') peers.refuseUpgrade(socket)
    else void answer(sender)

    async function answer(by: 'client' | 'node'): Promise<void> {
      prepare(engine, request)
      const to = by === 'client' ? elsewhere(request) : null
      if (to && ((await peers.forwardUpgrade(request, socket, head, to)) || socket.destroyed)) return
      here.upgrade(request as never, socket as never, head as never)
    }
  }
}

/** Reads the query as the library does, that both see the same session in it. */
function prepare(engine: Engine, request: IncomingMessage): void {
  ;(engine as unknown as { prepare(request: IncomingMessage): void }).prepare(request)
}
