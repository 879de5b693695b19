// The Nodes port: which nodes serve together, whether this one still counts among them, who does what only one of them may
// do, and what time it is for all of them.
import type { Clock } from '../clock.ts'

export interface LiveNode {
  /** 0 to 1023: its part of every id that it gives. */
  readonly node: number
  /** Names this registration: another one after every start, and after a lease was lost. */
  readonly instance: string
  /** Where other nodes reach it (`peers.address`); null where they do not. */
  readonly address: string | null
}

/** None may throw or wait. */
export interface NodeEvents {
  /** Another node is gone: it stopped, or its lease has ended. Every node hears of it, once each. */
  lost?(node: LiveNode): void
  /** Nobody could be asked for a while (NODE_UNSURE): what is in memory may be old. Said again while it lasts. */
  unsure?(): void
  /** This node counts no more: others have taken over what it did. All of its sessions end; nothing is to be written. */
  out?(): void
  /** It counts again, under another instance where it was out; and whatever was kept in memory must be read anew. */
  back?(): void
}

/** A job that one node at a time does. */
export interface Hold {
  /** Ask before every step: a node that stood still for a while is told of nothing. */
  readonly held: boolean
  /** Somebody else may do it. */
  release(): Promise<void>
}

export interface Nodes {
  /** As it is registered now, or was until it was out. */
  readonly self: LiveNode
  /** There may be others. */
  readonly shared: boolean
  /** It counts, by a look that is younger than NODE_UNSURE. Without it nothing is served by right of what is in memory. */
  readonly serving: boolean
  /** The store's clock. It follows no clock of this machine, whatever that is set to. */
  readonly clock: Clock
  /** Nodes that count, this one among them, as of the last look. */
  live(): readonly LiveNode[]
  watch(events: NodeEvents): void
  /** Takes the job as soon as nobody does it, and again after it was lost; `taken` is called each time, and must not throw
   * or wait. One name is held once by a node. */
  hold(name: string, taken?: () => void): Hold
  /** Names of the jobs that it does now. */
  readonly jobs: readonly string[]
  /** Somebody was refused for being no node any more: it is looked at now, not at the next beat. */
  look(): void
  /** Counts no more from here on; what it held is free. */
  close(): Promise<void>
}

/** This node cannot be one of them; the message is one sentence for the operator. */
export class NodeRefusal extends Error {
  override readonly name = 'NodeRefusal'
}
