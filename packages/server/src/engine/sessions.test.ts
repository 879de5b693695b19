// Sessions that are opened in the moment in which their right ends: the log-in was good, the opening is not.
import type { UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import { importWorld } from '../operator/import-world.ts'
import type { Core } from './core.ts'
import type { TestCore } from './testing.ts'
import { openTestCore } from './testing.ts'

const user = '1000' as UserId
let made: TestCore
let core: Core
afterEach(() => core.close())

async function start(): Promise<{ id: string; expiresAt: number | null }> {
  made = await openTestCore()
  core = made.core
  await importWorld(core, { users: [{ id: user, username: 'ann', tokens: ['secret-token'] }] })
  const found = await core.identity.tokens.authenticate('secret-token')
  if ('refused' in found) throw new Error('the log-in failed')
  return found.token
}

async function opened(token: string | null, expiresAt: number | null = null): Promise<readonly string[]> {
  const ends: string[] = []
  const opening = { user, wire: 'dino', token, expiresAt, address: '' } as const
  await core.sessions.open({ ...opening, end: reason => void ends.push(reason) })
  await new Promise(resolve => setTimeout(resolve, 20))
  return ends
}

test('a session whose right stands is left alone', async () => {
  expect(await opened((await start()).id)).toEqual([])
})

test('a session whose token was revoked between log-in and opening is ended', async () => {
  const token = await start()
  await core.identity.tokens.revoke(await core.store.tokensOf(user), 'token revoked')
  expect(await opened(token.id)).toEqual(['token ended'])
})

test('a session whose account was disabled between log-in and opening is ended', async () => {
  const token = await start()
  await core.identity.users.disable(user)
  expect(await opened(token.id)).toEqual(['account ended'])
})

test('a session whose user was banned everywhere between log-in and opening is ended', async () => {
  const token = await start()
  const ban = { kind: 'ban', user, from: 0, until: null, reason: '', by: null } as const
  await core.identity.users.change(user, { sanctions: [ban] })
  expect(await opened(token.id)).toEqual(['account ended'])
})

test('a session whose token ran out between log-in and opening is ended', async () => {
  const token = await start()
  expect(await opened(token.id, made.clock.now())).toEqual(['token ended'])
})

test('a session that presence does not take is not kept', async () => {
  await start()
  core.presence.open = () => Promise.reject(new Error('no presence'))
  await expect(opened(null)).rejects.toThrow('no presence')
  expect(core.sessions.count).toBe(0)
})
