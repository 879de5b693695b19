// What most stories of this wire begin with: one server for a test file, raw clients of its people, and calls of REST.
import { afterAll, beforeAll } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

export interface Stage {
  /** From the first test on. */
  readonly server: TestServer
  /** A connection that has logged in; closed at the end. */
  as(name: Name): Promise<Ddp>
  /** `path` after `/api/v1/`; null: without a log-in. */
  api(name: Name | null, verb: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): ReturnType<typeof rest>
}

/** Called once, at the top of a test file. */
export function stage(options: Parameters<typeof start>[0] = {}): Stage {
  let server: TestServer
  const clients: Ddp[] = []
  beforeAll(async () => {
    server = await start(options)
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    await server?.remove()
  })
  return {
    get server() {
      return server
    },
    async as(name) {
      const client = await Ddp.as(server.url, name)
      clients.push(client)
      return client
    },
    api: (name, verb, path, body) =>
      rest(server.url, name && { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body),
  }
}
