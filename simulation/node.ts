// One node: the real core (engine, writer, identity, rooms, occupancy, sanctions …) over the shared store, the network and
// its own life. A crash takes the life, and with it everything that was in memory or under way.
import { IdSequence } from '@conclave/wire'
import type { Logger } from 'pino'
import { readAclRules } from '../packages/server/src/acl-file.ts'
import { memoryBlobs } from '../packages/server/src/blobs/memory.ts'
import type { Bus } from '../packages/server/src/bus/bus.ts'
import { clusterBus } from '../packages/server/src/bus/cluster.ts'
import { localBus } from '../packages/server/src/bus/local.ts'
import { readConfig } from '../packages/server/src/config.ts'
import { buildCore, type Core } from '../packages/server/src/engine/core.ts'
import { knownOf } from '../packages/server/src/known.ts'
import { localNodes } from '../packages/server/src/nodes/local.ts'
import type { Presence, SessionRef } from '../packages/server/src/presence/presence.ts'
import { localQuota } from '../packages/server/src/quota/local.ts'
import type { Store } from '../packages/server/src/store/store.ts'
import type { Chance } from './chance.ts'
import type { Line, Network } from './network.ts'
import { Life, type Scheduler } from './scheduler.ts'
import type { Truth } from './truth.ts'

export interface NodeParts {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly network: Network
  readonly truth: Truth
  readonly presence: Presence
  readonly lockstep: boolean
  readonly skew: number
  /** Something broke that is no refusal: an invariant, or a bug. */
  broken(error: unknown): void
}

/** ms until the sessions of a node that is gone are closed by the others. */
const LEASE = 3_000

const CONFIGS = new Map([true, false].map(lockstep => [lockstep, configOf(lockstep)]))

function configOf(lockstep: boolean) {
  const config = readConfig({})
  return { ...config, rocketchat: { ...config.rocketchat, lockstep } }
}

export class SimulatedNode {
  readonly line: Line
  readonly #parts: NodeParts
  core: Core
  bus: Bus
  /** Once it has committed something: it does not come through what it has begun. */
  struck: (() => void) | null = null
  #lives = 0
  readonly #sessions = new Set<string>()

  constructor(number: number, parts: NodeParts) {
    this.#parts = parts
    const life = new Life(`n${number}`, parts.skew)
    this.line = { number, life, busCut: false, storeCut: false }
    ;({ core: this.core, bus: this.bus } = this.#start())
  }

  get name(): string {
    return `n${this.line.number}`
  }

  get life(): Life {
    return this.line.life
  }

  get up(): boolean {
    return this.life.alive
  }

  get stopped(): boolean {
    return this.life.stoppedUntil > this.#parts.scheduler.now
  }

  /** After a while its sessions are nobody's. */
  crash(): void {
    const { scheduler, presence } = this.#parts
    this.life.alive = false
    const sessions = [...this.#sessions]
    this.#sessions.clear()
    scheduler.plan(null, LEASE, () => {
      for (const id of sessions) void presence.close(id)
    })
  }

  restart(): void {
    this.#lives += 1
    this.line.life = new Life(`${this.name}.${this.#lives}`, this.#parts.skew)
    ;({ core: this.core, bus: this.bus } = this.#start())
  }

  /** What it plans while it starts is its own, as everything later. */
  #start(): { core: Core; bus: Bus } {
    const { scheduler, chance, network, truth, lockstep, broken } = this.#parts
    const before = scheduler.life
    scheduler.life = this.life
    const clock = { now: () => Math.floor(scheduler.now + this.life.skew) }
    const config = CONFIGS.get(lockstep) as ReturnType<typeof configOf>
    const store = this.#store(clock)
    const bus = clusterBus({
      local: localBus({ onError: broken }),
      transport: network.transport(this.line),
      store,
      feed: {
        position: () => network.ask(this.line, () => truth.position()),
        read: (after, limit) => network.ask(this.line, () => truth.read(after, limit)),
      },
      clock,
      timers: {
        after: (ms, run) => {
          const planned = scheduler.plan(scheduler.life, ms, run)
          return () => {
            planned.cancelled = true
          }
        },
      },
      onError: broken,
    })
    const core = buildCore({
      config,
      acl: readAclRules(config.dino.acl),
      log: logOf(broken),
      clock,
      random: { bytes: count => chance.bytes(count) },
      nodes: localNodes(this.line.number + 1, clock),
      store,
      blobs: memoryBlobs(),
      bus,
      presence: this.#presence(),
      quota: localQuota(clock),
      outlet: null,
    })
    bus.attach(knownOf(core))
    scheduler.life = before
    return { core, bus }
  }

  #store(clock: { now(): number }): Store {
    const { network } = this.#parts
    const { line } = this
    const ids = new IdSequence(line.number + 1)
    const own: Partial<Store> = {
      newId: () => ids.next(clock.now()),
      reopen: () => network.ask(line, async () => {}),
      close: async () => {},
    }
    return remote<Store>(own, (method, args) => network.ask(line, () => this.#asked(method, args)))
  }

  /** Shared by all nodes. It answers late, and always. */
  #presence(): Presence {
    const { network, presence } = this.#parts
    return remote<Presence>({ onPutOut: () => {} }, (method, args) => {
      if (method === 'open') this.#sessions.add((args[0] as SessionRef).id)
      const run = presence[method as keyof Presence] as (...args: unknown[]) => unknown
      return network.ask(this.line, async () => run.apply(presence, args), false)
    })
  }

  async #asked(method: string, args: unknown[]): Promise<unknown> {
    const answer = await this.#judged(() => this.#parts.truth.ask(method, args))
    if (method === 'commit') {
      this.struck?.()
      this.struck = null
    }
    return answer
  }

  async #judged<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      this.#parts.broken(error)
      throw error
    }
  }
}

/** An object of which every method is asked of somebody else. */
function remote<T extends object>(own: Partial<T>, ask: (method: string, args: unknown[]) => Promise<unknown>): T {
  const methods = new Map<string, unknown>(Object.entries(own))
  return new Proxy({} as T, {
    get: (_target, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined
      let method = methods.get(name)
      if (method === undefined) {
        method = (...args: unknown[]) => ask(name, args)
        methods.set(name, method)
      }
      return method
    },
  })
}

/** An `error` is a bug that somebody should look into; so it is one here. */
function logOf(broken: (error: unknown) => void): Logger {
  const quiet = (): void => {}
  const log = {
    level: 'error',
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (about: { err?: unknown }, text: string) => broken(new Error(text, { cause: about.err })),
    fatal: (about: { err?: unknown }, text: string) => broken(new Error(text, { cause: about.err })),
    child: () => log,
  }
  return log as unknown as Logger
}
