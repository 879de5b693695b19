// Presence in PostgreSQL: its functions; the tables are a step of schema.ts. Everything that changes is applied by
// `presence_apply`, one after the other under one lock: who is first, who is last and how many are inside is exact however
// many nodes ask, and no two of them can wait for each other. No log of the database's is written for it (UNLOGGED), so it
// costs no sync; what a crash of the database loses, each node writes anew out of its own memory.

/** An advisory lock: any number that nothing else takes. */
const LOCK = 4_200_002

export const PRESENCE_FUNCTIONS = `
CREATE OR REPLACE FUNCTION conclave.presence_status(status text, invisible boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN invisible AND status <> 'offline' THEN 'invisible' ELSE status END
$$;

-- The caller holds the lock. Whether it is the user's first session.
CREATE OR REPLACE FUNCTION conclave.presence_open(called text, session jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  owner bigint := (session ->> 'user')::bigint;
  wanted text := session ->> 'status';
  others integer;
BEGIN
  INSERT INTO conclave.presence_users AS u (user_id, status, invisible, sessions)
    VALUES (owner, CASE wanted WHEN 'invisible' THEN 'online' ELSE wanted END, wanted = 'invisible', 1)
    ON CONFLICT (user_id) DO UPDATE SET sessions = u.sessions + 1 RETURNING u.sessions INTO others;
  INSERT INTO conclave.presence_sessions (id, instance, user_id, wire, token)
    VALUES (session ->> 'id', called, owner, session ->> 'wire', session ->> 'token');
  RETURN others = 1;
END $$;

-- As above. NULL: it does not enter, because it is there or its session is not.
CREATE OR REPLACE FUNCTION conclave.presence_enter(place bigint, id text, most integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  owner bigint;
  inside integer;
BEGIN
  SELECT s.user_id INTO owner FROM conclave.presence_sessions s WHERE s.id = presence_enter.id;
  IF NOT FOUND OR EXISTS (SELECT FROM conclave.presence_places p WHERE p.room = place AND p.session = presence_enter.id)
    THEN RETURN NULL; END IF;
  SELECT c.sessions INTO inside FROM conclave.presence_crowds c WHERE c.room = place AND c.user_id = owner;
  IF inside IS NULL AND most IS NOT NULL AND (SELECT r.users FROM conclave.presence_rooms r WHERE r.room = place) > most
    THEN RETURN 'full'; END IF;
  INSERT INTO conclave.presence_places (room, session, user_id) VALUES (place, presence_enter.id, owner);
  IF inside IS NOT NULL THEN
    UPDATE conclave.presence_crowds c SET sessions = c.sessions + 1 WHERE c.room = place AND c.user_id = owner;
    RETURN 'again';
  END IF;
  INSERT INTO conclave.presence_crowds (room, user_id, sessions) VALUES (place, owner, 1);
  INSERT INTO conclave.presence_rooms AS r (room, users, hidden)
    SELECT place, 1, u.invisible::integer FROM conclave.presence_users u WHERE u.user_id = owner
    ON CONFLICT (room) DO UPDATE SET users = r.users + 1, hidden = r.hidden + excluded.hidden;
  RETURN 'new';
END $$;

-- As above. Whether the session was inside and no other of its user remains.
CREATE OR REPLACE FUNCTION conclave.presence_leave(place bigint, id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  owner bigint;
  remaining integer;
BEGIN
  DELETE FROM conclave.presence_places p WHERE p.room = place AND p.session = presence_leave.id
    RETURNING p.user_id INTO owner;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE conclave.presence_crowds c SET sessions = c.sessions - 1 WHERE c.room = place AND c.user_id = owner
    RETURNING c.sessions INTO remaining;
  IF remaining > 0 THEN RETURN false; END IF;
  DELETE FROM conclave.presence_crowds c WHERE c.room = place AND c.user_id = owner;
  UPDATE conclave.presence_rooms r SET users = r.users - 1, hidden = r.hidden - u.invisible::integer
    FROM conclave.presence_users u WHERE r.room = place AND u.user_id = owner;
  DELETE FROM conclave.presence_rooms r WHERE r.room = place AND r.users = 0;
  RETURN true;
END $$;

-- As above. {"rooms": [...], "last": status or null}
CREATE OR REPLACE FUNCTION conclave.presence_close(id text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  left_rooms jsonb := '[]';
  place bigint;
  owner bigint;
  remaining integer;
  last text;
BEGIN
  SELECT s.user_id INTO owner FROM conclave.presence_sessions s WHERE s.id = presence_close.id;
  IF NOT FOUND THEN RETURN '{"rooms": [], "last": null}'; END IF;
  FOR place IN SELECT p.room FROM conclave.presence_places p WHERE p.session = presence_close.id ORDER BY p.number LOOP
    IF conclave.presence_leave(place, presence_close.id) THEN left_rooms := left_rooms || to_jsonb(place::text); END IF;
  END LOOP;
  DELETE FROM conclave.presence_sessions s WHERE s.id = presence_close.id;
  UPDATE conclave.presence_users u SET sessions = u.sessions - 1 WHERE u.user_id = owner
    RETURNING u.sessions INTO remaining;
  IF remaining = 0 THEN
    DELETE FROM conclave.presence_users u WHERE u.user_id = owner
      RETURNING conclave.presence_status(u.status, u.invisible) INTO last;
  END IF;
  RETURN jsonb_build_object('rooms', left_rooms, 'last', last);
END $$;

-- As above. The status before; NULL for who has no session.
CREATE OR REPLACE FUNCTION conclave.presence_set(owner bigint, wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  known conclave.presence_users%ROWTYPE;
  hides boolean;
BEGIN
  SELECT * INTO known FROM conclave.presence_users u WHERE u.user_id = owner;
  IF NOT FOUND THEN RETURN NULL; END IF;
  hides := CASE wanted WHEN 'invisible' THEN true WHEN 'online' THEN false ELSE known.invisible END;
  UPDATE conclave.presence_users u
    SET status = CASE wanted WHEN 'invisible' THEN 'online' ELSE wanted END, invisible = hides WHERE u.user_id = owner;
  IF hides <> known.invisible THEN
    UPDATE conclave.presence_rooms r SET hidden = r.hidden + CASE WHEN hides THEN 1 ELSE -1 END
      FROM conclave.presence_crowds c WHERE c.user_id = owner AND c.room = r.room;
  END IF;
  RETURN conclave.presence_status(known.status, known.invisible);
END $$;

-- NULL: the caller counts no more. {"lost": true}: nothing is there of what it wrote. Else "results", in order, and "out":
-- [session, room] of its sessions that somebody else has taken out of a room since it was last told.
CREATE OR REPLACE FUNCTION conclave.presence_apply(called text, steps jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  step jsonb;
  result jsonb;
  results jsonb[] := '{}';
  owner bigint;
  host text;
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF NOT EXISTS (SELECT FROM conclave.nodes n WHERE n.instance = called) THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM conclave.presence_nodes n WHERE n.instance = called) THEN RETURN '{"lost": true}'; END IF;
  FOR step IN SELECT value FROM jsonb_array_elements(steps) LOOP
    CASE step ->> 'do'
      WHEN 'open' THEN
        SELECT s.user_id INTO owner FROM conclave.presence_sessions s WHERE s.id = step ->> 'id';
        result := CASE
          WHEN NOT FOUND THEN to_jsonb(conclave.presence_open(called, step))
          WHEN owner <> (step ->> 'user')::bigint THEN '"taken"'
          ELSE 'false' END;
      WHEN 'enter' THEN
        result := to_jsonb(conclave.presence_enter((step ->> 'room')::bigint, step ->> 'id', (step ->> 'most')::integer));
      WHEN 'leave' THEN
        SELECT s.instance INTO host FROM conclave.presence_sessions s WHERE s.id = step ->> 'id' AND s.instance <> called;
        IF FOUND AND EXISTS (SELECT FROM conclave.presence_places p
          WHERE p.room = (step ->> 'room')::bigint AND p.session = step ->> 'id') THEN
          INSERT INTO conclave.presence_out (instance, session, room) VALUES (host, step ->> 'id', (step ->> 'room')::bigint);
        END IF;
        result := to_jsonb(conclave.presence_leave((step ->> 'room')::bigint, step ->> 'id'));
      WHEN 'close' THEN
        result := conclave.presence_close(step ->> 'id');
      WHEN 'look' THEN
        result := 'null';
      WHEN 'status' THEN
        result := to_jsonb(conclave.presence_set((step ->> 'user')::bigint, step ->> 'status'));
    END CASE;
    results := results || coalesce(result, 'null');
  END LOOP;
  WITH gone AS (DELETE FROM conclave.presence_out o WHERE o.instance = called RETURNING o.session, o.room)
    SELECT coalesce(jsonb_agg(jsonb_build_array(g.session, g.room::text)), '[]') INTO result FROM gone g;
  RETURN jsonb_build_object('results', to_jsonb(results), 'out', result);
END $$;

-- Makes what stands of a node what the node says: each session with its rooms, in the order of entering. False where the node
-- counts no more.
CREATE OR REPLACE FUNCTION conclave.presence_restore(called text, own jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  name text;
  place bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF NOT EXISTS (SELECT FROM conclave.nodes n WHERE n.instance = called) THEN RETURN false; END IF;
  INSERT INTO conclave.presence_nodes (instance) VALUES (called) ON CONFLICT DO NOTHING;
  DELETE FROM conclave.presence_out o WHERE o.instance = called;
  FOR name IN SELECT s.id FROM conclave.presence_sessions s WHERE s.instance = called
    AND NOT EXISTS (SELECT FROM jsonb_array_elements(own) o WHERE o.value ->> 'id' = s.id) LOOP
    PERFORM conclave.presence_close(name);
  END LOOP;
  FOR one IN SELECT value FROM jsonb_array_elements(own) LOOP
    IF NOT EXISTS (SELECT FROM conclave.presence_sessions s WHERE s.id = one ->> 'id') THEN
      PERFORM conclave.presence_open(called, one);
    END IF;
    FOR place IN SELECT p.room FROM conclave.presence_places p
      WHERE p.session = one ->> 'id' AND NOT (one -> 'rooms' ? p.room::text) LOOP
      PERFORM conclave.presence_leave(place, one ->> 'id');
    END LOOP;
    FOR place IN SELECT value::bigint FROM jsonb_array_elements_text(one -> 'rooms') LOOP
      PERFORM conclave.presence_enter(place, one ->> 'id', NULL);
    END LOOP;
  END LOOP;
  RETURN true;
END $$;

-- Sessions whose nodes count no more, taken away: each is given out once.
CREATE OR REPLACE FUNCTION conclave.presence_sweep(most integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  swept jsonb[] := '{}';
  gone record;
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  FOR gone IN SELECT s.* FROM conclave.presence_nodes n JOIN conclave.presence_sessions s ON s.instance = n.instance
    WHERE NOT EXISTS (SELECT FROM conclave.nodes a WHERE a.instance = n.instance) ORDER BY s.number LIMIT most LOOP
    swept := swept || (conclave.presence_close(gone.id) || jsonb_build_object(
      'id', gone.id, 'user', gone.user_id::text, 'wire', gone.wire, 'token', gone.token));
  END LOOP;
  DELETE FROM conclave.presence_out o WHERE NOT EXISTS (SELECT FROM conclave.nodes a WHERE a.instance = o.instance);
  DELETE FROM conclave.presence_nodes n WHERE NOT EXISTS (SELECT FROM conclave.nodes a WHERE a.instance = n.instance)
    AND NOT EXISTS (SELECT FROM conclave.presence_sessions s WHERE s.instance = n.instance);
  RETURN to_jsonb(swept);
END $$;
`
