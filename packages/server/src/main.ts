// Puts the server together: the core (open-core.ts), operations, three gateways on one port; and takes it apart again in the
// order that loses nothing. The only file, with cli.ts, that knows every part.
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelId } from '@conclave/wire'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fastify from 'fastify'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Core } from './engine/core.ts'
import { Turn } from './fanout/turn.ts'
import { boundArrival } from './gateways/arrival.ts'
import { dinoGateway } from './gateways/dino/index.ts'
import type { Gateway, GatewayParts } from './gateways/gateway.ts'
import { Peers } from './gateways/peers/peers.ts'
import { rocketchatGateway } from './gateways/rocketchat/index.ts'
import { Straight } from './gateways/straight.ts'
import { addressOf, closeUnclaimedUpgrades } from './gateways/upgrades.ts'
import { xchatGateway } from './gateways/xchat/index.ts'
import { HEAD_ARRIVES, HEAD_LOOK } from './limits.ts'
import { filesIn, openCore } from './open-core.ts'
import { Operations } from './operations.ts'
import { type Control, openControl } from './operator/control.ts'
import type { FirstStart } from './operator/first-start.ts'
import { firstStart } from './operator/first-start.ts'
import { guardedCalls } from './outlet/webhooks/calls.ts'
import { s3PlaceOf } from './s3-place.ts'
import { requireSharedFolder } from './shared-files.ts'
import { VERSION } from './version.ts'

export interface RunningServer {
  readonly url: string
  readonly host: string
  readonly port: number
  /** The first administrator, made on the first start only. The token is shown once and kept nowhere. */
  readonly first: FirstStart | null
  stop(): Promise<void>
}

/** ms that sockets have for closing before they are cut. */
const CLOSING = 2_000
/** ms in which a request has to arrive whole; Fastify's own default is for ever. */
const ARRIVING = 60_000
/** ms for one that brings a file: 100 MB over a line of 1 Mbit/s, with some room. What stalls is cut much sooner. */
const BRINGING = 1_200_000
/** Of connections; those on which nothing is asked stay longer than balancers keep theirs. */
const TIMES = {
  requestTimeout: BRINGING,
  keepAliveTimeout: 72_000,
  headersTimeout: HEAD_ARRIVES,
  connectionsCheckingInterval: HEAD_LOOK,
}

/** ms that an app's webhook has for its answer (x-chat.md 3.16). */
const CALL = 10_000

/** ms between looks for tokens that have run out. */
const HOUR = 3_600_000

export async function startServer(config: Config, log: Logger): Promise<RunningServer> {
  const core = await openCore(config, log)
  let http: FastifyInstance | null = null
  let peers: Peers | null = null
  const gateways: Gateway[] = []
  try {
    if (core.nodes.shared && !s3PlaceOf(config.blobs)) await requireSharedFolder(core, filesIn(config.data))
    if (config.bus !== 'local' && config.publicUrl === null)
      log.warn({}, 'each node names its own address to clients: "publicUrl" should say where all are reached')
    const first = await firstStart(core)
    const operations = new Operations(core)
    const straight = new Straight(error => log.error({ err: error }, 'bug in an answer'))
    http = fastify({
      logger: false,
      trustProxy: false,
      forceCloseConnections: false,
      serverFactory: framework => straight.server(TIMES, framework),
      routerOptions: { maxParamLength: 256 },
      frameworkErrors: (_error, request, reply) => answerUnreadableUrl(gateways, request.url, reply as FastifyReply),
    })
    operations.register(http)
    boundArrival(http.server, {
      usual: ARRIVING,
      long: BRINGING,
      isLong: url => gateways.some(({ uploads }) => uploads?.test(url)),
    })
    const sockets = new Set<Socket>()
    // One function for all sockets, not one for each.
    const forget = function (this: Socket): void {
      sockets.delete(this)
    }
    http.server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', forget)
    })
    peers = peersOf(core)
    operations.shows(peers)
    const parts = gatewayParts(core, http, straight, await core.roomsChannel(), peers)
    for (const open of [dinoGateway, rocketchatGateway, xchatGateway]) gateways.push(await open(parts))
    closeUnclaimedUpgrades(
      http.server,
      gateways.flatMap(gateway => gateway.upgrades),
    )
    await core.outgoing.start()
    await core.temporary.start()
    core.expiry.start()
    core.media.start()
    await http.listen({ host: config.host, port: config.port })
    const control = await openControl(core, config.data)
    const { port } = http.server.address() as AddressInfo
    const running = http
    const tokens = core.nodes.hold('tokens')
    const jobs = setInterval(() => {
      if (!tokens.held) return
      core.identity.tokens.dropExpired().catch((error: unknown) => log.warn({ err: error }, 'expired tokens were kept'))
    }, HOUR)
    jobs.unref()
    return {
      url: urlOf(config, http),
      host: config.host,
      port,
      first,
      stop: () => {
        clearInterval(jobs)
        return stop({ core, http: running, straight, gateways, peers, operations, control, sockets })
      },
    }
  } catch (error) {
    for (const gateway of gateways) await gateway.close().catch(() => {})
    peers?.close()
    await http?.close().catch(() => {})
    await core.close()
    throw error
  }
}

/** Once it listens. */
function urlOf({ host }: Config, { server }: FastifyInstance): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The router refuses such a URL before any gateway sees it; the answer has its wire's form all the same. */
function answerUnreadableUrl(gateways: readonly Gateway[], url: string, reply: FastifyReply): void {
  const answer = gateways
    .flatMap(({ unreadableUrl }) => unreadableUrl ?? [])
    .find(({ prefix }) => url.startsWith(prefix))
  void reply
    .code(400)
    .type(answer?.type ?? 'text/plain')
    .send(answer ? JSON.stringify(answer.body) : 'Bad Request')
}

/** null where nodes know nothing of each other. */
function peersOf({ config, nodes, log }: Core): Peers | null {
  const { secret } = config.peers
  if (secret === null) return null
  return new Peers({
    nodes,
    secret,
    log,
    addressOf: request => addressOf(request, config.proxy.trust),
  })
}

function gatewayParts(
  core: Core,
  http: FastifyInstance,
  straight: Straight,
  roomsChannel: ChannelId,
  peers: Peers | null,
): GatewayParts {
  const turn = new Turn()
  // Deliveries leave right behind the answers of the commit that they come from, not a turn later.
  core.onCommit(() => turn.settle())
  return {
    config: core.config,
    log: core.log,
    clock: core.clock,
    random: core.random,
    bus: core.bus,
    nodes: core.nodes,
    quota: core.quota,
    presence: core.presence,
    identity: core.identity,
    engine: core.engine,
    sessions: core.sessions,
    occupancy: core.occupancy,
    reading: core.reading,
    media: core.media,
    sanctions: core.sanctions,
    endMemberships: core.endMemberships,
    outgoing: core.outgoing,
    receipts: core.receipts,
    statuses: core.statuses,
    reports: core.reports,
    keyReset: core.keyReset,
    calls: guardedCalls({
      internal: core.config.xchat.webhooks.internal,
      timeout: CALL,
      agent: `Conclave/${VERSION}`,
    }),
    turn,
    http,
    straight,
    server: http.server,
    roomsChannel,
    write: item => core.writer.write(item),
    publicUrl: () => core.config.publicUrl?.replace(/\/+$/, '') ?? urlOf(core.config, http),
    newId: () => core.store.newId(),
    peers,
    addressOf: request => peers?.clientOf(request) ?? addressOf(request, core.config.proxy.trust),
  }
}

interface Running {
  readonly core: Core
  readonly http: FastifyInstance
  readonly straight: Straight
  readonly gateways: readonly Gateway[]
  readonly peers: Peers | null
  readonly operations: Operations
  readonly control: Control
  /** Every connection, those that were upgraded included: the HTTP server forgets these and still waits for them. */
  readonly sockets: ReadonlySet<Socket>
}

/** Not ready, then some time for balancers, then no new requests, then sessions with their wire's own code, then the last commit, then the store. */
async function stop({ core, http, straight, gateways, peers, operations, control, sockets }: Running): Promise<void> {
  operations.stopping()
  // Whoever balances looks at `/ready` now and then: until it has, clients still come here, and are served.
  if (core.config.drain > 0) await sleep(core.config.drain * 1_000)
  core.temporary.stop()
  await control.close()
  straight.close()
  const closed = http.close()
  await core.settled()
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, CLOSING)
  // A gateway that cannot close keeps neither the others nor the store open.
  for (const gateway of gateways) {
    await gateway
      .close()
      .catch((error: unknown) => core.log.error({ wire: gateway.name, err: error }, 'bug while closing a gateway'))
  }
  peers?.close()
  await closed
  clearTimeout(cut)
  await core.close()
}
