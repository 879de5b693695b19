// What users have hidden from themselves: messages of a room in stretches. Two stretches with no message between them that
// anybody could still see are one, also when what lay between them is erased later: so a page leaps over them, however many
// messages they hide, and never from one to the next without a message in between.
import type { RoomId, UserId } from '@conclave/wire'
import { idParameter } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import { NO_END } from './sight.ts'

const COUNT = 'SELECT count(*) FROM conclave.hidden h WHERE h.user = $1 AND h.room = $2'

/** `r`: a ReceiptRow of `hidden`. Both read the log, and are called under the row of the room's head: nothing is hidden, sent
 * or erased there meanwhile. */
export const WRITES = `
-- The last and the first message beside a sequence that is not erased.
CREATE OR REPLACE FUNCTION conclave.kept_beside(at_room bigint, place bigint, OUT last_kept bigint, OUT first_kept bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  last_kept := coalesce((SELECT e.sequence FROM conclave.events e WHERE e.room = at_room AND e.class = 'm'
    AND e.sequence < place ORDER BY e.sequence DESC LIMIT 1), 0);
  first_kept := coalesce((SELECT e.sequence FROM conclave.events e WHERE e.room = at_room AND e.class = 'm'
    AND e.sequence > place ORDER BY e.sequence LIMIT 1), ${NO_END});
END $$;

CREATE OR REPLACE FUNCTION conclave.write_hidden(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
  at_room bigint := (r ->> 'room')::bigint;
  place bigint;
  before conclave.hidden;
  after conclave.hidden;
  beside record;
BEGIN
  FOR place IN SELECT e.sequence FROM (SELECT DISTINCT CASE WHEN j ~ '^[0-9]{1,18}$' THEN j::bigint END AS sequence
      FROM jsonb_array_elements_text(r -> 'sequences') j) given
    JOIN conclave.events e ON e.room = at_room AND e.sequence = given.sequence WHERE e.class IN ('m', 'x')
    ORDER BY e.sequence
  LOOP
    SELECT h.* INTO before FROM conclave.hidden h WHERE h.room = at_room AND h.user = who AND h.low <= place
      ORDER BY h.low DESC LIMIT 1;
    CONTINUE WHEN before.high >= place;
    SELECT h.* INTO after FROM conclave.hidden h WHERE h.room = at_room AND h.user = who AND h.low > place
      ORDER BY h.low LIMIT 1;
    beside := conclave.kept_beside(at_room, place);
    IF before.high IS NULL OR beside.last_kept > before.high THEN
      before.low := place;
    END IF;
    IF after.low <= beside.first_kept THEN
      DELETE FROM conclave.hidden h WHERE h.room = at_room AND h.user = who AND h.low = after.low;
    ELSE
      after.high := place;
    END IF;
    INSERT INTO conclave.hidden AS known (room, "user", low, high)
    VALUES (at_room, who, before.low, coalesce(after.high, place))
    ON CONFLICT (room, "user", low) DO UPDATE SET high = excluded.high;
  END LOOP;
END $$;

-- A message was erased: what it has kept apart is one.
CREATE OR REPLACE FUNCTION conclave.join_hidden(room bigint, sequence bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  beside record;
  around record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM conclave.hidden h WHERE h.room = join_hidden.room) THEN
    RETURN;
  END IF;
  beside := conclave.kept_beside(room, sequence);
  FOR around IN SELECT b.user AS who, b.low, a.low AS gone, a.high FROM conclave.hidden b JOIN conclave.hidden a
      ON a.room = b.room AND a.user = b.user AND a.low > sequence AND a.low <= beside.first_kept
    WHERE b.room = join_hidden.room AND b.high >= beside.last_kept AND b.high < sequence
  LOOP
    DELETE FROM conclave.hidden h WHERE h.room = join_hidden.room AND h.user = around.who AND h.low = around.gone;
    UPDATE conclave.hidden h SET high = around.high
      WHERE h.room = join_hidden.room AND h.user = around.who AND h.low = around.low;
  END LOOP;
END $$;
`

export class HiddenRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async count(room: RoomId, user: UserId): Promise<number> {
    const [row] = await this.#pool.query(COUNT, [idParameter(user), idParameter(room)])
    return Number(row?.[0])
  }
}
