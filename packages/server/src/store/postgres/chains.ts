// Reading rooms' chains, by the right that reads the log (L10). Whoever may read the room sees every link; what lies outside
// of what they may read stays closed. Links are written by the commit, with each control event.
import type { RoomId } from '@conclave/wire'
import { NO_HEAD, toHex } from '@conclave/wire/transparency/chain'
import { PAGE } from '../../limits.ts'
import { idParameter } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import type { ChainLink, ChainPage, Right } from '../store.ts'
import { reader } from './pages.ts'
import { type Columns, EVENT, eventOf } from './rows.ts'
import { holdsAt, isHeard, isMember, isSpanned } from './sight.ts'

const [ROOM, USER] = ['$1::bigint', '$4::bigint']

/** Bind: 1 room, 2 the number before, 3 limit; 4 user; 5 control sequence. `seen`: whether the event may be read. */
const BY: Readonly<Record<Right['by'], { readonly where: string; readonly seen: string }>> = {
  member: { where: isMember(ROOM, USER), seen: `${isSpanned(ROOM, USER)} AND ${isHeard(USER)}` },
  grant: { where: holdsAt(ROOM, '$5'), seen: isHeard(USER) },
  server: { where: 'TRUE', seen: 'TRUE' },
}

/** A row for each link, with the chain's end; one of nulls where there are none; none where the right does not hold. */
const pageSql = ({ where, seen }: (typeof BY)[Right['by']]): string => `SELECT l.number, l.hash, c.*
  FROM (SELECT 1 WHERE ${where}) held
    LEFT JOIN (SELECT c.number, c.hash FROM conclave.chain c WHERE c.room = ${ROOM} ORDER BY c.number DESC LIMIT 1) l ON TRUE
    LEFT JOIN (SELECT c.number, c.digest, c.hash, ${seen} AS seen, c.salt, ${EVENT}
      FROM conclave.chain c JOIN conclave.events e ON e.room = c.room AND e.sequence = c.sequence
      WHERE c.room = ${ROOM} AND c.number > $2 ORDER BY c.number LIMIT $3) c ON TRUE
  ORDER BY c.number`

const SQL: Readonly<Record<Right['by'], string>> = {
  member: pageSql(BY.member),
  grant: pageSql(BY.grant),
  server: pageSql(BY.server),
}

export class ChainRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** undefined when the right does not hold. */
  async page(room: RoomId, right: Right, after: number, limit: number): Promise<ChainPage | undefined> {
    const bound = [idParameter(room), after, Math.min(limit, PAGE), ...reader(right)]
    const rows = await this.#pool.query(SQL[right.by], bound)
    const [end] = rows
    if (end === undefined) return undefined
    const head = end[0] === null ? NO_HEAD : { number: Number(end[0]), hash: toHex(end[1] as Uint8Array) }
    const links = rows.filter(([, , number]) => number !== null).map(([, , ...row]) => linkOfRow(room, row))
    return { head, links }
  }
}

function linkOfRow(room: RoomId, [number, digest, hash, seen, salt, ...event]: Columns): ChainLink {
  const opened = seen === true ? { salt: toHex(salt as Uint8Array), event: eventOf(room, event) } : null
  return { number: Number(number), digest: toHex(digest as Uint8Array), hash: toHex(hash as Uint8Array), opened }
}
