// What a logged-in user who is not in a room, or was not yet, learns of it over this wire.
import { uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { addTo, enroll, makeGroup, messageBody } from '../xchat/hand.ts'
import { ask } from '../xchat/http.ts'
import { Ddp } from './ddp.ts'
import { IDS, start } from './start.ts'

let server: TestServer
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.remove())

test('a stranger sends no more than a log-in has', async () => {
  const login = async (bytes: number) => {
    const body = JSON.stringify({ user: 'alice', password: 'x'.repeat(bytes) })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${server.url}/api/v1/login`, { method: 'POST', headers, body })).status
  }
  expect(await login(100)).toBe(401)
  expect(await login(20_000)).toBe(413)
})

test('adding somebody to a private room tells a stranger nothing of who is in it', async () => {
  const mallory = await Ddp.as(server.url, 'mallory')
  const rid = server.rooms.secret
  const asked = async (users: string[]) => (await mallory.ask('addUsersToRoom', { rid, users })).error?.error
  const inside = await asked(['alice'])
  expect(inside).toBe('error-invalid-room')
  expect(await asked(['bob'])).toBe(inside)
  expect(await asked(['nobody'])).toBe(inside)
  expect(await asked([])).toBe(inside)
  mallory.close()
})

test('who is added to an X room a moment after a message is not shown that message', async () => {
  const alice = await enroll(server.url, IDS.alice)
  const carol = await enroll(server.url, IDS.carol)
  const bob = await enroll(server.url, IDS.bob)
  const group = await makeGroup(server.url, alice, [alice, carol])
  const rid = uuidOf(group.id.slice(1))
  const [carols, bobs] = [await Ddp.as(server.url, 'carol'), await Ddp.as(server.url, 'bob')]
  for (const [client, id] of [
    [carols, IDS.carol],
    [bobs, IDS.bob],
  ] as const)
    await client.sub('stream-notify-user', `${id}/rooms-changed`)
  const body = messageBody(alice, group.id, group.version)
  const path = `/2/chat/conversations/${group.id}/messages`
  const sent = ask(server.url, `token-of-${IDS.alice}`, 'POST', path, { body })
  await sent
  await addTo(server.url, group, alice, [bob])
  const isRoom = ([, room]: { _id?: string }[]) => room?._id === rid
  const told = await carols.event('notify-user', args => isRoom(args) && args[1].lastMessage)
  expect(told[1].lastMessage.content.message_id).toBe(body.message_id)
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(bobs.texts.some(text => text.includes(rid))).toBe(true)
  expect(bobs.texts.filter(text => text.includes(body.encoded_message_create_event))).toEqual([])
  for (const client of [carols, bobs]) client.close()
})
