// Small records of gateways and jobs, by kind and key. The row's number is its version: AUTOINCREMENT uses none twice, so a
// guard never takes a new record for one that was dropped.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Document, DocumentRow, DocumentsQuery } from '../store.ts'

const COLUMNS = 'number AS version, kind, key, owner, body, due_at AS dueAt'

const SQL = {
  one: `SELECT ${COLUMNS} FROM documents WHERE kind = ? AND key = ?`,
  version: 'SELECT number AS version FROM documents WHERE kind = ? AND key = ?',
  all: `SELECT ${COLUMNS} FROM documents WHERE kind = ? AND key > ? ORDER BY key LIMIT ?`,
  owned: `SELECT ${COLUMNS} FROM documents WHERE kind = ? AND owner = ? AND key > ? ORDER BY key LIMIT ?`,
  count: 'SELECT count(*) AS count FROM documents WHERE kind = ? AND owner = ?',
  due: `SELECT ${COLUMNS} FROM documents WHERE kind = ? AND due_at <= ? ORDER BY due_at, number LIMIT ?`,
  put: 'INSERT OR REPLACE INTO documents (kind, key, owner, body, due_at) VALUES (?, ?, ?, ?, ?)',
  drop: 'DELETE FROM documents WHERE kind = ? AND key = ?',
} as const

export class DocumentRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  one(kind: string, key: string): Document | undefined {
    return this.#sql.one.get(kind, key) as unknown as Document | undefined
  }

  many(kind: string, { owner, after, limit }: DocumentsQuery): Document[] {
    const rows =
      owner === undefined
        ? this.#sql.all.all(kind, after ?? '', limit)
        : this.#sql.owned.all(kind, owner, after ?? '', limit)
    return rows as unknown as Document[]
  }

  count(kind: string, owner: string): number {
    return Number(this.#sql.count.get(kind, owner)?.count)
  }

  due(kind: string, now: number, limit: number): Document[] {
    return this.#sql.due.all(kind, now, limit) as unknown as Document[]
  }

  /** 0 where there is none. `id`: `kind/key`. */
  version(id: string): number {
    return Number(this.#sql.version.get(...partsOf(id))?.version ?? 0)
  }

  /** Gives the version that stands then; 0 for none. */
  write(row: DocumentRow): number {
    if ('drop' in row) {
      this.#sql.drop.run(row.kind, row.key)
      return 0
    }
    const { kind, key, owner, body, dueAt } = row.document
    return Number(this.#sql.put.run(kind, key, owner, body, dueAt).lastInsertRowid)
  }
}

/** The name of a document in guards. */
export function documentId(kind: string, key: string): string {
  return `${kind}/${key}`
}

function partsOf(id: string): [string, string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
