// 7: the routes that clients call.
import { api, as, general } from '../cases/tools.ts'
import { IDS, type Name } from '../start.ts'
import {
  bad,
  channel,
  type Derived,
  direct,
  fresh,
  group,
  headersOf,
  INVALID,
  is,
  NOBODY,
  OK,
  ok,
  post,
  send,
  subOf,
  web,
} from './tools.ts'

const r = (
  section: string,
  name: string,
  verb: 'GET' | 'POST',
  path: string | (() => Promise<string>),
  body: unknown,
  wanted: object,
  who: Name | null = 'alice',
): Derived => [
  section,
  name,
  async () => {
    const p = typeof path === 'function' ? await path() : path
    const b = typeof body === 'function' ? await (body as () => Promise<unknown>)() : body
    is(await api(who, verb, p, b)).toMatchObject({ status: 200, body: { success: true, ...wanted } })
  },
]
const anA = is.any(Array)
const anO = is.any(Object)
const aS = is.any(String)
const PAGE = { count: is.any(Number), offset: is.any(Number), total: is.any(Number) }
const inGroup = async (more: object = {}) => ({ roomId: await group('alice', ['bob']), ...more })
const inChannel = async (more: object = {}) => ({ roomId: await channel('alice', ['bob']), ...more })
const inDm = async (more: object = {}) => ({ roomId: await direct('alice', 'bob'), ...more })
const msg = async (more: object = {}) => {
  const m = await send('alice', await group('alice', ['bob']))
  return { messageId: m._id, ...more }
}
const familyRoutes = (['channels', 'groups'] as const).flatMap((f): Derived[] => {
  const one = f === 'channels' ? 'channel' : 'group'
  const make = f === 'channels' ? inChannel : inGroup
  const id = async () => (await make()).roomId
  return [
    r('7', `${f}.create`, 'POST', `${f}.create`, async () => ({ name: fresh('n'), members: ['bob'] }), {
      [one]: { _id: aS, name: aS, t: f === 'channels' ? 'c' : 'p', usersCount: 2 },
    }),
    r('7', `${f}.info`, 'GET', async () => `${f}.info?roomId=${await id()}`, undefined, {
      [one]: { _id: aS, name: aS, u: anO },
    }),
    [
      '7',
      `${f}.info of nothing`,
      async () => is(await api('alice', 'GET', `${f}.info?roomId=none`)).toMatchObject(bad('error-room-not-found')),
    ],
    ['7', `${f}.info without a room`, async () => is((await api('alice', 'GET', `${f}.info`)).status).toBe(400)],
    r('7', `${f}.invite`, 'POST', `${f}.invite`, () => make({ userId: IDS.carol }), { [one]: anO }),
    r('7', `${f}.kick`, 'POST', `${f}.kick`, () => make({ userId: IDS.bob }), {}),
    [
      '7',
      `${f}.kick: not in it`,
      async () =>
        is((await api('alice', 'POST', `${f}.kick`, await make({ userId: IDS.carol }))).body).toMatchObject({
          success: false,
          errorType: 'error-user-not-in-room',
        }),
    ],
    [
      '7',
      `${f}.leave: the last owner`,
      async () =>
        is((await api('alice', 'POST', `${f}.leave`, await make())).body).toMatchObject({
          success: false,
          errorType: 'error-you-are-last-owner',
        }),
    ],
    r('7', `${f}.history`, 'GET', async () => `${f}.history?roomId=${await id()}`, undefined, { messages: anA }),
    r('7', `${f}.messages`, 'GET', async () => `${f}.messages?roomId=${await id()}`, undefined, {
      messages: anA,
      ...PAGE,
    }),
    r('7', `${f}.members`, 'GET', async () => `${f}.members?roomId=${await id()}`, undefined, {
      members: [{ _id: aS, username: aS }, {}],
      total: 2,
      count: 2,
      offset: 0,
    }),
    r('7', `${f}.roles`, 'GET', async () => `${f}.roles?roomId=${await id()}`, undefined, {
      roles: [{ rid: aS, u: { _id: IDS.alice }, roles: ['owner'] }],
    }),
    ...['Owner', 'Moderator', 'Leader'].map(role =>
      r('7', `${f}.add${role}`, 'POST', `${f}.add${role}`, () => make({ userId: IDS.bob }), {}),
    ),
    ...['Owner', 'Moderator', 'Leader'].map(role =>
      r(
        '7',
        `${f}.remove${role}`,
        'POST',
        `${f}.remove${role}`,
        async () => {
          const body = await make({ userId: IDS.bob })
          await post('alice', `${f}.add${role}`, body, OK)
          return body
        },
        {},
      ),
    ),
    r('7', `${f}.list`, 'GET', `${f}.list`, undefined, { [f]: anA, ...PAGE }),
  ]
})

export const ROUTES7: Derived[] = [
  ...familyRoutes,
  r('7', 'channels.join', 'POST', 'channels.join', async () => ({ roomId: await channel('bob') }), { channel: anO }),
  r('7', 'settings.public', 'GET', 'settings.public', undefined, { settings: anA, ...PAGE }, null),
  r('7', 'settings.oauth', 'GET', 'settings.oauth', undefined, { services: anA }, null),
  r('7', 'service.configurations', 'GET', 'service.configurations', undefined, { configurations: anA }, null),
  r('7', 'permissions.listAll', 'GET', 'permissions.listAll', undefined, { update: anA, remove: anA }),
  r('7', 'roles.list', 'GET', 'roles.list', undefined, { roles: anA }),
  r('7', 'users.info', 'GET', `users.info?username=bob`, undefined, {
    user: { _id: IDS.bob, username: 'bob', name: 'BOB', active: true },
  }),
  r('7', 'users.list', 'GET', 'users.list', undefined, { users: anA, ...PAGE }, 'ada'),
  r(
    '7',
    'users.presence',
    'GET',
    async () => {
      await as('bob')
      return `users.presence?ids[]=${IDS.bob}`
    },
    undefined,
    { users: [{ _id: IDS.bob, username: 'bob', status: aS }], full: is.any(Boolean) },
  ),
  r('7', 'users.getStatus', 'GET', `users.getStatus?userId=${IDS.bob}`, undefined, { _id: IDS.bob, status: aS }),
  r('7', 'users.setStatus', 'POST', 'users.setStatus', { message: 'm', status: 'online' }, {}),
  r('7', 'users.getPreferences', 'GET', 'users.getPreferences', undefined, { preferences: anO }),
  r(
    '7',
    'users.setPreferences',
    'POST',
    'users.setPreferences',
    { data: { hideUsernames: true } },
    { user: { _id: IDS.alice, settings: { preferences: { hideUsernames: true } } } },
  ),
  [
    '7',
    'users.register is off by default',
    async () =>
      is(
        (
          await api(null, 'POST', 'users.register', {
            username: 'newone',
            name: 'n',
            email: 'n@example.org',
            pass: 'Long enough 1!',
          })
        ).body.success,
      ).toBe(false),
  ],
  r(
    '7',
    'users.update',
    'POST',
    'users.update',
    async () => ({ userId: IDS.frank, data: { name: fresh('F') } }),
    { user: { _id: IDS.frank } },
    'ada',
  ),
  [
    '7',
    'users.setActiveStatus',
    async () => {
      const name = fresh('a').replaceAll('-', '.')
      const { user } = await post(
        'ada',
        'users.create',
        { username: name, name, email: `${name}@example.org`, password: 'Long enough 1!' },
        OK,
      )
      await post(
        'ada',
        'users.setActiveStatus',
        { userId: user._id, activeStatus: false },
        ok({ user: { _id: user._id, active: false } }),
      )
      is((await api(null, 'POST', 'login', { user: name, password: 'Long enough 1!' })).status).toBe(401)
    },
  ],
  [
    '7',
    'users.create by a plain user',
    async () =>
      is(
        (
          await api('alice', 'POST', 'users.create', {
            username: 'zz',
            name: 'z',
            email: 'zz@example.org',
            password: 'Long enough 1!',
          })
        ).body.success,
      ).toBe(false),
  ],
  r('7', 'subscriptions.get', 'GET', 'subscriptions.get', undefined, { update: anA, remove: anA }),
  r(
    '7',
    'subscriptions.get since',
    'GET',
    async () => `subscriptions.get?updatedSince=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`,
    undefined,
    { update: [], remove: [] },
  ),
  r('7', 'subscriptions.getOne', 'GET', async () => `subscriptions.getOne?roomId=${await group('alice')}`, undefined, {
    subscription: { rid: aS, t: 'p' },
  }),
  [
    '7',
    'subscriptions.getOne of a foreign room is null',
    async () =>
      is((await api('mallory', 'GET', `subscriptions.getOne?roomId=${await group('alice')}`)).body).toMatchObject({
        success: true,
        subscription: null,
      }),
  ],
  r('7', 'subscriptions.read', 'POST', 'subscriptions.read', async () => ({ rid: await group('alice') }), {}),
  [
    '7',
    'subscriptions.read of nothing',
    async () => is((await api('alice', 'POST', 'subscriptions.read', { rid: 'none' })).status).toBe(400),
  ],
  r(
    '7',
    'subscriptions.unread',
    'POST',
    'subscriptions.unread',
    async () => {
      const rid = await group('alice', ['bob'])
      await send('bob', rid)
      return { roomId: rid }
    },
    {},
  ),
  r('7', 'rooms.get', 'GET', 'rooms.get', undefined, { update: anA, remove: anA }),
  r('7', 'rooms.info', 'GET', `rooms.info?roomName=general`, undefined, { room: { _id: aS, t: 'c', name: 'general' } }),
  r('7', 'rooms.favorite', 'POST', 'rooms.favorite', () => inGroup({ favorite: true }), {}),
  r('7', 'rooms.leave', 'POST', 'rooms.leave', inGroup, {}, 'bob'),
  r('7', 'rooms.delete', 'POST', 'rooms.delete', async () => ({ roomId: await group('alice') }), {}),
  r('7', 'rooms.muteUser', 'POST', 'rooms.muteUser', () => inGroup({ username: 'bob' }), {}),
  r('7', 'rooms.unmuteUser', 'POST', 'rooms.unmuteUser', () => inGroup({ username: 'bob' }), {}),
  r(
    '7',
    'rooms.membersOrderedByRole',
    'GET',
    async () => `rooms.membersOrderedByRole?roomId=${await group('alice', ['bob'])}`,
    undefined,
    { members: [{ _id: IDS.alice, roles: ['owner'] }, { _id: IDS.bob }], total: 2 },
  ),
  r('7', 'rooms.roles', 'GET', async () => `rooms.roles?rid=${await group('alice')}`, undefined, {
    roles: [{ rid: aS, u: { _id: IDS.alice }, roles: ['owner'] }],
  }),
  r(
    '7',
    'rooms.saveNotification',
    'POST',
    'rooms.saveNotification',
    () => inGroup({ notifications: { disableNotifications: '1' } }),
    {},
  ),
  r('7', 'rooms.nameExists', 'GET', 'rooms.nameExists?roomName=general', undefined, { exists: true }),
  r('7', 'rooms.nameExists not', 'GET', 'rooms.nameExists?roomName=zzzzzz', undefined, { exists: false }),
  r('7', 'rooms.banUser', 'POST', 'rooms.banUser', () => inGroup({ userId: IDS.bob }), {}),
  r(
    '7',
    'rooms.bannedUsers',
    'GET',
    async () => {
      const b = await inGroup({ userId: IDS.bob })
      await post('alice', 'rooms.banUser', b, OK)
      return `rooms.bannedUsers?roomId=${b.roomId}`
    },
    undefined,
    { bannedUsers: [{ _id: IDS.bob, username: 'bob' }] },
  ),
  r(
    '7',
    'rooms.unbanUser',
    'POST',
    'rooms.unbanUser',
    async () => {
      const b = await inGroup({ userId: IDS.bob })
      await post('alice', 'rooms.banUser', b, OK)
      return b
    },
    {},
  ),
  [
    '7',
    'rooms.invite is known',
    async () =>
      is((await api('alice', 'POST', 'rooms.invite', { roomId: general, action: 'accept' })).status).not.toBe(404),
  ],
  r(
    '7',
    'im.create',
    'POST',
    'im.create',
    { username: 'bob' },
    { room: { _id: aS, rid: aS, t: 'd', usernames: is.arrayContaining(['alice', 'bob']) } },
  ),
  r('7', 'im.create of several', 'POST', 'im.create', { usernames: 'bob,carol' }, { room: { t: 'd' } }),
  r('7', 'im.history', 'GET', async () => `im.history?roomId=${(await inDm()).roomId}`, undefined, { messages: anA }),
  r('7', 'im.members', 'GET', async () => `im.members?roomId=${(await inDm()).roomId}`, undefined, {
    members: anA,
    total: 2,
  }),
  r('7', 'im.messages', 'GET', async () => `im.messages?roomId=${(await inDm()).roomId}`, undefined, {
    messages: anA,
    ...PAGE,
  }),
  r('7', 'im.list', 'GET', 'im.list', undefined, { ims: anA, ...PAGE }),
  [
    '7',
    'im.blockUser',
    async () => {
      const roomId = await direct('alice', 'erin')
      const got = await api('alice', 'POST', 'im.blockUser', { roomId, block: true })
      is(got).toMatchObject({ status: 200, body: { success: true } })
      is((await api('erin', 'POST', 'chat.sendMessage', { message: { rid: roomId, msg: 'x' } })).body.success).toBe(
        false,
      )
      is(await api('alice', 'POST', 'im.blockUser', { roomId, block: false })).toMatchObject(OK)
      await send('erin', roomId)
    },
  ],
  r('7', 'chat.postMessage', 'POST', 'chat.postMessage', () => inGroup({ text: 'hi' }), {
    ts: is.any(Number),
    channel: aS,
    message: { msg: 'hi', rid: aS },
  }),
  r(
    '7',
    'chat.postMessage to #name',
    'POST',
    'chat.postMessage',
    { channel: '#general', text: 'hi' },
    { channel: '#general', message: { msg: 'hi' } },
  ),
  r(
    '7',
    'chat.postMessage to @name',
    'POST',
    'chat.postMessage',
    { channel: '@bob', text: 'hi' },
    { message: { msg: 'hi' } },
  ),
  [
    '7',
    'chat.postMessage without a room',
    async () => is((await api('alice', 'POST', 'chat.postMessage', { text: 'x' })).status).toBe(400),
  ],
  r(
    '7',
    'chat.update',
    'POST',
    'chat.update',
    async () => {
      const m = await send('alice', await group('alice'))
      return { roomId: m.rid, msgId: m._id, text: 'new' }
    },
    { message: { msg: 'new', editedBy: { _id: IDS.alice }, editedAt: aS } },
  ),
  r(
    '7',
    'chat.delete',
    'POST',
    'chat.delete',
    async () => {
      const m = await send('alice', await group('alice'))
      return { roomId: m.rid, msgId: m._id }
    },
    { _id: aS, ts: is.stringMatching(/^\d+$/), message: { _id: aS, rid: aS, u: anO } },
  ),
  r('7', 'chat.getMessage', 'GET', async () => `chat.getMessage?msgId=${(await msg()).messageId}`, undefined, {
    message: { _id: aS, rid: aS, msg: 'hello' },
  }),
  [
    '7',
    'chat.getMessage: foreign',
    async () =>
      is(await api('mallory', 'GET', `chat.getMessage?msgId=${(await msg()).messageId}`)).toMatchObject({
        status: 400,
        body: { success: false },
      }),
  ],
  [
    '7',
    'chat.getMessage: without id',
    async () =>
      is(await api('alice', 'GET', 'chat.getMessage')).toMatchObject({ status: 400, body: { success: false } }),
  ],
  r('7', 'chat.getMessages', 'GET', async () => `chat.getMessages?msgIds[]=${(await msg()).messageId}`, undefined, {
    messages: anA,
  }),
  r(
    '7',
    'chat.syncMessages',
    'GET',
    async () =>
      `chat.syncMessages?roomId=${await group('alice')}&lastUpdate=${encodeURIComponent(new Date(0).toISOString())}`,
    undefined,
    { result: { updated: anA, deleted: anA } },
  ),
  r('7', 'chat.react', 'POST', 'chat.react', () => msg({ emoji: ':smile:' }), {}),
  r('7', 'chat.pinMessage', 'POST', 'chat.pinMessage', () => msg(), { message: { _id: aS, rid: aS } }),
  r('7', 'chat.starMessage', 'POST', 'chat.starMessage', () => msg(), {}),
  r(
    '7',
    'chat.search',
    'GET',
    async () => {
      const rid = await group('alice')
      await send('alice', rid, 'needle in hay')
      return `chat.search?roomId=${rid}&searchText=needle`
    },
    undefined,
    { messages: [{ msg: 'needle in hay' }] },
  ),
  r(
    '7',
    'chat.getThreadsList',
    'GET',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      await send('alice', rid, 'reply', { tmid: m._id })
      return `chat.getThreadsList?rid=${rid}`
    },
    undefined,
    { threads: [{ _id: aS, tcount: 1, tlm: aS, replies: [IDS.alice] }], ...PAGE },
  ),
  r(
    '7',
    'chat.getThreadMessages',
    'GET',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      await send('alice', rid, 'reply', { tmid: m._id })
      return `chat.getThreadMessages?tmid=${m._id}`
    },
    undefined,
    { messages: anA, ...PAGE },
  ),
  r(
    '7',
    'chat.syncThreadsList',
    'GET',
    async () =>
      `chat.syncThreadsList?rid=${await group('alice')}&updatedSince=${encodeURIComponent(new Date(0).toISOString())}`,
    undefined,
    { threads: { update: anA, remove: anA } },
  ),
  r(
    '7',
    'chat.followMessage',
    'POST',
    'chat.followMessage',
    async () => {
      const { messageId } = await msg()
      return { mid: messageId }
    },
    {},
    'alice',
  ),
  [
    '7',
    'chat.ignoreUser',
    async () => {
      const rid = await group('alice', ['bob'])
      const got = await api('alice', 'GET', `chat.ignoreUser?rid=${rid}&userId=${IDS.bob}&ignore=true`)
      is(got).toMatchObject(OK)
      is((await subOf('alice', rid)).ignored).toEqual([IDS.bob])
    },
  ],
  r('7', 'spotlight', 'GET', 'spotlight?query=bob', undefined, { users: [{ username: 'bob' }], rooms: anA }),
  r(
    '7',
    'directory',
    'GET',
    `directory?query=${encodeURIComponent(JSON.stringify({ text: 'bob', type: 'users' }))}`,
    undefined,
    { result: [{ username: 'bob' }], ...PAGE },
  ),
  r('7', 'directory of channels', 'GET', `directory?text=general&type=channels`, undefined, { result: anA, ...PAGE }),
  r('7', 'emoji-custom.list', 'GET', 'emoji-custom.list', undefined, { emojis: { update: anA, remove: anA } }),
  r('7', 'commands.list', 'GET', 'commands.list', undefined, { commands: anA, ...PAGE }),
  [
    '7',
    'push.token',
    async () => {
      const got = await api('alice', 'POST', 'push.token', { type: 'gcm', value: 'v', appName: 'n' })
      is(got.status).toBe(200)
      is(got.body).toMatchObject({
        success: true,
        result: { _id: aS, token: { gcm: 'v' }, appName: 'n', userId: IDS.alice },
      })
      is(
        (
          await web('/api/v1/push.token', {
            method: 'DELETE',
            headers: headersOf('alice', { 'content-type': 'application/json' }),
            body: JSON.stringify({ token: 'v' }),
          })
        ).body.success,
      ).toBe(true)
    },
  ],
  [
    '7',
    'apps/actionButtons',
    async () => {
      const got = await web('/api/apps/actionButtons', { headers: headersOf('alice') })
      is(got.status).toBe(200)
      is(Array.isArray(got.body) || Array.isArray(got.body.actionButtons)).toBe(true)
    },
  ],
  ...['apps', 'app-statuses', 'app/added', 'command/added'].map(
    (event): Derived => [
      '7',
      `stream-apps ${event} is accepted`,
      async () => is((await (await as('alice')).sub('stream-apps', event)).msg).toBe('ready'),
    ],
  ),
  ...(['im.blockUser', 'users.logout', 'roles.getUsersInPublicRoles', 'licenses.info', 'settings'] as const).map(
    (name): Derived => [
      '8',
      `${name} is known`,
      async () => {
        const a = await api('ada', 'POST', name, {})
        const b = await api('ada', 'GET', name)
        is(a.status === 404 && b.status === 404).toBe(false)
      },
    ],
  ),
]
ROUTES7.push(
  [
    '7',
    'chat.getMessages of a foreign room',
    async () =>
      is((await api('mallory', 'GET', `chat.getMessages?msgIds[]=${(await msg()).messageId}`)).body).toMatchObject({
        success: false,
      }),
  ],
  [
    '7',
    'chat.getMessages without ids',
    async () => is(await api('alice', 'GET', 'chat.getMessages')).toMatchObject(INVALID),
  ],
  [
    '7',
    'chat.getMessages not logged in',
    async () => is(await api(null, 'GET', 'chat.getMessages?msgIds[]=x')).toMatchObject(NOBODY),
  ],
)
