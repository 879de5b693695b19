// Nodes in PostgreSQL: their functions; the tables are a step of schema.ts. A node counts from `node_enter` until `node_leave` or
// until another one finds its lease ended; that other one empties its row, and so only one of them ever takes its place.
// Times are the database's alone. Whoever comes or goes is told to all nodes, which look at once; a notice that is lost costs
// them no more than a beat.

/** A channel of LISTEN. It says nothing but that there is something to see. */
export const NODE_NOTICE = 'conclave_nodes'

/** One look of a node: keeps its own lease, ends those of others that are over, takes free jobs of those that it wants. It
 * ends nobody's lease before its own has run on for as long: after the database was away everybody gets that time. A time
 * ahead of now is as bad as an old one: the database's own clock was set back. */
export const NODE_FUNCTIONS = `
CREATE OR REPLACE FUNCTION conclave.node_counts(seen timestamptz, lease interval) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT seen BETWEEN clock_timestamp() - lease AND clock_timestamp() + lease
$$;

CREATE OR REPLACE FUNCTION conclave.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

CREATE OR REPLACE FUNCTION conclave.node_enter(number integer, called text, at text, single boolean, lease interval)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  blocker conclave.nodes%ROWTYPE;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('conclave.node_enter'));
  INSERT INTO conclave.nodes (node) VALUES (number) ON CONFLICT DO NOTHING;
  SELECT * INTO blocker FROM conclave.nodes n
    WHERE n.instance IS NOT NULL AND conclave.node_counts(n.seen_at, lease) AND (n.node = number OR single OR n.alone)
    ORDER BY n.node <> number LIMIT 1;
  IF FOUND THEN
    RETURN jsonb_build_object('entered', false, 'node', blocker.node, 'address', blocker.address,
      'seen', blocker.seen_at || blocker.instance);
  END IF;
  UPDATE conclave.nodes n SET instance = called, address = at, alone = single,
    seen_at = clock_timestamp(), since = clock_timestamp() WHERE n.node = number;
  PERFORM pg_notify('${NODE_NOTICE}', '');
  RETURN jsonb_build_object('entered', true);
END $$;

CREATE OR REPLACE FUNCTION conclave.node_look(number integer, called text, wanted text[], lease interval)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz;
BEGIN
  UPDATE conclave.nodes n SET seen_at = clock_timestamp(),
    since = CASE WHEN conclave.node_counts(n.seen_at, lease / 2) THEN n.since ELSE clock_timestamp() END
    WHERE n.node = number AND n.instance = called RETURNING since INTO began;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF began < clock_timestamp() - lease THEN
    UPDATE conclave.nodes n SET instance = NULL
      WHERE n.instance IS NOT NULL AND NOT conclave.node_counts(n.seen_at, lease);
    IF FOUND THEN PERFORM pg_notify('${NODE_NOTICE}', ''); END IF;
  END IF;
  DELETE FROM conclave.holds h WHERE h.instance = called AND h.name <> ALL (wanted);
  DELETE FROM conclave.holds h
    WHERE h.name = ANY (wanted) AND NOT EXISTS (SELECT FROM conclave.nodes n WHERE n.instance = h.instance);
  INSERT INTO conclave.holds (name, instance)
    SELECT w, called FROM unnest(wanted) w ORDER BY w ON CONFLICT DO NOTHING;
  RETURN jsonb_build_object(
    'nodes', (SELECT jsonb_agg(jsonb_build_object('node', n.node, 'instance', n.instance, 'address', n.address,
      'looked', extract(epoch FROM n.seen_at) * 1000) ORDER BY n.node) FROM conclave.nodes n WHERE n.instance IS NOT NULL),
    'held', (SELECT coalesce(jsonb_agg(h.name), '[]') FROM conclave.holds h WHERE h.instance = called),
    'now', conclave.now_ms());
END $$;

CREATE OR REPLACE FUNCTION conclave.node_leave(called text) RETURNS void LANGUAGE sql AS $$
  DELETE FROM conclave.holds WHERE instance = called;
  WITH gone AS (UPDATE conclave.nodes SET instance = NULL WHERE instance = called RETURNING node)
    SELECT pg_notify('${NODE_NOTICE}', '') FROM gone;
$$;
`
