// The newest events of rooms: asked for together, whoever wants them; and announced while a room is written to and a little
// longer, so that others find out about a last message that was lost.
import type { RoomId } from '@conclave/wire'
import type { Timers } from '../../clock.ts'
import { BUS_ANNOUNCED, BUS_ANNOUNCED_ROOMS, BUS_ANNOUNCEMENTS, BUS_HEADS, BUS_ROOMS } from '../../limits.ts'
import type { Head, Store } from '../../store/store.ts'
import type { Transport } from '../transport.ts'
import { encodeHeads, type ToldHeads } from './codec.ts'

interface Asking {
  readonly answer: (head: Head | undefined) => void
  readonly fail: (error: unknown) => void
}

/** One statement at a time, for everybody who asks meanwhile. */
export class Heads {
  readonly #store: Pick<Store, 'heads'>
  #asking = new Map<RoomId, Asking[]>()
  #running = false

  constructor(store: Pick<Store, 'heads'>) {
    this.#store = store
  }

  /** As it stands after this was called; undefined where there is no such room. */
  of(room: RoomId): Promise<Head | undefined> {
    return new Promise((answer, fail) => {
      const asking = this.#asking.get(room) ?? []
      asking.push({ answer, fail })
      this.#asking.set(room, asking)
      if (!this.#running) void this.#run()
    })
  }

  async ofAll(rooms: readonly RoomId[]): Promise<readonly Head[]> {
    const heads: Head[] = []
    for (let from = 0; from < rooms.length; from += BUS_ROOMS)
      heads.push(...(await this.#store.heads(rooms.slice(from, from + BUS_ROOMS))))
    return heads
  }

  async #run(): Promise<void> {
    this.#running = true
    // Those of this turn go together.
    await Promise.resolve()
    while (this.#asking.size > 0) {
      const asked = this.#asking
      this.#asking = new Map()
      try {
        const heads = new Map((await this.ofAll([...asked.keys()])).map(head => [head.room, head]))
        for (const [room, asking] of asked) for (const { answer } of asking) answer(heads.get(room))
      } catch (error) {
        for (const asking of asked.values()) for (const { fail } of asking) fail(error)
      }
    }
    this.#running = false
  }
}

interface Written {
  sequence: number
  /** Messages of it go to everybody. */
  isPublic: boolean
  announcements: number
}

/** Rooms that this node writes to. */
export class Announcements {
  readonly #transport: Transport
  readonly #timers: Timers
  readonly #written = new Map<RoomId, Written>()
  #callOff: (() => void) | null = null

  constructor(transport: Transport, timers: Timers) {
    this.#transport = transport
    this.#timers = timers
  }

  wrote(room: RoomId, sequence: number): void {
    const written = this.#written.get(room)
    if (written) {
      written.sequence = Math.max(written.sequence, sequence)
      written.announcements = 0
    } else if (this.#written.size < BUS_ANNOUNCED_ROOMS) {
      this.#written.set(room, { sequence, isPublic: false, announcements: 0 })
    }
    this.#callOff ??= this.#timers.after(BUS_ANNOUNCED, () => this.#announce())
  }

  wrotePublicly(room: RoomId, sequence: number): void {
    this.wrote(room, sequence)
    const written = this.#written.get(room)
    if (written) written.isPublic = true
  }

  close(): void {
    this.#callOff?.()
    this.#written.clear()
  }

  #announce(): void {
    this.#callOff = null
    let open: (readonly [RoomId, number])[] = []
    const publishOpen = (): void => {
      if (open.length > 0) this.#transport.publish('public', encodeHeads(open))
      open = []
    }
    for (const [room, written] of this.#written) {
      const heads: ToldHeads['heads'] = [[room, written.sequence]]
      this.#transport.publish(`room.${room}`, encodeHeads(heads))
      if (written.isPublic) open.push(...heads)
      if (open.length >= BUS_HEADS) publishOpen()
      written.announcements += 1
      if (written.announcements >= BUS_ANNOUNCEMENTS) this.#written.delete(room)
    }
    publishOpen()
    if (this.#written.size > 0) this.#callOff = this.#timers.after(BUS_ANNOUNCED, () => this.#announce())
  }
}
