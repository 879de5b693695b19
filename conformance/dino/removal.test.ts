// Kicks and bans over Dino's wire in encrypted rooms (design 6, L4): the member is out on all wires, and the room takes no
// message on any of them until a remaining member has changed its key. A Rocket.Chat room only with
// `rocketchat.lockstep`.
import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { E2eClient } from '../rocketchat/e2e-client.ts'
import * as lobby from '../rocketchat/start.ts'
import { startServer, type TestServer } from '../server.ts'
import { enroll, type Group, type Hand, keysBody, makeGroup, messageBody } from '../xchat/hand.ts'
import { ask } from '../xchat/http.ts'
import { base64, DinoClient } from './client.ts'

const clients: DinoClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

async function login(url: string, id: string, token = `token-of-${id}`): Promise<DinoClient> {
  const client = await DinoClient.open(url, { generation: clients.length % 2 === 0 ? 2 : 4 })
  clients.push(client)
  expect((await client.login(id, `user${id}`, token)).code).toBe(200)
  return client
}

function sealed(room: string, envelope: unknown) {
  const target = { id: room, objectType: 'private' }
  return { verb: 'send', target, object: { content: base64(JSON.stringify(envelope)) } }
}

describe('an X conversation', () => {
  const [A, B, C, OPERATOR, STRANGER] = ['1', '2', '3', '4', '5'] as const
  let server: TestServer
  let hands: [Hand, Hand, Hand]
  beforeAll(async () => {
    const users = [A, B, C, OPERATOR, STRANGER].map(id => ({
      id,
      username: `user${id}`,
      tokens: [`token-of-${id}`],
      roles: id === OPERATOR ? ['globalmod'] : [],
    }))
    server = await startServer({ world: { users } })
    const [a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
    hands = [a, b, c]
  })
  afterAll(() => server.remove())

  const ways: readonly (readonly ['kick' | 'ban', string, string])[] = [
    ['kick', 'its admin', A],
    ['ban', 'its admin', A],
    ['kick', 'an operator who is no member', OPERATOR],
    ['ban', 'an operator who is no member', OPERATOR],
  ]

  test.each(ways)(
    'a %s by %s puts the member out everywhere and closes it until one rotates',
    async (event, _who, by) => {
      const [a, b, c] = hands
      const group: Group = await makeGroup(server.url, a, [a, b, c])
      const room = uuidOf(group.id.slice(1))
      const x = (who: string, method: string, rest: string, body?: unknown) =>
        ask(server.url, `token-of-${who}`, method, `/2/chat/conversations/${group.id}${rest}`, { body })
      const [anna, ben, carl] = [await login(server.url, A), await login(server.url, B), await login(server.url, C)]
      for (const client of [ben, carl]) await client.request('join', { verb: 'join', target: { id: room } })
      const object = { id: C, summary: '5m' }
      const request = { verb: event, target: { id: room, objectType: 'room' }, object }

      // Only who may rule the room learns that it is there.
      expect((await (await login(server.url, STRANGER)).request(event, request)).code).toBe(802)
      expect((await ben.request(event, request)).code).toBe(705)
      expect((await x(C, 'POST', '/messages', messageBody(c, group.id, group.version))).status).toBe(201)

      const actor = by === A ? anna : await login(server.url, by)
      expect((await actor.request(event, request)).code).toBe(200)
      for (const client of [ben, carl]) {
        const told = await client.next('gn_user_kicked')
        expect([told.verb, told.object.id, told.target.id]).toEqual([event, C, room])
      }
      for (const client of [anna, ben]) await client.next('gn_rotation_wanted')

      // Out on every wire.
      expect((await x(C, 'GET', '/events')).status).toBe(403)
      expect((await x(C, 'POST', '/messages', messageBody(c, group.id, group.version))).status).toBe(403)
      expect((await carl.request('message', sealed(room, messageBody(c, group.id, group.version)))).code).not.toBe(200)
      expect((await carl.request('history', { verb: 'list', target: { id: room } })).code).not.toBe(200)
      expect((await carl.request('join', { verb: 'join', target: { id: room } })).code).not.toBe(200)

      // Closed for the others, on every wire.
      const refused = await x(B, 'POST', '/messages', messageBody(b, group.id, group.version))
      expect([refused.status, refused.body.type]).toEqual([409, 'https://api.x.com/2/problems/conversation-closed'])
      const stopped = await ben.request('message', sealed(room, messageBody(b, group.id, group.version)))
      expect([stopped.code, stopped.data.error]).toEqual([
        705,
        'the room is closed until one of its members changes its key',
      ])
      expect((await x(A, 'GET', '')).body.data).toMatchObject({ rotation_required: true, member_ids: [A, B] })

      // Whoever was put out is given no key, and hears nothing of what is said under the next one.
      expect((await x(B, 'POST', '/keys', keysBody(b, group.id, [a, b, c]))).status).toBe(400)
      const keys = keysBody(b, group.id, [a, b])
      expect((await x(B, 'POST', '/keys', keys)).status).toBe(200)
      const known = carl.pushes.length
      const after = messageBody(b, group.id, keys.conversation_key_version)
      const { data, code } = await ben.request('message', sealed(room, after))
      expect(code).toBe(200)
      expect((await anna.next('message', ({ id }) => id === data.data.id)).target.id).toBe(room)
      await carl.settle()
      expect(carl.pushes.slice(known)).toEqual([])
      expect((await x(C, 'GET', '/events')).status).toBe(403)
      expect(server.output()).not.toContain('bug')
    },
  )
})

describe.each([true, false])('an encrypted Rocket.Chat group, with rocketchat.lockstep %s', lockstep => {
  let server: TestServer
  beforeAll(async () => {
    server = await lobby.start({ config: { rocketchat: { lockstep } } })
  })
  afterAll(() => server.remove())

  test(`a kick puts the member out everywhere and ${lockstep ? 'closes the group' : 'leaves the key to the members'}`, async () => {
    const { url } = server
    const [alice, bob, carol] = [await Ddp.as(url, 'alice'), await Ddp.as(url, 'bob'), await Ddp.as(url, 'carol')]
    const a = new E2eClient(alice, lobby.IDS.alice, 'v2')
    for (const [one, phrase] of [
      [a, 'of alice'],
      [new E2eClient(bob, lobby.IDS.bob, 'v2'), 'of bob'],
    ] as const)
      await one.setUp(phrase)
    const made = ['createPrivateGroup', 'sealed', ['bob', 'carol'], false, {}, { encrypted: true }] as const
    const { rid } = await alice.call(...made)
    await a.createRoomKey(rid)
    await a.shareRoomKey(rid)
    await bob.sub('stream-notify-user', `${lobby.IDS.bob}/subscriptions-changed`)
    await bob.sub('stream-room-messages', rid)
    const dino = await login(url, lobby.IDS.alice)
    const dinoOfBob = await login(url, lobby.IDS.bob)
    await a.send(rid, 'before')
    await bob.event('room-messages', ([message]) => message.rid === rid)

    const request = { verb: 'kick', target: { id: rid }, object: { id: lobby.IDS.bob } }
    expect((await dinoOfBob.request('kick', request)).code).toBe(705)
    expect((await dino.request('kick', request)).code).toBe(200)
    expect((await dinoOfBob.next('gn_user_kicked')).target.id).toBe(rid)
    const [change, gone] = await bob.event('notify-user', ([kind, doc]) => kind === 'removed' && doc.rid === rid)
    expect([change, gone.rid]).toEqual(['removed', rid])
    expect((await bob.ask('loadHistory', rid, null, 5)).result).toBe(false)

    const envelope = await a.encrypt(rid, 'after')
    const overDino = await dino.request('message', sealed(rid, envelope))
    const overOwn = await alice.ask('sendMessage', { rid, msg: '', t: 'e2e', e2e: 'pending', content: envelope })
    if (lockstep) {
      expect(overDino.data.error).toBe('the room is closed until one of its members changes its key')
      expect([overDino.code, overOwn.error?.error]).toEqual([705, 'error-room-closed'])
      await dino.next('gn_rotation_wanted')
    } else {
      expect([overDino.code, overOwn.error]).toEqual([200, undefined])
    }
    const from = bob.frames.length
    const known = dinoOfBob.pushes.length
    await carol.call('subscriptions/get')
    await bob.call('subscriptions/get')
    await dinoOfBob.settle()
    expect(JSON.stringify(bob.frames.slice(from))).not.toContain(rid)
    expect(dinoOfBob.pushes.slice(known)).toEqual([])
    expect(
      bob
        .events('room-messages')
        .flat()
        .filter(message => message.rid === rid && message.t === 'e2e'),
    ).toHaveLength(1)
    for (const client of [alice, bob, carol]) client.close()
  })
})
