// Nodes that share a PostgreSQL. A node's lease is a row that it renews; its looks go over a connection of their own, so that
// no load of the others keeps it from them. How long a look holds is counted from before it was asked for, by a count that
// neither a set clock nor a stop of the process can hold back.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { NODE_BEAT, NODE_KNOWN, NODE_KNOWN_LOOK, NODE_LEASE, NODE_OUT, NODE_UNSURE } from '../limits.ts'
import { NODE_NOTICE } from '../postgres/nodes.ts'
import type { Hold, LiveNode, NodeEvents, Nodes } from './nodes.ts'
import { NodeRefusal } from './nodes.ts'
import { FollowingClock } from './postgres/clock.ts'

/** ms, each as the limit of its name. */
export interface NodeTimes {
  readonly beat: number
  readonly lease: number
  readonly unsure: number
  readonly out: number
  readonly known: number
}

export interface PostgresNodesOptions {
  /** `postgres://…`, with everything migrated. */
  readonly url: string
  readonly node: number
  readonly address: string | null
  /** Takes no second node beside it, whatever its number: they could not tell each other anything. */
  readonly alone: boolean
  readonly log: Logger
  /** For tests, which have less time. */
  readonly times?: NodeTimes
}

const TIMES: NodeTimes = { beat: NODE_BEAT, lease: NODE_LEASE, unsure: NODE_UNSURE, out: NODE_OUT, known: NODE_KNOWN }

interface Job {
  readonly taken: () => void
  held: boolean
}

interface Seen {
  /** `looked`: when each has looked last, as `now` but to the µs. */
  readonly nodes: readonly (LiveNode & { readonly looked: number })[]
  readonly held: readonly string[]
  /** ms since 1970, by the database's clock. */
  readonly now: number
}

type Entering =
  | { readonly entered: true }
  | { readonly entered: false; readonly node: number; readonly address: string | null; readonly seen: string }

/** Resolves when the node counts and the others know it. Rejects with NodeRefusal where it cannot; where one like it may
 * just have died, after as long as a lease lasts. */
export async function openPostgresNodes(options: PostgresNodesOptions): Promise<Nodes> {
  const nodes = new PostgresNodes(options)
  try {
    await nodes.open()
  } catch (error) {
    await nodes.close()
    throw error instanceof NodeRefusal ? error : new NodeRefusal(`PostgreSQL cannot be asked: ${reasonOf(error)}.`)
  }
  return nodes
}

class PostgresNodes implements Nodes {
  readonly #options: PostgresNodesOptions
  readonly #times: NodeTimes
  readonly #pool: pg.Pool
  readonly #clock = new FollowingClock()
  readonly #events: NodeEvents[] = []
  readonly #jobs = new Map<string, Job>()
  #self: LiveNode
  #live: readonly LiveNode[] = []
  #seen: Seen = { nodes: [], held: [], now: 0 }
  /** Count of ms at which the last look that found this node was asked for. */
  #lookedAt = Number.NEGATIVE_INFINITY
  #state: 'entering' | 'in' | 'out' | 'closed' = 'entering'
  #unsure = false
  #refused = false
  #looking: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: PostgresNodesOptions) {
    this.#options = options
    this.#times = options.times ?? TIMES
    this.#self = { node: options.node, instance: randomUUID(), address: options.address }
    // A look that takes longer than this has failed.
    const patience = this.#times.unsure / 2
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: 1,
      connectionTimeoutMillis: patience,
      query_timeout: patience,
      statement_timeout: patience,
      idleTimeoutMillis: 0,
      keepAlive: true,
      application_name: `conclave node ${options.node}`,
      // It is waited for, which its types do not say.
      onConnect: (client): unknown => this.#listen(client),
    })
    this.#pool.on('error', () => {})
  }

  get self(): LiveNode {
    return this.#self
  }

  get clock(): Clock {
    return this.#clock
  }

  get shared(): boolean {
    return !this.#options.alone
  }

  get serving(): boolean {
    return this.#state === 'in' && this.#age() < this.#times.unsure
  }

  live(): readonly LiveNode[] {
    return this.#live
  }

  watch(events: NodeEvents): void {
    this.#events.push(events)
  }

  get jobs(): readonly string[] {
    return [...this.#jobs].filter(([, job]) => this.#does(job)).map(([name]) => name)
  }

  #does({ held }: Job): boolean {
    return held && this.#state === 'in' && this.#age() < this.#times.lease
  }

  hold(name: string, taken: () => void = () => {}): Hold {
    const jobs = this.#jobs
    if (jobs.has(name)) throw new Error(`"${name}" is held already`)
    const job: Job = { taken, held: false }
    jobs.set(name, job)
    this.look()
    const isHeld = (): boolean => this.#does(job)
    return {
      get held() {
        return isHeld()
      },
      release: async () => {
        job.held = false
        if (jobs.get(name) === job) jobs.delete(name)
        // One that is under way may not have known.
        await this.#looking
        await this.#look()
      },
    }
  }

  look(): void {
    void this.#look()
  }

  async open(): Promise<void> {
    await this.#enterInTime()
    await this.#see()
    await this.#untilKnown()
    if (!this.serving) throw new NodeRefusal('PostgreSQL answers too slowly.')
    this.#timer = setInterval(() => this.#tick(), this.#times.beat)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    const before = this.#state
    this.#state = 'closed'
    if (this.#timer) clearInterval(this.#timer)
    await this.#looking
    for (const job of this.#jobs.values()) job.held = false
    this.#jobs.clear()
    // Where nobody can be told, the lease ends by itself.
    if (before === 'in') await this.#pool.query('SELECT conclave.node_leave($1)', [this.#self.instance]).catch(() => {})
    if (before !== 'closed') await this.#pool.end()
  }

  /** One like it that just died counts until its lease ends; one that looks once more is alive. */
  async #enterInTime(): Promise<void> {
    let first: string | null = null
    for (;;) {
      const answer = await this.#enter()
      if (answer.entered) return
      if (first !== null && first !== answer.seen) throw new NodeRefusal(refusalOf(this.#options.node, answer))
      first = answer.seen
      await new Promise(resolve => setTimeout(resolve, this.#times.beat / 4))
    }
  }

  async #listen(client: pg.ClientBase): Promise<void> {
    client.on('notification', () => this.#lookAnew())
    await client.query(`LISTEN ${NODE_NOTICE}`)
  }

  /** A client that comes here may be asked for by another node at once, which hands on to nodes that it knows alone. */
  async #untilKnown(): Promise<void> {
    const { lease, known } = this.#times
    const asked = performance.now()
    // Looks that are younger than the one just made see the entry, and are asked for.
    const entered = this.#seen.nodes.find(({ instance }) => instance === this.#self.instance)?.looked ?? 0
    await this.#pool.query('SELECT pg_notify($1, $2)', [NODE_NOTICE, ''])
    for (;;) {
      const { nodes, now } = this.#seen
      const strangers = nodes.filter(
        ({ node, looked }) => node !== this.#self.node && looked <= entered && now - looked < lease,
      )
      if (strangers.length === 0) return
      if (performance.now() - asked >= known) {
        const named = strangers.map(({ node }) => node)
        this.#options.log.warn(
          { node: this.#self.node, nodes: named },
          'other nodes have not looked since this one came',
        )
        return
      }
      await new Promise(resolve => setTimeout(resolve, NODE_KNOWN_LOOK))
      await this.#look()
    }
  }

  async #enter(): Promise<Entering> {
    const { node, instance, address } = this.#self
    const values = [node, instance, address, this.#options.alone, this.#lease()]
    const { rows } = await this.#pool.query('SELECT conclave.node_enter($1, $2, $3, $4, $5) AS answer', values)
    const { answer } = rows[0] as { answer: Entering }
    if (answer.entered) this.#state = 'in'
    return answer
  }

  #tick(): void {
    this.#doubt()
    void this.#look()
  }

  /** What time alone does to a node that asks in vain. */
  #doubt(): void {
    if (this.#state !== 'in' || this.serving) return
    if (!this.#unsure) this.#options.log.warn({ node: this.#self.node }, 'PostgreSQL does not answer, no longer ready')
    this.#unsure = true
    this.#tell(events => events.unsure?.())
    if (this.#age() >= this.#times.out) this.#fallOut('nobody answered for too long')
  }

  /** Something has changed, which a look that is under way may not see. */
  #lookAnew(): void {
    if (this.#looking) void this.#looking.then(() => this.#look())
    else void this.#look()
  }

  /** One at a time; whatever goes wrong, the next one comes with the next beat. */
  #look(): Promise<void> {
    this.#looking ??= this.#see()
      .catch((error: unknown) => this.#options.log.debug({ reason: reasonOf(error) }, 'a look at the nodes failed'))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #see(): Promise<void> {
    if (this.#state === 'out' && !(await this.#reenter())) return
    if (this.#state !== 'in') return
    const { node, instance } = this.#self
    const asked = performance.now()
    const values = [node, instance, [...this.#jobs.keys()], this.#lease()]
    const { rows } = await this.#pool.query('SELECT conclave.node_look($1, $2, $3, $4) AS seen', values)
    const { seen } = rows[0] as { seen: Seen | null }
    if (this.#state !== 'in') return
    if (seen) this.#take(seen, asked)
    else {
      this.#fallOut('its lease has ended')
      await this.#see()
    }
  }

  #take(seen: Seen, asked: number): void {
    const { nodes, held, now } = seen
    const hadEnded = this.#age() >= this.#times.lease
    this.#clock.follow(now, asked, performance.now())
    this.#lookedAt = asked
    const gone = this.#live.filter(one => !nodes.some(({ instance }) => instance === one.instance))
    this.#live = nodes.map(({ node, instance, address }) => ({ node, instance, address }))
    this.#seen = seen
    if (this.#unsure && this.serving) {
      this.#unsure = false
      this.#options.log.warn({ node: this.#self.node }, 'PostgreSQL answers again, ready again')
      this.#tell(events => events.back?.())
    }
    for (const one of gone) if (one.node !== this.#self.node) this.#tell(events => events.lost?.(one))
    for (const [name, job] of this.#jobs) {
      const isNew = hadEnded || !job.held
      job.held = held.includes(name)
      if (job.held && isNew) job.taken()
    }
  }

  #fallOut(reason: string): void {
    this.#options.log.error({ node: this.#self.node, reason }, 'this node counts no more, its sessions end')
    this.#state = 'out'
    this.#unsure = true
    for (const job of this.#jobs.values()) job.held = false
    this.#tell(events => events.out?.())
  }

  async #reenter(): Promise<boolean> {
    const { node, address } = this.#self
    // What the row still says of a lease that nobody has ended is this node's own.
    await this.#pool.query('SELECT conclave.node_leave($1)', [this.#self.instance])
    this.#self = { node, instance: randomUUID(), address }
    const answer = await this.#enter()
    if (!answer.entered && !this.#refused)
      this.#options.log.error({ node }, `this node stays out: ${refusalOf(node, answer)}`)
    this.#refused = !answer.entered
    return answer.entered
  }

  /** ms since a look that found this node. */
  #age(): number {
    return performance.now() - this.#lookedAt
  }

  #lease(): string {
    return `${this.#times.lease} milliseconds`
  }

  #tell(say: (events: NodeEvents) => void): void {
    for (const events of this.#events) say(events)
  }
}

function refusalOf(own: number, { node, address }: Extract<Entering, { entered: false }>): string {
  const where = address ? ` at ${address}` : ''
  return node === own
    ? `Another node with the number ${own} is running${where}; give this one another by the setting "node".`
    : `Node ${node} is running on this database${where}; several nodes need the setting "bus".`
}

/** Without anything that an address holds. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return code ?? message ?? 'unknown'
}
