// What the cluster bus is made of, and what it is told of the node that it serves. Time and the store come in from outside,
// so that a simulation drives it step by step.
import type { RoomId } from '@conclave/wire'
import type { Clock, Timers } from '../../clock.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { Store } from '../../store/store.ts'
import type { Bus } from '../bus.ts'
import type { Feed } from '../feed.ts'
import type { Transport } from '../transport.ts'

export interface ClusterParts {
  /** To this node's own subscribers; it is the cluster's to close. */
  readonly local: Bus
  readonly transport: Transport
  readonly store: Pick<Store, 'heads' | 'page' | 'control' | 'eventAt'>
  /** null: nothing is made whole but what stands in the rooms' logs. */
  readonly feed: Feed | null
  readonly clock: Clock
  readonly timers: Timers
  /** Told what a receiver threw, and what the bus could not make of a message: bugs. */
  onError(error: unknown): void
}

export interface Remembered<V> {
  /** Without a look into the store. */
  peek(id: string): V | undefined
  load(id: string): Promise<V | undefined>
  forget(id: string): void
}

/** What the node remembers. What travels by id and version is looked up here, and read anew where it is older. */
export interface Known {
  readonly rooms: {
    peek(room: RoomId): RoomState | undefined
    /** At least as new as the store was when it was asked. */
    refresh(room: RoomId): Promise<RoomState | undefined>
    /** Takes over a newer state; an older one is ignored. */
    set(state: RoomState): void
  }
  readonly accounts: Remembered<Account>
  readonly channels: Remembered<Channel>
  /** The public id of a token, by its hash. */
  tokenOf(hash: string): string
  /** Nothing that was read before may be relied on: more was missed than can be read again. */
  forget(): void
}

export interface ClusterBus extends Bus {
  /** Once, before anything is followed. */
  attach(known: Known): void
  /** ms since 1970 up to which this node has surely heard what it must not miss. While it is long ago, nothing that is
   * remembered may be answered from. */
  readonly heardUntil: number
}
