// One socket in the namespace: its way out, its place in the order of requests, and, once it has logged in, its user.
// Every request ends in an answer; what goes wrong inside one stays inside it.
import type { RoomId, UserId } from '@conclave/wire'
import type { Socket } from 'socket.io'
import type { Session } from '../../engine/sessions.ts'
import { type Ack, adopt, type Receiver } from '../../fanout/adopt.ts'
import { EngineTransport } from '../../fanout/engine.ts'
import type { EventTaker } from '../../fanout/intake.ts'
import { CONGESTED_BYTES } from '../../fanout/limits.ts'
import { Outlet, type OutletOwner } from '../../fanout/outlet.ts'
import { Few } from '../../few.ts'
import { FLOOD_GROSS } from '../../limits.ts'
import type { Account } from '../../room/facts.ts'
import { isFields, readActivity } from './activity.ts'
import { addressOf, posting } from './connections/connections.ts'
import { lighten } from './connections/sockets.ts'
import { ackFrame, eventFrame, jsonOfPush, refusalJson, sentFrames, successJson } from './encode.ts'
import { CODE, malformed, refusal } from './errors.ts'
import { type Answer, type Gate, type Handled, refused, stamp } from './gate.ts'
import { FLOOD_WINDOW, WAITING_REQUESTS, WAITING_REQUESTS_MOST } from './limits.ts'
import { Request, type Served } from './request.ts'
import { type Asking, Requests } from './requests.ts'

/** What engine.io has of a WebSocket; absent while the client polls. */
interface Readable {
  pause(): void
  resume(): void
}

export class DinoSession implements OutletOwner, Receiver, EventTaker, Asking {
  readonly socket: Socket
  readonly outlet: Outlet
  /** Rooms that this very session has joined. */
  readonly rooms = new Few<RoomId>()
  /** Rooms whose messages it gets without joining. */
  readonly belongs = new Few<RoomId>()
  /** null before the log-in and after its end. */
  live: Session | null = null
  /** Runs after a failed log-in, until the namespace is closed or a log-in succeeds. */
  failing: NodeJS.Timeout | null = null
  readonly #gate: Gate
  readonly #requests = new Requests(this)
  #paused = false
  #window = 0
  #counted = 0
  /** Characters of answers that the outlet has not sent yet; large ones take a turn each. */
  #written = 0

  constructor(gate: Gate, socket: Socket) {
    this.#gate = gate
    this.socket = socket
    this.outlet = new Outlet(gate.turn, new EngineTransport(socket.conn), this)
    adopt(socket, this.outlet)
    lighten(socket)
  }

  get user(): UserId | null {
    return this.live?.user ?? null
  }

  /** Bytes that its client makes the server hold, a WebSocket's half frames not counted. */
  get held(): number {
    return this.outlet.unsent + this.#requests.held + posting(this.socket.conn)
  }

  get address(): string {
    return addressOf(this.socket.conn)
  }

  /** Takes what the library had to look at: the event's name, its arguments, and the ack where the client wants one. */
  receive(packet: readonly unknown[]): void {
    const last = packet.at(-1)
    if (typeof last === 'function') this.take(packet[0], packet.slice(0, -1), (last as Ack).id)
    else this.take(packet[0], packet, null)
  }

  /** Takes one event: its arguments begin with its name; `ack` is the number of the ack where the client wants one. */
  take(name: unknown, args: readonly unknown[], ack: number | null): void {
    try {
      this.#take(name, args, ack)
    } catch (error) {
      this.#gate.log.error({ wire: 'dino', err: error }, 'bug in taking a request')
    }
  }

  #take(name: unknown, args: readonly unknown[], ack: number | null): void {
    if (this.outlet.closed) return
    const fault = this.#overrun()
    // A WebSocket's messages were counted as they came; a client that polls brings thousands in one post.
    if (this.#counted > FLOOD_GROSS * this.#gate.parts.config.limits.flood) {
      this.#gate.log.info({ wire: 'dino' }, 'a client that floods is closed')
      this.end()
      return
    }
    const found = this.#gate.served(name)
    if (!found) {
      if (ack !== null) this.outlet.write(ackFrame(ack, null))
      return
    }
    const request = new Request(this.#gate, this, found, args.length > 1 ? args[1] : undefined, ack)
    if (fault !== null) {
      request.answer(refused(malformed(fault)))
      return
    }
    this.#requests.add(request)
    this.#regulate()
  }

  onOverflow(): void {
    this.#gate.log.info({ wire: 'dino' }, 'a socket that does not read is closed')
    this.socket.disconnect(true)
    // The library waits until what was sent is taken, which is never.
    this.socket.conn.close(true)
  }

  /** Closes the socket as this wire does: the namespace first (`41/ws`), then the connection. */
  end(): void {
    this.outlet.flush()
    this.socket.disconnect(true)
  }

  /** Closes the connection alone: a client that is told that its namespace is closed (`41/ws`) does not come back by
   * itself, and of a server that stops it should, to another node. */
  leave(): void {
    this.outlet.flush()
    this.socket.conn.close()
  }

  /** The socket is gone: nothing more is read or written. */
  closed(): void {
    if (this.failing) clearTimeout(this.failing)
    this.#requests.clear()
    this.#gate.paused.delete(this)
    this.#gate.sockets.delete(this)
    this.outlet.end()
  }

  /** True when it is read on again. */
  resumed(): boolean {
    if (!this.#paused) return true
    if (this.outlet.unsent <= CONGESTED_BYTES) this.#requests.next()
    if (this.#requests.waiting > WAITING_REQUESTS / 2 || this.outlet.unsent > CONGESTED_BYTES) return false
    this.#paused = false
    this.#readable?.resume()
    this.#requests.next()
    return true
  }

  /** For its requests: answers that it does not take keep the next one waiting. */
  mayStart(): boolean {
    return this.#written <= CONGESTED_BYTES && this.outlet.unsent <= CONGESTED_BYTES
  }

  /** A push to this socket alone. */
  emit(event: string, json: string): void {
    this.outlet.write(eventFrame(event, json))
  }

  /** Not read on while its answers are not taken or its requests pile up: TCP then holds the client back. */
  #regulate(): void {
    if (this.#paused) return
    if (this.#requests.waiting < WAITING_REQUESTS && this.outlet.unsent <= CONGESTED_BYTES) return
    // A client that polls brings its next requests only with its next post.
    this.#readable?.pause()
    this.#paused = true
    this.#gate.paused.add(this)
  }

  get #readable(): Readable | undefined {
    const { transport } = this.socket.conn as unknown as { transport: { socket?: Partial<Readable> } }
    const { socket } = transport
    return socket && typeof socket.pause === 'function' && typeof socket.resume === 'function'
      ? (socket as Readable)
      : undefined
  }

  /** Why a request is not even looked at. The window is counted here: a session lives on one node. */
  #overrun(): string | null {
    const now = this.#gate.parts.clock.now()
    if (now - this.#window >= FLOOD_WINDOW) {
      this.#window = now
      this.#counted = 0
    }
    if (++this.#counted > this.#gate.parts.config.limits.flood) return 'too many requests in a second'
    return this.#requests.waiting >= WAITING_REQUESTS_MOST ? 'too many requests are waiting, the server is busy' : null
  }

  /** For Request: to its end, at once or later, whatever goes wrong in it. */
  run(request: Request): void {
    let handled: Handled | Promise<Handled>
    try {
      handled = this.#serve(request)
    } catch (error) {
      request.fail(error)
      return
    }
    if (!(handled instanceof Promise)) {
      if (handled !== 'later') request.end(handled)
      return
    }
    handled.then(
      answer => {
        if (answer !== 'later') request.end(answer)
      },
      (error: unknown) => request.fail(error),
    )
  }

  /** For Request. A store that fails is no bug of the handler, and is logged where it is found. */
  whatWentWrong(event: string, error: unknown): Answer {
    if (error instanceof Error && error.name === 'StoreFailure')
      return refused(malformed('the server cannot store this now, try again'))
    this.#gate.log.error({ wire: 'dino', event, err: error }, 'bug in a handler')
    return refused(malformed('internal error'))
  }

  #serve(request: Request): Handled | Promise<Handled> {
    const gate = this.#gate
    const { served, payload } = request
    if (served.anonymous) {
      const answer = (answer: Answer): void => request.answer(answer)
      return served.run({ gate, session: this, read: readActivity(payload), answer })
    }
    if (!isFields(payload)) return refused(malformed('the activity is not an object'))
    const { user } = this
    const { accounts } = gate.parts.identity
    const account = user === null ? undefined : accounts.peek(user)
    if (user === null || account) return this.#serveUser(request, served, payload, account)
    return accounts.load(user).then(loaded => this.#serveUser(request, served, payload, loaded))
  }

  #serveUser(
    request: Request,
    served: Extract<Served, { readonly anonymous: false }>,
    payload: Record<string, unknown>,
    account: Account | undefined,
  ): Handled | Promise<Handled> {
    const { live } = this
    if (!live || !account?.active) {
      const text = `[on_${served.event}] no user found for user_id "None" in session`
      return refused(refusal(CODE.NO_USER_IN_SESSION, text))
    }
    const read = readActivity(payload)
    if (!read.ok) return refused(malformed(read.fault))
    return served.run(request.of({ live, account, activity: read.activity }))
  }

  /** Twice, with the same JSON: as an event, and to whoever asked for an ack (dino.md 0, item 4). */
  answer(event: string, ack: number | null, answer: Answer): void {
    if (this.outlet.closed) return
    if ('sent' in answer) {
      this.#sent(ack, jsonOfPush(answer.sent))
      return
    }
    const json =
      'refused' in answer
        ? refusalJson(answer.refused, stamp(this.#gate))
        : successJson('json' in answer ? answer.json : JSON.stringify(answer.data))
    const silent = 'refused' in answer && answer.silent === true
    if (this.#gate.parts.config.dino.emitResponses && !silent) this.emit(`gn_${event}`, json)
    if (ack !== null) this.outlet.write(ackFrame(ack, json))
    this.#count(2 * json.length)
    this.#regulate()
  }

  /** The same of a message. */
  #sent(ack: number | null, message: Buffer): void {
    const asEvent = this.#gate.parts.config.dino.emitResponses
    if (asEvent || ack !== null) this.outlet.write(sentFrames(message, asEvent, ack))
    this.#count(2 * message.length)
    this.#regulate()
  }

  #count(chars: number): void {
    const before = this.#written
    this.#written += chars
    if (before > CONGESTED_BYTES || this.#written <= CONGESTED_BYTES) return
    setImmediate(() => {
      this.#written = 0
      this.#requests.next()
    })
  }
}
