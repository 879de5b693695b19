// What this process counts of itself, for /metrics alone: nothing is decided by it. One for the process, as the metrics are,
// so that no part has to be handed it.

export interface Connections {
  /** Of our own choosing, without an address. */
  readonly name: string
  readonly use: { readonly busy: number; readonly idle: number; readonly waiting: number }
}

export interface Tally {
  /** Commands that were decided again, because the room or what else they were decided on had moved (L3). */
  decidedAgain: number
  /** Batches that were written anew, because another node's transaction came first. */
  writtenAgain: number
  /** Times that a room's next event had not come over the bus, and was looked for in the store. */
  busGaps: number
  /** Events that were found so. */
  busHealed: number
  /** Pools of connections to PostgreSQL that are open. */
  readonly pools: Set<Connections>
}

export const tally: Tally = { decidedAgain: 0, writtenAgain: 0, busGaps: 0, busHealed: 0, pools: new Set() }
