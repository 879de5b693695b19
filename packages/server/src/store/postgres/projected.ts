// Writing what follows from an event beside the log and the head: spans, roles, requests, epochs, mentions, branches.
import type { Projected } from '../projection.ts'

/** Rows for `conclave.write_projected`: what one row says of one user stands for several where they come together. Places
 * in an append, from 1 on, stand for sequences; `from` 0 is the log's beginning. */
export type ProjectedRow = Omit<Projected, 'user'> & { readonly users?: readonly (string | null)[] }

/** Those of the rows that are none of messages, the same ones of several users joined. */
export function projectedRows(rows: readonly Projected[]): ProjectedRow[] {
  const joined: { row: Record<string, unknown>; users: (string | null)[]; alike: string }[] = []
  for (const row of rows) {
    const { user, users, ...rest } = row as Record<string, unknown>
    const named = (users ?? [user ?? null]) as (string | null)[]
    const alike = JSON.stringify(rest)
    const last = joined.at(-1)
    if (last?.alike === alike) last.users.push(...named)
    else joined.push({ row: rest, users: [...named], alike })
  }
  return joined.map(({ row, users }) => ({ ...row, users })) as unknown as ProjectedRow[]
}

export const PROJECTED_WRITES = `
CREATE OR REPLACE FUNCTION conclave.write_projected(p_room bigint, p_base bigint, r jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_users bigint[] := ARRAY(SELECT u::bigint FROM jsonb_array_elements_text(r -> 'users') u);
BEGIN
  CASE r ->> 'row'
    WHEN 'span.opened' THEN
      INSERT INTO conclave.spans (room, "user", opened, from_sequence)
      SELECT p_room, u, p_base + (r ->> 'opened')::bigint,
        CASE WHEN (r ->> 'from')::bigint = 0 THEN 0 ELSE p_base + (r ->> 'from')::bigint END
      FROM unnest(v_users) u ON CONFLICT DO NOTHING;
    WHEN 'span.closed' THEN
      UPDATE conclave.spans s SET to_sequence = p_base + (r ->> 'to')::bigint
      WHERE s.room = p_room AND s.user = ANY (v_users) AND s.to_sequence IS NULL;
      DELETE FROM conclave.kept k WHERE k.room = p_room AND k.user = ANY (v_users);
    WHEN 'spans.closed' THEN
      DELETE FROM conclave.kept k WHERE k.room = p_room AND EXISTS (
        SELECT 1 FROM conclave.spans s WHERE s.room = p_room AND s.user = k.user AND s.to_sequence IS NULL);
      UPDATE conclave.spans s SET to_sequence = p_base + (r ->> 'to')::bigint WHERE s.room = p_room AND s.to_sequence IS NULL;
    WHEN 'role.granted' THEN
      INSERT INTO conclave.roles (room, "user", role) SELECT p_room, u, r ->> 'role' FROM unnest(v_users) u
      ON CONFLICT DO NOTHING;
    WHEN 'role.revoked' THEN
      DELETE FROM conclave.roles o WHERE o.room = p_room AND o.user = ANY (v_users) AND o.role = r ->> 'role';
    WHEN 'roles.dropped' THEN
      DELETE FROM conclave.roles o WHERE o.room = p_room AND (v_users[1] IS NULL OR o.user = ANY (v_users));
    WHEN 'request.opened' THEN
      INSERT INTO conclave.join_requests (room, "user") SELECT p_room, u FROM unnest(v_users) u ON CONFLICT DO NOTHING;
    WHEN 'requests.closed' THEN
      DELETE FROM conclave.join_requests j WHERE j.room = p_room AND (v_users[1] IS NULL OR j.user = ANY (v_users));
    WHEN 'epoch.opened' THEN
      INSERT INTO conclave.epochs (room, version, sequence)
      VALUES (p_room, r ->> 'version', p_base + (r ->> 'sequence')::bigint) ON CONFLICT DO NOTHING;
    WHEN 'message.mentions' THEN
      INSERT INTO conclave.mentions (room, "user", sequence)
      SELECT p_room, u, p_base + (r ->> 'sequence')::bigint FROM unnest(v_users) u ON CONFLICT DO NOTHING;
    WHEN 'branch.made' THEN
      INSERT INTO conclave.branches (parent, kind, room, at)
      VALUES ((r ->> 'parent')::bigint, r ->> 'kind', (r ->> 'of')::bigint, p_base + (r ->> 'at')::bigint)
      ON CONFLICT (parent, kind, room) DO UPDATE SET at = excluded.at;
    WHEN 'branch.cut' THEN
      DELETE FROM conclave.branches b WHERE b.room = p_room AND b.kind = r ->> 'kind';
  END CASE;
END $$;
`
