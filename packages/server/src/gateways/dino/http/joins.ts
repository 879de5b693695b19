// How often each room was joined (`GET /count-joins`): counted in memory and written every few seconds, so that a join
// waits for no disk. A crash loses what was counted since.
import type { RoomId } from '@conclave/wire'
import { ATTEMPTS } from '../../../limits.ts'
import type { Document } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { JOINS_WRITTEN } from './limits.ts'

const KIND = 'dino.joins'

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
    for (const [room, joins] of counted) await this.#addTo(room, joins)
  }

  /** Other nodes count too: what one of them has added meanwhile is not written over. */
  async #addTo(room: RoomId, joins: number): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await this.#parts.reading.document(KIND, room)
      const body = String((await this.#countIn(room, before)) + joins)
      const document = { kind: KIND, key: room, owner: '', body, dueAt: null }
      const guards = [{ of: 'document', id: `${KIND}/${room}`, version: before?.version ?? 0 }] as const
      const { outcome } = await this.#parts.write({ guards, append: null, rows: [{ put: 'document', document }] })
      if (outcome === 'committed') return
    }
    throw new Error('joins were counted on other nodes again and again')
  }

  async #written(room: RoomId): Promise<number> {
    return this.#countIn(room, await this.#parts.reading.document(KIND, room))
  }

  async #countIn(room: RoomId, document: Document | undefined): Promise<number> {
    // Where they were counted before several nodes did.
    return Number(document?.body ?? (await this.#parts.reading.meta(`${KIND}:${room}`)) ?? 0)
  }
}
