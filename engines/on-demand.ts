// One PostgreSQL for all test files of a run, started when the first of them asks for it: vitest's global set-up listens, and
// `packages/server/src/postgres/testing.ts` asks.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { prepareEngines } from '../scripts/engines.js'
import { type Postgres, startPostgres } from './postgres.ts'

/** Under which the files find this listener. */
const ADDRESS = 'CONCLAVE_TEST_ENGINES'

export async function setup(): Promise<() => Promise<void>> {
  // The tests that need what is missing say it again, and fail.
  for (const sentence of prepareEngines()) console.warn(sentence)
  let postgres: Promise<Postgres> | null = null
  const server = createServer((_request, response) => {
    postgres ??= startPostgres()
    postgres.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  process.env[ADDRESS] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async () => {
    server.close()
    server.closeAllConnections()
    await postgres?.then(
      running => running.stop(),
      () => {},
    )
  }
}
