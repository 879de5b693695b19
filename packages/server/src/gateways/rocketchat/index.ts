// The Rocket.Chat wire: DDP over WebSocket at `/websocket` and `/sockjs`, REST under `/api` (rocketchat.md sections 1 and 2).

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type ClientSocket, clientSockets } from '../client-socket.ts'
import type { Gateway, GatewayParts } from '../gateway.ts'
import { watchHeld } from '../held.ts'
import { Intake } from '../turns.ts'
import { originAllowed } from '../upgrades.ts'
import { CLOSE } from './close.ts'
import { bug } from './dispatch.ts'
import { MeteorError } from './errors.ts'
import { downloads } from './files/downloads.ts'
import { Uploads } from './files/uploads.ts'
import type { Gate } from './gate.ts'
import { hooks } from './integrations/hooks.ts'
import {
  CLOSE_TIMEOUT,
  FRAME_BYTES,
  HEARTBEAT_INTERVAL,
  HEARTBEATS,
  PROOFS_INTERVAL,
  RESUME_INTERVAL,
  SOCKJS_HEARTBEAT_INTERVAL,
} from './limits.ts'
import { Broadcasts } from './live/broadcasts.ts'
import { putOut, receiveAbout, receiveRoom, receiveUser } from './live/changes.ts'
import { DiscussionWatch } from './live/discussion-watch.ts'
import { Feeds } from './live/feeds.ts'
import { permissionChanged, receiveAll, settingChanged } from './live/live.ts'
import { Onlookers } from './live/onlookers.ts'
import { Presences } from './live/presences.ts'
import { Pace } from './pace.ts'
import { rest } from './rest.ts'
import { Invites } from './rooms/invites.ts'
import { DdpSession } from './session.ts'
import { Permissions } from './settings/permissions.ts'
import { Settings } from './settings/settings.ts'
import { socketOf } from './sockets.ts'
import { type Framing, framingOf, SOCKJS_PATH, sockjs } from './sockjs.ts'
import { People } from './users/people.ts'
import { pictures } from './users/pictures.ts'
import { RoleHolders } from './users/role-holders.ts'
import { Roles } from './users/roles.ts'
import { forgetProofs } from './users/second-factor.ts'

const PATH = '/websocket'

export async function rocketchatGateway(parts: GatewayParts): Promise<Gateway> {
  const sessions = new Set<DdpSession>()
  const paused = new Set<DdpSession>()
  let looking: NodeJS.Timeout | null = null
  const gate: Gate = {
    parts,
    log: parts.log,
    settings: await Settings.open(parts, setting => settingChanged(gate, setting)),
    permissions: await Permissions.open(parts, permission => permissionChanged(gate, permission)),
    pace: new Pace(),
    onlookers: new Onlookers(() => gate),
    broadcasts: new Broadcasts(parts.turn),
    presences: new Presences(
      () => gate,
      error => bug(gate, 'presence', error),
    ),
    roles: await Roles.open(parts),
    holders: new RoleHolders(parts),
    people: new People(parts),
    invites: new Invites(parts),
    sessions,
    paused,
    uploads: new Uploads(),
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
  const discussions = new DiscussionWatch(parts, error => bug(gate, 'discussions', error))
  parts.engine.onPublished(message => discussions.follow(message))
  parts.bus.subscribe('all', message => receiveAll(gate, message))
  parts.occupancy.onPutOut((room, { id }) => putOut(gate, room, id))
  function look(): void {
    for (const session of [...paused]) if (session.resumed()) paused.delete(session)
    if (paused.size > 0 || !looking) return
    clearInterval(looking)
    looking = null
  }

  const options = { noServer: true, perMessageDeflate: false, clientTracking: false, maxPayload: FRAME_BYTES }
  const wss = clientSockets({ ...options, closeTimeout: CLOSE_TIMEOUT } as typeof options, {
    intake: new Intake(),
    most: parts.config.limits.flood,
    flooded: ws => {
      parts.log.info({ wire: 'rocketchat' }, 'a socket that sends too much is closed')
      ;(ws as ClientSocket & Owned)[SESSION].close(CLOSE.FLOODING, 'too many requests')
    },
  })
  const take = (ws: WebSocket, request: IncomingMessage, framing: Framing): void => {
    const session = new DdpSession(gate, ws, framing, parts.addressOf(request))
    sessions.add(session)
    listen(ws as ClientSocket, session)
  }
  const arrive = async (enter: () => void): Promise<void> => {
    await gate.pace.next('arriving')
    enter()
  }
  parts.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string
    if (![PATH, SOCKJS_PATH].some(prefix => path === prefix || path.startsWith(`${prefix}/`))) return
    const framing = framingOf(path)
    if (!framing) refuse(socket, '404 Not Found')
    else if (!originAllowed(parts.config.origins, request.headers)) refuse(socket, '403 Forbidden')
    else void arrive(() => wss.handleUpgrade(request, socket, head, ws => take(ws, request, framing)))
  })
  await parts.http.register(rest(gate), { prefix: '/api' })
  await parts.http.register(downloads(gate))
  await parts.http.register(hooks(gate))
  await parts.http.register(pictures(gate))
  await parts.http.register(sockjs(parts), { prefix: SOCKJS_PATH })

  const unwatch = watchHeld<DdpSession>({
    sessions,
    weigh: session => session.outlet.unsent + session.queued + (socketOf.get(session)?.arriving ?? 0),
    close: session => session.onOverflow(),
  })
  const [silence, anonymous] = [parts.config.rocketchat.silence * 1_000, parts.config.rocketchat.anonymous * 1_000]
  const beat = (): void => {
    const now = parts.clock.now()
    for (const session of sessions) session.beat(now, silence, anonymous)
  }
  const timers = [
    setInterval(beat, Math.min(HEARTBEAT_INTERVAL, Math.min(silence, anonymous) / HEARTBEATS)),
    setInterval(() => {
      for (const session of sessions) session.beatSockjs()
    }, SOCKJS_HEARTBEAT_INTERVAL),
    setInterval(() => {
      forgetProofs(gate).catch(error => bug(gate, 'second factor', error))
    }, PROOFS_INTERVAL),
  ]
  for (const timer of timers) timer.unref()

  return {
    name: 'rocketchat',
    upgrades: [PATH, SOCKJS_PATH],
    uploads: /^\/api\/v1\/rooms\.(?:media|upload)\//,
    unreadableUrl: {
      prefix: '/api/',
      type: 'application/json',
      body: new MeteorError('invalid-params', 'The URL cannot be read').envelope(),
    },
    close: async () => {
      for (const timer of timers) clearInterval(timer)
      if (looking) clearInterval(looking)
      gate.presences.stop()
      gate.onlookers.stop()
      discussions.stop()
      for (const session of [...sessions]) session.close(CLOSE.STOPPING, 'the server stops')
      unwatch()
      wss.close()
    },
  }
}

/** Functions of the module, not of the connection: of an idle one nothing is cheaper. */
function listen(ws: ClientSocket, session: DdpSession): void {
  const owned = ws as ClientSocket & Owned
  socketOf.set(session, ws)
  owned[SESSION] = session
  owned.on('message', receive)
  // Broken frames and too large ones: the library closes with its own code.
  owned.on('error', ignore)
  owned.on('close', end)
}

const SESSION = Symbol('session')
type Owned = WebSocket & { [SESSION]: DdpSession }

function receive(this: WebSocket, data: unknown, isBinary: boolean): void {
  ;(this as Owned)[SESSION].receive(data as Buffer, isBinary)
}

function end(this: WebSocket): void {
  ;(this as Owned)[SESSION].ended()
}

function ignore(): void {}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
