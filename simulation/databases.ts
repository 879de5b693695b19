// Databases in memory begin with the tables in their newest form: a copy of one that the store's own code made. Each seed has
// a new one, and making the tables step by step took as long as a tenth of its commits.

import { syncBuiltinESMExports } from 'node:module'
import sqlite from 'node:sqlite'
import { connect, MEMORY } from '../packages/server/src/store/sqlite/open.ts'

/** From now on in this process. `node`: whose number they bear. */
export function prepareDatabases(node: number): void {
  const first = connect(MEMORY, node)
  const bytes = first.serialize()
  first.close()
  class Prepared extends sqlite.DatabaseSync {
    constructor(path: string) {
      super(path)
      this.deserialize(bytes)
    }
  }
  Object.assign(sqlite, { DatabaseSync: Prepared })
  syncBuiltinESMExports()
}
