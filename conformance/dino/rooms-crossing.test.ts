// Rooms that come, change and go on one wire and are seen on another: Dino and Rocket.Chat.
import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { IDS, type Name, start, tokenOf } from '../rocketchat/start.ts'
import type { TestServer } from '../server.ts'
import { enroll, makeGroup } from '../xchat/hand.ts'
import { base64, DinoClient } from './client.ts'

let server: TestServer
const clients: { close(): void }[] = []

beforeAll(async () => {
  server = await start({ config: { rooms: { grace: 600 } } })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function dinoAs(name: Name): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  clients.push(client)
  expect((await client.login(IDS[name], name.toUpperCase(), tokenOf(name))).code).toBe(200)
  return client
}

async function rocketAs(name: Name): Promise<Ddp> {
  const client = await Ddp.as(server.url, name)
  clients.push({ close: () => client.ws.close() })
  return client
}

test('a room made over Rocket.Chat is announced to those who see it, a private one to its members, a talk to nobody', async () => {
  const [alice, carol, mallory] = [await rocketAs('alice'), await dinoAs('carol'), await dinoAs('mallory')]
  const { rid: open } = await alice.call('createChannel', 'made over there', [])
  const { rid: own } = await alice.call('createPrivateGroup', 'made for two', ['carol'])
  await alice.call('createDirectMessage', 'carol')
  const push = await mallory.next('gn_room_created', ({ target }) => target.id === open)
  expect(push).toMatchObject({
    actor: { id: IDS.alice },
    target: { displayName: base64('made over there'), objectType: 'static' },
    verb: 'create',
  })
  expect((await carol.next('gn_room_created', ({ target }) => target.id === own)).target.objectType).toBe('private')
  for (const client of [carol, mallory]) await client.settle()
  expect(carol.named('gn_room_created').map(({ target }) => target.id)).toEqual([open, own])
  expect(mallory.named('gn_room_created').map(({ target }) => target.id)).toEqual([open])
})

test('a group of X is announced to its members under its id, never its title', async () => {
  const [bob, mallory] = [await dinoAs('bob'), await dinoAs('mallory')]
  const [a, b] = [await enroll(server.url, IDS.alice), await enroll(server.url, IDS.bob)]
  const group = await makeGroup(server.url, a, [a, b])
  const push = await bob.next('gn_room_created', ({ target }) => target.id === uuidOf(group.id.slice(1)))
  expect(push.target.displayName).toBe(base64(group.id))
  await mallory.settle()
  expect(mallory.named('gn_room_created')).toEqual([])
})

test('a room removed over Dino is a removed subscription over Rocket.Chat, and nothing more is heard there', async () => {
  const alice = await rocketAs('alice')
  const { rid } = await alice.call('createChannel', 'soon gone', ['bob'])
  const bob = await rocketAs('bob')
  await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
  await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
  await bob.sub('stream-room-messages', rid)
  const dino = await dinoAs('alice')
  expect((await dino.request('remove_room', { verb: 'remove', target: { id: rid } })).code).toBe(200)
  const [, subscription] = await bob.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === rid)
  expect(subscription).toMatchObject({ rid, u: { _id: IDS.bob } })
  const [, room] = await bob.event('notify-user', ([change, doc]) => change === 'removed' && doc._id === rid)
  expect(room._id).toBe(rid)
  expect(await bob.call('subscriptions/get')).toEqual(expect.not.arrayContaining([expect.objectContaining({ rid })]))
  await dino.settle()
  expect(dino.named('gn_user_left')).toEqual([])
})

test('a room made over Dino is its maker’s over Rocket.Chat; a new name and deleted messages show there', async () => {
  const [dino, alice] = [await dinoAs('alice'), await rocketAs('alice')]
  await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
  await alice.sub('stream-notify-user', `${IDS.alice}/subscriptions-changed`)
  const [channel] = (await dino.request('list_channels', { verb: 'list' })).data.data.object.attachments
  const target = { displayName: base64('made over dino') }
  const { data } = await dino.request('create', { verb: 'create', target, object: { url: channel.id } })
  const { id } = data.data.target
  const [, room] = await alice.event('notify-user', ([change, doc]) => change === 'inserted' && doc._id === id)
  expect(room.fname).toBe('made over dino')
  const renamed = { verb: 'rename', target: { id, displayName: base64('another name') } }
  expect((await dino.request('rename_room', renamed)).code).toBe(200)
  await alice.event('notify-user', ([change, doc]) => change === 'updated' && doc.fname === 'another name')
  await alice.sub('stream-notify-room', `${id}/deleteMessage`)
  const object = { content: base64('to be deleted') }
  const sent = await dino.request('message', { verb: 'send', target: { id, objectType: 'room' }, object })
  expect(sent.code).toBe(200)
  const message = sent.data.data.id
  expect((await dino.request('delete', { verb: 'delete', target: { id }, object: { id: message } })).code).toBe(200)
  expect(await alice.event('notify-room', ([deleted]) => deleted._id === message)).toEqual([{ _id: message }])
})
