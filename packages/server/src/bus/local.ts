// The Bus inside one process: a message reaches its receivers in the turn in which it is published. What a receiver
// publishes follows when everybody has the message at hand, so that all receivers see one order.
import { Few } from '../few.ts'
import type { Bus, BusMessage, Topic, Unsubscribe } from './bus.ts'

export interface LocalBusOptions {
  /** Told what a receiver threw: a bug in the receiver, which costs the others nothing. */
  onError?(error: unknown): void
}

export function localBus(options: LocalBusOptions = {}): Bus {
  return new LocalBus(options.onError ?? warn)
}

interface Subscription {
  readonly receive: (message: BusMessage) => void
  /** Number of the first message that this subscription gets. */
  readonly from: number
}

const FOLLOWED = Promise.resolve()

class LocalBus implements Bus {
  readonly alone = true
  readonly #onError: (error: unknown) => void
  readonly #topics = new Map<Topic, Few<Subscription>>()
  readonly #waiting: { readonly topic: Topic; readonly message: BusMessage; readonly number: number }[] = []
  #published = 0
  #delivering = false

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  publish(topic: Topic, message: BusMessage): void {
    const number = this.#published++
    if (this.#delivering) {
      // Who subscribes from here on is too late for this message, so without receivers it need not wait.
      if (this.#topics.has(topic)) this.#waiting.push({ topic, message, number })
      return
    }
    this.#delivering = true
    try {
      this.#deliver(topic, message, number)
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        this.#deliver(next.topic, next.message, next.number)
      }
    } finally {
      this.#delivering = false
    }
  }

  /** Everything that is published is published here. */
  follow(): Promise<void> {
    return FOLLOWED
  }

  /** Nobody else writes. */
  keeps(): boolean {
    return true
  }

  subscribe(topic: Topic, receive: (message: BusMessage) => void): Unsubscribe {
    const subscription: Subscription = { receive, from: this.#published }
    const subscriptions = this.#topics.get(topic) ?? new Few()
    subscriptions.add(subscription)
    this.#topics.set(topic, subscriptions)
    return () => {
      subscriptions.delete(subscription)
      if (subscriptions.size === 0 && this.#topics.get(topic) === subscriptions) this.#topics.delete(topic)
    }
  }

  async close(): Promise<void> {
    this.#waiting.length = 0
    for (const subscriptions of this.#topics.values()) subscriptions.clear()
    this.#topics.clear()
  }

  /** The walk may come to whoever joins meanwhile, and leaves out whoever goes: only the former need a check. */
  #deliver(topic: Topic, message: BusMessage, number: number): void {
    const subscriptions = this.#topics.get(topic)
    if (subscriptions === undefined) return
    for (const subscription of subscriptions) {
      if (subscription.from > number) continue
      try {
        subscription.receive(message)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

/** The kind of the error alone: its text may hold what a message held. */
function warn(error: unknown): void {
  process.emitWarning(`a receiver of the bus threw ${error instanceof Error ? error.name : typeof error}`)
}
