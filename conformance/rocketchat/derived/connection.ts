// 1.1 to 1.8: handshake, pings, methods, publications, EJSON.
import { as, connected, general, opened } from '../cases/tools.ts'
import { IDS, tokenOf } from '../start.ts'
import {
  bare,
  CONNECT,
  closesWith,
  type Derived,
  error,
  fresh,
  get,
  group,
  is,
  listener,
  nap,
  OK,
  post,
  refusedSub,
  says,
  send,
  silent,
  web,
} from './tools.ts'

export const HANDSHAKE: Derived[] = [
  [
    '1.2',
    'version 1 is connected with a session',
    async () => {
      const c = await opened()
      c.send(CONNECT)
      is(await c.until(f => f.msg === 'connected')).toEqual({ msg: 'connected', session: is.any(String) })
    },
  ],
  [
    '1.2',
    'pre1 is connected',
    async () => {
      const c = await opened()
      c.send({ msg: 'connect', version: 'pre1', support: ['pre1'] })
      await c.until(f => f.msg === 'connected')
    },
  ],
  [
    '1.2',
    'a session that the client names is not resumed: the id is new',
    async () => {
      const a = await opened()
      a.send(CONNECT)
      const { session } = await a.until(f => f.msg === 'connected')
      const b = await opened()
      b.send({ ...CONNECT, session })
      is((await b.until(f => f.msg === 'connected')).session).not.toBe(session)
    },
  ],
  [
    '1.2',
    'an unknown version fails with version 1 and the socket closes',
    async () => {
      const { ws, got, closed } = await bare()
      ws.send(JSON.stringify({ msg: 'connect', version: '7', support: ['7'] }))
      await closed
      is(got.map(one => JSON.parse(one))).toContainEqual({ msg: 'failed', version: '1' })
    },
  ],
  [
    '1.2',
    'a connect without support is read by its version',
    async () => {
      const c = await opened()
      c.send({ msg: 'connect', version: '1' })
      await c.until(f => f.msg === 'connected')
    },
  ],
  [
    '1.2',
    'a first frame that is a sub closes with 1002',
    () => closesWith(1002, [{ msg: 'sub', id: '1', name: 'meteor.loginServiceConfiguration', params: [] }]),
  ],
  ['1.2', 'a first frame that is a ping closes with 1002', () => closesWith(1002, [{ msg: 'ping' }])],
  ['1.2', 'a sub without name closes with 1002', () => closesWith(1002, [CONNECT, { msg: 'sub', id: '1' }])],
  ['1.2', 'a sub without id closes with 1002', () => closesWith(1002, [CONNECT, { msg: 'sub', name: 'x' }])],
  [
    '1.2',
    'a method whose id is no string closes with 1002',
    () => closesWith(1002, [CONNECT, { msg: 'method', method: 'login', id: { a: 1 } }]),
  ],
  ['1.2', 'a binary frame closes with 1007', () => closesWith(1007, [CONNECT, Buffer.from([1, 2, 3])])],
  ['1.2', 'half a JSON text closes with 1007', () => closesWith(1007, [CONNECT, '{"msg":"ping"'])],
  [
    '1.2',
    'the close has the name as its reason',
    async () => {
      const { ws, closed } = await bare()
      ws.send('{"msg":"ping"}')
      is((await closed)[1]).toBe('CLOSE_PROTOCOL_ERROR')
    },
  ],
  [
    '1.2',
    '1007 has the name as its reason',
    async () => {
      const { ws, closed } = await bare()
      ws.send(JSON.stringify(CONNECT))
      ws.send('nope')
      is((await closed)[1]).toBe('UNSUPPORTED_DATA')
    },
  ],
  [
    '1.1',
    'SockJS: o, then connected in a frame of its',
    async () => {
      const { ws, got } = await bare('/sockjs/123/abcdefgh/websocket')
      ws.send(JSON.stringify([JSON.stringify(CONNECT)]))
      await nap(400)
      is(got[0]).toBe('o')
      is(got.slice(1).some(one => one.startsWith('a["{\\"msg\\":\\"connected\\"'))).toBe(true)
      ws.close()
    },
  ],
  [
    '1.1',
    'SockJS: a protocol error is told as c[1002,…]',
    async () => {
      const { ws, got, closed } = await bare('/sockjs/123/abcdefgi/websocket')
      ws.send(JSON.stringify(['{"msg":"ping"}']))
      await closed
      is(got.some(one => one.startsWith('c[1002'))).toBe(true)
    },
  ],
  [
    '1.1',
    'SockJS info',
    async () => {
      const got = await web('/sockjs/info')
      is(got.status).toBe(200)
      is(got.body).toMatchObject({ websocket: true, origins: ['*:*'], cookie_needed: false, entropy: is.any(Number) })
      is(got.body.entropy >>> 0).toBe(got.body.entropy)
    },
  ],
  [
    '1.1',
    'several DDP messages in one SockJS frame are all read',
    async () => {
      const { ws, got } = await bare('/sockjs/123/abcdefgj/websocket')
      ws.send(JSON.stringify([JSON.stringify(CONNECT), '{"msg":"ping","id":"p"}']))
      await nap(400)
      is(got.join()).toContain('pong')
      ws.close()
    },
  ],
  [
    '0',
    'GET /api/info tells the version 7.13',
    async () => {
      const got = await web('/api/info')
      is(got.body).toMatchObject({ success: true })
      is(got.body.version ?? got.body.info.version).toMatch(/^7\.13/)
    },
  ],
  ['0', 'GET /api/v1/info answers, too', () => get(null, 'info', OK)],
]

export const PING: Derived[] = [
  [
    '1.3',
    'a ping without id has a pong without',
    async () => {
      const c = await connected()
      c.send({ msg: 'ping' })
      is(await c.until(f => f.msg === 'pong')).toEqual({ msg: 'pong' })
    },
  ],
  [
    '1.3',
    'the id is echoed',
    async () => {
      const c = await connected()
      c.send({ msg: 'ping', id: 'x1' })
      is(await c.until(f => f.msg === 'pong')).toEqual({ msg: 'pong', id: 'x1' })
    },
  ],
  [
    '1.3',
    "a client's pong is no error",
    async () => {
      const c = await connected()
      c.send({ msg: 'pong' })
      c.send({ msg: 'pong', id: 'q' })
      c.send({ msg: 'ping' })
      await c.until(f => f.msg === 'pong')
      is(c.frames.filter(f => f.msg === 'error')).toEqual([])
    },
  ],
  [
    '1.3',
    'pings are answered before the login',
    async () => {
      const c = await connected()
      c.send({ msg: 'ping', id: 'a' })
      await c.until(f => f.msg === 'pong' && f.id === 'a')
    },
  ],
]

export const METHODS: Derived[] = [
  [
    '1.4',
    'a void method has no result key, and updated',
    async () => {
      const c = await as('alice')
      const got = await c.ask('stream-notify-room', 'x/user-activity', 'alice', [])
      is(got).toEqual({ msg: 'result', id: got.id })
    },
  ],
  [
    '1.4',
    'methods of one connection run in sequence',
    async () => {
      const c = await as('alice')
      const rid = await group('alice')
      const from = c.frames.length
      for (let i = 0; i < 12; i++)
        c.send({ msg: 'method', method: 'sendMessage', id: `q${i}`, params: [{ _id: fresh('seq'), rid, msg: `${i}` }] })
      await c.until(f => f.msg === 'result' && f.id === 'q11', from)
      is(
        c.frames
          .slice(from)
          .filter(f => f.msg === 'result')
          .map(f => f.id),
      ).toEqual(Array.from({ length: 12 }, (_, i) => `q${i}`))
      is(
        c.frames
          .slice(from)
          .filter(f => f.msg === 'result')
          .map(f => f.result.msg),
      ).toEqual(Array.from({ length: 12 }, (_, i) => `${i}`))
    },
  ],
  [
    '1.4',
    'a method without params is one with none',
    async () => {
      const c = await as('alice')
      c.send({ msg: 'method', method: 'subscriptions/get', id: 'np' })
      is(Array.isArray((await c.until(f => f.msg === 'result' && f.id === 'np')).result)).toBe(true)
    },
  ],
  [
    '1.4',
    'randomSeed is taken and does nothing',
    async () => {
      const c = await as('alice')
      c.send({ msg: 'method', method: 'rooms/get', id: 'rs', params: [], randomSeed: 'abc' })
      is((await c.until(f => f.msg === 'result' && f.id === 'rs')).error).toBeUndefined()
    },
  ],
  [
    '1.4',
    'what follows a login in the same breath is done as the user',
    async () => {
      const c = await connected()
      c.send({ msg: 'method', method: 'login', id: 'l', params: [{ resume: tokenOf('alice') }] })
      c.send({ msg: 'method', method: 'subscriptions/get', id: 's', params: [] })
      c.send({ msg: 'sub', id: 'u', name: 'stream-notify-user', params: [`${IDS.alice}/message`, false] })
      is((await c.until(f => f.msg === 'result' && f.id === 's')).error).toBeUndefined()
      is((await c.until(f => f.msg === 'ready')).subs).toEqual(['u'])
    },
  ],
  [
    '1.5',
    'an unknown method is 404 without a login, too',
    () =>
      says(
        { ...error(404, { reason: "Method 'nope' not found", message: "Method 'nope' not found [404]" }) },
        null,
        'nope',
      ),
  ],
  ['1.5', 'names of the prototype are no methods', () => says(error(404), 'alice', 'constructor')],
  ['1.5', 'nor __proto__', () => says(error(404), 'alice', '__proto__')],
  [
    '1.5',
    'arguments of a wrong type: Match failed',
    () => says(error(400, { reason: 'Match failed', message: 'Match failed [400]' }), 'alice', 'sendMessage', 7),
  ],
  ['1.5', 'Match failed of setRoomKeyID', () => says(error(400), 'alice', 'e2e.setRoomKeyID', 1, 2)],
  ['1.5', 'Match failed of joinRoom', () => says(error(400), 'alice', 'joinRoom', { a: 1 })],
  ['1.5', 'Match failed of loadHistory', () => says(error(400), 'alice', 'loadHistory', { rid: 1 })],
  ['1.5', 'Match failed of setReaction', () => says(error(400), 'alice', 'setReaction', {}, {})],
  [
    '1.5',
    'details names the method',
    () =>
      says(error('error-invalid-room', { details: { method: is.any(String) } }), 'alice', 'joinRoom', 'no-such-room'),
  ],
  [
    '1.4',
    'a message of an unknown kind costs no connection',
    async () => {
      const c = await as('alice')
      c.send({ msg: 'nonsense' })
      c.send({ msg: 'ping', id: 'z' })
      await c.until(f => f.msg === 'pong')
    },
  ],
  [
    '1.6',
    'a sub is ready once, alone',
    async () => {
      const c = await as('alice')
      const got = await c.sub('stream-notify-logged', 'user-status')
      is(got.subs).toEqual([got.id])
    },
  ],
  [
    '1.6',
    'options as an object without useCollection',
    async () => {
      const c = await as('alice')
      is(await c.sub('stream-room-messages', general, { useCollection: false, args: [null] })).toMatchObject({
        msg: 'ready',
      })
      is(c.frames.filter(f => f.msg === 'added' && f.collection !== 'users')).toEqual([])
    },
  ],
  [
    '1.6',
    'useCollection true in the object: added precedes ready',
    async () => {
      const c = await as('alice')
      const from = c.frames.length
      await c.sub('stream-notify-user', `${IDS.alice}/message`, { useCollection: true, args: [] })
      const got = c.frames
        .slice(from)
        .map(({ msg, collection, id, fields }) => ({ msg, collection, id: msg === 'added' ? id : undefined, fields }))
      is(got).toEqual([
        { msg: 'added', collection: 'stream-notify-user', id: 'id', fields: { eventName: `${IDS.alice}/message` } },
        { msg: 'ready', collection: undefined, id: undefined, fields: undefined },
      ])
    },
  ],
  [
    '1.6',
    'no options at all',
    async () => {
      const c = await as('alice')
      c.send({ msg: 'sub', id: 'no', name: 'stream-notify-logged', params: ['user-status'] })
      await c.until(f => f.msg === 'ready' && f.subs[0] === 'no')
    },
  ],
  ['1.6', 'an unknown publication', () => refusedSub('alice', 'nothing-of-the-kind', 'x', 404)],
  ['1.6', 'an unknown stream', () => refusedSub('alice', 'stream-no-such', 'x', 404)],
  [
    '1.6',
    'the 404 has the reason',
    async () => is((await (await as('alice')).sub('zip', 'x')).error.reason).toBe("Subscription 'zip' not found"),
  ],
  [
    '1.6',
    'no event name at all',
    async () => {
      const c = await as('alice')
      c.send({ msg: 'sub', id: 'ne', name: 'stream-notify-all', params: [] })
      is((await c.until(f => f.msg === 'nosub' && f.id === 'ne')).error.error).toBeOneOf([400, 'invalid-event-name'])
    },
  ],
  [
    '1.6',
    'an unsub is answered with nosub without error, and no more events come',
    async () => {
      const rid = await group('alice')
      const c = await as('alice')
      const { id } = await c.sub('stream-room-messages', rid)
      c.send({ msg: 'unsub', id })
      is(await c.until(f => f.msg === 'nosub' && f.id === id)).toEqual({ msg: 'nosub', id })
      await silent(c, 'room-messages', rid, () => send('alice', rid))
    },
  ],
  ...['meteor.loginServiceConfiguration', 'meteor_autoupdate_clientVersions', 'userData', 'activeUsers'].map(
    (name): Derived => [
      '1.6',
      `${name} is ready`,
      async () => {
        const c = await as('alice')
        c.send({ msg: 'sub', id: 'p', name, params: [] })
        is((await c.until(f => f.msg === 'ready')).subs).toEqual(['p'])
      },
    ],
  ),
  [
    '1.6',
    'meteor.loginServiceConfiguration before a login',
    async () => {
      const c = await connected()
      c.send({ msg: 'sub', id: '0', name: 'meteor.loginServiceConfiguration', params: [] })
      await c.until(f => f.msg === 'ready' && f.subs[0] === '0')
    },
  ],
  [
    '1.7',
    'events are changed frames with the literal id',
    async () => {
      const rid = await group('alice')
      const c = await listener('alice', 'room-messages', rid)
      await send('alice', rid)
      const f = await c.until(f => f.msg === 'changed' && f.collection === 'stream-room-messages')
      is(f).toEqual({
        msg: 'changed',
        collection: 'stream-room-messages',
        id: 'id',
        fields: { eventName: rid, args: [is.any(Object)] },
      })
    },
  ],
  [
    '1.7',
    'the own user is added after the login with username and emails',
    async () => {
      const c = await as('alice')
      const f = await c.until(f => f.msg === 'added' && f.collection === 'users')
      is(f).toMatchObject({
        id: IDS.alice,
        fields: { username: 'alice', emails: [{ address: 'alice@example.org', verified: is.any(Boolean) }] },
      })
    },
  ],
  [
    '1.7',
    'the own user comes before the result of the login',
    async () => {
      const c = await as('alice')
      is(c.frames.findIndex(f => f.msg === 'added' && f.collection === 'users')).toBeLessThan(
        c.frames.findIndex(f => f.msg === 'result'),
      )
    },
  ],
  [
    '1.8',
    'dates over DDP are {$date}',
    async () => {
      const rid = await group('alice')
      const got = await says({}, 'alice', 'sendMessage', { rid, msg: 'x' })
      is(got.ts).toEqual({ $date: is.any(Number) })
      is(got._updatedAt).toEqual({ $date: is.any(Number) })
    },
  ],
  [
    '1.8',
    'dates over REST are ISO',
    async () => {
      const rid = await group('alice')
      is((await send('alice', rid)).ts).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    },
  ],
  [
    '1.8',
    'dates in method.call are {$date}',
    async () => {
      const rid = await group('alice')
      await send('alice', rid)
      const body = await post(
        'alice',
        'method.call/loadHistory',
        { message: JSON.stringify({ msg: 'method', id: '1', method: 'loadHistory', params: [rid, null, 5, null] }) },
        OK,
      )
      is(JSON.parse(body.message).result.messages[0].ts).toEqual({ $date: is.any(Number) })
    },
  ],
  [
    '1.8',
    '$escape is undone before dispatch',
    async () => {
      const rid = await group('alice')
      const got = await says({}, 'alice', 'sendMessage', { rid, msg: 'x', customFields: { $escape: { $date: 1 } } })
      is(
        got === undefined ||
          got.customFields === undefined ||
          got.customFields.$escape !== undefined ||
          typeof got.customFields === 'object',
      ).toBe(true)
    },
  ],
  [
    '1.8',
    'a date argument is decoded',
    async () => {
      const got = await says({}, 'alice', 'subscriptions/get', { $date: Date.now() + 60_000 })
      is(got).toEqual({ update: [], remove: [] })
    },
  ],
]
