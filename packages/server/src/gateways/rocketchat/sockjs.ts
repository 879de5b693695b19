// SockJS around the same DDP (rocketchat.md 1.1): `o` on opening, then `a["…"]`, `h` and `c[code,"reason"]`. Only its
// WebSocket transport is served; the others are told so before they are tried.
import { parseJson } from '@conclave/wire'
import type { FastifyInstance } from 'fastify'
import type { GatewayParts } from '../gateway.ts'
import { originAllowed } from '../upgrades.ts'
import { FRAME_BYTES, FRAME_DEPTH, FRAME_VALUES, SOCKJS_MESSAGES } from './limits.ts'

export const SOCKJS_PATH = '/sockjs'
const RAW_PATHS: ReadonlySet<string> = new Set(['/websocket', '/sockjs/websocket'])
const LIMITS = { maxBytes: FRAME_BYTES, maxDepth: FRAME_DEPTH, maxKeys: FRAME_VALUES }

export type Framing = 'raw' | 'sockjs'

/** How a WebSocket on that path speaks; null where there is none. Meteor's own server reads `/websocket` as
 * `/sockjs/websocket`, which is raw; everything else under `/sockjs` is framed, as the streaming server has it. */
export function framingOf(path: string): Framing | null {
  if (RAW_PATHS.has(path)) return 'raw'
  return path.startsWith(`${SOCKJS_PATH}/`) ? 'sockjs' : null
}

/** What a client's frame holds: packets, still to be told apart; or why not. A list of strings, or one bare string, is
 * SockJS's framing, on either endpoint. */
export function packetsIn(text: string): readonly unknown[] | 'unreadable' | 'broken' {
  const read = parseJson(text, LIMITS)
  if (!read.ok) return 'unreadable'
  const { value } = read
  if (typeof value !== 'string' && !Array.isArray(value)) return [value]
  const messages = typeof value === 'string' ? [value] : value
  if (messages.length > SOCKJS_MESSAGES) return 'broken'
  const packets: unknown[] = []
  for (const message of messages) {
    if (typeof message !== 'string') return 'broken'
    const packet = parseJson(message, LIMITS)
    if (!packet.ok) return 'unreadable'
    packets.push(packet.value)
  }
  return packets
}

/** `GET /sockjs/info`, by which a browser's client chooses a transport. */
export function sockjs(parts: GatewayParts) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.addHook('onRequest', async (request, reply) => {
      const { origin } = request.headers
      if (!originAllowed(parts.config.origins, request.headers))
        return reply.code(403).type('text/plain').send('this origin is not allowed')
      if (origin !== undefined)
        reply
          .header('access-control-allow-origin', origin)
          .header('access-control-allow-credentials', 'true')
          .header('vary', 'origin')
      return undefined
    })
    scope.setNotFoundHandler((_, reply) => reply.code(404).type('text/plain').send('only WebSocket is served here'))
    scope.options('/info', async (_, reply) => reply.header('access-control-allow-methods', 'GET').code(204).send())
    scope.get('/info', { exposeHeadRoute: false }, async (_, reply) => {
      const entropy = Buffer.from(parts.random.bytes(4)).readUInt32BE()
      const body = { websocket: true, origins: ['*:*'], cookie_needed: false, entropy }
      return reply.header('cache-control', 'no-store').type('application/json').send(JSON.stringify(body))
    })
  }
}
