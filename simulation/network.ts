// What lies between the nodes, and between them and the store: it delays everything, and loses, repeats and reorders what
// it may. One fault stays on until it is taken away: a node cut off from the others, or from the store.
import type { Carried, Subject, Transport } from '../packages/server/src/bus/transport.ts'
import { StoreFailure } from '../packages/server/src/store/store.ts'
import type { Chance } from './chance.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** How bad the network of a seed is. Percents, and ms. */
export interface Weather {
  readonly lost: number
  readonly twice: number
  readonly slow: number
  readonly busDelay: number
  readonly storeDelay: number
  /** Requests to the store, or its answers, that never arrive. */
  readonly storeLost: number
}

/** Where a node hangs: cut off it sends into the void. */
export interface Line {
  readonly number: number
  life: Life
  busCut: boolean
  storeCut: boolean
}

interface Subscription {
  readonly receive: (bytes: Uint8Array) => void
  active: boolean
}

interface Port {
  readonly line: Line
  readonly life: Life
  readonly subjects: Map<Subject, Set<Subscription>>
  connected: boolean
  reconnected: () => void
}

export class Network {
  readonly #scheduler: Scheduler
  readonly #chance: Chance
  weather: Weather
  #ports: Port[] = []

  constructor(scheduler: Scheduler, chance: Chance, weather: Weather) {
    this.#scheduler = scheduler
    this.#chance = chance
    this.weather = weather
  }

  transport(line: Line): Transport {
    const port: Port = {
      line,
      life: line.life,
      subjects: new Map(),
      connected: !line.busCut,
      reconnected: () => {},
    }
    this.#ports = [...this.#ports.filter(other => other.life.alive), port]
    return {
      most: 1_000_000,
      get connected() {
        return port.connected
      },
      publish: (subject, bytes) => this.#publish(port, subject, bytes),
      subscribe: (subject, receive) => this.#subscribe(port, subject, receive),
      onReconnected: listener => {
        port.reconnected = listener
      },
      close: async () => {
        port.subjects.clear()
      },
    }
  }

  /** From the bus. It takes a while until the node sees it. */
  cutBus(line: Line): void {
    line.busCut = true
    this.#later(line, this.#chance.between(0, 2_000), port => {
      if (line.busCut) port.connected = false
    })
  }

  mendBus(line: Line): void {
    line.busCut = false
    this.#later(line, this.#chance.between(1, 500), port => {
      if (line.busCut) return
      port.connected = true
      port.reconnected()
    })
  }

  #later(line: Line, ms: number, run: (port: Port) => void): void {
    for (const port of this.#ports) if (port.line === line) this.#scheduler.plan(port.life, ms, () => run(port))
  }

  #publish(from: Port, subject: Subject, bytes: Uint8Array): void {
    if (from.line.busCut) return
    for (const port of this.#ports) {
      if (port === from || !port.life.alive || port.line.busCut) continue
      for (const subscription of port.subjects.get(subject) ?? []) {
        if (!subscription.active || this.#chance.percent(this.weather.lost)) continue
        this.#carry(port, subscription, bytes)
        if (this.#chance.percent(this.weather.twice)) this.#carry(port, subscription, bytes)
      }
    }
  }

  #carry(port: Port, subscription: Subscription, bytes: Uint8Array): void {
    this.#scheduler.plan(port.life, this.#delay(this.weather.busDelay), () => {
      if (subscription.active && !port.line.busCut) subscription.receive(bytes)
    })
  }

  #subscribe(port: Port, subject: Subject, receive: (bytes: Uint8Array) => void): Carried {
    const subscription: Subscription = { receive, active: false }
    const subscriptions = port.subjects.get(subject) ?? new Set()
    port.subjects.set(subject, subscriptions.add(subscription))
    const ready = new Promise<void>(resolve => {
      if (port.line.busCut) {
        // It is asked for again when the connection is back.
        subscription.active = true
        resolve()
        return
      }
      this.#scheduler.plan(null, this.#delay(this.weather.busDelay), () => {
        subscription.active = true
        this.#scheduler.plan(port.life, this.#delay(this.weather.busDelay), resolve)
      })
    })
    return {
      ready,
      stop: () => {
        subscription.active = false
        subscriptions.delete(subscription)
      },
    }
  }

  /** Asks something of the store on behalf of a node: the question and the answer take their time, or never arrive. */
  ask<T>(line: Line, run: () => Promise<T>, lossy = true): Promise<T> {
    const { life } = line
    const scheduler = this.#scheduler
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        scheduler.plan(life, this.#chance.between(5, 300), () => reject(new StoreFailure('the store does not answer')))
      }
      const lost = (): boolean => lossy && (line.storeCut || this.#chance.percent(this.weather.storeLost))
      if (lost()) return fail()
      scheduler.plan(null, this.#delay(this.weather.storeDelay), () => {
        const answered = (settle: () => void): void => {
          if (lost()) fail()
          else scheduler.plan(life, this.#delay(this.weather.storeDelay), settle)
        }
        run().then(
          value => answered(() => resolve(value)),
          (error: Error) => answered(() => reject(error)),
        )
      })
    })
  }

  #delay(usual: number): number {
    const ms = this.#chance.between(usual / 5, usual)
    return this.#chance.percent(this.weather.slow) ? ms + this.#chance.between(20, 400) : ms
  }
}
