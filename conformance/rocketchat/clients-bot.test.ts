// The bot driver of Rocket.Chat's npm `latest`, sdk 0.2.9, on asteroid 0.6.1, and @rocket.chat/api-client 0.2.57, against
// the real server. The tap sees what they receive.
import { createRequire } from 'node:module'
import { RestClient } from '@rocket.chat/api-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp } from './ddp.ts'
import { type Recorded, recorded } from './recorded.ts'
import { digestOf, IDS, type Name, passwordOf, start } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: the libraries of that time have no types to speak of
type Any = any

const require = createRequire(import.meta.url)

let server: TestServer
let proxy: Recorded
beforeAll(async () => {
  server = await start()
  proxy = await recorded(server.url)
})
afterAll(async () => {
  proxy.close()
  await server.remove()
})

const until = async (done: () => boolean, what: string): Promise<void> => {
  for (let waited = 0; waited < 5_000; waited += 10) {
    if (done()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`waited in vain for ${what}`)
}

describe('sdk 0.2.9, a bot', () => {
  let driver: Any
  let api: Any
  const heard: Any[] = []
  let alice: Ddp

  beforeAll(async () => {
    // Its promises say that they were rejected before anybody had time to catch it.
    createRequire(require.resolve('asteroid'))('q').stopUnhandledRejectionTracking()
    ;({ driver, api } = require('@rocket.chat/sdk-0'))
    driver.useLog({ debug() {}, info() {}, warn() {}, warning() {}, error() {} })
    process.env.ROCKETCHAT_URL = proxy.url
    await driver.connect({ host: proxy.url.replace('http://', ''), useSsl: false })
    alice = await Ddp.as(server.url, 'alice')
  })
  afterAll(async () => {
    alice.close()
    await driver.disconnect()
  })

  test('logs in with a plain password', async () => {
    expect(await driver.login({ username: 'bob', password: passwordOf('bob') })).toBe(IDS.bob)
    expect(driver.userId).toBe(IDS.bob)
  })

  test('finds and joins a room, and hears what is written in its rooms', async () => {
    expect(await driver.getRoomId('general')).toBe(server.rooms.general)
    await driver.joinRooms(['general'])
    await driver.subscribeToMessages()
    driver.reactToMessages((_: unknown, message: Any, about: Any) => heard.push({ message, about }))
    await alice.call('sendMessage', { rid: server.rooms.general, msg: 'hello, bot' })
    await until(() => heard.some(({ message }) => message.msg === 'hello, bot'), 'the message')
    const { message, about } = heard.find(({ message }) => message.msg === 'hello, bot')
    expect(message.u).toMatchObject({ _id: IDS.alice, username: 'alice' })
    expect(about).toMatchObject({ roomParticipant: true, roomType: 'c' })
  })

  test('answers in the room, to a room by name, and in a direct room', async () => {
    await alice.sub('stream-room-messages', server.rooms.general as string)
    const sent = await driver.sendToRoomId('hello, alice', server.rooms.general)
    expect(sent.rid ?? sent[0]?.rid).toBe(server.rooms.general)
    await alice.event('room-messages', ([message]) => message.msg === 'hello, alice')
    await driver.sendToRoom('by name', 'general')
    await alice.event('room-messages', ([message]) => message.msg === 'by name')
    await alice.sub('stream-room-messages', '__my_messages__')
    await driver.sendDirectToUser('only for you', 'alice')
    const [direct, about] = await alice.event('room-messages', ([message]) => message.msg === 'only for you')
    expect([direct.rid, about.roomType]).toEqual([IDS.alice + IDS.bob, 'd'])
  })

  test('makes a message of its own, and one of several lines', async () => {
    const message = driver.prepareMessage('prepared', server.rooms.general)
    await driver.sendMessage(message)
    await alice.event('room-messages', ([one]) => one.msg === 'prepared' && one.u.username === 'bob')
  })

  test('reacts, and takes it back', async () => {
    const { _id } = await alice.call('sendMessage', { rid: server.rooms.general, msg: 'like it?' })
    await driver.setReaction(':thumbsup:', _id)
    const [liked] = await alice.event('room-messages', ([one]) => one._id === _id && one.reactions)
    expect(liked.reactions[':thumbsup:'].usernames).toEqual(['bob'])
  })

  test('reads over REST with a log-in of its own', async () => {
    api.url = `${proxy.url}/api/v1/`
    await api.login({ username: 'bob', password: passwordOf('bob') })
    expect(await api.get('me', {}, true)).toMatchObject({ _id: IDS.bob, username: 'bob', success: true })
    const sent = await api.post('chat.sendMessage', { message: { rid: server.rooms.general, msg: 'over REST' } }, true)
    expect(sent).toMatchObject({ success: true, message: { msg: 'over REST' } })
    await api.logout()
  })

  test('leaves a room', async () => {
    await driver.leaveRoom(server.rooms.general)
    const before = heard.length
    await alice.call('sendMessage', { rid: server.rooms.general, msg: 'gone?' })
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(heard.slice(before).filter(({ about }) => about?.roomParticipant)).toEqual([])
  })
})

describe('@rocket.chat/api-client', () => {
  const clientOf = async (name: Name): Promise<Any> => {
    const client: Any = new RestClient({ baseUrl: proxy.url })
    const { data } = await client.post('/v1/login', { user: name, password: passwordOf(name) })
    client.setCredentials({ 'X-User-Id': data.userId, 'X-Auth-Token': data.authToken })
    return client
  }

  const subscriptionsOf = async (client: Any): Promise<Any[]> => {
    const message = JSON.stringify({ msg: 'method', id: '1', method: 'subscriptions/get', params: [] })
    return JSON.parse((await client.post('/v1/method.call/subscriptions:get', { message })).message).result
  }

  test('logs in, reads itself, makes a channel, talks in it, and lists it', async () => {
    const [alice, carol] = [await clientOf('alice'), await clientOf('carol')]
    expect(await alice.get('/v1/me')).toMatchObject({ _id: IDS.alice, success: true })
    const { channel } = await alice.post('/v1/channels.create', { name: 'from-the-client' })
    expect(channel).toMatchObject({ name: 'from-the-client', t: 'c' })
    await carol.post('/v1/channels.join', { roomId: channel._id })
    const message = { rid: channel._id, msg: 'from the client' }
    const sent = await carol.post('/v1/chat.sendMessage', { message })
    const history = await alice.get('/v1/channels.history', { roomId: channel._id })
    expect(history.messages.map(({ _id }: Any) => _id)).toContain(sent.message._id)
    expect((await subscriptionsOf(carol)).map(({ rid }: Any) => rid)).toContain(channel._id)
    await alice.post('/v1/chat.react', { messageId: sent.message._id, emoji: ':tada:', shouldReact: true })
    const { message: read } = await carol.get('/v1/chat.getMessage', { msgId: sent.message._id })
    expect(read.reactions[':tada:'].usernames).toEqual(['alice'])
  })

  test('opens a direct room, and writes there', async () => {
    const alice = await clientOf('alice')
    const { room } = await alice.post('/v1/im.create', { username: 'carol' })
    expect(room.rid ?? room._id).toBe(IDS.alice + IDS.carol)
    const sent = await alice.post('/v1/chat.postMessage', { roomId: room.rid ?? room._id, text: 'direct' })
    expect(sent.message).toMatchObject({ msg: 'direct', u: { _id: IDS.alice } })
  })

  test('calls for keys, lists of rooms in brackets', async () => {
    const alice = await clientOf('alice')
    const keys = { public_key: 'public of alice', private_key: 'PRIVATE OF ALICE', force: true }
    expect(await alice.post('/v1/e2e.setUserPublicAndPrivateKeys', keys)).toEqual({ success: true })
    expect(await alice.get('/v1/e2e.fetchMyKeys')).toMatchObject({ private_key: 'PRIVATE OF ALICE' })
    const { group } = await alice.post('/v1/groups.create', {
      name: 'sealed-by-client',
      members: ['bob'],
      extraData: { encrypted: true },
    })
    await alice.post('/v1/e2e.setRoomKeyID', { rid: group._id, keyID: 'key-of-client' })
    await alice.post('/v1/e2e.updateGroupKey', { rid: group._id, uid: IDS.alice, key: 'KEY OF ALICE' })
    const waiting = await alice.get('/v1/e2e.fetchUsersWaitingForGroupKey', { roomIds: [group._id, 'unknown'] })
    expect(waiting).toMatchObject({ success: true, usersWaitingForE2EKeys: {} })
    const { users } = await alice.get('/v1/e2e.getUsersOfRoomWithoutKey', { rid: group._id })
    expect(users).toEqual([])
    const bob = await clientOf('bob')
    expect(await bob.get('/v1/e2e.fetchMyKeys')).toEqual({ success: true })
    expect(JSON.stringify(await subscriptionsOf(bob))).not.toContain('KEY OF ALICE')
  })

  test('is told in the wire’s words what is wrong', async () => {
    const alice = await clientOf('alice')
    await expect(alice.post('/v1/e2e.setRoomKeyID', { rid: 'nowhere', keyID: 'K' })).rejects.toMatchObject({
      status: 400,
    })
    const stranger: Any = new RestClient({ baseUrl: proxy.url })
    await expect(stranger.get('/v1/me')).rejects.toMatchObject({ status: 401 })
    expect(digestOf('alice').digest).toHaveLength(64)
  })
})
