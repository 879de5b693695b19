// Rows written many at a time, because a statement's start costs about as much as a row.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** Rows per statement: measured 8 to 128, flat from here on. */
const ROWS = 32

export class ManyRows {
  readonly #columns: number
  readonly #many: StatementSync
  readonly #one: StatementSync

  /** `insert` up to VALUES; `row` with a placeholder for each of `columns` values. */
  constructor(database: DatabaseSync, insert: string, row: string, columns: number) {
    this.#columns = columns
    this.#many = database.prepare(`${insert} ${Array(ROWS).fill(row).join(', ')}`)
    this.#one = database.prepare(`${insert} ${row}`)
  }

  /** `values`: those of the rows, one after the other. */
  write(values: readonly SQLInputValue[]): void {
    const many = ROWS * this.#columns
    const whole = values.length - (values.length % many)
    for (let start = 0; start < whole; start += many) this.#many.run(...values.slice(start, start + many))
    for (let start = whole; start < values.length; start += this.#columns)
      this.#one.run(...values.slice(start, start + this.#columns))
  }
}
