// Settings of Dino's wire about people (design 5): one session for each user, full rooms, who is told of a first session,
// who may hide, whose word opens doors.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf, until } from './client.ts'

const user = (id: string, more: object = {}) => ({
  id,
  username: `user${id}`,
  tokens: [`tok${id}`, `alt${id}`],
  attributes: { membership: 'normal', age: '20' },
  ...more,
})
const BASIC = { attributes: { membership: 'basic' } }
const CROWD = ['41', '42', '43', '44', '45', '46']
/** As limited as the others, but who may hide. */
const MODERATORS = ['47', '48']
const room = (ref: string, more: object = {}) => ({ ref, channel: 'c', name: `${ref} room`, owners: ['12'], ...more })

const WORLD: World = {
  users: [
    ...['1', '2', '3', '4', '5', '6', '7', '12'].map(id => user(id)),
    ...CROWD.map(id => user(id, BASIC)),
    ...MODERATORS.map(id => user(id, { ...BASIC, roles: ['globalmod'] })),
    user('20', { roles: ['superuser'] }),
    { id: '30', username: 'nobody', tokens: ['tok30'] },
    user('31', { attributes: { user_type: '9' } }),
  ],
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    room('small'),
    room('busy'),
    room('team', { members: ['1', '47'], moderators: ['3'] }),
    room('auto', { acls: [{ action: 'autojoin', type: 'user_type', value: '9' }] }),
    room('old', { acls: [{ action: 'join', type: 'age', value: '30:' }] }),
  ],
}

let server: TestServer
const clients: DinoClient[] = []
afterEach(async () => {
  for (const client of clients) if (!client.disconnected) await client.request('status', { verb: 'online' })
  for (const client of clients.splice(0)) client.close()
})

async function open(generation: Generation = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  return client
}

async function loggedIn(id: string, generation: Generation = 4): Promise<DinoClient> {
  const client = await open(generation)
  expect((await client.login(id, id === '30' ? 'nobody' : `user${id}`)).code).toBe(200)
  return client
}

const join = (client: DinoClient, ref: string) =>
  client.request('join', { verb: 'join', target: { id: server.rooms[ref] } })

describe('one session for each user', () => {
  beforeAll(async () => {
    server = await startServer({ world: WORLD, config: { dino: { singleSession: true } } })
  })
  afterAll(() => server.remove())

  test.each<Generation>([2, 4])(
    'the earlier one is told and closed, the new one stays (client %i)',
    async generation => {
      const [first, other] = [await loggedIn('1', generation), await loggedIn('2')]
      await join(first, 'busy')
      await join(other, 'busy')
      const second = await loggedIn('1')
      expect(await first.next('gn_disconnect')).toMatchObject({
        actor: { id: '1', displayName: base64('user1') },
        verb: 'disconnect',
      })
      expect(await until(() => first.disconnected || undefined)).toBe(true)
      expect((await other.next('gn_user_left')).actor.id).toBe('1')
      expect((await join(second, 'busy')).code).toBe(200)
      await second.settle()
      expect(second.named('gn_disconnect')).toEqual([])
      expect(second.disconnected).toBe(false)
      // Nobody else's session is touched.
      expect(other.disconnected).toBe(false)
      expect(other.named('gn_disconnect')).toEqual([])
    },
  )

  test('of many that log in at once exactly one stays', async () => {
    for (let round = 0; round < 5; round++) {
      const rivals = await Promise.all(Array.from({ length: 8 }, () => open()))
      const answers = await Promise.all(rivals.map(client => client.login('3')))
      expect(answers.filter(({ code }) => code === 200).length).toBeGreaterThanOrEqual(1)
      const alive = () => rivals.filter(client => !client.disconnected)
      await until(() => alive().length === 1 || undefined)
      expect(alive().length).toBe(1)
      const [last] = alive()
      expect((await last?.request('list_channels', { verb: 'list' }))?.code).toBe(200)
      expect(rivals.filter(client => client.named('gn_disconnect').length > 0).length).toBe(7)
    }
  })

  test('logging in again on the same socket ends nothing', async () => {
    const client = await loggedIn('4')
    expect((await client.login('4')).code).toBe(200)
    expect((await client.login('4', 'user4', 'alt4')).code).toBe(200)
    await client.settle()
    expect(client.named('gn_disconnect')).toEqual([])
    expect(client.disconnected).toBe(false)
  })
})

describe('with everything strict', () => {
  beforeAll(async () => {
    const notFull = { maxUsersLow: 1, maxUsersHigh: 1, exception: ['basic'] }
    const dino = { notFull, userConnected: true, invisibleUnrestricted: false, trustInfo: true }
    server = await startServer({ world: WORLD, config: { dino } })
  })
  afterAll(() => server.remove())

  test('full rooms take nobody new with a membership of the list, or with none; others and superusers find a place', async () => {
    const [one, two, three] = [await loggedIn('41'), await loggedIn('42', 2), await loggedIn('43')]
    expect((await join(one, 'small')).code).toBe(200)
    expect((await join(two, 'small')).code).toBe(200)
    const refused = await join(three, 'small')
    expect(refused.code).toBe(707)
    expect(refused.data.error).toMatch(/full/)
    expect((await join(await loggedIn('30'), 'small')).code).toBe(707)
    for (const id of ['1', '20']) expect((await join(await loggedIn(id), 'small')).code).toBe(200)
  })

  test('full rooms let whoever is inside come again, with another session too', async () => {
    const [one, two] = [await loggedIn('41'), await loggedIn('42')]
    for (const client of [one, two]) expect((await join(client, 'small')).code).toBe(200)
    expect((await join(one, 'small')).code).toBe(200)
    expect((await join(await loggedIn('41', 2), 'small')).code).toBe(200)
    expect((await join(await loggedIn('43'), 'small')).code).toBe(707)
    await one.request('leave', { verb: 'leave', target: { id: server.rooms.small } })
    expect((await join(await loggedIn('43'), 'small')).code).toBe(707)
  })

  test('full rooms never take more than that, however many join at once, hidden or not', async () => {
    const all = await Promise.all([...CROWD, ...MODERATORS].map(id => loggedIn(id)))
    for (const client of all.slice(-2)) await client.request('status', { verb: 'invisible' })
    const codes = (await Promise.all(all.map(client => join(client, 'busy')))).map(({ code }) => code)
    expect(codes.filter(code => code === 200).length).toBe(2)
    expect(codes.filter(code => code === 707).length).toBe(6)
    const su = await loggedIn('20')
    const { data } = await su.request('users_in_room', { verb: 'list', target: { id: server.rooms.busy } })
    expect(data.data.object.attachments.length).toBe(2)
  })

  test('a first session is told to the rooms of which the user is a member, holds a role in, or is put into', async () => {
    const [team, busy, auto] = [await loggedIn('5'), await loggedIn('6', 2), await loggedIn('7')]
    await join(team, 'team')
    await join(busy, 'busy')
    await join(auto, 'auto')
    const anna = await loggedIn('1')
    expect(await team.next('gn_user_connected')).toMatchObject({
      actor: { id: '1', displayName: base64('user1'), image: { url: 'n' } },
      verb: 'connect',
      provider: { id: 'conclave' },
    })
    expect(team.named('gn_user_connected')[0].actor.attachments).toContainEqual({
      objectType: 'user_name',
      content: base64('user1'),
    })
    await loggedIn('3')
    await team.next('gn_user_connected', ({ actor }) => actor.id === '3')
    await loggedIn('31')
    await auto.next('gn_user_connected', ({ actor }) => actor.id === '31')
    // A second session is no news, nor is a first one after it has gone.
    const again = await loggedIn('1')
    await anna.login('1')
    for (const client of [team, busy, auto]) await client.settle()
    expect(team.named('gn_user_connected').map(({ actor }) => actor.id)).toEqual(['1', '3'])
    expect(busy.named('gn_user_connected')).toEqual([])
    expect(auto.named('gn_user_connected').map(({ actor }) => actor.id)).toEqual(['31'])
    anna.close()
    again.close()
    await team.settle()
    expect(team.named('gn_user_disconnected')).toEqual([])
  })

  test('a first session of somebody invisible is told to operators alone', async () => {
    const [team, su] = [await loggedIn('5'), await loggedIn('20')]
    await join(team, 'team')
    await join(su, 'team')
    const hidden = loginOf('47') as { actor: object }
    const anna = await open()
    expect((await anna.request('login', { ...hidden, actor: { ...hidden.actor, content: 'invisible' } })).code).toBe(
      200,
    )
    expect((await su.next('gn_user_connected')).actor.id).toBe('47')
    await team.settle()
    expect(team.named('gn_user_connected')).toEqual([])
  })

  test('a first session on another wire is told as well, and one that follows on this wire is no news', async () => {
    const team = await loggedIn('5')
    await join(team, 'team')
    const elsewhere = await Ddp.connect(server.url)
    await elsewhere.call('login', { resume: 'tok3' })
    expect((await team.next('gn_user_connected')).actor.id).toBe('3')
    await loggedIn('3')
    await team.settle()
    expect(team.named('gn_user_connected').length).toBe(1)
    elsewhere.ws.close()
  })

  test('operators alone may be invisible', async () => {
    const [anna, ben, su] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('20')]
    for (const client of [anna, ben, su]) await join(client, 'busy')
    expect((await anna.request('status', { verb: 'invisible' })).code).toBe(705)
    const hidden = loginOf('3') as { actor: object }
    const carl = await open()
    expect((await carl.request('login', { ...hidden, actor: { ...hidden.actor, content: 'invisible' } })).code).toBe(
      200,
    )
    await join(carl, 'busy')
    const seen = async () => {
      const { data } = await ben.request('users_in_room', { verb: 'list', target: { id: server.rooms.busy } })
      return data.data.object.attachments.map(({ id }: { id: string }) => id).sort()
    }
    expect(await seen()).toEqual(['1', '2', '20', '3'])
    expect((await su.request('status', { verb: 'invisible' })).code).toBe(200)
    expect(await seen()).toEqual(['1', '2', '3'])
    expect((await anna.request('status', { verb: 'offline' })).code).toBe(200)
    expect(await seen()).toEqual(['1', '2', '3'])
  })

  test('users are taken by their word, but never on who they are', async () => {
    const anna = await loggedIn('1')
    expect((await join(anna, 'old')).code).toBe(705)
    const say = (objectType: string, text: string) =>
      anna.request('update_user_info', {
        verb: 'update',
        object: { attachments: [{ objectType, content: base64(text) }] },
      })
    expect((await say('age', '40')).code).toBe(200)
    expect((await join(anna, 'old')).code).toBe(200)
    for (const name of ['user_id', 'user_name', 'token']) expect((await say(name, 'x')).code).toBe(705)
  })
})
