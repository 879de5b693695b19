// How far users have read and what they keep of their rooms: written from whatever wire, and told to the user's own
// sessions on all of them.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { KeptRow, ReceiptRow, Write } from '../store/store.ts'

export type Receipt = Extract<ReceiptRow, { put: 'cursor' | 'acks' }> | KeptRow

export class Receipts {
  readonly #write: Write
  readonly #bus: Bus

  constructor(write: Write, bus: Bus) {
    this.#write = write
    this.#bus = bus
  }

  /** All or none of them. Who may is the caller's matter. */
  async write(...rows: readonly Receipt[]): Promise<void> {
    await this.#write({ guards: [], append: null, rows })
    const told = new Map<string, { readonly room: RoomId; readonly user: UserId; read: boolean }>()
    for (const row of rows) {
      if (row.put === 'acks' && row.status === 1) continue
      const key = `${row.user} ${row.room}`
      const change = told.get(key) ?? { room: row.room, user: row.user, read: false }
      told.set(key, { ...change, read: change.read || row.put !== 'kept' })
    }
    for (const { room, user, read } of told.values()) {
      const message = { kind: 'receipt', room, user, read } as const
      this.#bus.publish(`user:${user}`, message)
      if (read) this.#bus.publish(`room:${room}`, message)
    }
  }
}
