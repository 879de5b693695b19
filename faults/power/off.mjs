// Preloaded by one test: SQLite then answers before anything is synced, and what the test proves must fail.
import { DatabaseSync } from 'node:sqlite'

const { exec } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (sql) {
  return exec.call(this, sql.replace('PRAGMA synchronous = FULL', 'PRAGMA synchronous = OFF'))
}
