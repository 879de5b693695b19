// Small records of gateways and jobs, by kind and key. The row's number is its version: a sequence gives none twice, so a
// guard never takes a new record for one that was dropped.
import type { Pool } from '../../postgres/pool.ts'
import type { Document, DocumentRow, DocumentsQuery } from '../store.ts'
import type { Columns } from './rows.ts'

const COLUMNS = 'number, kind, key, owner, body, due_at'

const SQL = {
  one: `SELECT ${COLUMNS} FROM conclave.documents WHERE kind = $1 AND key = $2`,
  all: `SELECT ${COLUMNS} FROM conclave.documents WHERE kind = $1 AND key > $2 ORDER BY key LIMIT $3`,
  owned: `SELECT ${COLUMNS} FROM conclave.documents WHERE kind = $1 AND owner = $2 AND key > $3 ORDER BY key LIMIT $4`,
  count: 'SELECT count(*) FROM conclave.documents WHERE kind = $1 AND owner = $2',
  due: `SELECT ${COLUMNS} FROM conclave.documents WHERE kind = $1 AND due_at <= $2 ORDER BY due_at, number LIMIT $3`,
} as const

/** `r`: what `documentRow` gives. */
export const WRITES = `
CREATE OR REPLACE FUNCTION conclave.write_document(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  d jsonb := r -> 'document';
BEGIN
  IF r ? 'drop' THEN
    DELETE FROM conclave.documents known WHERE known.kind = r ->> 'kind' AND known.key = r ->> 'key';
    RETURN;
  END IF;
  INSERT INTO conclave.documents (kind, key, owner, body, due_at)
  VALUES (d ->> 'kind', d ->> 'key', d ->> 'owner', d ->> 'body', (d ->> 'dueAt')::bigint)
  ON CONFLICT (kind, key) DO UPDATE SET number = excluded.number, owner = excluded.owner, body = excluded.body,
    due_at = excluded.due_at;
END $$;
`

/** A row as `conclave.write_document` takes it. */
export function documentRow(row: DocumentRow): DocumentRow {
  return row
}

export class DocumentRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async one(kind: string, key: string): Promise<Document | undefined> {
    return (await this.#pool.query(SQL.one, [kind, key])).map(documentOf)[0]
  }

  async many(kind: string, { owner, after, limit }: DocumentsQuery): Promise<Document[]> {
    const rows =
      owner === undefined
        ? await this.#pool.query(SQL.all, [kind, after ?? '', limit])
        : await this.#pool.query(SQL.owned, [kind, owner, after ?? '', limit])
    return rows.map(documentOf)
  }

  async count(kind: string, owner: string): Promise<number> {
    const [[count]] = (await this.#pool.query(SQL.count, [kind, owner])) as [[string]]
    return Number(count)
  }

  async due(kind: string, now: number, limit: number): Promise<Document[]> {
    return (await this.#pool.query(SQL.due, [kind, now, limit])).map(documentOf)
  }
}

function documentOf([version, kind, key, owner, body, dueAt]: Columns): Document {
  return {
    version: Number(version),
    kind: kind as string,
    key: key as string,
    owner: owner as string,
    body: body as string,
    dueAt: dueAt === null ? null : Number(dueAt),
  }
}
