// Links of chains, made where sequences, ids and times are given (store/chains.ts, protocol/transparency.md).

/** For `conclave.write_chain` and for key logs: p_kind is `room chain` or `key log`. */
export const CHAIN_WRITES = `
CREATE OR REPLACE FUNCTION conclave.chain_start(p_kind text, p_id bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to('conclave ' || p_kind || ' 1', 'UTF8') || '\\x00'::bytea || convert_to(p_id::text, 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION conclave.chain_link(p_kind text, p_previous bytea, p_digest bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to('conclave ' || p_kind || ' 1', 'UTF8') || '\\x00'::bytea || p_previous || p_digest)
$$;

-- A link for each control event of an append. p_links: its place in the append from 1 on, actor, salt, and its body's
-- canonical spelling; the names of an entry's members in canonical order are what stands between the pieces.
CREATE OR REPLACE FUNCTION conclave.write_chain(
  p_room bigint, p_base bigint, p_took bigint, p_position bigint, p_node integer, p_links jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_link jsonb; v_number bigint; v_hash bytea; v_digest bytea; v_place bigint; v_id bigint;
BEGIN
  SELECT c.number, c.hash INTO v_number, v_hash FROM conclave.chain c WHERE c.room = p_room ORDER BY c.number DESC LIMIT 1;
  IF NOT FOUND THEN
    v_number := 0;
    v_hash := conclave.chain_start('room chain', p_room);
  END IF;
  FOR v_link IN SELECT * FROM jsonb_array_elements(p_links) LOOP
    v_place := (v_link ->> 'at')::bigint;
    v_id := p_position + v_place - 1;
    v_id := ((v_id / 2048) << 22) | (p_node::bigint << 12) | (v_id % 2048);
    v_number := v_number + 1;
    v_digest := sha256(convert_to(
      '{"actor":' || coalesce('"' || (v_link ->> 'actor') || '"', 'null') || ',"at":' || p_took || ',"body":' || (v_link ->> 'body')
      || ',"id":"' || v_id || '","number":' || v_number || ',"salt":"' || (v_link ->> 'salt') || '","sequence":'
      || p_base + v_place || '}', 'UTF8'));
    v_hash := conclave.chain_link('room chain', v_hash, v_digest);
    INSERT INTO conclave.chain (room, number, sequence, salt, digest, hash)
    VALUES (p_room, v_number, p_base + v_place, decode(v_link ->> 'salt', 'hex'), v_digest, v_hash);
  END LOOP;
END $$;
`
