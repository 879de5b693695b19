// One connection: handshake, heartbeat, requests in sequence, subscriptions, and, once it has logged in, its user. Every
// request ends in an answer; what goes wrong inside one stays inside it. A request waits for the answers of those before it;
// a message that depends on none of them waits only for its place behind them in the engine's next commit.
import type { UserId } from '@conclave/wire'
import type { WebSocket } from 'ws'
import type { Session } from '../../engine/sessions.ts'
import { CONGESTED_BYTES } from '../../fanout/limits.ts'
import { Outlet, type OutletOwner } from '../../fanout/outlet.ts'
import { WsTransport } from '../../fanout/ws.ts'
import { FLOOD_GROSS } from '../../limits.ts'
import type { Account } from '../../room/facts.ts'
import type { Token } from '../../store/store.ts'
import { Answers } from './answers.ts'
import { CLOSE } from './close.ts'
import { bug, dispatch, METHODS } from './dispatch.ts'
import { MeteorError, tooMany } from './errors.ts'
import {
  addedFrame,
  BAD_REQUEST,
  CONNECTED,
  CONNECTED_ALREADY,
  errorFrames,
  FAILED,
  type Frame,
  nosubFrame,
  PING,
  PONG,
  pongFrame,
  readyFrame,
  resultFrames,
  SOCKJS_HEARTBEAT,
  SOCKJS_OPEN,
  sockjsClose,
  streamFrame,
} from './frames.ts'
import type { Caller, Gate } from './gate.ts'
import {
  FLOOD_WINDOW,
  MESSAGES_TOGETHER,
  REQUEST_ID,
  SUBSCRIPTIONS,
  WAITING_REQUESTS,
  WAITING_REQUESTS_MOST,
} from './limits.ts'
import type { RoomFeed } from './live/feeds.ts'
import type { Opened } from './live/opened.ts'
import type { Answer, Method } from './method.ts'
import { login } from './methods/login.ts'
import { logout } from './methods/logout.ts'
import { checkRates } from './rates.ts'
import { type Framing, packetsIn } from './sockjs.ts'
import { subscribe } from './streams.ts'

const VERSIONS: ReadonlySet<unknown> = new Set(['1', 'pre2', 'pre1'])

type Packet = Readonly<Record<string, unknown>>
interface Waiting {
  readonly packet: Packet
  readonly bytes: number
}

interface Answered {
  readonly packet: Packet
  readonly answer: Answer
}

export type { Framing }

/** Connections so far. */
let opened = 0

export class DdpSession implements OutletOwner {
  readonly outlet: Outlet
  readonly framing: Framing
  readonly address: string
  /** null before the log-in and after its end. */
  live: Session | null = null
  token: Token | null = null
  closed = false
  readonly #number = ++opened
  readonly #gate: Gate
  readonly #ws: WebSocket
  /** null: detached without a word, for its user may not read it any more. */
  readonly #subscriptions = new Map<string, Opened | null>()
  #queue: Waiting[] = []
  /** Bytes of requests that wait for their turn. */
  queued = 0
  #running = false
  /** Answers of messages that wait for their commit; null before the first one. */
  #messages: Answers<Answered> | null = null
  /** Everything that it asked for after the log-in has been served once. */
  #settled = false
  #connected = false
  #paused = false
  /** What is to come after the answer of a request that asked for that. */
  #ending: 'none' | { readonly code: number; readonly reason: string } | null = null
  #seen: number
  /** ms since 1970: opened, and nobody has logged in so far. */
  readonly #begun: number
  #pinged = false
  #window = 0
  #counted = 0

  constructor(gate: Gate, ws: WebSocket, framing: Framing, address: string) {
    this.#gate = gate
    this.#ws = ws
    this.framing = framing
    this.address = address
    this.#seen = gate.parts.clock.now()
    this.#begun = this.#seen
    this.outlet = new Outlet(gate.parts.turn, new WsTransport(ws), this)
    if (framing === 'sockjs') this.outlet.write(SOCKJS_OPEN)
  }

  /** A frame for this connection alone; it keeps its place among those of its streams. */
  write(frame: Frame): void {
    this.outlet.write(frame[this.framing])
  }

  get user(): UserId | null {
    return this.live?.user ?? null
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.closed) return
    this.#seen = this.#gate.parts.clock.now()
    this.#pinged = false
    if (isBinary) {
      this.close(CLOSE.UNSUPPORTED, 'UNSUPPORTED_DATA')
      return
    }
    const packets = packetsIn(data.toString('utf8'))
    if (packets === 'unreadable') {
      this.close(CLOSE.UNSUPPORTED, 'UNSUPPORTED_DATA')
      return
    }
    if (packets === 'broken') {
      this.#protocolError()
      return
    }
    for (const packet of packets) {
      if (typeof packet === 'object' && packet !== null && !Array.isArray(packet))
        this.#take(packet as Packet, Math.ceil(data.length / packets.length))
      else this.#protocolError()
      if (this.closed) return
    }
  }

  #take(packet: Packet, bytes: number): void {
    if (!this.#connected) {
      this.#connect(packet)
      return
    }
    switch (packet.msg) {
      case 'method':
        if (!isName(packet.method) || !isName(packet.id)) {
          this.#protocolError()
          return
        }
        this.#enqueue(packet, bytes)
        return
      case 'sub':
        if (!isName(packet.name) || !isName(packet.id)) {
          this.#protocolError()
          return
        }
        this.#enqueue(packet, bytes)
        return
      case 'unsub':
        if (!isName(packet.id)) {
          this.#protocolError()
          return
        }
        this.#enqueue(packet, bytes)
        return
      case 'ping':
        if (!this.#flooded()) this.write(isName(packet.id) ? pongFrame(packet.id) : PONG)
        this.#regulate()
        return
      case 'pong':
        if (this.#flooded()) this.#regulate()
        return
      case 'connect':
        if (!this.#flooded()) this.write(CONNECTED_ALREADY)
        this.#regulate()
        return
      default:
        if (!this.#flooded()) this.write(BAD_REQUEST)
        this.#regulate()
        return
    }
  }

  #connect(packet: Packet): void {
    if (packet.msg !== 'connect') {
      this.#protocolError()
      return
    }
    if (!VERSIONS.has(packet.version)) {
      this.write(FAILED)
      this.close(CLOSE.PROTOCOL, 'unsupported version')
      return
    }
    this.#connected = true
    this.write(CONNECTED(Buffer.from(this.#gate.parts.random.bytes(12)).toString('base64url')))
  }

  #protocolError(): void {
    this.close(CLOSE.PROTOCOL, 'CLOSE_PROTOCOL_ERROR')
  }

  #flooded(): boolean {
    const now = this.#seen
    if (now - this.#window >= FLOOD_WINDOW) {
      this.#window = now
      this.#counted = 0
    }
    const { flood } = this.#gate.parts.config.limits
    this.#counted += 1
    // Frames were counted as they came; one of SockJS's may hold many packets.
    if (this.#counted > FLOOD_GROSS * flood) this.close(CLOSE.FLOODING, 'too many requests')
    return this.#counted > flood
  }

  #enqueue(packet: Packet, bytes: number): void {
    if (this.#flooded() || this.#queue.length >= WAITING_REQUESTS_MOST) {
      this.#refuse(packet, tooMany(FLOOD_WINDOW - (this.#seen - this.#window)))
      this.#regulate()
      return
    }
    this.#queue.push({ packet, bytes })
    this.queued += bytes
    this.#regulate()
    if (!this.#running) void this.#drain()
  }

  #refuse(packet: Packet, error: MeteorError): void {
    const id = packet.id as string
    if (packet.msg === 'method') this.#writeBoth(errorFrames(id, error))
    if (packet.msg === 'sub') this.write(nosubFrame(id, error))
  }

  #writeBoth([first, second]: [Frame, Frame]): void {
    this.write(first)
    this.write(second)
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.length > 0 && !this.closed) {
      // In portions: shift() on a long array is slow.
      const portion = this.#queue
      this.#queue = []
      for (const waiting of portion) {
        const before = this.#before(waiting.packet)
        if (before) await before
        const turn = this.#gate.pace.next(this.#settled ? 'here' : 'arriving')
        if (turn) await turn
        if (this.closed) break
        const started = this.#start(waiting)
        if (started) await started
        this.queued -= waiting.bytes
      }
    }
    this.#settled = this.live !== null
    this.#running = false
  }

  /** Resolves when this one may be looked at; null: at once. */
  #before(packet: Packet): Promise<void> | null {
    const messages = this.#messages
    if (messages === null || messages.size === 0) return null
    return messages.atMost(isAlone(packet) ? MESSAGES_TOGETHER - 1 : 0)
  }

  /** Resolves when the next one may be; null: at once. */
  #start({ packet, bytes }: Waiting): Promise<void> | null {
    switch (packet.msg) {
      case 'method':
        return methodOf(packet)?.standsAlone
          ? this.#startMessage(packet, bytes)
          : this.#run(packet, bytes).then(answer => this.#leave({ packet, answer }))
      case 'sub':
        return this.#guarded(packet, this.#subscribe(packet))
      default:
        return this.#guarded(packet, this.#unsubscribe(packet.id as string))
    }
  }

  #startMessage(packet: Packet, bytes: number): Promise<void> | null {
    this.#messages ??= new Answers(answered => this.#leave(answered))
    const messages = this.#messages
    const place = messages.place()
    let isPlaced = false
    let goOn: (() => void) | null = null
    const placed = (): void => {
      isPlaced = true
      goOn?.()
    }
    void this.#run(packet, bytes, placed).then(answer => {
      messages.give(place, { packet, answer })
      placed()
    })
    if (isPlaced) return null
    return new Promise(resolve => {
      goOn = resolve
    })
  }

  #guarded(packet: Packet, running: Promise<void>): Promise<void> {
    return running.catch(error => this.#refuse(packet, bug(this.#gate, String(packet.msg), error)))
  }

  /** What a method is answered. What is in memory is not waited for. */
  async #run(packet: Packet, bytes: number, placed?: () => void): Promise<Answer> {
    try {
      const asked = this.#caller()
      const caller = asked instanceof Promise ? await asked : asked
      const limits = this.#limited(packet.method as string, caller)
      const limited = limits && (await limits)
      if (limited) return { error: limited }
      const answering = this.#answer(packet, caller, bytes, placed)
      return answering instanceof Promise ? await answering : answering
    } catch (error) {
      return { error: bug(this.#gate, String(packet.msg), error) }
    }
  }

  #answer(
    packet: Packet,
    caller: Caller | null,
    bytes: number,
    placed: (() => void) | undefined,
  ): Answer | Promise<Answer> {
    const [name, { params }] = [packet.method as string, packet]
    if (name === 'login') return login.run(this.#gate, this, params)
    if (name === 'logout') return logout.run(this.#gate, this)
    return dispatch(this.#gate, caller, { name, params, bytes, address: this.address, placed })
  }

  /** null where nothing is counted. */
  #limited(name: string, caller: Caller | null): Promise<MeteorError | null> | null {
    const { config } = this.#gate.parts
    if (config.limits.rates !== 'wire') return null
    const connection = `${config.node}-${this.#number}`
    return checkRates(this.#gate, { name, connection, account: caller?.account ?? null, address: this.address })
  }

  /** The account as it is now; null where nobody has logged in or the account is out of use. */
  #caller(): Caller | null | Promise<Caller | null> {
    const { live } = this
    if (!live) return null
    const { accounts } = this.#gate.parts.identity
    const account = accounts.peek(live.user)
    return account ? this.#callerOf(live, account) : accounts.load(live.user).then(read => this.#callerOf(live, read))
  }

  #callerOf(live: Session, account: Account | undefined): Caller | null {
    return account?.active
      ? { account, token: this.token, session: live.id, connection: this, address: this.address, agent: '' }
      : null
  }

  async #subscribe(packet: Packet): Promise<void> {
    const [id, name] = [packet.id as string, packet.name as string]
    if (this.#subscriptions.has(id)) {
      this.write(readyFrame(id))
      return
    }
    if (this.#subscriptions.size >= SUBSCRIPTIONS) {
      this.write(nosubFrame(id, new MeteorError('too-many-requests', 'Too many subscriptions')))
      return
    }
    const caller = await this.#caller()
    const limited = await this.#limited(name, caller)
    if (limited) {
      this.write(nosubFrame(id, limited))
      return
    }
    const params = Array.isArray(packet.params) ? packet.params : []
    const subscribed = await subscribe({ gate: this.#gate, session: this, caller }, name, params)
    if ('refused' in subscribed) {
      this.write(nosubFrame(id, subscribed.refused))
      return
    }
    if ('done' in subscribed) {
      this.write(nosubFrame(id))
      return
    }
    const { opened, collection, eventName } = subscribed
    // The socket, or the log-in, may be gone by now.
    if (this.closed || (opened.personal && this.live === null)) {
      await opened.close()
      return
    }
    this.#subscriptions.set(id, opened)
    if (collection !== null) this.write(addedFrame(collection, 'id', { eventName }))
    this.write(readyFrame(id))
  }

  async #unsubscribe(id: string): Promise<void> {
    const opened = this.#subscriptions.get(id)
    if (opened === undefined) return
    this.#subscriptions.delete(id)
    this.write(nosubFrame(id))
    await opened?.close()
  }

  /** The rooms that it listens to. */
  feeds(): RoomFeed[] {
    return [...this.#subscriptions.values()].flatMap(opened => opened?.room?.feed ?? [])
  }

  /** Subscriptions to a room end without a word: to its messages, or to everything of it. */
  detach(feed: RoomFeed, what: 'messages' | 'all'): void {
    for (const [id, opened] of this.#subscriptions) {
      if (opened?.room?.feed !== feed || (what === 'messages' && opened.room.of !== 'messages')) continue
      this.#subscriptions.set(id, null)
      this.#end(opened)
    }
  }

  /** A user has logged in here. The one before, if any, is gone first. */
  async begin(live: Session, token: Token): Promise<void> {
    await this.leaveUser()
    this.live = live
    this.token = token
    this.#gate.feeds.add(live.user, this)
    if (this.closed) await this.leaveUser()
  }

  /** Ends what the user had here: subscriptions, places in rooms, the session. */
  async leaveUser(): Promise<void> {
    const { live } = this
    if (!live) return
    this.live = null
    this.token = null
    this.#gate.feeds.remove(live.user, this)
    for (const [id, opened] of [...this.#subscriptions]) {
      if (!opened?.personal) continue
      this.#subscriptions.delete(id)
      this.#end(opened)
    }
    await this.#gate.parts.occupancy.close(live)
  }

  #end(opened: Opened): void {
    opened.close().catch(error => bug(this.#gate, 'unsub', error))
  }

  /** The socket is gone. */
  ended(): void {
    this.#gone().catch(error => bug(this.#gate, 'close', error))
  }

  async #gone(): Promise<void> {
    this.closed = true
    this.outlet.end()
    this.#queue = []
    this.#gate.sessions.delete(this)
    this.#gate.paused.delete(this)
    for (const opened of this.#subscriptions.values()) if (opened && !opened.personal) this.#end(opened)
    await this.leaveUser()
    this.#subscriptions.clear()
  }

  /** The server ends the log-in. A client that asked for it is told before its socket goes. */
  putOut(reason: string): void {
    const { user } = this
    const asked = user === null ? undefined : this.#gate.feeds.follower(user)?.notify.get('force_logout')
    if (asked?.has(this)) this.write(streamFrame('notify-user', `${user}/force_logout`, '[]'))
    this.close(CLOSE.ENDED, reason.slice(0, 100))
  }

  /** The request that runs ends this connection, and its answer comes before that. */
  answerFirst(): void {
    this.#ending ??= 'none'
  }

  /** Must not throw: others are answered behind it. */
  #leave({ packet, answer }: Answered): void {
    try {
      this.#answered(packet, answer)
    } catch (error) {
      this.#refuse(packet, bug(this.#gate, String(packet.method), error))
    }
  }

  #answered(packet: Packet, answer: Answer): void {
    const id = packet.id as string
    const failed = 'error' in answer
    this.#writeBoth(failed ? errorFrames(id, answer.error) : resultFrames(id, answer.result))
    if (packet.method === 'logout' && !failed) logout.after(this)
    const ending = this.#ending
    this.#ending = null
    if (ending && ending !== 'none') this.close(ending.code, ending.reason)
  }

  close(code: number, reason: string): void {
    if (this.closed) return
    if (this.#ending) {
      this.#ending = { code, reason }
      return
    }
    this.closed = true
    if (this.framing === 'sockjs') this.outlet.write(sockjsClose(code, reason))
    this.outlet.end()
    if (this.#paused) this.#ws.resume()
    this.#ws.close(code, reason)
  }

  onOverflow(): void {
    this.closed = true
    if (this.#paused) this.#ws.resume()
    this.#ws.close(CLOSE.NOT_READING, 'the client does not read')
  }

  /** Called for every connection by the one timer: a ping after silence, the end after as much again; the end too of
   * whoever says nothing to begin with, or never logs in. Times in ms. */
  beat(now: number, silence: number, anonymous: number): void {
    const silent = now - this.#seen
    if (!this.#connected && now - this.#begun >= silence) {
      this.close(CLOSE.TIMEOUT, 'TIMEOUT')
      return
    }
    if (this.live === null && now - this.#begun >= anonymous) {
      this.close(CLOSE.TIMEOUT, 'not logged in')
      return
    }
    if (silent < silence) return
    if (this.#paused) {
      // Not read on because it does not read itself: it cannot answer a ping, and its end would not be noticed.
      if (silent >= 2 * silence && this.outlet.unsent > CONGESTED_BYTES) this.onOverflow()
      return
    }
    if (silent >= 2 * silence) this.close(CLOSE.TIMEOUT, 'TIMEOUT')
    else if (!this.#pinged) {
      this.#pinged = true
      this.write(PING)
    }
  }

  /** SockJS's own heartbeat, which proxies see. */
  beatSockjs(): void {
    if (this.framing === 'sockjs' && !this.closed) this.outlet.write(SOCKJS_HEARTBEAT)
  }

  /** Not read on while too much of it waits, or while it does not read itself. */
  #regulate(): void {
    if (this.#paused || this.closed || !this.#full()) return
    this.#paused = true
    this.#ws.pause()
    this.#gate.paused.add(this)
    this.#gate.watchPaused()
  }

  #full(): boolean {
    return this.#queue.length >= WAITING_REQUESTS || this.outlet.unsent > CONGESTED_BYTES
  }

  /** True when it is read on again. */
  resumed(): boolean {
    if (this.closed) return true
    if (this.#full()) return false
    this.#paused = false
    this.#seen = this.#gate.parts.clock.now()
    this.#ws.resume()
    return true
  }
}

function methodOf({ msg, method }: Packet): Method | undefined {
  return msg === 'method' ? METHODS.get(method as string) : undefined
}

/** Whether what was asked for before need not be answered first. */
function isAlone(packet: Packet): boolean {
  return methodOf(packet)?.standsAlone?.(packet.params) === true
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= REQUEST_ID
}
