// A Transport over NATS: one connection, by which a node hears only what somebody on it asked for. At most once, as NATS
// core is. It reconnects for ever and to whatever server of the cluster answers; what it missed meanwhile the bus finds in the
// store. Its user, password or token stand in no error and no log.
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { NatsPlace } from '../nats-place.ts'
import type { Carried, Subject, Transport } from './transport.ts'

/** There is no such NATS, or it lets nobody in; the message is one sentence for the operator. */
export class BusRefusal extends Error {
  override readonly name = 'BusRefusal'
}

export interface NatsOptions {
  readonly place: NatsPlace
  /** Of the cluster: nodes of another one on the same NATS hear nothing of this one. Letters, digits, `_` and `-`. */
  readonly cluster: string
  /** What an operator sees of the connection. */
  readonly name: string
  /** The connection is gone, or there again. */
  onState(connected: boolean): void
  onError(error: unknown): void
}

/** ms for the first connection, for each try after a loss, and between two tries, at random between the two bounds. */
const FIRST = 3_000
const AGAIN = { least: 100, most: 600 }
/** ms between pings, of which two may stay without an answer: a connection that says nothing is given up after some seconds. */
const PING = 2_000
const PINGS = 2
/** ms for the answer that a subscription stands, after which it counts as one that does: the store makes it whole. */
const STANDING = 2_000

/** Rejects with BusRefusal. */
export async function openNats(options: NatsOptions): Promise<Transport> {
  const { place, name } = options
  const { servers, tls, login } = place
  try {
    const connection = await connect({
      servers: [...servers],
      name,
      noEcho: true,
      timeout: FIRST,
      reconnect: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => AGAIN.least + Math.random() * (AGAIN.most - AGAIN.least),
      pingInterval: PING,
      maxPingOut: PINGS,
      ...(tls ? { tls: {} } : {}),
      ...(login?.by === 'password' ? { user: login.user, pass: login.password } : {}),
      ...(login?.by === 'token' ? { token: login.token } : {}),
    })
    return new NatsTransport(connection, options)
  } catch (error) {
    throw new BusRefusal(`No NATS server answers at ${servers.join(', ')}: ${reasonOf(error)}.`)
  }
}

/** The library's own words may hold what was sent. */
function reasonOf(error: unknown): string {
  const { name = '', code = '', cause } = error as { name?: string; code?: string; cause?: { code?: string } }
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
    return 'it refuses the user or the token'
  if (name === 'TimeoutError') return 'it does not answer in time'
  const system = /^E[A-Z]+$/.exec(cause?.code ?? code)?.[0]
  return system ?? 'the connection is refused'
}

class NatsTransport implements Transport {
  readonly #connection: NatsConnection
  readonly #options: NatsOptions
  readonly #prefix: string
  #connected = true
  #closing = false
  #reconnected: () => void = () => {}
  #standing: Promise<void> | null = null

  constructor(connection: NatsConnection, options: NatsOptions) {
    this.#connection = connection
    this.#options = options
    this.#prefix = `conclave.${options.cluster}.`
    void this.#watch()
  }

  get most(): number {
    return this.#connection.info?.max_payload ?? 1_048_576
  }

  get connected(): boolean {
    return this.#connected
  }

  publish(subject: Subject, bytes: Uint8Array): void {
    // The library would keep them until it is connected again: by then they are old.
    if (!this.#connected || this.#connection.isClosed()) return
    try {
      this.#connection.publish(this.#prefix + subject, bytes)
    } catch (error) {
      this.#options.onError(error)
    }
  }

  subscribe(subject: Subject, receive: (bytes: Uint8Array) => void): Carried {
    if (this.#connection.isClosed()) return { ready: Promise.resolve(), stop: () => {} }
    const subscription = this.#connection.subscribe(this.#prefix + subject, {
      callback: (error, message) => {
        // An exception would end the reading of the connection.
        try {
          if (error) throw error
          receive(message.data)
        } catch (thrown) {
          this.#options.onError(thrown)
        }
      },
    })
    return { ready: this.#stand(), stop: () => subscription.unsubscribe() }
  }

  onReconnected(listener: () => void): void {
    this.#reconnected = listener
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#connected = false
    await this.#connection.close()
  }

  /** The server has taken every subscription of this turn. */
  #stand(): Promise<void> {
    if (!this.#connected) return Promise.resolve()
    this.#standing ??= Promise.resolve().then(() => {
      this.#standing = null
      return this.#flushed()
    })
    return this.#standing
  }

  #flushed(): Promise<void> {
    return new Promise(resolve => {
      const late = setTimeout(resolve, STANDING)
      late.unref()
      const done = (): void => {
        clearTimeout(late)
        resolve()
      }
      this.#connection.flush().then(done, done)
    })
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (this.#closing) return
      if (type === 'disconnect' || type === 'close') this.#turn(false)
      if (type !== 'reconnect') continue
      this.#turn(true)
      // What is asked of the store now is asked after the subscriptions stand.
      void this.#flushed().then(() => this.#reconnected())
    }
  }

  #turn(connected: boolean): void {
    if (this.#connected === connected) return
    this.#connected = connected
    this.#options.onState(connected)
  }
}
