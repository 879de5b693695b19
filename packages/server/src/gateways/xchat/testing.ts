// The X wire alone on a port, over a store in memory, for tests of this folder. What runs against the whole server
// process lies in conformance/xchat.

import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { UserId } from '@conclave/wire'
import fastify from 'fastify'
import { pino } from 'pino'
import { memoryBlobs } from '../../blobs/memory.ts'
import { localBus } from '../../bus/local.ts'
import { schema } from '../../config.ts'
import type { Core } from '../../engine/core.ts'
import { buildCore } from '../../engine/core.ts'
import { Turn } from '../../fanout/turn.ts'
import { isRefused } from '../../identity/rejection.ts'
import { localNodes } from '../../nodes/local.ts'
import { guardedCalls } from '../../outlet/webhooks/calls.ts'
import { localPresence } from '../../presence/local.ts'
import { localQuota } from '../../quota/local.ts'
import { DEFAULT_RULES } from '../../room/acl-rules.ts'
import { MEMORY } from '../../store/sqlite/open.ts'
import { openSqliteStore } from '../../store/sqlite/store.ts'
import { Straight } from '../straight.ts'
import { xchatGateway } from './index.ts'

export interface XchatServer {
  readonly url: string
  readonly core: Core
  /** What was logged as a bug. */
  readonly errors: readonly string[]
  /** A user with a token of all scopes, `token-<id>`. */
  user(id: string): Promise<void>
  close(): Promise<void>
}

export interface XchatServerOptions {
  readonly config?: Record<string, unknown>
  /** A directory instead of memory. */
  readonly directory?: string
}

export async function startXchat(options: XchatServerOptions = {}): Promise<XchatServer> {
  const config = schema.parse(options.config ?? {})
  const clock = { now: () => Date.now() }
  const errors: string[] = []
  const log = pino({ level: 'error' }, { write: line => void errors.push(line) })
  const core = buildCore({
    config,
    acl: DEFAULT_RULES,
    log,
    clock,
    random: { bytes: count => randomBytes(count) },
    nodes: localNodes(1, clock),
    store: await openSqliteStore({ directory: options.directory ?? MEMORY, node: 0, clock }),
    blobs: memoryBlobs(),
    bus: localBus(),
    presence: localPresence(),
    quota: localQuota(clock),
    outlet: null,
  })
  const straight = new Straight(error => errors.push(String(error)))
  const http = fastify({
    routerOptions: { maxParamLength: 256 },
    serverFactory: framework => straight.server({}, framework),
  })
  const gateway = await xchatGateway({
    ...core,
    http,
    straight,
    server: http.server,
    publicUrl: () => 'http://chat.test',
    calls: guardedCalls({ internal: config.xchat.webhooks.internal, timeout: 1_000, agent: 'test' }),
    turn: new Turn(),
    roomsChannel: await core.roomsChannel(),
    write: item => core.writer.write(item),
    newId: () => core.store.newId(),
    peers: null,
    addressOf: () => '127.0.0.1',
  })
  await http.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`,
    core,
    errors,
    user: async id => {
      const { users, tokens } = core.identity
      const account = await users.create({ id: id as UserId, username: `user${id}`, name: `User ${id}` })
      if (isRefused(account)) throw new Error(account.rejected)
      await tokens.mint({ kind: 'user', user: account.id, issuer: 'test', lifetime: null, text: `token-${id}` })
    },
    close: async () => {
      const closed = http.close()
      await gateway.close()
      await closed
      await core.close()
    },
  }
}
