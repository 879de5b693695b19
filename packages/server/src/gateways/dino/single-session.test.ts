// Log-ins of one user that race for the one session that they may have: the newest stays, whoever looks first.
import type { UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../../engine/core.ts'
import { openTestCore } from '../../engine/testing.ts'
import { Turn } from '../../fanout/turn.ts'
import { importWorld } from '../../operator/import-world.ts'
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { Feeds } from './feeds.ts'
import type { Gate } from './gate.ts'
import type { DinoSession } from './session.ts'
import { endReplaced, keepNewest } from './single-session.ts'

const [ann, ben] = ['1000', '1001'] as [UserId, UserId]
const world = { users: [ann, ben].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })) }

let core: Core
afterEach(() => core.close())

async function open(singleSession = true): Promise<Gate> {
  core = (await openTestCore({ CONCLAVE_DINO_SINGLE_SESSION: `${singleSession}` })).core
  await importWorld(core, world)
  const turn = new Turn()
  const parts = { ...core, turn } as unknown as GatewayParts
  const feeds = new Feeds(parts, turn, {
    room: () => {},
    user: (sessions, message) => endReplaced(sessions, message),
  })
  return { parts, log: core.log, turn, feeds } as unknown as Gate
}

interface Socket {
  readonly account: Account
  readonly session: DinoSession
  /** What it was sent, and `end` for its end. */
  readonly seen: string[]
}

async function logIn(user: UserId): Promise<Socket> {
  const seen: string[] = []
  const opening = { user, wire: 'dino', token: 'a token', expiresAt: null, address: '' } as const
  const live = await core.sessions.open({ ...opening, end: () => {} })
  const session = {
    live,
    user,
    rooms: new Set(),
    belongs: new Set(),
    emit: (event: string) => void seen.push(event),
    end: () => void seen.push('end'),
  } as unknown as DinoSession
  return { account: (await core.identity.accounts.load(user)) as Account, session, seen }
}

async function keep(gate: Gate, { account, session }: Socket): Promise<void> {
  gate.feeds.add(account, session)
  if (session.live) await keepNewest(gate, account, session.live)
}

const REPLACED = ['gn_disconnect', 'end']

test('all of those who look at once agree on the newest', async () => {
  const gate = await open()
  const sockets = [await logIn(ann), await logIn(ann), await logIn(ann)]
  const other = await logIn(ben)
  await Promise.all([...sockets, other].map(socket => keep(gate, socket)))
  expect(sockets.map(({ seen }) => seen.slice(0, 2))).toEqual([REPLACED, REPLACED, []])
  expect(other.seen).toEqual([])
})

test('one that was not heard yet when a newer one looked ends itself', async () => {
  const gate = await open()
  const [slow, quick] = [await logIn(ann), await logIn(ann)]
  await keep(gate, quick)
  expect([slow.seen, quick.seen]).toEqual([[], []])
  await keep(gate, slow)
  expect([slow.seen, quick.seen]).toEqual([REPLACED, []])
})

test('sessions of other wires, and those that have no socket, are left alone', async () => {
  const gate = await open()
  const first = await logIn(ann)
  await keep(gate, first)
  for (const [wire, token] of [['rocketchat', 'another'] as const, ['dino', null] as const])
    await core.sessions.open({ user: ann, wire, token, expiresAt: null, address: '', end: () => {} })
  if (first.session.live) await keepNewest(gate, first.account, first.session.live)
  expect(first.seen).toEqual([])
})

test('without the setting everybody stays', async () => {
  const gate = await open(false)
  const sockets = [await logIn(ann), await logIn(ann)]
  for (const socket of sockets) await keep(gate, socket)
  expect(sockets.map(({ seen }) => seen)).toEqual([[], []])
})
