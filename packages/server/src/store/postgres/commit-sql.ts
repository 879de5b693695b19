// The function that a commit is: one statement, in the order of locks that every node keeps. First the node's own row, which
// says that it still counts and which id it gave last; then the heads of the batch's rooms by id; then advisory locks on what
// guards name (shared) and rows change (exclusive), by number. Then waves: items of one wave do not touch each other but by
// appending to the same rooms, so each step of it is done for all of them. Receipts come last, for they read the log.
//
// Arguments are arrays, one for each column: `w_` the last index of each wave in the others; `g_` guards, and `u_` which item
// names which of them; `e_` events; `s_` items with more than events, as JSON (batch.ts: Special); `r_` receipts.
//
// Raises CV001 where a message is another than the one that a change of it was made from (detail: by which item, and what was refused so far);
// CV002 where the node counts no more.

import { MEDIUM } from '../projection.ts'

/** Of advisory locks that commits take. */
const LOCKS = 4_200_002

/** An id's ms and counter as one number, which grows: counters from 2,048 on are for `newId`. */
const POSITIONS = 2_048

const slice = (array: string, kind: string): string =>
  `CASE WHEN v_whole THEN ${array} ELSE ${array}[v_${kind}_from:v_${kind}_to] END`
const events = ['item', 'room', 'control', 'at', 'actor', 'class', 'body', 'key', 'by', 'digest', 'audience']
const columns = [...events, 'expires_at', 'file', 'thread', 'apart']

export const COMMIT = `
CREATE OR REPLACE FUNCTION conclave.commit(
  p_node integer, p_instance text, p_ms bigint, p_newest bigint, p_now bigint, p_rooms bigint[], p_locks integer[],
  w_events integer[], w_guards integer[], w_specials integer[],
  g_kind integer[], g_id text[], g_version bigint[], u_item integer[], u_guard integer[],
  e_item integer[], e_room bigint[], e_control bigint[], e_at bigint[], e_actor bigint[], e_class text[], e_body text[],
  e_key text[], e_by bigint[], e_digest text[], e_audience text[], e_expires_at bigint[], e_file boolean[],
  e_thread bigint[], e_apart boolean[], s_item integer[], s_row text[], r_item integer[], r_kind text[], r_row text[],
  OUT start bigint, OUT sequences bigint[], OUT times bigint[], OUT refusals jsonb
) LANGUAGE plpgsql AS $$
DECLARE
  v_whole boolean := cardinality(w_events) = 1;
  v_wave integer;
  v_e_from integer := 1; v_e_to integer; v_g_from integer := 1; v_g_to integer; v_s_from integer := 1; v_s_to integer;
  v_last bigint; v_top bigint; v_id bigint;
  v_broken integer[]; v_refused integer[] := '{}'; v_no jsonb;
  v_sequences bigint[]; v_times bigint[];
  v_item integer; v_text text; v_kind text; v_special jsonb; v_base bigint; v_first integer;
BEGIN
  refusals := '[]';
  SELECT n.last_id INTO v_last FROM conclave.nodes n WHERE n.node = p_node AND n.instance = p_instance FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this node does not count any more' USING ERRCODE = 'CV002';
  END IF;
  SELECT max(h.last_id) INTO v_top FROM (
    SELECT r.last_id FROM conclave.rooms r WHERE r.id = ANY (p_rooms) ORDER BY r.id FOR NO KEY UPDATE) h;
  IF cardinality(p_locks) > 0 THEN
    PERFORM CASE WHEN l & 1 = 1 THEN pg_advisory_xact_lock(${LOCKS}, l >> 1)
      ELSE pg_advisory_xact_lock_shared(${LOCKS}, l >> 1) END FROM unnest(p_locks) l;
  END IF;

  -- Newer than what this node gave, than the rooms' last ids, and than the clock's ms.
  v_last := greatest(v_last, p_newest);
  start := greatest(p_ms * ${POSITIONS}, (v_last >> 22) * ${POSITIONS} + least((v_last & 4095) + 1, ${POSITIONS}));
  v_id := ((start / ${POSITIONS}) << 22) | (p_node::bigint << 12) | (start % ${POSITIONS});
  IF v_top >= v_id THEN
    start := ((v_top >> 22) + 1) * ${POSITIONS};
  END IF;
  start := start - 1;

  FOR v_wave IN 1 .. cardinality(w_events) LOOP
    v_e_to := w_events[v_wave]; v_g_to := w_guards[v_wave]; v_s_to := w_specials[v_wave];

    IF v_g_to >= v_g_from THEN
      SELECT array_agg(v_g_from - 1 + g.n::integer) INTO v_broken
      FROM unnest(${slice('g_kind', 'g')}, ${slice('g_id', 'g')}, ${slice('g_version', 'g')})
        WITH ORDINALITY AS g(kind, id, version, n)
      WHERE g.version <> coalesce(CASE g.kind
        WHEN 0 THEN (SELECT a.version FROM conclave.accounts a WHERE a.id = g.id::bigint)
        WHEN 1 THEN (SELECT c.version FROM conclave.channels c WHERE c.id = g.id::bigint)
        WHEN 2 THEN (SELECT max(k.number) FROM conclave.public_keys k WHERE k.user = g.id::bigint)
        ELSE (SELECT d.number FROM conclave.documents d WHERE d.kind = split_part(g.id, '/', 1)
          AND d.key = substr(g.id, strpos(g.id, '/') + 1)) END, 0);
      IF v_broken IS NOT NULL THEN
        SELECT v_refused || array_agg(b.item),
          refusals || jsonb_agg(jsonb_build_object('item', b.item, 'outcome', 'stale', 'guard', b.guard))
        INTO v_refused, refusals
        FROM (SELECT DISTINCT ON (u.item) u.item, u.guard FROM unnest(u_item, u_guard) WITH ORDINALITY AS u(item, guard, n)
          WHERE u.guard = ANY (v_broken) ORDER BY u.item, u.n) b;
      END IF;
    END IF;

    IF v_s_to >= v_s_from THEN FOR v_item, v_text IN SELECT s.item, s.what FROM unnest(${slice('s_item', 's')}, ${slice('s_row', 's')}) AS s(item, what)
    LOOP
      CONTINUE WHEN v_item = ANY (v_refused);
      v_no := conclave.refuse(v_text::jsonb);
      CONTINUE WHEN v_no IS NULL;
      v_refused := v_refused || v_item;
      refusals := refusals || jsonb_build_array(v_no || jsonb_build_object('item', v_item));
    END LOOP; END IF;

    IF v_e_to >= v_e_from THEN
      WITH given AS (
        SELECT e.*, CASE WHEN e.item = ANY (v_refused) THEN 'refused' WHEN m.key IS NOT NULL THEN 'exists'
            WHEN coalesce(h.control, 0) <> e.control THEN 'moved' END AS why,
          m.room AS used_room, m.sequence AS used_sequence, m.by AS used_by, m.digest AS used_digest,
          h.sequence AS base, h.last_at, h.control AS stands
        FROM unnest(${columns.map(column => slice(`e_${column}`, 'e')).join(',\n          ')})
          WITH ORDINALITY AS e(${columns.join(', ')}, n)
        LEFT JOIN conclave.rooms h ON h.id = e.room
        LEFT JOIN conclave.message_keys m ON m.key = e.key
      ), placed AS MATERIALIZED (
        SELECT *
        FROM (SELECT g.n, g.item, g.room, g.actor, g.class, g.body, g.audience, g.expires_at, g.file, g.thread, g.apart, g.why, g.stands,
          g.used_room, g.used_sequence, g.used_by, g.used_digest, g.by, g.digest, g.key,
          coalesce(g.base, 0) + count(*) FILTER (WHERE g.why IS NULL) OVER past AS sequence,
          greatest(g.last_at, max(g.at) FILTER (WHERE g.why IS NULL) OVER past) AS at,
          (((start + v_e_from - 1 + g.n) / ${POSITIONS}) << 22) | (p_node::bigint << 12)
            | ((start + v_e_from - 1 + g.n) % ${POSITIONS}) AS id
          FROM given g WINDOW past AS (PARTITION BY g.room ORDER BY g.n ROWS UNBOUNDED PRECEDING)) p
      ), logged AS (
        INSERT INTO conclave.events (room, sequence, id, at, actor, expires_at, thread, file, apart, class, body, audience)
        SELECT p.room, p.sequence, p.id, p.at, p.actor, p.expires_at, p.thread, p.file, p.apart, p.class, p.body, p.audience
        FROM placed p WHERE p.why IS NULL
      ), used AS (
        INSERT INTO conclave.message_keys (key, room, sequence, by, digest)
        SELECT p.key, p.room, p.sequence, p.by, p.digest FROM placed p WHERE p.why IS NULL AND p.key IS NOT NULL ORDER BY p.key
      ), moved AS (
        UPDATE conclave.rooms r SET sequence = s.sequence, last_id = s.id, last_at = s.at,
          control = coalesce(s.control, r.control), messages = r.messages + s.messages,
          last_message_at = coalesce(s.message_at, r.last_message_at)
        FROM (SELECT p.room, max(p.sequence) AS sequence, max(p.id) AS id, max(p.at) AS at,
            max(p.sequence) FILTER (WHERE p.class = 'c') AS control, count(*) FILTER (WHERE p.class = 'm') AS messages,
            max(p.at) FILTER (WHERE p.class = 'm') AS message_at
          FROM placed p WHERE p.why IS NULL GROUP BY p.room) s
        WHERE r.id = s.room
      )
      SELECT array_agg(CASE WHEN p.why IS NULL THEN p.sequence END ORDER BY p.n), array_agg(p.at ORDER BY p.n),
        array_agg(p.item) FILTER (WHERE p.why <> 'refused'),
        jsonb_agg(CASE p.why WHEN 'moved' THEN
            jsonb_build_object('item', p.item, 'outcome', 'moved', 'control', coalesce(p.stands, 0))
          ELSE jsonb_build_object('item', p.item, 'outcome', 'exists', 'index', 0, 'room', p.used_room::text,
            'sequence', p.used_sequence, 'by', p.used_by::text, 'digest', p.used_digest) END
          ORDER BY p.n) FILTER (WHERE p.why <> 'refused')
      INTO v_sequences, v_times, v_broken, v_no FROM placed p;
      IF v_broken IS NOT NULL THEN
        v_refused := v_refused || v_broken;
        refusals := refusals || v_no;
      END IF;
      sequences := sequences || v_sequences;
      times := times || v_times;
    END IF;

    IF v_s_to >= v_s_from THEN FOR v_item, v_text IN SELECT s.item, s.what FROM unnest(${slice('s_item', 's')}, ${slice('s_row', 's')}) AS s(item, what)
    LOOP
      CONTINUE WHEN v_item = ANY (v_refused);
      v_special := v_text::jsonb;
      v_first := (v_special ->> 'first')::integer;
      IF NOT conclave.write_special(v_special, sequences[v_first] - 1, times[v_first], start + v_first, p_node, sequences, times)
      THEN
        RAISE EXCEPTION 'a message has been changed'
        USING ERRCODE = 'CV001', DETAIL = jsonb_build_object('refusals', refusals, 'item', v_item)::text;
      END IF;
    END LOOP; END IF;
    v_e_from := v_e_to + 1; v_g_from := v_g_to + 1; v_s_from := v_s_to + 1;
  END LOOP;

  IF cardinality(r_item) > 0 THEN
    FOR v_item, v_kind, v_text IN SELECT r.item, r.kind, r.what FROM unnest(r_item, r_kind, r_row) AS r(item, kind, what) LOOP
      CONTINUE WHEN v_item = ANY (v_refused);
      CASE v_kind
        WHEN 'hidden' THEN PERFORM conclave.write_hidden(v_text::jsonb);
        WHEN 'star' THEN PERFORM conclave.write_star(v_text::jsonb);
        WHEN 'kept' THEN PERFORM conclave.write_kept(v_text::jsonb);
        ELSE PERFORM conclave.write_receipt(v_text::jsonb, p_now);
      END CASE;
    END LOOP;
  END IF;

  v_id := start + coalesce(cardinality(e_item), 0);
  v_id := ((v_id / ${POSITIONS}) << 22) | (p_node::bigint << 12) | (v_id % ${POSITIONS});
  UPDATE conclave.nodes n SET last_id = CASE WHEN cardinality(e_item) > 0 THEN greatest(v_last, v_id) ELSE v_last END
  WHERE n.node = p_node;
END $$;

-- Why an item with more than events is not written, beyond its guards; NULL where it may be. A control sequence that has moved
-- is left to the statement that writes the events, where there are any.
CREATE OR REPLACE FUNCTION conclave.refuse(s jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_room bigint := (s ->> 'room')::bigint;
  v_stands bigint;
  v_no jsonb;
BEGIN
  IF s ? 'keys' THEN
    SELECT jsonb_build_object('outcome', 'exists', 'index', k.n - 1, 'room', m.room::text, 'sequence', m.sequence,
      'by', m.by::text, 'digest', m.digest)
    INTO v_no FROM jsonb_array_elements(s -> 'keys') WITH ORDINALITY AS k(used, n)
    JOIN conclave.message_keys m ON m.key = k.used ->> 'key' ORDER BY k.n LIMIT 1;
    IF s ? 'twin' AND (v_no IS NULL OR (v_no ->> 'index')::integer > (s -> 'twin' ->> 'index')::integer) THEN
      RETURN s -> 'twin';
    END IF;
    IF v_no IS NOT NULL THEN
      RETURN v_no;
    END IF;
  END IF;
  IF v_room IS NOT NULL AND (s ? 'claims' OR s ? 'identity' OR s -> 'events' = '0') THEN
    SELECT r.control INTO v_stands FROM conclave.rooms r WHERE r.id = v_room;
    IF coalesce(v_stands, 0) <> (s ->> 'control')::bigint THEN
      RETURN jsonb_build_object('outcome', 'moved', 'control', coalesce(v_stands, 0));
    END IF;
    IF s ? 'claims' THEN
      SELECT jsonb_build_object('outcome', 'taken', 'claim', k.n - 1, 'by', c.room::text)
      INTO v_no FROM jsonb_array_elements(s -> 'claims') WITH ORDINALITY AS k(claim, n)
      JOIN conclave.claims c ON c.space = k.claim ->> 'space' AND c.key = k.claim ->> 'key' AND c.room <> v_room
      ORDER BY k.n LIMIT 1;
      IF v_no IS NOT NULL THEN
        RETURN v_no;
      END IF;
    END IF;
  END IF;
  IF s ? 'identity' THEN
    v_no := conclave.refuse_identity(s -> 'identity');
    IF v_no IS NOT NULL THEN
      RETURN jsonb_build_object('outcome', 'taken', 'claim', NULL, 'by', v_no -> 'by');
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- What an item writes beside its events. p_base: the sequence before them; p_took: their time; p_position: of the first one's id.
-- False where a message is another than the item was made for.
CREATE OR REPLACE FUNCTION conclave.write_special(
  s jsonb, p_base bigint, p_took bigint, p_position bigint, p_node integer, p_sequences bigint[], p_times bigint[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_room bigint := (s ->> 'room')::bigint;
  v_count bigint := coalesce((s ->> 'events')::bigint, 0);
  v_suite text;
  v_row jsonb;
  v_last bigint;
BEGIN
  IF v_room IS NOT NULL AND v_count = 0 THEN
    SELECT r.sequence INTO p_base FROM conclave.rooms r WHERE r.id = v_room;
    p_base := coalesce(p_base, 0);
  END IF;
  IF s ? 'created' THEN
    v_row := s -> 'created';
    v_last := p_position + v_count - 1;
    INSERT INTO conclave.rooms (id, channel, sequence, control, last_id, last_at, last_message_at, messages, removed, suite,
      kind, name)
    VALUES (v_room, (v_row ->> 'channel')::bigint, p_base + v_count, p_base + (s ->> 'controlled')::bigint,
      ((v_last / ${POSITIONS}) << 22) | (p_node::bigint << 12) | (v_last % ${POSITIONS}), p_took,
      CASE WHEN (v_row ->> 'messages')::bigint > 0 THEN p_took END, (v_row ->> 'messages')::bigint,
      (v_row ->> 'removed')::boolean, v_row ->> 'suite', v_row ->> 'kind', v_row ->> 'name');
  ELSIF p_base = 0 AND v_count > 0 THEN
    RAISE EXCEPTION 'room % does not begin with room.created', v_room;
  END IF;
  IF s ? 'chain' THEN
    PERFORM conclave.write_chain(v_room, p_base, p_took, p_position, p_node, s -> 'chain');
  END IF;
  IF s ? 'projected' THEN
    SELECT r.suite INTO v_suite FROM conclave.rooms r WHERE r.id = v_room;
    FOR v_row IN SELECT * FROM jsonb_array_elements(coalesce(s -> 'projected' -> v_suite, s -> 'projected' -> 'any')) LOOP
      PERFORM conclave.write_projected(v_room, p_base, v_row);
    END LOOP;
  END IF;
  IF s ? 'head' THEN
    v_row := s -> 'head';
    UPDATE conclave.rooms r SET suite = coalesce(v_row ->> 'suite', r.suite), kind = coalesce(v_row ->> 'kind', r.kind),
      removed = r.removed OR v_row ? 'removed', name = CASE WHEN v_row ? 'name' THEN v_row ->> 'name' ELSE r.name END
    WHERE r.id = v_room;
  END IF;
  IF s ? 'changes' THEN
    FOR v_row IN SELECT * FROM jsonb_array_elements(s -> 'changes') LOOP
      IF NOT conclave.write_message(v_row, p_sequences, p_times) THEN
        RETURN false;
      END IF;
    END LOOP;
  END IF;
  IF s ? 'erased' THEN
    FOR v_row IN SELECT * FROM jsonb_array_elements(s -> 'erased') LOOP
      UPDATE conclave.rooms r SET messages = r.messages - (v_row ->> 'count')::bigint
      WHERE r.id = (v_row ->> 'room')::bigint;
      UPDATE conclave.documents d SET number = nextval('conclave.documents_number'), due_at = 0
      WHERE d.kind = '${MEDIUM}' AND d.owner = v_row ->> 'room'
        AND d.key IN (SELECT jsonb_array_elements_text(v_row -> 'media'));
    END LOOP;
  END IF;
  IF s ? 'releases' THEN
    DELETE FROM conclave.claims c USING jsonb_array_elements(s -> 'releases') k
    WHERE c.space = k ->> 'space' AND c.key = k ->> 'key' AND c.room = v_room;
  END IF;
  IF s ? 'claims' THEN
    INSERT INTO conclave.claims (space, key, room)
    SELECT DISTINCT k ->> 'space', k ->> 'key', v_room FROM jsonb_array_elements(s -> 'claims') k
    WHERE NOT EXISTS (SELECT 1 FROM conclave.claims c WHERE c.space = k ->> 'space' AND c.key = k ->> 'key'
      AND c.room = v_room)
    ORDER BY 1, 2;
  END IF;
  IF s ? 'keys' THEN
    INSERT INTO conclave.message_keys (key, room, sequence, by, digest)
    SELECT k ->> 'key', v_room, least(p_base + 1, p_base + v_count), (k ->> 'by')::bigint, k ->> 'digest'
    FROM jsonb_array_elements(s -> 'keys') k ORDER BY 1;
  END IF;
  IF s ? 'identity' THEN
    FOR v_row IN SELECT * FROM jsonb_array_elements(s -> 'identity') LOOP
      PERFORM conclave.write_identity(v_row);
    END LOOP;
  END IF;
  IF s ? 'documents' THEN
    FOR v_row IN SELECT * FROM jsonb_array_elements(s -> 'documents') LOOP
      PERFORM conclave.write_document(v_row);
    END LOOP;
  END IF;
  IF s ? 'outgoing' THEN
    FOR v_row IN SELECT * FROM jsonb_array_elements(s -> 'outgoing') LOOP
      PERFORM conclave.write_outgoing(v_row, v_room, p_base);
    END LOOP;
  END IF;
  IF s ? 'told' THEN
    INSERT INTO conclave.changes (of, id, room, sequence)
    SELECT t ->> 'of', t ->> 'id', v_room, p_base + (t ->> 'at')::bigint FROM jsonb_array_elements(s -> 'told') t;
  END IF;
  RETURN true;
END $$;
`
