// The last administrator stays one, by whatever route somebody would take it from them, themselves included.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { rest } from './ddp.ts'

let server: TestServer
const only = { id: '901', token: 'token-of-only' }

beforeAll(async () => {
  const users = [
    { id: only.id, username: 'only', name: 'Only', password: 'a password', tokens: [only.token], roles: ['admin'] },
    { id: '902', username: 'next', name: 'Next', password: 'a password', tokens: ['token-of-next'] },
  ]
  server = await startServer({ world: { users } })
  // The one that the first start makes.
  const { body } = await rest(server.url, only, 'GET', 'v1/users.info?username=admin')
  expect((await server.command('user', 'disable', body.user._id)).code).toBe(0)
})
afterAll(() => server?.remove())

const post = (path: string, body: object) => rest(server.url, only, 'POST', `v1/${path}`, body)

test('not by a change of the account, of the role, nor by the end of the account', async () => {
  for (const [path, body] of [
    ['users.update', { userId: only.id, data: { roles: ['user'] } }],
    ['roles.removeUserFromRole', { username: 'only', roleId: 'admin' }],
    ['users.setActiveStatus', { userId: only.id, activeStatus: false, confirmRelinquish: true }],
    ['users.delete', { userId: only.id, confirmRelinquish: true }],
  ] as const)
    expect([path, (await post(path, body)).status]).toEqual([path, 400])
  expect((await rest(server.url, only, 'GET', 'v1/me')).body.roles).toContain('admin')
})

test('and once there is another one, it goes', async () => {
  expect((await post('users.update', { userId: '902', data: { roles: ['user', 'admin'] } })).status).toBe(200)
  expect((await post('users.update', { userId: only.id, data: { roles: ['user'] } })).status).toBe(200)
  expect((await rest(server.url, only, 'GET', 'v1/me')).body.roles).not.toContain('admin')
})
