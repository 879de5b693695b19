// Quotas in PostgreSQL: their function; the table is a step of schema.ts. A window is begun by the first taking that is
// allowed, so that looking (a cost of 0) and refusing write nothing.

export const QUOTA_FUNCTIONS = `
-- Each asks in its turn. now: ms since 1970. {"allowed", "remaining", "ends"}, in the order of the keys.
CREATE OR REPLACE FUNCTION conclave.quota_take(keys text[], limits bigint[], windows bigint[], costs bigint[], now bigint)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  taken jsonb[] := array_fill('null'::jsonb, ARRAY[cardinality(keys)]);
  each record;
  w conclave.quotas%ROWTYPE;
  allowed boolean;
BEGIN
  -- In one order on all nodes, so that none waits for another that waits for it.
  FOR each IN SELECT * FROM unnest(keys, limits, windows, costs) WITH ORDINALITY AS a (key, most, span, cost, place)
    ORDER BY a.key, a.place LOOP
    IF each.cost > 0 THEN
      INSERT INTO conclave.quotas (key, used, ends_at) VALUES (each.key, 0, now + each.span) ON CONFLICT DO NOTHING;
      SELECT * INTO w FROM conclave.quotas q WHERE q.key = each.key FOR NO KEY UPDATE;
    ELSE
      SELECT * INTO w FROM conclave.quotas q WHERE q.key = each.key;
    END IF;
    -- One that ends later than a new one could was begun before the clock was set back.
    IF NOT FOUND OR w.used = 0 OR w.ends_at <= now OR w.ends_at - now > each.span THEN
      w.used := 0;
      w.ends_at := now + each.span;
    END IF;
    allowed := w.used + each.cost <= each.most;
    IF allowed AND each.cost > 0 THEN
      w.used := w.used + each.cost;
      UPDATE conclave.quotas q SET used = w.used, ends_at = w.ends_at WHERE q.key = each.key;
    END IF;
    taken[each.place] := jsonb_build_object(
      'allowed', allowed, 'remaining', greatest(0, each.most - w.used), 'resetsAt', w.ends_at);
  END LOOP;
  RETURN to_jsonb(taken);
END $$;
`
