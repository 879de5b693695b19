// The wire's own rate limits: off by default, the real server's numbers with `limits.rates = "wire"`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { IDS, start, tokenOf } from './start.ts'

let server: TestServer
beforeAll(async () => {
  server = await start({ config: { limits: { rates: 'wire' } } })
})
afterAll(() => server.remove())

const bob = { id: IDS.bob, token: tokenOf('bob') }

test('the eleventh call of a method within ten seconds, of one connection, is refused with the time to wait', async () => {
  const client = await Ddp.as(server.url, 'alice')
  const answers = []
  for (let i = 0; i < 11; i++) answers.push(await client.ask('rooms/get'))
  expect(answers.slice(0, 10).every(({ error }) => error === undefined)).toBe(true)
  const { error } = answers[10]
  expect(error).toMatchObject({ isClientSafe: true, error: 'too-many-requests', errorType: 'Meteor.Error' })
  expect(error.details.timeToReset).toBeGreaterThan(0)
  expect(error.details.timeToReset).toBeLessThanOrEqual(10_000)
  expect((await client.ask('subscriptions/get')).error).toBeUndefined()
  client.close()
})

test('a user with several connections has twenty', async () => {
  const clients = await Promise.all(Array.from({ length: 4 }, () => Ddp.as(server.url, 'bob')))
  const errors = []
  for (let i = 0; i < 24; i++)
    errors.push((await (clients[i % 4] as Ddp).ask('getRoomIdByNameOrId', 'general')).error?.error)
  expect(errors.filter(one => one === undefined)).toHaveLength(20)
  expect(errors.slice(20)).toEqual(Array(4).fill('too-many-requests'))
  for (const client of clients) client.close()
})

test('streams have four times as much, and are refused as subscriptions are', async () => {
  const client = await Ddp.as(server.url, 'carol')
  const answers = []
  for (let i = 0; i < 41; i++) answers.push(await client.sub('stream-notify-logged', `event ${i}`))
  expect(answers.filter(({ msg }) => msg === 'ready')).toHaveLength(40)
  expect(answers[40]).toMatchObject({ msg: 'nosub', error: { error: 'too-many-requests' } })
  client.close()
})

test('five messages a second', async () => {
  const client = await Ddp.as(server.url, 'alice')
  const rid = server.rooms.general
  for (let i = 0; i < 8; i++)
    client.send({ msg: 'method', method: 'sendMessage', id: `s${i}`, params: [{ rid, msg: `${i}` }] })
  await client.until(({ msg, id }) => msg === 'result' && id === 's7')
  const refused = client.frames.filter(({ msg, error }) => msg === 'result' && error?.error === 'too-many-requests')
  expect(refused.length).toBeGreaterThanOrEqual(2)
  client.close()
})

test('a route of REST takes ten calls a minute from an address, says how many are left, and answers 429', async () => {
  const seen = []
  for (let i = 0; i < 11; i++) {
    const response = await fetch(`${server.url}/api/v1/me`, {
      headers: { 'x-user-id': bob.id, 'x-auth-token': bob.token },
    })
    const left = response.headers.get('x-ratelimit-remaining')
    seen.push([response.status, left])
    expect(response.headers.get('x-ratelimit-limit')).toBe('10')
    expect(Number(response.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now())
    if (response.status === 429) {
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toMatchObject({
        success: false,
        error: expect.stringMatching(/too many requests.*\[error-too-many-requests\]$/),
      })
    } else await response.arrayBuffer()
  }
  expect(seen).toEqual([...Array.from({ length: 10 }, (_, i) => [200, String(9 - i)]), [429, '0']])
  expect((await rest(server.url, bob, 'GET', 'info')).status).toBe(200)
})

test('nothing is limited where nobody asked for it', async () => {
  const free = await start()
  const client = await Ddp.as(free.url, 'alice')
  for (let i = 0; i < 50; i++) expect((await client.ask('rooms/get')).error).toBeUndefined()
  for (let i = 0; i < 30; i++) {
    const answer = await fetch(`${free.url}/api/v1/me`, { headers: { 'x-user-id': bob.id, 'x-auth-token': bob.token } })
    expect([answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([200, null])
    await answer.arrayBuffer()
  }
  client.close()
  await free.remove()
})
