// `gn_rotation_wanted`, Conclave's own event: members of a closed room are asked to change its key, those who are there
// when it closes and those who come while it is closed; nobody else.

import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { enroll, type Group, type Hand, makeGroup } from '../xchat/hand.ts'
import { A, B, C, D, startXchatServer, tokenOf } from '../xchat/start.ts'
import { base64, DinoClient } from './client.ts'

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startXchatServer()
  a = await enroll(server.url, A)
  b = await enroll(server.url, B)
  c = await enroll(server.url, C)
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function loggedIn(user: string, generation: 2 | 4 = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  expect((await client.login(user, `user${user}`, tokenOf(user))).code).toBe(200)
  return client
}

const idOf = ({ id }: Group): string => uuidOf(id.slice(1))
const kick = (client: DinoClient, group: Group, id: string) =>
  client.request('kick', { verb: 'kick', target: { id: idOf(group) }, object: { id } })

test('a kick closes the room, and every session of those who remain is asked for a new key', async () => {
  const group = await makeGroup(server.url, a, [a, b, c])
  const [anna, ben, again, carl, stranger] = [
    await loggedIn(A),
    await loggedIn(B),
    await loggedIn(B, 2),
    await loggedIn(C),
    await loggedIn(D),
  ]
  expect((await kick(anna, group, C)).code).toBe(200)
  for (const client of [anna, ben, again]) {
    expect(await client.next('gn_rotation_wanted')).toEqual({
      actor: { id: A, displayName: base64(`user${A}`) },
      verb: 'rotate',
      target: { id: idOf(group), displayName: base64(group.id), objectType: 'private' },
      object: { objectType: 'epoch', content: group.version },
      id: expect.any(String),
      published: expect.any(String),
      provider: { id: 'conclave' },
    })
    await client.settle()
    expect(client.named('gn_rotation_wanted')).toHaveLength(1)
  }
  for (const client of [carl, stranger]) {
    await client.settle()
    expect(client.named('gn_rotation_wanted')).toEqual([])
  }
})

test('a member who logs in while the room is closed is asked once, after the answer; who was put out is not', async () => {
  const group = await makeGroup(server.url, a, [a, b, c])
  const open = await makeGroup(server.url, a, [a, b, c])
  expect((await kick(await loggedIn(A), group, C)).code).toBe(200)
  const [ben, carl] = [await loggedIn(B, 2), await loggedIn(C)]
  const asked = await ben.next('gn_rotation_wanted', ({ target }) => target.id === idOf(group))
  expect(asked.actor).toEqual({ id: '0', displayName: '' })
  await ben.settle()
  const about = (each: { target: { id: string } }): boolean => each.target.id === idOf(group)
  expect(ben.named('gn_rotation_wanted').filter(about)).toHaveLength(1)
  expect(ben.named('gn_rotation_wanted').map(({ target }) => target.id)).not.toContain(idOf(open))
  const events = ben.pushes.map(({ event }) => event)
  expect(events.indexOf('gn_login')).toBeLessThan(events.indexOf('gn_rotation_wanted'))
  await carl.settle()
  expect(carl.named('gn_rotation_wanted')).toEqual([])
})
