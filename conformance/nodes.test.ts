// Two server processes with one PostgreSQL and one NATS: clients of the wires on different nodes are in one room, and what
// happens on one node is seen on the other as it would be on one.
import { mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Nats, startNats } from '../engines/nats.ts'
import { type TestDatabase, testDatabase } from '../packages/server/src/postgres/testing.ts'
import { base64, DinoClient } from './dino/client.ts'
import { Ddp, rest } from './rocketchat/ddp.ts'
import { IDS, type Name, start, tokenOf } from './rocketchat/start.ts'
import { conclave, startServer, type TestServer } from './server.ts'
import * as hand from './xchat/hand.ts'
import { ask } from './xchat/http.ts'
import { Listener, subscribe } from './xchat/listener.ts'

// biome-ignore lint/suspicious/noExplicitAny: what came is looked at field by field
type Any = any

let database: TestDatabase
let nats: Nats
let here: TestServer
let there: TestServer

beforeAll(async () => {
  database = await testDatabase()
  nats = await startNats()
  here = await start({ env: environment(1) })
  // Files are kept in one folder.
  const data = await mkdtemp(join(tmpdir(), 'conclave-'))
  await symlink(join(here.data, 'blobs'), join(data, 'blobs'))
  there = await startServer({ data, env: environment(2) })
})
afterAll(async () => {
  await here?.remove()
  await there?.remove()
  await nats?.stop()
  await database?.drop()
})

function environment(node: number): Record<string, string> {
  return {
    CONCLAVE_STORE: database.url,
    CONCLAVE_BUS: nats.url,
    CONCLAVE_NODE: `${node}`,
    CONCLAVE_DINO_POLLING: 'false',
  }
}

async function dinoAs(url: string, name: Name): Promise<DinoClient> {
  const client = await DinoClient.open(url)
  expect((await client.login(IDS[name], name.toUpperCase(), tokenOf(name))).code).toBe(200)
  return client
}

describe('clients on two nodes', () => {
  test('hear each other live in one plain room, over two wires', async () => {
    const rid = here.rooms.general as string
    const [dino, alice] = [await dinoAs(here.url, 'carol'), await Ddp.as(there.url, 'alice')]
    await alice.sub('stream-room-messages', rid)
    expect((await dino.request('join', { verb: 'join', target: { id: rid } })).code).toBe(200)
    const sent = await dino.request('message', {
      verb: 'send',
      target: { id: rid, objectType: 'room' },
      object: { content: base64('from Dino') },
    })
    expect(sent.code).toBe(200)
    const [heard] = await alice.event('room-messages', ([one]: Any) => one.msg === 'from Dino')
    expect(heard).toMatchObject({ rid, u: { _id: IDS.carol, username: 'carol' } })
    await alice.call('sendMessage', { rid, msg: 'from Rocket.Chat' })
    await dino.next('message', data => data.object.content === base64('from Rocket.Chat'))
    for (const client of [dino, alice]) client.close()
  })

  test('see who comes and goes elsewhere', async () => {
    const rid = here.rooms.general as string
    const [carol, bob] = [await dinoAs(here.url, 'carol'), await dinoAs(there.url, 'bob')]
    await carol.request('join', { verb: 'join', target: { id: rid } })
    const from = carol.pushes.length
    const joined = await bob.request('join', { verb: 'join', target: { id: rid } })
    const people = joined.data.data.object.attachments.find((one: Any) => one.objectType === 'user').attachments
    expect(people.map(({ id }: Any) => id)).toContain(IDS.carol)
    await carol.next('gn_user_joined', data => data.actor.id === IDS.bob, from)
    bob.close()
    await carol.next('gn_user_left', data => data.actor.id === IDS.bob, from)
    carol.close()
  })

  test('a member who is added on one node hears of it on the other, and everything from then on', async () => {
    const bob = await Ddp.as(there.url, 'bob')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await bob.sub('stream-room-messages', '__my_messages__')
    const alice = { id: IDS.alice, token: tokenOf('alice') }
    const made = await rest(here.url, alice, 'POST', 'v1/groups.create', { name: `group-${Date.now()}` })
    const rid = made.body.group._id
    await rest(here.url, alice, 'POST', 'v1/groups.invite', { roomId: rid, userId: IDS.bob })
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`)
    for (const text of texts)
      await rest(here.url, alice, 'POST', 'v1/chat.sendMessage', { message: { rid, msg: text } })
    await bob.event('notify-user', ([change, doc]: Any) => change === 'inserted' && doc.rid === rid)
    for (const text of texts) await bob.event('room-messages', ([one]: Any) => one.rid === rid && one.msg === text)
    bob.close()
  })

  test('a group of X is heard on the other node, and its key changes there', async () => {
    const [a, c] = [await hand.enroll(here.url, IDS.alice), await hand.enroll(there.url, IDS.carol)]
    const group = await hand.makeGroup(here.url, a, [a, c])
    for (const type of ['chat.received']) await subscribe(there.url, tokenOf('carol'), type, IDS.carol)
    const stream = await Listener.open(there.url, tokenOf('carol'))
    const body = hand.messageBody(a, group.id, group.version)
    const path = `/2/chat/conversations/${group.id}/messages`
    expect((await ask(here.url, tokenOf('alice'), 'POST', path, { body })).status).toBe(201)
    await stream.has(1)
    const b = await hand.enroll(here.url, IDS.bob)
    // Decided on the node that wrote none of it.
    await hand.addTo(there.url, group, a, [b])
    const own = hand.messageBody(b, group.id, group.version)
    expect((await ask(here.url, tokenOf('bob'), 'POST', path, { body: own })).status).toBe(201)
    await stream.has(2)
    stream.close()
  })

  test('a token that is revoked on one node ends its session on the other', async () => {
    const dino = await dinoAs(there.url, 'dave')
    const { out } = await here.command('token', 'list', '--user', IDS.dave)
    const ids = [...out.matchAll(/\b[0-9a-f]{16}\b/g)].map(([id]) => id)
    expect(ids.length).toBeGreaterThan(0)
    expect(dino.socket.connected).toBe(true)
    for (const id of ids) await here.command('token', 'revoke', id)
    await expect.poll(() => dino.socket.connected).toBe(false)
  })
})

describe('a node that cannot hear the others', () => {
  test('refuses to start with one line, and says no secret', async () => {
    const env = { ...environment(3), CONCLAVE_BUS: 'nats://me:secret@127.0.0.1:1', CONCLAVE_DATA: `${here.data}-3` }
    const { code, err, out } = await conclave(['start'], env)
    expect(code).not.toBe(0)
    expect(`${out}${err}`).toContain('No NATS server answers at 127.0.0.1:1')
    expect(`${out}${err}`).not.toContain('secret')
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test('is not asked for with a store of its own', async () => {
    const { code, err } = await conclave(['start'], { CONCLAVE_BUS: nats.url, CONCLAVE_DATA: `${here.data}-4` })
    expect(code).not.toBe(0)
    expect(err).toContain('"bus"')
  })
})
