// How often each room was joined (`GET /count-joins`): counted in memory and written every few seconds, so that a join
// waits for no disk. A crash loses what was counted since.
import type { RoomId } from '@conclave/wire'
import type { GatewayParts } from '../../gateway.ts'
import { JOINS_WRITTEN } from './limits.ts'

export class Joins {
  readonly #parts: GatewayParts
  #counted = new Map<RoomId, number>()
  #timer: NodeJS.Timeout | null = null
  /** Writes come one after the other, for each adds to what is there. */
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  count(room: RoomId): void {
    this.#counted.set(room, (this.#counted.get(room) ?? 0) + 1)
    this.#timer ??= setTimeout(() => this.#write(), JOINS_WRITTEN)
    this.#timer.unref()
  }

  async of(room: RoomId): Promise<number> {
    await this.#writing
    return (await this.#written(room)) + (this.#counted.get(room) ?? 0)
  }

  close(): Promise<void> {
    this.#write()
    return this.#writing
  }

  #write(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const counted = this.#counted
    if (counted.size === 0) return
    this.#counted = new Map()
    this.#writing = this.#writing
      .then(() => this.#add(counted))
      .catch(() => this.#parts.log.warn({ wire: 'dino' }, 'joins could not be counted'))
  }

  async #add(counted: ReadonlyMap<RoomId, number>): Promise<void> {
    for (const [room, joins] of counted) {
      const value = String((await this.#written(room)) + joins)
      await this.#parts.write({ guards: [], append: null, rows: [{ put: 'meta', key: keyOf(room), value }] })
    }
  }

  async #written(room: RoomId): Promise<number> {
    return Number((await this.#parts.reading.meta(keyOf(room))) ?? 0)
  }
}

function keyOf(room: RoomId): string {
  return `dino.joins:${room}`
}
