// The world of these tests: alice, bob, carol and mallory, a public room and a private one.
import { createHash } from 'node:crypto'
import { type StartOptions, startServer, type TestServer } from '../server.ts'

export const IDS = {
  alice: '1001',
  bob: '1002',
  carol: '1003',
  mallory: '1004',
  dave: '1005',
  erin: '1006',
  frank: '1007',
  /** Of the role `admin`. */
  ada: '1008',
} as const
export type Name = keyof typeof IDS

export function tokenOf(name: Name): string {
  return `token-of-${name}`
}

export function passwordOf(name: Name): string {
  return `password of ${name}`
}

export function digestOf(name: Name): { digest: string; algorithm: 'sha-256' } {
  return { digest: createHash('sha256').update(passwordOf(name)).digest('hex'), algorithm: 'sha-256' }
}

export function start(options: Omit<StartOptions, 'world'> = {}): Promise<TestServer> {
  const users = Object.entries(IDS).map(([username, id]) => ({
    id,
    username,
    name: username.toUpperCase(),
    email: `${username}@example.org`,
    password: passwordOf(username as Name),
    roles: username === 'ada' ? ['admin'] : [],
    // The second is what the hand-made X client uses (conformance/xchat/hand.ts).
    tokens: [tokenOf(username as Name), `token-of-${id}`],
  }))
  return startServer({
    ...options,
    world: {
      users,
      channels: [{ ref: 'c', name: 'Lobby' }],
      rooms: [
        { ref: 'general', channel: 'c', name: 'general', kind: 'public', members: [IDS.alice, IDS.bob] },
        { ref: 'secret', channel: 'c', name: 'secret', kind: 'private', owners: [IDS.alice], members: [IDS.alice] },
      ],
    },
  })
}
