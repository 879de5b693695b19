// The Outlet into streams of NATS JetStream: every event is a message on `<subject>.<verb>`, with its id as `Nats-Msg-Id`,
// so that one that comes again after a lost answer is there once. Taken is only what the named stream has acknowledged.
//
// A connection that is lost is not mended behind our back: what a client buffers meanwhile would go out late and out of
// order. The event is unwell, and its next try connects anew.
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  PubHeaders,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import {
  ClosedConnectionError,
  ConnectionError,
  connect,
  headers,
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
} from '@nats-io/transport-node'
import { type NatsStream, natsName } from '../config.ts'
import { type NatsPlace, natsPlaceOf } from '../nats-place.ts'
import { acknowledgement, meaningOf, reasonOf, unwell } from './nats/answers.ts'
import { CONNECTING, KEPT, PUBLISHED, REMEMBERED } from './nats/limits.ts'
import type { Delivered, Destination, ExternalEvent, Outlet } from './outlet.ts'

export interface NatsOptions {
  readonly streams: readonly NatsStream[]
  /** ms that an event has until it is acknowledged, the connection included. */
  readonly timeout: number
  /** Under which NATS shows the connections: `Conclave/0.1.0`. */
  readonly agent: string
}

/** Each stream is a destination of its own, with a connection of its own. */
export function natsOutlet(options: NatsOptions): Outlet {
  return new NatsOutlet(options) satisfies Outlet
}

class NatsOutlet implements Outlet {
  readonly destinations: readonly StreamOutlet[]

  constructor(options: NatsOptions) {
    this.destinations = options.streams.map(stream => new StreamOutlet(stream, options))
  }

  async deliver(event: ExternalEvent, to: string): Promise<Delivered> {
    const stream = this.destinations.find(({ name }) => name === to)
    if (!stream) throw new Error('no such destination')
    return stream.deliver(event)
  }

  async close(): Promise<void> {
    await Promise.all(this.destinations.map(each => each.close()))
  }
}

const STOPS = 'the server stops'
/** Codes of JetStream's answers that say nothing of the connection. */
const NAME_IN_USE = 10058
const MISSING = 10059

class StreamOutlet implements Destination {
  readonly name: string
  readonly width = PUBLISHED
  readonly #stream: NatsStream
  readonly #timeout: number
  readonly #servers: string[]
  readonly #options: NodeConnectionOptions
  /** Ends of deliveries that are under way. */
  readonly #waiting = new Set<(result: Delivered) => void>()
  #opened: Promise<NatsConnection> | null = null
  #connection: NatsConnection | null = null
  #closed = false

  constructor(stream: NatsStream, { timeout, agent }: NatsOptions) {
    this.name = natsName(stream)
    this.#stream = stream
    this.#timeout = timeout
    const place = natsPlaceOf(stream.servers) as NatsPlace
    this.#servers = [...place.servers]
    this.#options = { ...optionsOf(place), timeout: Math.min(timeout, CONNECTING), name: agent }
  }

  readonly wants = (verb: string): boolean =>
    this.#stream.verbs === undefined || this.#stream.verbs.some(each => each === verb)

  async deliver(event: ExternalEvent): Promise<Delivered> {
    if (this.#closed) return unwell(STOPS)
    const over = Promise.withResolvers<Delivered>()
    const patience = setTimeout(() => {
      over.resolve(unwell(`no answer in ${this.#timeout / 1_000} s`))
      // What is not on its way yet does not go out late.
      if (this.#connection) void this.#drop(this.#opened)
    }, this.#timeout)
    this.#waiting.add(over.resolve)
    try {
      return await Promise.race([over.promise, this.#publish(event)])
    } finally {
      clearTimeout(patience)
      this.#waiting.delete(over.resolve)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const end of this.#waiting) end(unwell(STOPS))
    const opened = this.#opened
    // What is asked of it now is over with it.
    await this.#connection?.close()
    await this.#drop(opened)
  }

  async #publish({ id, verb, body }: ExternalEvent): Promise<Delivered> {
    const { stream, subject } = this.#stream
    const opening = this.#connected()
    try {
      const connection = await opening
      const about = headers()
      about.set(PubHeaders.MsgIdHdr, id)
      about.set(PubHeaders.ExpectedStreamHdr, stream)
      const options = { headers: about, timeout: this.#timeout }
      const answer = await connection.request(`${subject}.${verb}`, body, options)
      return this.#heeded(acknowledgement(answer.string(), stream), opening)
    } catch (error) {
      return this.#heeded(meaningOf(error), opening)
    }
  }

  /** Whatever is wrong with the connection or the stream is looked at anew at the next try. */
  #heeded(result: Delivered, opened: Promise<NatsConnection>): Delivered {
    if (result.delivered === 'unwell') void this.#drop(opened)
    return result
  }

  /** One connection at a time, and one attempt at one, however many events ask for it. */
  #connected(): Promise<NatsConnection> {
    if (this.#opened) return this.#opened
    const opening = this.#open()
    this.#opened = opening
    opening.then(
      connection => void connection.closed().then(() => this.#drop(opening)),
      () => void this.#drop(opening),
    )
    return opening
  }

  async #open(): Promise<NatsConnection> {
    const connection = await this.#connect()
    this.#connection = connection
    try {
      await this.#makeStream(connection)
    } catch (error) {
      await connection.close()
      throw error
    }
    return connection
  }

  /** One server after the other, each by itself: the library cannot be told to give up in the middle of a list. */
  async #connect(): Promise<NatsConnection> {
    let failure: unknown
    for (const server of [...this.#servers]) {
      if (this.#closed) break
      try {
        const connection = await connect({ ...this.#options, servers: [server] })
        if (!this.#closed) return connection
        await connection.close()
      } catch (error) {
        // Whatever goes wrong there is the other side's doing.
        failure = reasonOf(error) === undefined ? new ConnectionError('no NATS') : error
        // Asked last the next time.
        this.#servers.push(this.#servers.shift() as string)
      }
    }
    throw failure ?? new ClosedConnectionError()
  }

  /** The stream is used as it is, and made where it is missing. */
  async #makeStream(connection: NatsConnection): Promise<void> {
    const { stream: name, subject, replicas } = this.#stream
    const { streams } = await jetstreamManager(connection, { timeout: this.#timeout, checkAPI: false })
    try {
      await streams.info(name)
      return
    } catch (error) {
      // Whoever may only publish does not hear whether it is there.
      if (isForbidden(error)) return
      if (!(error instanceof JetStreamApiError && error.code === MISSING)) throw error
    }
    try {
      await streams.add({
        name,
        subjects: [`${subject}.>`],
        description: 'External events of Conclave',
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        // Where somebody has set a bound, events wait here rather than push out others that nobody has read.
        discard: DiscardPolicy.New,
        max_age: KEPT,
        duplicate_window: REMEMBERED,
        num_replicas: replicas,
      })
    } catch (error) {
      // Another node was faster.
      if (!(error instanceof JetStreamApiError && error.code === NAME_IN_USE)) throw error
    }
  }

  async #drop(opened: Promise<NatsConnection> | null): Promise<void> {
    if (this.#opened === opened) {
      this.#opened = null
      this.#connection = null
    }
    await opened?.then(
      connection => connection.close(),
      () => {},
    )
  }
}

function isForbidden(error: unknown): boolean {
  if (error instanceof PermissionViolationError) return true
  return error instanceof Error && error.cause instanceof PermissionViolationError
}

function optionsOf({ tls, login }: NatsPlace): NodeConnectionOptions {
  return {
    reconnect: false,
    noAsyncTraces: true,
    ...(tls ? { tls: {} } : {}),
    ...(login?.by === 'password' ? { user: login.user, pass: login.password } : {}),
    ...(login?.by === 'token' ? { token: login.token } : {}),
  }
}
