// Every code of the API document, reached by a real client over a socket or by an embedding site over a route, or the
// sentence that says why nothing reaches it. A code in neither list fails.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf } from './client.ts'
import { site } from './http.ts'
import { EVENTS, SEED_CODES } from './seed.ts'

/** Somebody whom the embedding site refuses as a target of whispers, by the answer that it gives. */
const REFUSING: Readonly<Record<string, object>> = {
  stranger: { error: 50_001 },
  silent: { error: 50_002 },
  myself: { error: 50_000, error_msg: 'whisper self' },
  somehow: { error: 50_000 },
}
/** The site gives no answer about this one. */
const BROKEN = 'broken'

const FAR = '2099-01-01T00:00:00Z'
/** Rooms are never full for a vip, so that nobody is kept out by who has not quite left yet. */
const user = (id: string, more: object = {}) => ({
  id,
  username: `user${id}`,
  tokens: [`tok${id}`],
  attributes: { membership: 'vip' },
  ...more,
})
const WORLD: World = {
  users: [
    user('1'),
    user('2'),
    user('3'),
    user('4', { attributes: { membership: 'normal' } }),
    user('5', { roles: ['superuser'] }),
    user('6'),
    ...[...Object.keys(REFUSING), BROKEN].map((username, at) => ({ id: String(20 + at), username })),
  ],
  channels: [
    { ref: 'c', name: 'channel' },
    { ref: 'loud', name: 'loud channel', acls: [{ action: 'whisper', type: 'disallow', value: '' }] },
    { ref: 'admins', name: 'Admins' },
  ],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['1'] },
    { ref: 'other', channel: 'c', name: 'other room', owners: ['2'] },
    { ref: 'loud', channel: 'loud', name: 'loud room', owners: ['5'] },
    { ref: 'twin', channel: 'c', name: 'twin room' },
    { ref: 'twin2', channel: 'loud', name: 'twin room' },
    { ref: 'help', channel: 'admins', name: 'help', admin: true, owners: ['5'] },
  ],
  sanctions: [
    { kind: 'ban', user: '3', scope: 'room', target: 'other', until: FAR },
    { kind: 'mute', user: '3', scope: 'room', target: 'plain', until: FAR },
  ],
}

/** In force: all that is off as long as nobody asks for it. */
const SETTINGS = {
  disconnectOnFailedLogin: false,
  loginCodes: 'seed',
  deliveryGuarantee: false,
  limitAmount: { maxRooms: 1 },
  limitMessageLength: { max: 200 },
  notFull: { maxUsersLow: 0, maxUsersHigh: 0, exception: ['normal'] },
  validateWhispers: true,
}

interface Here {
  readonly server: TestServer
  /** A socket that has not logged in. */
  open(): Promise<DinoClient>
  /** Logged in, and inside of these rooms. */
  inside(id: string, ...rooms: readonly string[]): Promise<DinoClient>
}

/** Gives the code that came. */
type Way = (here: Here) => Promise<number>

/** What somebody gets for an event, inside of these rooms. */
function asks(event: string, data: (here: Here) => object, id = '1', rooms: readonly string[] = []): Way {
  return async here => {
    const client = await here.inside(id, ...rooms)
    return (await client.request(event, { verb: 'x', ...data(here) })).code
  }
}

const target =
  (ref: string, more: object = {}) =>
  ({ server }: Here) => ({ target: { id: server.rooms[ref], objectType: 'room', ...more } })
const text =
  (ref: string, content: string | undefined, more: object = {}) =>
  (here: Here) => ({ ...target(ref, more)(here), object: { content } })
const rule = (attachment: object) => (here: Here) => ({
  ...target('plain')(here),
  object: { attachments: [attachment] },
})
const named =
  (name: string | undefined, url?: string) =>
  ({ server }: Here) => ({
    target: { displayName: name === undefined ? undefined : base64(name) },
    object: { url: url ?? server.channels.c },
  })
const acks = (ids: readonly string[]) => (here: Here) => ({
  verb: 'receive',
  ...target('plain')(here),
  object: { attachments: ids.map(id => ({ id })) },
})
const says =
  (content: string | undefined, objectType: string | undefined = 'mood') =>
  () => ({
    object: { attachments: [{ objectType, content }] },
  })
const whispers = (name: string, ref = 'plain') =>
  asks('message', text(ref, base64(JSON.stringify({ text: `-${name} hello` }))), '1', [ref])

/** A log-in with something else in it. */
function logsIn(change: (actor: { id?: string; displayName?: string; attachments: object[] }) => void): Way {
  return async here => {
    const activity = loginOf('1') as { actor: { id?: string; displayName?: string; attachments: object[] } }
    change(activity.actor)
    return (await (await here.open()).request('login', activity)).code
  }
}

/** A call of the HTTP API; gives the code of the envelope, or of what `/send` says. */
function calls(path: string, token: (here: Here) => Promise<string | null>, body: (here: Here) => object): Way {
  return async here => {
    const { code, data } = await site(here.server.url, await token(here)).call('POST', path, body(here))
    return data?.code ?? code
  }
}
const superuser = async () => 'tok5'

/** By code, each way with what it is. */
const WAYS: Readonly<Record<number, Readonly<Record<string, Way>>>> = {
  200: { list_channels: asks('list_channels', () => ({})) },
  250: {
    'no verb': asks('join', here => ({ ...target('plain')(here), verb: undefined })),
    'no object': asks('message', target('plain')),
  },
  500: {
    'login without a name': logsIn(actor => {
      delete actor.displayName
    }),
  },
  501: { 'delete without a message': asks('delete', here => ({ ...target('plain')(here), object: {} })) },
  502: { 'users_in_room without a room': asks('users_in_room', () => ({ target: {} })) },
  503: { 'list_rooms without a channel': asks('list_rooms', () => ({ object: {} })) },
  504: { 'create without a name': asks('create', named(undefined)) },
  505: { 'whisper without a room': asks('whisper', () => ({ target: { id: '2' }, object: { content: base64('x') } })) },
  506: {
    'whisper without a text': asks('whisper', ({ server }) => ({
      target: { id: '2' },
      actor: { url: server.rooms.plain },
    })),
    'report without a text': asks('report', () => ({ target: { id: '2' }, object: { id: randomUUID() } })),
  },
  508: { 'received without messages': asks('received', acks([]), '1', ['plain']) },
  509: {
    'update_user_info without a type': asks('update_user_info', says(base64('x'), '')),
    'set_acl without a type': asks('set_acl', rule({ summary: 'join', content: 'x' })),
  },
  510: { 'update_user_info without a content': asks('update_user_info', says(undefined)) },
  600: {
    'message to a planet': asks('message', text('plain', base64('x'), { objectType: 'planet' })),
    'set_acl of a planet': asks('set_acl', target('plain', { objectType: 'planet' })),
  },
  601: { 'set_acl of an unknown type': asks('set_acl', rule({ objectType: 'shoes', summary: 'join', content: '4' })) },
  602: { 'set_acl of an unknown action': asks('set_acl', rule({ objectType: 'age', summary: 'fly', content: '4:' })) },
  603: { 'set_acl to no range': asks('set_acl', rule({ objectType: 'age', summary: 'join', content: 'old' })) },
  604: { 'status of no name': asks('status', () => ({ verb: 'asleep' })) },
  605: { 'get_acl of a planet': asks('get_acl', target('plain', { objectType: 'planet' })) },
  606: {
    'ban for ever': asks('ban', here => ({ ...target('plain')(here), object: { id: '2', summary: 'for ever' } })),
  },
  607: { 'received with another verb': asks('received', here => ({ ...acks([randomUUID()])(here), verb: 'read' })) },
  700: {
    'no text': asks('message', text('plain', undefined), '1', ['plain']),
    'a blank text': asks('message', text('plain', base64(' ')), '1', ['plain']),
  },
  701: { 'a text that is no base64': asks('message', text('plain', '////'), '1', ['plain']) },
  702: {
    'message from outside': asks('message', text('other', base64('x'))),
    'invite from outside': asks('invite', ({ server }) => ({
      target: { id: '2' },
      actor: { url: server.rooms.other },
    })),
  },
  703: {
    'join of who is banned': asks('join', target('other'), '3'),
    'message of who is muted': asks('message', text('plain', base64('x')), '3', ['plain']),
  },
  704: { 'create what there is': asks('create', named('plain room')) },
  705: { 'rename_room of another’s': asks('rename_room', target('other', { displayName: base64('mine now') })) },
  706: { 'received of no message': asks('received', acks(['x']), '1', ['plain']) },
  707: {
    'join of a full room': async here => {
      await here.inside('1', 'plain')
      return asks('join', target('plain'), '4')(here)
    },
  },
  708: {
    'join while offline': async here => {
      const client = await here.inside('6')
      await client.request('status', { verb: 'offline' })
      return (await client.request('join', { verb: 'join', ...target('plain')(here) })).code
    },
  },
  709: {
    'create of one more than allowed': async here => {
      const client = await here.inside('6')
      const makes = () =>
        client.request('create', { verb: 'create', ...named(`room ${randomUUID().slice(0, 8)}`)(here) })
      await makes()
      return (await makes()).code
    },
  },
  710: { 'create of a long name': asks('create', named('x'.repeat(121))) },
  711: { 'create of a short name': asks('create', named('x')) },
  712: {
    'login with a wrong token': logsIn(actor => {
      actor.attachments = [{ objectType: 'token', content: 'nonsense' }]
    }),
    'a route with a wrong token': calls(
      '/broadcast',
      async () => 'nonsense',
      () => ({}),
    ),
  },
  713: {
    'login of an unknown user': logsIn(actor => {
      actor.id = '999'
    }),
    'login of nobody': logsIn(actor => {
      delete actor.id
    }),
    'a route without a token': calls(
      '/broadcast',
      async () => null,
      () => ({}),
    ),
    'a route with a token that is not good for it': calls(
      '/broadcast',
      async () => 'tok1',
      () => ({}),
    ),
  },
  714: { 'a text that is too long': asks('message', text('plain', base64('x'.repeat(201))), '1', ['plain']) },
  715: { 'join by the name of two': asks('join', () => ({ target: { id: 'twin room', objectType: 'name' } })) },
  716: {
    'received of too many': asks('received', acks(Array.from({ length: 501 }, () => randomUUID())), '1', ['plain']),
  },
  717: {
    'msg_status where none is kept': asks('msg_status', () => ({ object: { attachments: [{ id: randomUUID() }] } })),
  },
  718: { 'create of the server’s name': asks('create', named('Admin')) },
  719: {
    '/send for who is muted': calls('/send', superuser, here => sent(here, {})),
    '/send for who is muted, to be kept': calls('/send', superuser, here => sent(here, { persist: true })),
  },
  720: { 'whisper in a channel that forbids it': whispers('user2', 'loud') },
  721: { 'whisper to no contact': whispers('stranger') },
  722: { 'whisper to who takes none': whispers('silent') },
  723: { 'whisper to oneself': whispers('myself') },
  724: { 'whisper that is refused somehow': whispers('somehow') },
  725: { 'whisper while the site is out of order': whispers(BROKEN) },
  800: {
    'invite of nobody': asks('invite', ({ server }) => ({ target: { id: '999' }, actor: { url: server.rooms.plain } })),
  },
  801: { 'list_rooms of no channel': asks('list_rooms', () => ({ object: { url: randomUUID() } })) },
  802: { 'join of no room': asks('join', () => ({ target: { id: randomUUID() } })) },
  804: {
    'before a log-in': async here => (await (await here.open()).request('list_channels', { verb: 'list' })).code,
    'login without a token': logsIn(actor => {
      actor.attachments = []
    }),
  },
  805: { 'request_admin while none is there': asks('request_admin', text('plain', base64('help')), '1', ['plain']) },
}

function sent({ server }: Here, more: object): object {
  return { user_id: '3', object_type: 'room', target_id: server.rooms.plain, content: base64('x'), ...more }
}

/** Reached on a server of its own, below. */
const ALONE = [803]

/** What nothing reaches, and why. */
const UNREACHABLE: Readonly<Record<number, string>> = {
  507: 'the recorded code for an activity without an object is that of the field in it, or 250',
  511: 'the recorded code for an activity without a verb is 250, whatever the event',
}

let siteOf: Server
/** Of both generations: starting one takes longer than all that they ask of it. */
let server: TestServer

beforeAll(async () => {
  siteOf = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const { id, params } = JSON.parse(body) as { id: unknown; params: { receiverName: string } }
      if (params.receiverName === BROKEN) response.statusCode = 500
      const result = { success: 1, ...REFUSING[params.receiverName] }
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    })
  })
  siteOf.listen(0, '127.0.0.1')
  await once(siteOf, 'listening')
  const { port } = siteOf.address() as AddressInfo
  const dino = { ...SETTINGS, whisperCheck: { url: `http://127.0.0.1:${port}/`, key: 'key' } }
  server = await startServer({ world: WORLD, config: { dino } })
})
afterAll(async () => {
  await server.remove()
  siteOf.closeAllConnections()
  siteOf.close()
})

test('each code of the document is reached, or it is said why not; none other is', () => {
  const listed = [...Object.keys(WAYS), ...ALONE, ...Object.keys(UNREACHABLE)].map(Number)
  expect(new Set(listed).size).toBe(listed.length)
  expect(new Set(listed)).toEqual(new Set(Object.values(SEED_CODES)))
  for (const ways of Object.values(WAYS)) expect(Object.keys(ways).length).toBeGreaterThan(0)
})

describe.each<Generation>([2, 4])('with socket.io-client %i', generation => {
  const clients: DinoClient[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })

  const open = async (): Promise<DinoClient> => {
    const client = await DinoClient.open(server.url, { generation })
    clients.push(client)
    return client
  }
  const inside = async (id: string, ...rooms: readonly string[]): Promise<DinoClient> => {
    const client = await open()
    expect((await client.login(id)).code).toBe(200)
    for (const ref of rooms)
      expect((await client.request('join', { verb: 'join', target: { id: server.rooms[ref] } })).code).toBe(200)
    return client
  }

  for (const [name, code] of Object.entries(SEED_CODES))
    for (const [what, way] of Object.entries(WAYS[code] ?? {}))
      test(`${code} ${name}: ${what}`, async () => {
        expect(await way({ server, open, inside })).toBe(code)
      })
  test('without a verb every event is 250, not 511, and without an object none is 507', async () => {
    const client = await inside('2', 'plain')
    for (const event of EVENTS) {
      const activity = { ...loginOf('2'), ...target('plain')({ server, open, inside }) }
      expect([event, (await client.request(event, { ...activity, verb: undefined })).code]).toEqual([event, 250])
      for (const object of [undefined, null, {}])
        expect([event, (await client.request(event, { ...activity, object })).code]).not.toEqual([event, 507])
    }
  })
})

test('803 NO_ADMIN_ROOM_FOUND: there is none, and other rooms have all the names that one would get', async () => {
  const rooms = [{ ref: 'taken', channel: 'c', name: 'Admins', owners: ['1'] }]
  const channels = [
    { ref: 'c', name: 'channel' },
    { ref: 'admins', name: 'Admins' },
  ]
  const server = await startServer({ world: { users: [user('1')], channels, rooms } })
  const client = await DinoClient.open(server.url)
  try {
    await client.login('1')
    const here = { server, open: async () => client, inside: async () => client }
    const taken = named(`Admins ${server.channels.admins}`)(here)
    expect((await client.request('create', { verb: 'create', ...taken })).code).toBe(200)
    await client.request('join', { verb: 'join', ...target('taken')(here) })
    const asked = await client.request('request_admin', { verb: 'help', ...text('taken', base64('help'))(here) })
    expect(asked.code).toBe(803)
  } finally {
    client.close()
    await server.remove()
  }
})
