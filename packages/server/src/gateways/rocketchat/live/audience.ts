// The connections that are subscribed to one event of one stream. A frame is made once for those that speak raw DDP and
// once for those behind SockJS, whoever and however many they are; each connection gets it once, however often subscribed.
import { Group } from '../../../fanout/group.ts'
import type { Turn } from '../../../fanout/turn.ts'
import type { Frame } from '../frames.ts'
import type { DdpSession, Framing } from '../session.ts'

export class Audience {
  readonly #turn: Turn
  readonly #groups: { [K in Framing]: Group | null } = { raw: null, sockjs: null }
  readonly #counts = new Map<DdpSession, number>()

  constructor(turn: Turn) {
    this.#turn = turn
  }

  get size(): number {
    return this.#counts.size
  }

  has(session: DdpSession): boolean {
    return this.#counts.has(session)
  }

  sessions(): DdpSession[] {
    return [...this.#counts.keys()]
  }

  /** True for the first subscription of the connection. */
  add(session: DdpSession): boolean {
    const count = this.#counts.get(session) ?? 0
    this.#counts.set(session, count + 1)
    if (count === 0) this.#groupOf(session).join(session.outlet)
    return count === 0
  }

  /** True when the last subscription of the connection is gone. */
  remove(session: DdpSession): boolean {
    const count = this.#counts.get(session)
    if (count === undefined) return false
    if (count > 1) {
      this.#counts.set(session, count - 1)
      return false
    }
    this.drop(session)
    return true
  }

  drop(session: DdpSession): void {
    if (this.#counts.delete(session)) this.#groupOf(session).leave(session.outlet)
  }

  write(frame: Frame): void {
    const { raw, sockjs } = this.#groups
    if (raw && raw.size > 0) raw.write(frame.raw)
    if (sockjs && sockjs.size > 0) sockjs.write(frame.sockjs)
  }

  /** To everybody but one connection. */
  writeBut(session: DdpSession | undefined, frame: Frame): void {
    if (!session || !this.#counts.has(session)) {
      this.write(frame)
      return
    }
    const group = this.#groupOf(session)
    group.leave(session.outlet)
    this.write(frame)
    group.join(session.outlet)
  }

  #groupOf({ framing }: DdpSession): Group {
    this.#groups[framing] ??= new Group(this.#turn)
    return this.#groups[framing]
  }
}
