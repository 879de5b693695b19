// Engines of the tests, started for a group of rows.

import { type Nats, startNats } from '../../engines/nats.ts'
import { type Postgres, startPostgres } from '../../engines/postgres.ts'
import { Group } from '../group.ts'

/** With every commit on the disk. */
export function ownPostgres(): Promise<Postgres> {
  return Group.current.ownsEngine(startPostgres({ fsync: true }), 'SIGQUIT', ({ pid }) => [pid])
}

export function ownNats(): Promise<Nats> {
  return Group.current.ownsEngine(startNats(), 'SIGKILL', ({ servers }) => servers.map(({ pid }) => pid))
}
