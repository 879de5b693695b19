// The way out to one socket. Idle it is a handful of fields: no closure, no timer, no buffer. In a turn it collects
// spans of batches (its groups' and its own); at the flush they leave in one write, in the order of the calls.

import { Batch, endOf, OPEN, runs, runsOf, type Span } from './batch.ts'
import { COPY_BYTES, UNSENT_BYTES } from './limits.ts'
import type { Transport } from './transport.ts'
import type { Turn } from './turn.ts'

/** Whoever made the outlet, usually the session. */
export interface OutletOwner {
  /** The socket does not read: close it with this wire's own code. The outlet takes nothing more. */
  onOverflow(outlet: Outlet): void
}

export class Outlet {
  readonly owner: OutletOwner
  readonly #turn: Turn
  readonly #transport: Transport
  #closed = false
  #first: Span | undefined
  #more: Span[] | undefined
  #own: Batch | undefined

  constructor(turn: Turn, transport: Transport, owner: OutletOwner) {
    this.owner = owner
    this.#turn = turn
    this.#transport = transport
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes the socket has not taken yet; above CONGESTED_BYTES its requests should not be read on. */
  get unsent(): number {
    return this.#transport.unsent
  }

  /** A frame for this socket alone (answer, ack, error); it keeps its place among the frames of its groups. */
  write(frame: Buffer): void {
    if (this.#closed) return
    const place = this.#turn.place()
    if (this.#own !== undefined) this.#own.append(frame, place)
    else {
      this.#own = new Batch(frame, place)
      this.add(this.#own)
    }
  }

  /** Sends what is pending at once: before something that goes past the outlet, such as a close frame. */
  flush(): void {
    const first = this.#first
    if (first === undefined) return
    const spans = this.#more === undefined ? [first] : [first, ...this.#more]
    const own = this.#own
    this.#first = undefined
    this.#more = undefined
    this.#own = undefined
    const frames = runs(spans).flatMap(run => run.batch.frames.slice(run.start, run.end))
    if (frames.length > 0 && this.#ready()) this.#put(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
    for (const { batch, end } of spans) {
      if (end === OPEN && batch !== own) this.add({ batch, start: batch.frames.length, end: OPEN })
    }
  }

  /** Sends what is pending and takes nothing more. The caller then closes the socket itself. */
  end(): void {
    this.flush()
    this.#drop()
  }

  /** For Group: from now on frames of this batch are also for this outlet. */
  add(span: Span): void {
    if (this.#first === undefined) {
      this.#first = span
      this.#turn.pending(this)
    } else if (this.#more === undefined) this.#more = [span]
    else this.#more.push(span)
  }

  /** For Group: frames appended to the batch from now on are not for this outlet. */
  cut(batch: Batch): void {
    const cutSpan = (span: Span): Span =>
      span.batch === batch && span.end === OPEN ? { batch, start: span.start, end: batch.frames.length } : span
    if (this.#first !== undefined) this.#first = cutSpan(this.#first)
    if (this.#more !== undefined) this.#more = this.#more.map(cutSpan)
  }

  /** For Turn: hands over what is pending; what comes now belongs to the next turn. */
  take(into: (Span | Span[] | undefined)[]): void {
    into.push(this.#first, this.#more)
    this.#first = undefined
    this.#more = undefined
    this.#own = undefined
  }

  /** For Turn: writes what was taken, once. False when the socket is too far behind; the outlet is closed then. */
  send(first: Span, more: readonly Span[] | undefined): boolean {
    if (this.#closed) return true
    const transport = this.#transport
    if (!transport.open) {
      this.#drop()
      return true
    }
    if (transport.unsent > UNSENT_BYTES) {
      this.#drop()
      return false
    }
    if (more === undefined && first === first.batch) this.#put(first.batch.joined())
    else this.#gather(more === undefined ? [first] : runsOf(first, more))
    return true
  }

  #gather(pieces: readonly Span[]): void {
    let size = 0
    for (const piece of pieces) size += piece.batch.offset(endOf(piece)) - piece.batch.offset(piece.start)
    if (size === 0) return
    if (pieces.length > 1 && size <= COPY_BYTES) {
      const chunk = Buffer.allocUnsafe(size)
      let at = 0
      for (const { batch, start, end } of pieces) {
        at += batch.joined().copy(chunk, at, batch.offset(start), batch.offset(end))
      }
      this.#put(chunk)
      return
    }
    const chunks = pieces.map(({ batch, start, end }) =>
      start === 0 && (end === OPEN || end === batch.frames.length)
        ? batch.joined()
        : batch.joined().subarray(batch.offset(start), batch.offset(end === OPEN ? batch.frames.length : end)),
    )
    if (chunks.length === 1) this.#put(chunks[0]!)
    else {
      this.#turn.writes++
      this.#transport.writeAll(chunks)
    }
  }

  #put(chunk: Buffer): void {
    this.#turn.writes++
    this.#transport.write(chunk)
  }

  #ready(): boolean {
    return !this.#closed && this.#transport.open
  }

  #drop(): void {
    this.#closed = true
    this.#first = undefined
    this.#more = undefined
    this.#own = undefined
  }
}
