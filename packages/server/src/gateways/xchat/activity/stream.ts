// One open stream: lines that end with CRLF, a blank one every few seconds, and a bound for what its reader leaves unread.
// While it is filled from the logs, what happens meanwhile waits, and is sent afterwards unless the logs had it too.
import { Readable } from 'node:stream'
import type { RoomId, UserId } from '@conclave/wire'
import { STREAM_BYTES, STREAM_LOW, STREAM_PATIENCE } from './limits.ts'
import type { Viewer } from './subscriptions.ts'

export interface StreamOptions {
  readonly viewer: Viewer
  /** Public id of the token. */
  readonly token: string
  /** ms since 1970 when the token ends; null never. */
  readonly expiresAt: number | null
  /** ms since 1970 from which on nothing is told any more; null: until somebody ends it. */
  readonly until: number | null
  /** ms between blank lines. */
  readonly keepAlive: number
  /** With each blank line: whether the stream may go on. */
  stillGood(): Promise<boolean>
  /** However it ended. */
  closed(): void
}

export interface Line {
  readonly user: UserId
  readonly room: RoomId
  readonly sequence: number
  /** ms since 1970, of the event. */
  readonly at: number
  /** ms since 1970 when nobody is told of it any more; null never. */
  readonly endsAt: number | null
  readonly text: string
}

const END = '\r\n'

export class ActivityStream {
  readonly viewer: Viewer
  readonly token: string
  readonly until: number | null
  readonly readable: Readable
  readonly #timers: NodeJS.Timeout[] = []
  /** What happened while the logs are read; null once the stream is level with them. */
  #waiting: Line[] | null = []
  #waitingBytes = 0
  /** How far the logs were read, by user and room. */
  #reached = new Map<string, number>()
  #drained: (() => void) | null = null
  #open = true

  constructor({ viewer, token, expiresAt, until, keepAlive, stillGood, closed }: StreamOptions, now: number) {
    this.viewer = viewer
    this.token = token
    this.until = until
    this.readable = new Readable({
      highWaterMark: STREAM_LOW,
      read: () => {
        this.#drained?.()
      },
    })
    this.readable.on('error', () => {})
    this.readable.on('close', () => {
      this.#open = false
      for (const timer of this.#timers) clearTimeout(timer)
      this.#waiting = null
      this.#drained?.()
      closed()
    })
    this.#timers.push(setInterval(() => this.#beat(stillGood), keepAlive).unref())
    if (expiresAt !== null) this.#endAt(expiresAt - now)
    // The first line brings the answer's head on its way.
    this.#push('')
  }

  get open(): boolean {
    return this.#open
  }

  /** Something that has just happened. */
  tell(line: Line): void {
    if (!this.#open || (this.until !== null && line.at >= this.until)) return
    if (this.#waiting === null) {
      this.#push(line.text)
      return
    }
    this.#waitingBytes += line.text.length
    this.#waiting.push(line)
    if (this.#waitingBytes > STREAM_BYTES) this.cut()
  }

  /** Messages that were deleted while they waited here. */
  forget(room: RoomId, sequences: readonly number[]): void {
    const gone = new Set(sequences)
    this.#waiting = this.#waiting?.filter(line => line.room !== room || !gone.has(line.sequence)) ?? null
  }

  /** Something of the logs. Resolves when there is room for more, which may take its reader long. */
  async fill(line: Line): Promise<'gone' | 'waited' | 'at once'> {
    this.#push(line.text)
    if (this.readable.readableLength < STREAM_LOW) return this.#open ? 'at once' : 'gone'
    return (await this.#drain()) ? 'waited' : 'gone'
  }

  /** The log of this room was read up to here for this user. */
  reached(user: UserId, room: RoomId, sequence: number): void {
    this.#reached.set(`${user} ${room}`, sequence)
  }

  /** Level with the logs: what waited goes, and everything from now on goes at once. */
  level(now: number): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const line of waiting) {
      if (line.endsAt !== null && line.endsAt <= now) continue
      if (line.sequence > (this.#reached.get(`${line.user} ${line.room}`) ?? 0)) this.#push(line.text)
    }
    this.#reached = new Map()
    if (this.until !== null) this.#endAt(this.until - now)
  }

  /** After what was told already. */
  end(): void {
    if (!this.#open) return
    this.#open = false
    this.readable.push(null)
    // Whoever does not read it to its end has had their time.
    this.#timers.push(setTimeout(() => this.cut(), STREAM_PATIENCE).unref())
  }

  /** At once. */
  cut(): void {
    this.#open = false
    this.readable.destroy()
  }

  #push(text: string): void {
    if (!this.#open) return
    this.readable.push(text + END)
    if (this.readable.readableLength > STREAM_BYTES) this.cut()
  }

  #beat(stillGood: () => Promise<boolean>): void {
    this.#push('')
    stillGood().then(
      good => {
        if (!good) this.end()
      },
      () => {},
    )
  }

  #endAt(ms: number): void {
    if (ms <= 0) this.end()
    else this.#timers.push(setTimeout(() => this.#endAt(ms - LONGEST), Math.min(ms, LONGEST)).unref())
  }

  #drain(): Promise<boolean> {
    return new Promise(resolve => {
      const patience = setTimeout(() => this.cut(), STREAM_PATIENCE)
      this.#drained = () => {
        this.#drained = null
        clearTimeout(patience)
        resolve(this.#open)
      }
    })
  }
}

/** ms that a timer can hold. */
const LONGEST = 2 ** 31 - 1
