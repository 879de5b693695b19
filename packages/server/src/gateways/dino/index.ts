// The Dino wire: Socket.IO for clients of Engine.IO 3 and 4, namespace `/ws` (dino.md section 1). The library keeps the
// handshake, heartbeats, polling and upgrades; frames go out through the shared writer.
import { Server, type Socket } from 'socket.io'
import { outletOf } from '../../fanout/adopt.ts'
import { takeEvents } from '../../fanout/intake.ts'
import { type ClientSocket, clientSockets } from '../client-socket.ts'
import type { Gateway, GatewayParts } from '../gateway.ts'
import { watchHeld } from '../held.ts'
import { Intake } from '../turns.ts'
import { originAllowed } from '../upgrades.ts'
import { Connections, endConnection, own } from './connections/connections.ts'
import { NoRooms } from './connections/rooms.ts'
import { deafen } from './connections/sockets.ts'
import { Directory } from './directory.ts'
import { NAMESPACE } from './encode.ts'
import { connected } from './events/connect.ts'
import { disconnected } from './events/disconnect.ts'
import { reportedElsewhere } from './events/report.ts'
import { tellSite } from './external/site.ts'
import { tellLogin } from './external.ts'
import { Feeds } from './feeds.ts'
import { tellConnected } from './first-session.ts'
import type { Gate, Paused } from './gate.ts'
import { handOn } from './handed-on.ts'
import { Heartbeats } from './http/heartbeats.ts'
import { Joins } from './http/joins.ts'
import { httpApi } from './http/plugin.ts'
import { CLOSE_TIMEOUT, PACKET_BYTES, RESUME_INTERVAL } from './limits.ts'
import { Operators } from './operators.ts'
import { push, pushToAll, pushToUser } from './pushes.ts'
import { servedAs } from './served.ts'
import { DinoSession } from './session.ts'
import { newSessionId } from './session-ids.ts'
import { WhisperCheck } from './whisper-check.ts'
import { Words } from './words.ts'

const PATH = '/socket.io'
const HTTP_PATH = '/dino'
/** What a client is told that begins to poll where `dino.polling` is false. */
const POLLING_OFF = 'polling is switched off on this server: connect by WebSocket (transports: ["websocket"])'
/** RFC 6455: policy violation. */
const FLOODED = 1008
/** ms; what the real server tells its clients. Clients of Engine.IO 3 ping, those of 4 are pinged. */
const PING_INTERVAL = 25_000
const PING_TIMEOUT = 60_000

export async function dinoGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, log, turn } = parts
  const sockets = new Set<DinoSession>()
  const bounds = { intake: new Intake(), most: config.limits.flood, flooded }
  const io = new Server(parts.server, {
    path: PATH,
    allowEIO3: true,
    // Upgrades of the other wires come in at the same port.
    destroyUpgrade: false,
    serveClient: false,
    // Ours, not the library's own copy: that one answers every ping of a client that reads nothing, and keeps it all.
    wsEngine: class {
      constructor(options: object) {
        // biome-ignore lint/correctness/noConstructorReturn: the library makes it by `new`
        return clientSockets({ ...options, closeTimeout: CLOSE_TIMEOUT } as object, bounds)
      }
    },
    pingInterval: PING_INTERVAL,
    pingTimeout: PING_TIMEOUT,
    maxHttpBufferSize: PACKET_BYTES,
    perMessageDeflate: false,
    httpCompression: false,
    // Who gets what is known in feeds.ts.
    adapter: NoRooms as never,
    // Pages of the old client send credentials, for which no browser takes a `*`; nothing here looks at cookies.
    cors: { origin: config.origins.includes('*') ? true : [...config.origins], credentials: true },
    allowRequest: (request, decide) => {
      const polls = new URL(request.url ?? '/', 'http://localhost').searchParams.get('transport') === 'polling'
      if (polls && !config.dino.polling) decide(POLLING_OFF, false)
      else decide(null, originAllowed(config.origins, request.headers))
    },
  })
  const connections = new Connections(io.engine, parts.addressOf, {
    stay: config.dino.anonymous * 1_000,
    end: conn => {
      log.info({ wire: 'dino' }, 'a connection on which nobody logs in is closed')
      endConnection(conn)
    },
  })
  io.engine.generateId = () => newSessionId(config.node, parts.random)
  if (parts.peers) handOn(io.engine, parts.peers)
  const paused = new Pauses()
  const feeds = new Feeds(parts, turn, {
    room: (feed, message) => push(gate, feed, message),
    user: (sessions, message) => pushToUser(gate, sessions, message),
  })
  const gate: Gate = {
    parts,
    log,
    turn,
    feeds,
    directory: new Directory(parts),
    words: new Words(parts),
    whisperCheck: new WhisperCheck(parts),
    joins: new Joins(parts),
    heartbeats: new Heartbeats(parts),
    operators: new Operators(parts),
    served: servedAs,
    sockets,
    paused,
    closing: false,
  }

  parts.bus.subscribe('all', message => pushToAll(gate, message))
  parts.sessions.onFirst(({ user, wire }) => {
    // A log-in on this wire says it when it has put its user into rooms.
    if (wire === 'dino') return
    const account = parts.identity.accounts.peek(user)
    if (account) tellLogin(gate, account)
    tellConnected(gate, { id: user }).catch(error =>
      log.error({ wire: 'dino', err: error }, 'bug in telling of a user'),
    )
  })
  parts.occupancy.onPutOut((room, { id, user }) => {
    for (const session of feeds.sessionsOf(user)) if (session.live?.id === id) feeds.leave(room, session)
  })
  parts.reports.onReport(report => reportedElsewhere(gate, report))
  const unwatch = watchHeld<DinoSession>({
    sessions: sockets,
    weigh: session => session.held + (webSocketOf(session.socket.conn)?.arriving ?? 0),
    close: session => session.onOverflow(),
  })
  function flooded(ws: ClientSocket): void {
    log.info({ wire: 'dino' }, 'a socket that sends too much is closed')
    const session = [...sockets].find(({ socket }) => webSocketOf(socket.conn) === ws)
    if (session) session.end()
    else ws.close(FLOODED, 'too many requests')
  }
  // One function for all sockets, not one for each.
  const ended = function (this: Socket): void {
    const session = outletOf(this).owner as DinoSession
    disconnected(gate, session).catch(error => log.error({ wire: 'dino', err: error }, 'bug at the end of a session'))
  }
  io.of(NAMESPACE).on('connection', socket => {
    const session = new DinoSession(gate, socket)
    sockets.add(session)
    own(socket.conn, session)
    takeEvents(session)
    socket.on('disconnect', ended)
    connected(session)
  })
  // Clients of Engine.IO 3 are connected to the main namespace first; nothing is served there.
  io.on('connection', deafen)

  await parts.http.register(httpApi(gate), { prefix: HTTP_PATH })
  tellSite(gate)
  const body = { status_code: 500, data: 'this is no valid URL' }
  return {
    name: 'dino',
    upgrades: [PATH],
    unreadableUrl: { prefix: `${HTTP_PATH}/`, type: 'application/json; charset=utf-8', body },
    close: async () => {
      gate.closing = true
      await Promise.all([gate.joins.close(), gate.heartbeats.close()])
      paused.stop()
      connections.close()
      unwatch()
      gate.whisperCheck.close()
      for (const session of [...sockets]) session.leave()
      // Not io.close(): the port is the whole server's.
      io.engine.close()
    },
  }
}

/** undefined while the client polls. */
function webSocketOf(conn: Socket['conn']): ClientSocket | undefined {
  return (conn as unknown as { transport: { socket?: ClientSocket } }).transport.socket
}

/** Sockets that are not read on, looked at until each can be read again. */
class Pauses implements Paused {
  readonly #sessions = new Set<DinoSession>()
  #timer: NodeJS.Timeout | null = null

  add(session: DinoSession): void {
    this.#sessions.add(session)
    this.#timer ??= setInterval(() => this.#look(), RESUME_INTERVAL)
  }

  delete(session: DinoSession): void {
    this.#sessions.delete(session)
    if (this.#sessions.size === 0) this.stop()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    for (const session of [...this.#sessions]) if (session.resumed()) this.delete(session)
  }
}
