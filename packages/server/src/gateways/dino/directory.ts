// All channels with their plain rooms, as list_channels and auto-join look at them. Kept for a moment: both ask for
// every room of the server, and neither gives a right, which is looked up anew where a room is named or entered.
import type { Channel } from '../../room/facts.ts'
import { isHidden } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { DIRECTORY_AGE } from './limits.ts'

export interface Listed {
  readonly channel: Channel
  /** Rooms that are not hidden, in the order in which they are listed. */
  readonly rooms: readonly RoomState[]
  /** Those that are marked as rooms for admins, hidden ones too, in the same order. */
  readonly adminRooms: readonly RoomState[]
}

export class Directory {
  readonly #parts: GatewayParts
  #at = Number.NEGATIVE_INFINITY
  #listed: Promise<readonly Listed[]> | undefined

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** Channels in the order in which they are listed. */
  all(): Promise<readonly Listed[]> {
    const now = this.#parts.clock.now()
    if (this.#listed && Math.abs(now - this.#at) < DIRECTORY_AGE) return this.#listed
    this.#at = now
    const listed = this.#read()
    this.#listed = listed
    listed.catch(() => {
      if (this.#listed === listed) this.#listed = undefined
    })
    return listed
  }

  /** What was read is old. */
  forget(): void {
    this.#listed = undefined
  }

  async #read(): Promise<readonly Listed[]> {
    const { reading } = this.#parts
    const listed: Listed[] = []
    for (const channel of await reading.channels()) {
      const all = [...(await reading.roomsIn(channel.id))].sort(bySort)
      const adminRooms = all.filter(room => room.isAdmin)
      listed.push({ channel, rooms: all.filter(room => !isHidden(room)), adminRooms })
    }
    return listed.sort((a, b) => bySort(a.channel, b.channel))
  }
}

/** Ascending by `url`, as clients show it; then by name. */
export function bySort(a: Sorted, b: Sorted): number {
  return a.sort - b.sort || compare(a.name ?? '', b.name ?? '') || compare(a.id, b.id)
}

interface Sorted {
  readonly sort: number
  readonly name: string | null
  readonly id: string
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
