// The outbox: external events that wait for delivery, written in the transaction of what they tell of.
import { idParameter } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import type { Outgoing } from '../store.ts'
import type { Columns } from './rows.ts'

const COLUMNS = 'id, destination, at, verb, body, room, sequence, attempts, due_at, error'

const SQL = {
  /** By when they are due, so that a page costs the same however many wait. */
  due: `SELECT * FROM (SELECT ${COLUMNS} FROM conclave.outgoing WHERE destination = $1 AND due_at <= $2
    ORDER BY due_at, id LIMIT $3) found ORDER BY id`,
  next: 'SELECT min(due_at) FROM conclave.outgoing WHERE destination = $1 AND due_at IS NOT NULL',
  count: `SELECT destination, count(due_at), count(*) - count(due_at) FROM conclave.outgoing GROUP BY destination`,
  dead: `SELECT ${COLUMNS} FROM conclave.outgoing WHERE due_at IS NULL AND id > $1 ORDER BY id LIMIT $2`,
  one: `SELECT ${COLUMNS} FROM conclave.outgoing WHERE id = $1`,
} as const

/** `r`: an OutgoingRow. `of_room` and `base`: the item's append and the sequence before its first event, for rows that name one of
 * its events. */
export const WRITES = `
CREATE OR REPLACE FUNCTION conclave.write_outgoing(r jsonb, of_room bigint, base bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o jsonb := r -> 'outgoing';
  event bigint := (r ->> 'event')::bigint;
BEGIN
  IF r ? 'change' THEN
    UPDATE conclave.outgoing SET attempts = (r ->> 'attempts')::integer, due_at = (r ->> 'dueAt')::bigint,
      error = r ->> 'error' WHERE id = (r ->> 'id')::bigint;
  ELSIF r ? 'drop' THEN
    DELETE FROM conclave.outgoing WHERE id = (r ->> 'id')::bigint;
  ELSE
    INSERT INTO conclave.outgoing (id, destination, at, verb, body, room, sequence, attempts, due_at, error)
    VALUES ((o ->> 'id')::bigint, o ->> 'to', (o ->> 'at')::bigint, o ->> 'verb', o ->> 'body',
      CASE WHEN event IS NULL THEN (o ->> 'room')::bigint ELSE of_room END,
      CASE WHEN event IS NULL THEN (o ->> 'sequence')::bigint ELSE base + 1 + event END,
      (o ->> 'attempts')::integer, (o ->> 'dueAt')::bigint, o ->> 'error');
  END IF;
END $$;
`

export class OutgoingRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async due(to: string, now: number, limit: number): Promise<Outgoing[]> {
    return (await this.#pool.query(SQL.due, [to, now, limit])).map(outgoingOf)
  }

  async next(to: string): Promise<number | null> {
    const [[at]] = (await this.#pool.query(SQL.next, [to])) as [[string | null]]
    return at === null ? null : Number(at)
  }

  async count(): Promise<{ readonly to: string; readonly waiting: number; readonly dead: number }[]> {
    const rows = await this.#pool.query(SQL.count, [])
    return rows.map(([to, waiting, dead]) => ({ to: to as string, waiting: Number(waiting), dead: Number(dead) }))
  }

  async dead(after: string | null, limit: number): Promise<Outgoing[]> {
    return (await this.#pool.query(SQL.dead, [idParameter(after ?? '-1'), limit])).map(outgoingOf)
  }

  async one(id: string): Promise<Outgoing | undefined> {
    return (await this.#pool.query(SQL.one, [idParameter(id)])).map(outgoingOf)[0]
  }
}

function outgoingOf([id, to, at, verb, body, room, sequence, attempts, dueAt, error]: Columns): Outgoing {
  return {
    id: id as string,
    to: to as string,
    at: Number(at),
    verb: verb as string,
    body: body as string,
    room: room as Outgoing['room'],
    sequence: sequence === null ? null : Number(sequence),
    attempts: Number(attempts),
    dueAt: dueAt === null ? null : Number(dueAt),
    error: error as string,
  }
}
