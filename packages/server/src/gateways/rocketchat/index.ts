// The Rocket.Chat wire: DDP over WebSocket at `/websocket`, REST under `/api` (rocketchat.md sections 1 and 2).

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Gateway, GatewayParts } from '../gateway.ts'
import { originAllowed } from '../upgrades.ts'
import { receiveAbout, receiveRoom, receiveUser } from './changes.ts'
import { CLOSE } from './close.ts'
import { bug } from './dispatch.ts'
import { MeteorError } from './errors.ts'
import { Feeds } from './feeds.ts'
import type { Gate } from './gate.ts'
import { CLOSE_TIMEOUT, FRAME_BYTES, HEARTBEAT_INTERVAL, RESUME_INTERVAL } from './limits.ts'
import { Permissions } from './permissions.ts'
import { rest } from './rest.ts'
import { DdpSession } from './session.ts'
import { Settings } from './settings.ts'

const PATH = '/websocket'

export async function rocketchatGateway(parts: GatewayParts): Promise<Gateway> {
  const sessions = new Set<DdpSession>()
  const paused = new Set<DdpSession>()
  let looking: NodeJS.Timeout | null = null
  const gate: Gate = {
    parts,
    log: parts.log,
    settings: await Settings.open(parts, () => {}),
    permissions: await Permissions.open(parts, () => {}),
    sessions,
    paused,
    feeds: new Feeds({
      parts,
      receiveRoom: (feed, message) => receiveRoom(gate, feed, message),
      receiveUser: (follower, message) => receiveUser(gate, follower, message),
      receiveAbout: (user, message) => receiveAbout(gate, user, message),
      bug: error => bug(gate, 'bus', error),
    }),
    watchPaused: () => {
      looking ??= setInterval(look, RESUME_INTERVAL)
    },
  }
  function look(): void {
    for (const session of [...paused]) if (session.resumed()) paused.delete(session)
    if (paused.size > 0 || !looking) return
    clearInterval(looking)
    looking = null
  }

  // closeTimeout is newer than the types of the library.
  const options = { noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload: FRAME_BYTES }
  const wss = new WebSocketServer({ ...options, closeTimeout: CLOSE_TIMEOUT } as typeof options)
  wss.on('connection', (ws, request: IncomingMessage) => {
    const session = new DdpSession(gate, ws, parts.addressOf(request))
    sessions.add(session)
    ws.on('message', (data, isBinary) => session.receive(data as Buffer, isBinary))
    // Broken frames and too large ones: the library closes with its own code.
    ws.on('error', () => {})
    ws.on('close', () => void session.gone().catch(error => bug(gate, 'close', error)))
  })
  parts.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string
    if (path !== PATH && !path.startsWith(`${PATH}/`)) return
    if (path !== PATH) refuse(socket, '404 Not Found')
    else if (!originAllowed(parts.config.origins, request.headers)) refuse(socket, '403 Forbidden')
    else wss.handleUpgrade(request, socket, head, ws => wss.emit('connection', ws, request))
  })
  await parts.http.register(rest(gate), { prefix: '/api' })

  const heartbeat = setInterval(() => {
    const now = parts.clock.now()
    for (const session of sessions) session.beat(now)
  }, HEARTBEAT_INTERVAL)
  heartbeat.unref()

  return {
    name: 'rocketchat',
    upgrades: [PATH],
    unreadableUrl: {
      prefix: '/api/',
      type: 'application/json',
      body: new MeteorError('invalid-params', 'The URL cannot be read').envelope(),
    },
    close: async () => {
      clearInterval(heartbeat)
      if (looking) clearInterval(looking)
      for (const session of [...sessions]) session.close(CLOSE.STOPPING, 'the server stops')
      wss.close()
    },
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
