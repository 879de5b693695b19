// Operations: /health (it serves), /ready (it may be written to), /metrics (Prometheus text). No content, no
// names, no keys in any of them.
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Core } from './engine/core.ts'
import type { Wire } from './presence/presence.ts'

const WIRES: readonly Wire[] = ['dino', 'rocketchat', 'xchat']

export class Operations {
  readonly #core: Core
  readonly #registry = new Registry()
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

  /** From now on `/ready` says 503, so that a balancer sends nobody here. */
  stopping(): void {
    this.#stopping = true
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
