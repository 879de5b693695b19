// Group commit: a batch of items in one statement, which is one transaction: no lock outlives a round trip. Everything is
// decided and written by `conclave.commit`, from what follows from the items themselves; sequences, ids, times and hashes
// are given there, under the rows of the rooms' heads.
//
// What stands beside the logs is written row by row, by functions of the files that read it. Each such file exports its
// `WRITES`, the text of those functions (CREATE OR REPLACE FUNCTION conclave.… in plpgsql), which stands among STORE_FUNCTIONS
// (functions.ts). A row comes as it is in the port (store.ts), as jsonb made by `storedJson`; what the port's row
// does not hold itself (a body as JSON text, a folded and indexed name, a fingerprint's canonical text) is put beside it by
// the file's own `xRow(row)`, which commit.ts calls:
//
//   identity.ts     identityRow(row: IdentityRow): unknown
//                   conclave.write_identity(r jsonb) RETURNS void     versions: of what stands there, plus one
//                   conclave.refuse_identity(r jsonb) RETURNS jsonb   r: array of an item's rows, in order; NULL where all may
//                                                                     be written, else {"by": "7"} or {"by": null} (`taken`)
//   documents.ts    conclave.write_document(r jsonb) RETURNS void       documentRow(row)
//   outgoing.ts     conclave.write_outgoing(r jsonb, room bigint, base bigint) RETURNS void
//                                                                     base: the sequence before the append's first event,
//                                                                     so `event` i stands at base + 1 + i
//   receipts.ts     conclave.write_receipt(r jsonb, now bigint) RETURNS void   `cursor`, `acks`, `seen`
//   hidden.ts       conclave.write_hidden(r jsonb) RETURNS void
//                   conclave.join_hidden(room bigint, sequence bigint) RETURNS void   a message was erased
//   marks.ts        conclave.write_star(r jsonb) RETURNS void
//   memberships.ts  conclave.write_kept(r jsonb) RETURNS void
//
// Receipts come after everything else of the batch, with the heads as they are then; the head row of the room of each row
// that names one is locked (FOR NO KEY UPDATE), and so is, by an advisory lock, what guards name and rows change (account,
// channel, keys, document). Functions say `conclave.` before every table, name arguments so that none is a column's, and
// take their locks in no order of their own.
import type { EventId } from '@conclave/wire'
import { isRace, type Pool, type Query, SqlError } from '../../postgres/pool.ts'
import { tally } from '../../tally.ts'
import { type Item, type Outcome, StoreFailure } from '../store.ts'
import { batchOf, CALL, changedIn } from './batch.ts'
import { Messages } from './messages.ts'
import type { Giver } from './positions.ts'

/** A batch that lost against another node's is written anew this often, from what is there then. */
const ATTEMPTS = 12
/** From this attempt on the heads are held while messages are read, so that nobody else is faster. */
const HELD = 3

/** What `conclave.commit` says. */
const CHANGED = 'CV001'
const OUT = 'CV002'

/** In the order of `conclave.commit`. */
const HOLD_NODE = `SELECT n.node FROM conclave.nodes n WHERE n.node = $1 FOR NO KEY UPDATE`
const HOLD = `SELECT r.id FROM conclave.rooms r WHERE r.id = ANY ($1::bigint[]) ORDER BY r.id FOR NO KEY UPDATE`

export interface Committed {
  readonly outcomes: Outcome[]
  /** The newest id that was given; undefined where there are no events. */
  readonly newest: EventId | undefined
}

/** This node counts no more: nothing of it is written until it has registered anew. */
export class NodeOut extends StoreFailure {}

/** `now` in ms since 1970. Rejects with StoreFailure where it may or may not be there, else nothing of it is. */
export async function commit(pool: Pool, items: readonly Item[], giver: Giver, now: number): Promise<Committed> {
  let refused: ReadonlySet<number> = new Set()
  const attempt = async (query: Query, held: boolean): Promise<Committed> => {
    if (held) {
      await query(HOLD_NODE, [giver.node])
      await query(HOLD, [batchOf(items, giver, now, new Messages(), refused).rooms])
    }
    const messages = await Messages.of(items, query)
    const batch = batchOf(items, giver, now, messages, refused)
    const [row] = await query(CALL, batch.values)
    if (row === undefined) throw new Error('a commit without an answer')
    return { outcomes: batch.outcomes(row), newest: batch.newestId(row) }
  }
  const inTwo = async (middle: number): Promise<Committed> => {
    const first = await commit(pool, items.slice(0, middle), giver, now)
    const second = await commit(pool, items.slice(middle), giver, now).catch(error => {
      throw error instanceof StoreFailure ? error : new StoreFailure('a part of the batch cannot be written')
    })
    return { outcomes: [...first.outcomes, ...second.outcomes], newest: second.newest ?? first.newest }
  }
  for (let tries = 1; ; tries++) {
    try {
      if (tries < HELD) return await attempt(pool.query, false)
      return await pool.transaction(query => attempt(query, true))
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      if (error.code === OUT) throw new NodeOut('this node does not count any more')
      if (error.code === CHANGED) {
        const changed = changedIn(error.detail)
        // What nobody else can have done while the heads were held an item of this batch has: it is written before.
        if (tries >= HELD && changed.item > 0 && sameAs(refused, changed.refused)) return inTwo(changed.item)
        refused = changed.refused
      } else if (!isRace(error)) throw error
      // A unique row that is there at every try is no race.
      tally.writtenAgain += 1
      if (tries >= ATTEMPTS) throw error.code === '23505' ? error : new StoreFailure('the store is busy')
    }
  }
}

function sameAs(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  return one.size === other.size && [...one].every(each => other.has(each))
}
