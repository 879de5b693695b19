// One cluster for all faults, one after the other: each gets rooms of its own, and the same proof at its end.
import type { RoomEvent } from '@conclave/server/room/events'
import { idOfUuid, type RoomId } from '@conclave/wire'
import pg from 'pg'
import type { Hand } from '../conformance/xchat/hand.ts'
import { Cluster } from './cluster.ts'
import { evidenceOf, logOf, occupied, settled, shown, tablesOf } from './evidence.ts'
import type { Load } from './load.ts'
import { type Evidence, type Proof, prove, type Tables } from './proof.ts'
import { EVERYBODY, introduce, newGroup, PEOPLE, plainPlace, WIRES } from './stage.ts'
import { openStore } from './store.ts'
import type { Person, Place } from './wires/wire.ts'

/** ms until the last message has reached everybody who is connected: the longest look into the store is after 5 s. */
const ARRIVING = 15_000
/** ms until places of who has gone are empty: a lease ends, and somebody sweeps. */
const EMPTIED = 25_000
const ROOMS = 20

export class Run {
  readonly cluster: Cluster
  readonly hands: readonly Hand[]
  #room = 0

  private constructor(cluster: Cluster, hands: readonly Hand[]) {
    this.cluster = cluster
    this.hands = hands
  }

  static async begin(): Promise<Run> {
    const cluster = await Cluster.start(ROOMS)
    return new Run(cluster, await introduce(cluster.node(0).url))
  }

  end(): Promise<void> {
    return this.cluster.remove()
  }

  async places(): Promise<{ plain: Place; group: Place }> {
    const uuid = this.cluster.node(0).server.rooms[`r${this.#room++}`] as string
    return { plain: plainPlace(idOfUuid(uuid) as RoomId), group: await newGroup(this.cluster.node(0).url, this.hands) }
  }

  /** The log of each as the store has it now. */
  async logs(places: readonly Place[]): Promise<{ logs: Map<RoomId, RoomEvent[]>; tables: Tables[] }> {
    const store = await openStore(this.cluster.postgres.url)
    try {
      const logs = new Map<RoomId, RoomEvent[]>()
      const tables: Tables[] = []
      for (const { id } of places) {
        logs.set(id, await logOf(store, id))
        tables.push(await tablesOf(store, id, EVERYBODY))
      }
      return { logs, tables }
    } finally {
      await store.close()
    }
  }

  /** Sequences of a room's events of which a condition holds that were committed after a row: what races is judged by the
   * database's own order, not by when somebody heard of it. `row` and `of` are conditions of SQL. */
  async committedAfter(row: string, room: RoomId, of: string): Promise<string[]> {
    const client = new pg.Client({ connectionString: this.cluster.postgres.url })
    await client.connect()
    try {
      const { rows } = await client.query<{ sequence: string }>(
        `SELECT e.sequence::text FROM conclave.events e WHERE e.room = ${room} AND ${of}
          AND pg_xact_commit_timestamp(e.xmin) > (SELECT pg_xact_commit_timestamp(r.xmin) FROM ${row})`,
      )
      return rows.map(({ sequence }) => sequence)
    } finally {
      await client.end()
    }
  }

  /** What the proof finds of these places when everything has arrived. Ends the load. */
  async prove(
    load: Load,
    places: readonly Place[],
    { witness = PEOPLE[9] as Person, ...more }: Partial<Evidence> & { witness?: Person } = {},
  ): Promise<Proof> {
    const stored = await this.logs(places)
    await settled(load, stored.logs, ARRIVING)
    const inside = await occupied(load, this.cluster.nodes, places, witness, EMPTIED)
    await load.end()
    const found = await shown(this.cluster.nodes, WIRES, places, witness)
    return prove(evidenceOf(load, { ...stored, ...found, inside, ...more }))
  }
}
