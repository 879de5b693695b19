// One room log, three wires: real clients of two wires talk in one room, and what happens on the third is seen by both.

import { idOfUuid } from '@conclave/wire'
import { DDPSDK } from '@rocket.chat/ddp-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base64, DinoClient } from './dino/client.ts'
import { Ddp, rest } from './rocketchat/ddp.ts'
import { post } from './rocketchat/files.ts'
import { digestOf, IDS, type Name, start, tokenOf } from './rocketchat/start.ts'
import type { TestServer } from './server.ts'
import * as hand from './xchat/hand.ts'
import { ask } from './xchat/http.ts'

// biome-ignore lint/suspicious/noExplicitAny: what came is looked at field by field
type Any = any

let server: TestServer

beforeAll(async () => {
  server = await start()
})
afterAll(() => server?.remove())

async function dinoAs(name: Name): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  const answer = await client.login(IDS[name], name.toUpperCase(), tokenOf(name))
  expect(answer.code).toBe(200)
  return client
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let waited = 0; waited < 5_000; waited += 10) {
    const found = look()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('waited in vain')
}

describe('a Dino client and a Rocket.Chat client in one plain room', () => {
  test('hear each other live, both ways', async () => {
    const rid = server.rooms.general as string
    const sdk = await DDPSDK.createAndConnect(server.url)
    await sdk.account.loginWithPassword('alice', digestOf('alice').digest)
    const heard: Any[] = []
    const stream = (sdk as Any).stream('room-messages', rid, (message: Any) => void heard.push(message))
    await stream.ready()

    const dino = await dinoAs('carol')
    expect((await dino.request('join', { verb: 'join', target: { id: rid } })).code).toBe(200)
    const sent = await dino.request('message', {
      verb: 'send',
      target: { id: rid, objectType: 'room' },
      object: { content: base64('from Dino') },
    })
    expect(sent.code).toBe(200)
    const atAlice = await until(() => heard.find(({ msg }) => msg === 'from Dino'))
    expect(atAlice).toMatchObject({ rid, _id: sent.data.data.id, u: { _id: IDS.carol, username: 'carol' } })

    const answer = (await sdk.call('sendMessage', { rid, msg: 'from Rocket.Chat' })) as Any
    const pushed = await dino.next('message', data => data.object.content === base64('from Rocket.Chat'))
    expect(pushed).toMatchObject({ id: answer._id, target: { id: rid }, actor: { id: IDS.alice } })

    await dino.request('message', {
      verb: 'send',
      target: { id: rid, objectType: 'room' },
      object: { content: base64(JSON.stringify({ text: 'wrapped in JSON', color: 'red' })) },
    })
    await until(() => heard.find(({ msg }) => msg === 'wrapped in JSON'))
    stream.stop()
    sdk.connection.close()
    dino.close()
  })

  test('a file shows as its name and a link, opens for whoever may read it, and goes when Dino deletes its message', async () => {
    const [alice, carol] = [await Ddp.as(server.url, 'alice'), await dinoAs('carol')]
    const made = await rest(server.url, { id: IDS.alice, token: tokenOf('alice') }, 'POST', 'v1/channels.create', {
      name: `files-${Date.now()}`,
    })
    const rid = made.body.channel._id
    await carol.request('join', { verb: 'join', target: { id: rid } })
    const sent = { name: 'plan \u00fc.txt', bytes: Buffer.from('the plan') }
    const { body } = await post(server.url, 'alice', `rooms.upload/${rid}`, sent)
    const pushed = await carol.next('message', data => data.target.id === rid)
    const [name, link = ''] = Buffer.from(pushed.object.content, 'base64').toString().split('\n')
    expect([name, link]).toEqual([
      'plan ü.txt',
      `${server.url}/file-upload/${body.message.file._id}/${encodeURIComponent('plan ü.txt')}`,
    ])
    const open = (who: Name) => fetch(`${link}?rc_uid=${IDS[who]}&rc_token=${tokenOf(who)}`)
    expect((await fetch(link)).status).toBe(403)
    // Files of a public room are its members', until the setting says otherwise.
    expect((await open('carol')).status).toBe(403)
    await alice.call('addUsersToRoom', { rid, users: ['carol'] })
    expect(await (await open('carol')).text()).toBe('the plan')
    const history = await carol.request('history', { verb: 'list', target: { id: rid } })
    const past = history.data.data.object.attachments.find((one: Any) => one.id === pushed.id)
    expect(Buffer.from(past.content, 'base64').toString()).toBe(`${name}\n${link}`)
    const owner = await dinoAs('alice')
    await owner.request('join', { verb: 'join', target: { id: rid } })
    const gone = await owner.request('delete', { verb: 'delete', target: { id: rid }, object: { id: pushed.id } })
    expect(gone.code).toBe(200)
    expect((await open('alice')).status).toBe(403)
    for (const client of [alice, carol, owner]) client.close()
  })

  test('a Rocket.Chat client that starts to listen is an occupant, and leaves with its subscription', async () => {
    const rid = server.rooms.general as string
    const dino = await dinoAs('carol')
    await dino.request('join', { verb: 'join', target: { id: rid } })
    const from = dino.pushes.length
    const bob = await Ddp.as(server.url, 'bob')
    const { id } = await bob.sub('stream-room-messages', rid)
    await dino.next('gn_user_joined', data => data.actor.id === IDS.bob, from)
    bob.send({ msg: 'unsub', id })
    await dino.next('gn_user_left', data => data.actor.id === IDS.bob, from)
    bob.close()
    dino.close()
  })
})

describe('a group of X', () => {
  test('a member added over X appears on the other two wires, and nobody there can write its keys', async () => {
    const bob = await Ddp.as(server.url, 'bob')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
    const dino = await dinoAs('bob')

    const [a, c, b] = [
      await hand.enroll(server.url, IDS.alice),
      await hand.enroll(server.url, IDS.carol),
      await hand.enroll(server.url, IDS.bob),
    ]
    const group = await hand.makeGroup(server.url, a, [a, c])
    expect(await bob.call('subscriptions/get')).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ fname: group.id })]),
    )
    await hand.addTo(server.url, group, a, [b])

    const [kind, subscription] = await bob.event(
      'notify-user',
      ([change, doc]) => change === 'inserted' && doc.fname === group.id,
    )
    expect(kind).toBe('inserted')
    expect(subscription).toMatchObject({ t: 'p', encrypted: true, u: { _id: IDS.bob } })
    expect(`g${idOfUuid(subscription.rid)}`).toBe(group.id)
    const [, room] = await bob.event(
      'notify-user',
      ([change, doc]) => change === 'inserted' && doc._id === subscription.rid,
    )
    expect(room).toMatchObject({ t: 'p', encrypted: true, e2eKeyId: group.version, usersCount: 3 })
    expect(room).not.toHaveProperty('usersWaitingForE2EKeys')

    const rooms: Any[] = (await dino.request('list_channels', { verb: 'list' })).data.data.object.attachments
    const lists = await Promise.all(
      rooms.map(({ id }) => dino.request('list_rooms', { verb: 'list', object: { url: id } })),
    )
    const listed = lists.flatMap(({ data }) => (data.data?.object?.attachments ?? []).map((one: Any) => one.id))
    expect(listed).toContain(subscription.rid)

    const { rid } = subscription
    await bob.sub('stream-room-messages', rid)
    const body = hand.messageBody(c, group.id, group.version)
    const sent = await ask(server.url, tokenOf('carol'), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
    expect(sent.status).toBe(201)
    const [message] = await bob.event('room-messages', ([one]) => one.t === 'e2e')
    expect(message.content).toMatchObject({
      algorithm: 'xchat.v1',
      message_id: body.message_id,
      encoded_message_create_event: body.encoded_message_create_event,
    })

    const own = hand.messageBody(b, group.id, group.version)
    const answer = await bob.call('sendMessage', { rid, t: 'e2e', msg: '', content: { algorithm: 'xchat.v1', ...own } })
    expect(answer).toMatchObject({ _id: own.message_id, t: 'e2e' })

    for (const [method, ...params] of [
      ['e2e.setRoomKeyID', rid, 'my own'],
      ['e2e.updateGroupKey', rid, IDS.bob, 'my own'],
      ['addUsersToRoom', { rid, users: ['mallory'] }],
      ['sendMessage', { rid, msg: 'in the clear' }],
      [
        'sendMessage',
        { rid, t: 'e2e', msg: '', content: { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'i', ciphertext: 'c' } },
      ],
    ] as const)
      expect((await bob.ask(method, ...params)).error.error).toBe('error-not-allowed')
    expect(await bob.call('e2e.getUsersOfRoomWithoutKey', rid)).toEqual({ users: [] })

    const alice = await Ddp.as(server.url, 'alice')
    await bob.call('leaveRoom', rid)
    await bob.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === rid)
    const late = hand.messageBody(a, group.id, group.version)
    const closed = await alice.ask('sendMessage', {
      rid,
      t: 'e2e',
      msg: '',
      content: { algorithm: 'xchat.v1', ...late },
    })
    expect(closed.error.error).toBe('error-room-closed')
    expect((await bob.sub('stream-room-messages', rid)).error.error).toBe('not-allowed')
    for (const client of [alice, bob]) client.close()
    dino.close()
  })
})
