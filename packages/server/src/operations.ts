// Operations: /health (it serves), /ready (it may be written to), /metrics (Prometheus text). No content, no
// names, no keys in any of them.
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Core } from './engine/core.ts'
import type { Wire } from './presence/presence.ts'
import { tally } from './tally.ts'

/** Requests and WebSockets that are under way to other nodes. */
export interface HandsOn {
  readonly open: { readonly requests: number; readonly sockets: number }
}

const WIRES: readonly Wire[] = ['dino', 'rocketchat', 'xchat']

export class Operations {
  readonly #core: Core
  readonly #registry = new Registry()
  #peers: HandsOn | null = null
  #stopping = false

  constructor(core: Core) {
    this.#core = core
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    const items = new Counter({ name: 'conclave_committed_items_total', help: 'Items that were written', registers })
    const commits = new Histogram({
      name: 'conclave_commit_seconds',
      help: 'Time of one transaction, its sync included',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
      registers,
    })
    core.onCommit((count, milliseconds) => {
      items.inc(count)
      commits.observe(milliseconds / 1_000)
    })
    new Gauge({
      name: 'conclave_waiting_commands',
      help: 'Commands that run or wait',
      registers,
      collect() {
        this.set(core.engine.waiting)
      },
    })
    new Gauge({
      name: 'conclave_ready',
      help: '1 while the store takes writes and the node counts among the others',
      registers,
      collect() {
        this.set(core.writer.ready && core.nodes.serving ? 1 : 0)
      },
    })
    new Gauge({
      name: 'conclave_sessions',
      help: 'Live sessions of this node',
      labelNames: ['wire'],
      registers,
      collect() {
        for (const wire of WIRES) this.set({ wire }, core.sessions.countOf(wire))
      },
    })
    this.#countOutgoing(registers)
    this.#countNodes(registers)
  }

  /** What the embedding site is told: how much waits, how much is a dead letter, and what became of every try. */
  #countOutgoing(registers: Registry[]): void {
    const { store, outgoing } = this.#core
    new Gauge({
      name: 'conclave_outgoing',
      help: 'External events that are kept: waiting, or dead letters',
      labelNames: ['destination', 'state'],
      registers,
      async collect() {
        this.reset()
        for (const { to: destination, waiting, dead } of await store.countOutgoing()) {
          this.set({ destination, state: 'waiting' }, waiting)
          this.set({ destination, state: 'dead' }, dead)
        }
      },
    })
    const tries = new Counter({
      name: 'conclave_outgoing_tries_total',
      help: 'Tries to tell of an external event: taken, unwell, refused or gone',
      labelNames: ['destination', 'result'],
      registers,
    })
    outgoing.onTried((destination, result) => tries.inc({ destination, result }))
    new Gauge({
      name: 'conclave_outgoing_lost',
      help: 'External events that were not kept since the start, because too many waited',
      registers,
      collect() {
        this.set(outgoing.lost)
      },
    })
  }

  /** What many nodes need: how often they are in each other's way, what the bus has lost, who is there. */
  #countNodes(registers: Registry[]): void {
    const { nodes, bus } = this.#core
    counted(
      registers,
      'conclave_decided_again_total',
      'Commands decided again, for what they were decided on had moved',
      () => tally.decidedAgain,
    )
    counted(
      registers,
      'conclave_written_again_total',
      'Batches written anew, after another node was first',
      () => tally.writtenAgain,
    )
    counted(
      registers,
      'conclave_bus_gaps_total',
      'Times that the bus had lost or delayed an event of a room',
      () => tally.busGaps,
    )
    counted(registers, 'conclave_bus_healed_events_total', 'Events read from the store instead', () => tally.busHealed)
    gauge(registers, 'conclave_bus_behind_seconds', 'Age of what this node has surely heard from all others', () =>
      'heardUntil' in bus ? Math.max(0, (nodes.clock.now() - Number(bus.heardUntil)) / 1_000) : 0,
    )
    gauge(registers, 'conclave_nodes', 'Nodes that count, as this one sees it', () => nodes.live().length)
    gauge(registers, 'conclave_node_serving', '1 while this node counts among them', () => (nodes.serving ? 1 : 0))
    new Gauge({
      name: 'conclave_job_held',
      help: '1 for each job that this node does for all of them',
      labelNames: ['job'],
      registers,
      collect() {
        this.reset()
        for (const job of nodes.jobs) this.set({ job }, 1)
      },
    })
    gauge(
      registers,
      'conclave_peer_requests',
      'Requests of clients under way to the nodes of their sessions',
      () => this.#peers?.open.requests ?? 0,
    )
    gauge(
      registers,
      'conclave_peer_sockets',
      'WebSockets open to the nodes of their sessions',
      () => this.#peers?.open.sockets ?? 0,
    )
    new Gauge({
      name: 'conclave_pool_connections',
      help: 'Connections to PostgreSQL, busy and idle, and statements that wait for one',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        this.reset()
        for (const { name: pool, use } of tally.pools)
          for (const [state, count] of Object.entries(use)) this.inc({ pool, state }, count)
      },
    })
  }

  /** From now on `/ready` says 503, so that a balancer sends nobody here. */
  stopping(): void {
    this.#stopping = true
  }

  /** Where nodes hand requests on to each other. */
  shows(peers: HandsOn | null): void {
    this.#peers = peers
  }

  register(http: FastifyInstance): void {
    http.get('/health', async () => ({ status: 'ok' }))
    http.get('/ready', async (_request, reply) => {
      if (this.#stopping) return reply.code(503).send({ status: 'stopping' })
      if (!this.#core.writer.ready) return reply.code(503).send({ status: 'store not writable' })
      if (!this.#core.nodes.serving) return reply.code(503).send({ status: 'out of touch with the other nodes' })
      return { status: 'ready' }
    })
    http.get('/metrics', async (_request, reply) =>
      reply.type(this.#registry.contentType).send(await this.#registry.metrics()),
    )
  }
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read())
    },
  })
}

/** A number that only grows, counted elsewhere. */
function counted(registers: Registry[], name: string, help: string, read: () => number): void {
  let shown = 0
  new Counter({
    name,
    help,
    registers,
    collect() {
      const now = read()
      this.inc(now - shown)
      shown = now
    },
  })
}
