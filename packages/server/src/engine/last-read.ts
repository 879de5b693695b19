// Where somebody stopped reading (dino.md section 4, history: the strategy `unread`): when the last session of a user leaves
// a room, they have read it up to its newest event. In hidden rooms whose acks are kept these alone say what was read.
import type { UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { isHidden } from '../room/rights.ts'
import type { RoomState } from '../room/state.ts'
import { type Store, StoreFailure } from '../store/store.ts'
import type { Departures } from './occupancy.ts'
import type { Receipts } from './receipts.ts'

export interface LastReadParts {
  readonly store: Store
  readonly receipts: Receipts
  readonly clock: Clock
  readonly log: Logger
  /** Nothing is written where no history asks for it. */
  readonly enabled: boolean
  /** Acks of hidden rooms are kept. */
  readonly acked: boolean
}

export class LastRead implements Departures {
  readonly #parts: LastReadParts

  constructor(parts: LastReadParts) {
    this.#parts = parts
  }

  async left(room: RoomState, user: UserId): Promise<void> {
    const { enabled, acked, log } = this.#parts
    if (!enabled || room.removed || (acked && isHidden(room))) return
    try {
      await this.#write(room, user)
    } catch (error) {
      // Then they read a little again; a store that fails is told of where it is found.
      if (!(error instanceof StoreFailure)) log.error({ err: error }, 'bug in keeping what somebody has read')
    }
  }

  async gone(): Promise<void> {}

  async #write({ id: room }: RoomState, user: UserId): Promise<void> {
    const { store, receipts, clock } = this.#parts
    // Read before anything is waited for: what comes from now on is unread.
    const head = await store.head(room)
    if (!head) return
    await receipts.write({ put: 'cursor', room, user, sequence: head.sequence, at: clock.now() })
  }
}
