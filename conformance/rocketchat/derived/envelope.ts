// 2: REST's envelope, `method.call`, lists in queries.
import { api } from '../cases/tools.ts'
import { IDS } from '../start.ts'
import {
  bad,
  type Derived,
  error,
  FORBIDDEN,
  get,
  group,
  headersOf,
  INVALID,
  is,
  keyed,
  NOBODY,
  OK,
  ok,
  packet,
  pair,
  post,
  web,
} from './tools.ts'

export const REST: Derived[] = [
  [
    '2',
    'success is merged in, exactly application/json',
    async () => is((await api('alice', 'GET', 'e2e.fetchMyKeys')).type).toBe('application/json'),
  ],
  [
    '2',
    'errors have that type too',
    async () => is((await api('alice', 'POST', 'e2e.setRoomKeyID', {})).type).toBe('application/json'),
  ],
  ['2', '401 has that type too', async () => is((await api(null, 'GET', 'me')).type).toBe('application/json')],
  [
    '2',
    'reason and code in error',
    () =>
      post(
        'alice',
        'e2e.setRoomKeyID',
        { rid: 'none', keyID: 'K' },
        bad('error-invalid-room', {
          error: 'Invalid room [error-invalid-room]',
          details: { method: 'e2e.setRoomKeyID' },
        }),
      ),
  ],
  [
    '2',
    'validation: missing',
    () =>
      post(
        'alice',
        'e2e.setRoomKeyID',
        { rid: 'x' },
        bad('invalid-params', { error: "must have required property 'keyID' [invalid-params]" }),
      ),
  ],
  [
    '2',
    'validation: two missing are joined',
    async () =>
      is((await post('alice', 'e2e.updateGroupKey', { rid: 'x' }, INVALID)).error).toMatch(
        /must have required property '(uid|key)'/,
      ),
  ],
  ['2', 'validation: wrong type', () => post('alice', 'e2e.setRoomKeyID', { rid: {}, keyID: 'K' }, INVALID)],
  [
    '2',
    '403 of 7.x',
    async () =>
      is(
        (
          await post(
            'bob',
            'e2e.resetRoomKey',
            { rid: await group('alice', ['bob'], { encrypted: true }), e2eKey: 'k', e2eKeyId: 'i' },
            FORBIDDEN,
          )
        ).error,
      ).toMatch(/forbidden|unauthorized|permissions/i),
  ],
  ['2', 'an unknown route is 404', async () => is((await api('alice', 'GET', 'no.such.route')).status).toBe(404)],
  [
    '2',
    'a wrong verb of a route is no success',
    async () => is((await api('alice', 'GET', 'e2e.setRoomKeyID')).status).toBeOneOf([404, 405]),
  ],
  [
    '2',
    'method.call: a result',
    async () => {
      const body = await post(
        'alice',
        'method.call/getRoomIdByNameOrId',
        packet('getRoomIdByNameOrId', ['general']),
        OK,
      )
      is(JSON.parse(body.message)).toEqual({ msg: 'result', id: '7', result: is.any(String) })
    },
  ],
  [
    '2',
    'method.call: a numeric id comes back',
    async () =>
      is(JSON.parse((await post('alice', 'method.call/rooms:get', packet('rooms/get', [], 1001), OK)).message).id).toBe(
        1001,
      ),
  ],
  [
    '2',
    'method.call: an error is inside, with 200',
    async () =>
      is(JSON.parse((await post('alice', 'method.call/nope', packet('nope', []), OK)).message)).toMatchObject({
        msg: 'result',
        id: '7',
        ...error(404),
      }),
  ],
  [
    '2',
    'method.call: the name in the packet decides',
    async () =>
      is(
        Array.isArray(
          JSON.parse((await post('alice', 'method.call/whatever', packet('subscriptions/get', []), OK)).message).result,
        ),
      ).toBe(true),
  ],
  [
    '2',
    'method.call: : stands for /',
    async () =>
      is(
        JSON.parse(
          (await post('alice', 'method.call/public-settings:get', packet('public-settings/get', []), OK)).message,
        ).result,
      ).toEqual(is.any(Array)),
  ],
  [
    '2',
    'method.call: without credentials 401',
    () => post(null, 'method.call/rooms:get', packet('rooms/get', []), NOBODY),
  ],
  [
    '2',
    'method.call: no message is 400',
    async () => is((await api('alice', 'POST', 'method.call/rooms:get', {})).status).toBe(400),
  ],
  [
    '2',
    'method.call: a message that is no JSON',
    async () => is((await api('alice', 'POST', 'method.call/rooms:get', { message: 'nope' })).status).toBe(400),
  ],
  [
    '2',
    'method.call: void has no result',
    async () =>
      is(
        JSON.parse(
          (
            await post(
              'alice',
              'method.call/stream-notify-room',
              packet('stream-notify-room', ['x/user-activity', 'alice', []]),
              OK,
            )
          ).message,
        ),
      ).toEqual({ msg: 'result', id: '7' }),
  ],
  [
    '2',
    'method.call: E2E over it',
    async () =>
      is(
        JSON.parse((await post('alice', 'method.call/e2e.fetchMyKeys', packet('e2e.fetchMyKeys', []), OK)).message)
          .result,
      ).toEqual(is.any(Object)),
  ],
  [
    '2',
    'method.callAnon: public-settings/get',
    async () =>
      is(
        JSON.parse(
          (await post(null, 'method.callAnon/public-settings:get', packet('public-settings/get', []), OK)).message,
        ).result,
      ).toEqual(is.any(Array)),
  ],
  [
    '2',
    'method.callAnon: what needs a login is an error inside',
    async () =>
      is(
        JSON.parse((await post(null, 'method.callAnon/e2e.fetchMyKeys', packet('e2e.fetchMyKeys', []), OK)).message),
      ).toMatchObject(error('error-invalid-user')),
  ],
  [
    '7',
    'arrays with brackets',
    async () => {
      const r = await group('alice')
      await get('alice', `e2e.fetchUsersWaitingForGroupKey?roomIds[]=${r}&roomIds[]=y`, OK)
    },
  ],
  [
    '7',
    'an array as one JSON text',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      const text = encodeURIComponent(JSON.stringify([rid, 'other']))
      const usersWaitingForE2EKeys = { [rid]: [{ _id: IDS.bob, public_key: 'public of bob' }] }
      await get('alice', `e2e.fetchUsersWaitingForGroupKey?roomIds=${text}`, ok({ usersWaitingForE2EKeys }))
    },
  ],
  [
    '7',
    'a bare ? and a content-type on GET',
    async () =>
      is(
        (await web('/api/v1/e2e.fetchMyKeys?', { headers: headersOf('alice', { 'content-type': 'application/json' }) }))
          .body.success,
      ).toBe(true),
  ],
]
