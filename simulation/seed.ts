// One seed: three nodes or more, a store, a network, clients, and 200 steps or more of what they do and what befalls them.
// Then everything is mended, and what must be whole is. The same seed does the same, to the last line of its trace.
import { createHash } from 'node:crypto'
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { localPresence } from '../packages/server/src/presence/local.ts'
import type { Row } from '../packages/server/src/store/store.ts'
import { StoreFailure } from '../packages/server/src/store/store.ts'
import { Broken } from './broken.ts'
import { Chance } from './chance.ts'
import { Client } from './clients.ts'
import { prepareDatabases } from './databases.ts'
import { install } from './globals.ts'
import { SKEW } from './laws.ts'
import { Network, type Weather } from './network.ts'
import { SimulatedNode } from './node.ts'
import { Scheduler } from './scheduler.ts'
import { keyNumber } from './signing.ts'
import { STORE_NODE, Truth } from './truth.ts'

export interface Ran {
  readonly seed: number
  /** Of everything that happened, in its order. */
  readonly hash: string
  /** What broke; null where nothing did. */
  readonly broken: string | null
  readonly invariant: string | null
  readonly steps: number
  readonly occurrences: number
  readonly committed: number
  readonly delivered: number
  readonly trace: readonly string[]
}

const START = 1_800_000_000_000
const STEPS = 200
/** Of them the last ones, in rough seeds. */
const ROUGH = 70
const NODES = 3
const CLIENTS = 9
/** ms after everything was mended until which all has to be whole. */
const HEALING = 16_000
const OPERATOR = '1900' as UserId

let running: { scheduler: Scheduler; chance: Chance } = { scheduler: new Scheduler(START), chance: new Chance(0) }
install(() => running)
prepareDatabases(STORE_NODE)

export async function runSeed(seed: number): Promise<Ran> {
  return new Seed(seed).run()
}

class Seed {
  readonly #seed: number
  readonly #scheduler = new Scheduler(START)
  readonly #chance: Chance
  readonly #trace: string[] = []
  readonly #nodes: SimulatedNode[] = []
  readonly #clients: Client[] = []
  readonly #rooms: RoomId[] = []
  readonly #presence = localPresence()
  #broken: Error | null = null
  #steps = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#chance = new Chance(seed)
    running = { scheduler: this.#scheduler, chance: new Chance(seed + 2 ** 40) }
  }

  async run(): Promise<Ran> {
    const { clock, lockstep } = {
      clock: { now: () => Math.floor(this.#scheduler.now) },
      lockstep: this.#seed % 2 === 0,
    }
    const truth = await Truth.open(clock, lockstep, line => this.#tell(line))
    try {
      await this.#begin(truth, lockstep)
      await this.#play(truth)
    } catch (error) {
      this.#breaks(error)
    }
    await truth.store.close()
    const { judge } = truth
    return {
      seed: this.#seed,
      hash: createHash('sha256').update(this.#trace.join('\n')).digest('hex'),
      broken: this.#broken && textOf(this.#broken),
      invariant: this.#broken instanceof Broken ? this.#broken.invariant : this.#broken && 'bug',
      steps: this.#steps,
      occurrences: this.#scheduler.happened,
      committed: [...judge.model.rooms.values()].reduce((sum, room) => sum + room.events.length, 0),
      delivered: judge.delivered,
      trace: this.#trace,
    }
  }

  async #begin(truth: Truth, lockstep: boolean): Promise<void> {
    const users = Array.from({ length: CLIENTS }, (_, number) => String(1_001 + number) as UserId)
    const channels = ['2100000000000000001', '2100000000000000002'] as ChannelId[]
    await truth.commit([{ guards: [], append: null, rows: worldOf(users, channels) }])
    const network = new Network(this.#scheduler, new Chance(this.#seed + 2 ** 41), this.#weather())
    const presence = this.#presence
    for (let number = 0; number < NODES; number++) {
      this.#nodes.push(
        new SimulatedNode(number, {
          scheduler: this.#scheduler,
          chance: running.chance,
          network,
          truth,
          presence,
          lockstep,
          skew: this.#chance.between(-SKEW / 2, SKEW / 2),
          broken: error => this.#breaks(error),
        }),
      )
    }
    this.#network = network
    const isRough = (): boolean => this.#seed % 5 === 0 && this.#steps > STEPS - ROUGH
    const stage = {
      scheduler: this.#scheduler,
      chance: this.#chance,
      judge: truth.judge,
      channels,
      users,
      operator: OPERATOR,
      rooms: this.#rooms,
      tell: (line: string) => this.#tell(line),
      broken: (error: unknown) => this.#breaks(error),
      get rough() {
        return isRough()
      },
      strike: (node: SimulatedNode) => {
        node.struck = () =>
          void this.#scheduler.plan(node.life, this.#chance.between(0, this.#chance.one([1, 5, 20])), () => {
            if (this.#nodes.some(other => other !== node && other.up)) this.#crash(node)
          })
      },
    }
    for (const [number, user] of [...users, OPERATOR].entries())
      this.#clients.push(new Client(number, user, this.#nodes[number % NODES] as SimulatedNode, stage))
  }

  #network: Network | null = null

  /** Some seeds are calm, some are not; those without a fault are as likely to show an order that nobody thought of. */
  #weather(): Weather {
    const chance = this.#chance
    return {
      lost: chance.one([0, 0, 2, 10, 30]),
      twice: chance.one([0, 3, 20]),
      slow: chance.one([0, 1, 5]),
      busDelay: chance.one([1, 8, 40]),
      storeDelay: chance.one([0.5, 3, 15]),
      storeLost: chance.one([0, 0, 0.3, 2]),
    }
  }

  async #play(truth: Truth): Promise<void> {
    // Rooms for all first, while nothing is wrong.
    const { weather } = this.#network as Network
    ;(this.#network as Network).weather = { ...weather, lost: 0, storeLost: 0, slow: 0 }
    for (let number = 0; number < 4; number++) {
      const client = this.#clients[number] as Client
      this.#plan(client, 0, () => client.found(number))
      await this.#until(this.#scheduler.now + 150, truth)
    }
    if (this.#rooms.length === 0) throw new Error('no room was founded')
    for (const client of this.#clients)
      for (let times = 0; times < 3; times++) this.#plan(client, 0, () => client.watch())
    await this.#until(this.#scheduler.now + 150, truth)
    ;(this.#network as Network).weather = weather
    const pace = this.#chance.one([1, 4, 15, 60])
    while (this.#steps < STEPS && !this.#broken) {
      this.#steps += 1
      this.#step()
      // Now and then nothing happens for long enough that what looks by itself does.
      const idle = this.#chance.percent(1.5) ? this.#chance.between(500, 7_000) : this.#chance.between(0, 2 * pace)
      await this.#until(this.#scheduler.now + idle, truth)
    }
    if (this.#broken) return
    await this.#heal(truth)
  }

  #step(): void {
    if (this.#chance.percent(6)) {
      this.#befall()
      return
    }
    const client = this.#chance.one(this.#clients)
    if (!client.node.up || (client.node.stopped && this.#chance.percent(50)) || this.#chance.percent(3))
      this.#move(client)
    this.#plan(client, 0, () => client.act())
    // Several at once, for races.
    if (this.#chance.percent(10))
      for (const other of this.#chance.some(this.#clients, 4))
        if (other.node.up) this.#plan(other, 0, () => other.act())
  }

  #move(client: Client): void {
    const up = this.#nodes.filter(node => node.up)
    client.disconnect()
    client.node = this.#chance.one(up)
    this.#tell(`${client.user} moves to ${client.node.name}`)
  }

  #plan(client: Client, delay: number, act: () => Promise<void>): void {
    this.#scheduler.plan(client.node.life, delay, () => {
      act().catch(error => {
        if (!(error instanceof StoreFailure)) this.#breaks(error)
      })
    })
  }

  /** A fault, and when it ends. */
  #befall(): void {
    const chance = this.#chance
    const network = this.#network as Network
    const node = chance.one(this.#nodes)
    const others = this.#nodes.filter(other => other !== node && other.up)
    const later = (ms: number, run: () => void): void => void this.#scheduler.plan(null, ms, run)
    const kind = chance.weighted<'crash' | 'stop' | 'bus' | 'store' | 'weather'>([
      [3, 'crash'],
      [2, 'stop'],
      [2, 'bus'],
      [2, 'store'],
      [1, 'weather'],
    ])
    if (kind === 'weather') {
      network.weather = this.#weather()
      this.#tell('the weather changes')
      return
    }
    if (!node.up || others.length === 0) return
    if (kind === 'crash') {
      this.#crash(node)
      return
    }
    const ms = chance.between(50, 8_000)
    this.#tell(`${node.name}: ${kind} for ${Math.round(ms)} ms`)
    if (kind === 'stop') node.life.stoppedUntil = this.#scheduler.now + ms
    if (kind === 'bus') {
      network.cutBus(node.line)
      later(ms, () => network.mendBus(node.line))
    }
    if (kind === 'store') {
      node.line.storeCut = true
      later(Math.min(ms, 3_000), () => {
        node.line.storeCut = false
      })
    }
  }

  #crash(node: SimulatedNode): void {
    this.#tell(`${node.name} crashes`)
    node.crash()
    for (const client of this.#clients) if (client.node === node) client.disconnect()
    this.#scheduler.plan(null, this.#chance.between(10, 3_000), () => this.#restart(node))
  }

  #restart(node: SimulatedNode): void {
    if (node.up) return
    this.#tell(`${node.name} starts`)
    node.restart()
  }

  /** Everything comes back and nothing new befalls anybody: after a while every watcher has everything. */
  async #heal(truth: Truth): Promise<void> {
    const network = this.#network as Network
    this.#tell('all is mended')
    network.weather = { ...network.weather, lost: 0, storeLost: 0, slow: 0 }
    for (const node of this.#nodes) {
      this.#restart(node)
      node.life.stoppedUntil = 0
      node.line.storeCut = false
      network.mendBus(node.line)
    }
    await this.#until(this.#scheduler.now + HEALING, truth)
    if (this.#broken) return
    for (const client of this.#clients) for (const watch of client.watches) watch.complete()
    const now = Math.floor(this.#scheduler.now)
    for (const { user, connected } of this.#clients)
      if (connected && !truth.judge.isAdmitted(user, now)) throw new Broken('L10', `${user} has a session still`)
    for (const room of this.#rooms) {
      const occupants = await this.#presence.occupants(room)
      truth.judge.occupied(
        room,
        occupants.map(({ user }) => user),
        now,
      )
    }
    await truth.judge.finished()
  }

  async #until(moment: number, { judge }: Truth): Promise<void> {
    if (this.#broken) return
    await this.#scheduler.run(moment, life => {
      // What a node remembers changes in its own turns alone.
      const node = this.#nodes.find(one => one.life === life)
      if (life && node?.up) {
        const { rooms, identity } = node.core
        const memory = judge.memoryOf(life.name)
        for (const room of judge.model.rooms.keys()) memory.room(rooms.peek(room))
        for (const user of judge.model.accounts.keys()) memory.account(identity.accounts.peek(user))
      }
      return !this.#broken
    })
  }

  #tell(line: string): void {
    this.#trace.push(`${(this.#scheduler.now - START).toFixed(3)} ${line}`)
  }

  #breaks(error: unknown): void {
    if (this.#broken) return
    this.#broken = error instanceof Error ? error : new Error(String(error))
    this.#tell(`BROKEN ${this.#broken.message}`)
  }
}

function textOf(error: Error): string {
  return error instanceof Broken ? error.message : (error.stack ?? error.message)
}

/** Who is there from the start: clients with keys (the last one without), an operator, two channels. */
function worldOf(users: readonly UserId[], channels: readonly ChannelId[]): Row[] {
  const blank = { active: true, sanctions: [], info: {}, invisible: false, excluded: [] }
  const rows: Row[] = []
  for (const [index, id] of channels.entries()) {
    const owners = users.slice(index, index + 1)
    const channel = { id, name: `channel ${index}`, sort: 0, tags: [], owners, admins: [], acls: [], sanctions: [] }
    rows.push({ put: 'channel', channel })
  }
  for (const [number, id] of [...users, OPERATOR].entries()) {
    const roles = id === OPERATOR ? (['superuser'] as const) : []
    const names = { username: `user${id}`, name: `User ${id}`, dinoName: `user${id}` }
    const attributes = { gender: number % 2 === 0 ? 'm' : 'w' }
    rows.push({ put: 'account', account: { id, ...names, ...blank, roles, attributes }, email: null, createdAt: START })
    if (number === users.length - 1) continue
    const key = {
      version: '1700000000000',
      identityKey: keyNumber(40 + (number % 4)).spki,
      signingKey: keyNumber(number * 4).spki,
      identityKeySignature: '',
      signingKeySignature: '',
      fingerprint: '',
      at: START,
    }
    rows.push({ put: 'publicKey', user: id, key })
  }
  return rows
}
