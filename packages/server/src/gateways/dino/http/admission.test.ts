// Whose tokens open the HTTP API.
import type { UserId } from '@conclave/wire'
import type { FastifyRequest } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../../../engine/core.ts'
import { openTestCore } from '../../../engine/testing.ts'
import { isRefused } from '../../../identity/rejection.ts'
import type { NewToken } from '../../../identity/tokens.ts'
import { importWorld } from '../../../operator/import-world.ts'
import type { GatewayParts } from '../../gateway.ts'
import { admit } from './admission.ts'

const [ann, sue] = ['1', '9'] as [UserId, UserId]
const world = {
  users: [
    { id: ann, username: 'ann' },
    { id: sue, username: 'sue', roles: ['superuser'] },
  ],
}

let core: Core
afterEach(() => core.close())

test.each<[string, Partial<NewToken>, boolean]>([
  ['a service token', { kind: 'service' }, true],
  ['a superuser’s own', { kind: 'user', user: sue }, true],
  ['a plain user’s', { kind: 'user', user: ann }, false],
  ['a superuser’s for some of what they may do', { kind: 'user', user: sue, scopes: ['dm.read'] }, false],
  ['a superuser’s that an app holds, whatever for', { kind: 'user', user: sue, app: '5' }, false],
  ['an app’s own, of a superuser', { kind: 'app', user: sue, app: '5' }, false],
  ['an app’s own', { kind: 'app', app: '5' }, false],
])('%s', async (_, wanted, opens) => {
  core = (await openTestCore()).core
  await importWorld(core, world)
  const minted = await core.identity.tokens.mint({
    kind: 'user',
    user: null,
    issuer: 'test',
    lifetime: null,
    ...wanted,
  })
  if (isRefused(minted)) throw new Error(minted.rejected)
  const request = { headers: { authorization: `Bearer ${minted.text}` } } as FastifyRequest
  const answer = await admit(core as unknown as GatewayParts, request)
  expect('key' in answer).toBe(opens)
})
