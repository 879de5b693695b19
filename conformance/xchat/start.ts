// The server process with the people of these tests: A, B, C and D as the cases name them (D never registers a key),
// and a crowd of others.
import type { StartOptions, TestServer } from '../server.ts'
import { startServer } from '../server.ts'

export const A = '1111111111111111111'
export const B = '2222222222222222222'
export const C = '3333333333333333333'
export const D = '4444444444444444444'
/** 7001, 7002 … */
export const CROWD = Array.from({ length: 30 }, (_, index) => String(7001 + index))

export function tokenOf(user: string): string {
  return `token-of-${user}`
}

function worldUser(id: string): object {
  return { id, username: `user${id}`, name: `User ${id}`, tokens: [tokenOf(id)] }
}

export interface XchatOptions extends StartOptions {
  /** Ids of users beside the usual ones. */
  readonly more?: readonly string[]
}

export function startXchatServer({ more = [], ...options }: XchatOptions = {}): Promise<TestServer> {
  const users = [A, B, C, D, ...CROWD, ...more].map(worldUser)
  const app = { id: 'app1', secret: 'a secret of an app', owner: A, tokens: ['app-token'] }
  return startServer({ ...options, world: { users, apps: [app], ...options.world } })
}
