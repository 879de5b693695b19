// 3: who reads and writes which stream, and what comes on it.
import { as, connected, general } from '../cases/tools.ts'
import { IDS, type Name } from '../start.ts'
import {
  ask,
  bobsRoom,
  content,
  type Derived,
  direct,
  fresh,
  group,
  having,
  hears,
  is,
  isVoid,
  keyed,
  listener,
  nap,
  OK,
  pair,
  post,
  refusedSub,
  says,
  secretMessage,
  send,
  silent,
} from './tools.ts'

const readySub = async (who: Name | null, name: string, event: string) => {
  const client = who === null ? await connected() : await as(who)
  is(await client.sub(name, event)).toMatchObject({ msg: 'ready' })
}

export const STREAMS: Derived[] = [
  [
    '3',
    'room-messages: refused without a login for a private room',
    async () => refusedSub(null, 'stream-room-messages', await bobsRoom()),
  ],
  [
    '3',
    'room-messages: refused to who is no member of the private room',
    async () => refusedSub('mallory', 'stream-room-messages', await bobsRoom()),
  ],
  ['3', 'room-messages: ready for a member', async () => readySub('bob', 'stream-room-messages', await bobsRoom())],
  [
    '3',
    'room-messages: an unknown room is refused alike',
    () => refusedSub('alice', 'stream-room-messages', 'no-such-room'),
  ],
  ['3', 'room-messages: a public room may be looked at', () => readySub('mallory', 'stream-room-messages', general)],
  [
    '3',
    'room-messages: nobody writes',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'room-messages', rid)
      await silent(c, 'room-messages', rid, () => isVoid('alice', 'stream-room-messages', rid, { msg: 'forged' }))
    },
  ],
  [
    '3',
    '__my_messages__: message, and what of the room',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'room-messages', '__my_messages__')
      const [message, about] = await hears(
        c,
        'room-messages',
        '__my_messages__',
        () => send('alice', rid, 'mine'),
        ([m]) => m.rid === rid,
      )
      is(message).toMatchObject({ msg: 'mine', u: { _id: IDS.alice, username: 'alice' } })
      is(about).toMatchObject({ roomParticipant: true, roomType: 'p', roomName: is.any(String) })
    },
  ],
  [
    '3',
    '__my_messages__: of a direct room too',
    async () => {
      const rid = await direct('alice', 'bob')
      const c = await listener('bob', 'room-messages', '__my_messages__')
      const [, about] = await hears(
        c,
        'room-messages',
        '__my_messages__',
        () => send('alice', rid, 'dm'),
        ([m]) => m.rid === rid,
      )
      is(about).toMatchObject({ roomParticipant: true, roomType: 'd' })
    },
  ],
  [
    '3',
    '__my_messages__: nothing of foreign rooms',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('mallory', 'room-messages', '__my_messages__')
      await silent(c, 'room-messages', '__my_messages__', () => send('alice', rid))
    },
  ],
  [
    '3',
    '__my_messages__ without a login brings nothing',
    async () => {
      const rid = await bobsRoom()
      const c = await connected()
      await c.sub('stream-room-messages', '__my_messages__')
      await silent(c, 'room-messages', '__my_messages__', () => send('alice', rid))
    },
  ],
  ...[
    'message',
    'subscriptions-changed',
    'rooms-changed',
    'notification',
    'e2ekeyRequest',
    'userData',
    'force_logout',
    'uiInteraction',
    'video-conference',
    'webrtc',
    'otr',
    'banners',
    'calendar',
    'webdav',
    'updateInvites',
  ].flatMap((event): Derived[] => [
    ['3', `notify-user own ${event} is ready`, () => readySub('alice', 'stream-notify-user', `${IDS.alice}/${event}`)],
    ...(event === 'webrtc'
      ? []
      : [
          [
            '3',
            `notify-user foreign ${event} is refused`,
            () => refusedSub('alice', 'stream-notify-user', `${IDS.bob}/${event}`),
          ] as Derived,
        ]),
  ]),
  ['3', 'notify-user without a login is refused', () => refusedSub(null, 'stream-notify-user', `${IDS.alice}/message`)],
  [
    '3',
    'notify-room webrtc: a stranger may listen, and hears nothing',
    async () => {
      const rid = await bobsRoom()
      const c = await as('mallory')
      await c.sub('stream-notify-room', `${rid}/webrtc`)
      await silent(c, 'notify-room', `${rid}/webrtc`, () =>
        isVoid('alice', 'stream-notify-room', `${rid}/webrtc`, 'call', {}),
      )
    },
  ],
  ...[
    'user-activity',
    'typing',
    'deleteMessage',
    'deleteMessageBulk',
    'messagesRead',
    'e2e.keyRequest',
    'videoconf',
    'messagesImported',
  ].flatMap((event): Derived[] => [
    [
      '3',
      `notify-room ${event}: ready for a member`,
      async () => readySub('bob', 'stream-notify-room', `${await bobsRoom()}/${event}`),
    ],
    [
      '3',
      `notify-room ${event}: refused to others`,
      async () => refusedSub('mallory', 'stream-notify-room', `${await bobsRoom()}/${event}`),
    ],
  ]),
  ...[
    'user-status',
    'updateAvatar',
    'Users:NameChanged',
    'Users:Deleted',
    'roles-change',
    'permissions-changed',
    'updateEmojiCustom',
    'deleteEmojiCustom',
    'banner-changed',
  ].flatMap((event): Derived[] => [
    ['3', `notify-logged ${event}: ready once logged in`, () => readySub('alice', 'stream-notify-logged', event)],
    ['3', `notify-logged ${event}: refused before`, () => refusedSub(null, 'stream-notify-logged', event)],
  ]),
  ...['public-settings-changed', 'public-info', 'license'].map(
    (event): Derived => [
      '3',
      `notify-all ${event}: ready for anybody`,
      () => readySub(null, 'stream-notify-all', event),
    ],
  ),
  ['3', 'user-presence: refused without a login', () => refusedSub(null, 'stream-user-presence', '')],
  [
    '3',
    'private-settings-changed: for who may see them',
    () => readySub('ada', 'stream-notify-logged', 'private-settings-changed'),
  ],
  [
    '3',
    'private-settings-changed: for nobody else',
    () => refusedSub('alice', 'stream-notify-logged', 'private-settings-changed'),
  ],
  ['3', 'roles: ready once logged in', () => readySub('alice', 'stream-roles', 'roles')],
  ['3', 'roles: refused before', () => refusedSub(null, 'stream-roles', 'roles')],
  ['3', 'room-data: ready for a member', async () => readySub('bob', 'stream-room-data', await bobsRoom())],
  ['3', 'room-data: refused to others', async () => refusedSub('mallory', 'stream-room-data', await bobsRoom())],
  [
    '3',
    'room-data: the room as argument',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'room-data', rid)
      const [doc] = await hears(c, 'room-data', rid, () =>
        post('alice', 'rooms.saveRoomSettings', { rid, roomTopic: 'news' }, OK),
      )
      is(doc).toMatchObject({ _id: rid, topic: 'news' })
    },
  ],
  [
    '3',
    'notify-room-users cannot be read',
    async () => {
      const got = await (await as('bob')).sub('stream-notify-room-users', `${await bobsRoom()}/e2ekeyRequest`)
      is(got.msg).toBe('nosub')
    },
  ],
  [
    '3',
    'notify-room: user-activity of another name is not told',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/user-activity`)
      await silent(c, 'notify-room', `${rid}/user-activity`, () =>
        isVoid('alice', 'stream-notify-room', `${rid}/user-activity`, 'bob', ['user-typing']),
      )
    },
  ],
  [
    '3',
    'notify-room: a stranger writes nothing',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/user-activity`)
      await silent(c, 'notify-room', `${rid}/user-activity`, () =>
        isVoid('mallory', 'stream-notify-room', `${rid}/user-activity`, 'mallory', ['user-typing']),
      )
    },
  ],
  [
    '3',
    'notify-room: without a login nothing',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/user-activity`)
      await silent(c, 'notify-room', `${rid}/user-activity`, () =>
        ask(null, 'stream-notify-room', `${rid}/user-activity`, 'alice', ['user-typing']),
      )
    },
  ],
  [
    '3',
    'notify-room: deleteMessage cannot be forged',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/deleteMessage`)
      await silent(c, 'notify-room', `${rid}/deleteMessage`, () =>
        isVoid('alice', 'stream-notify-room', `${rid}/deleteMessage`, { _id: 'x' }),
      )
    },
  ],
  [
    '3',
    'notify-room: e2e.keyRequest cannot be forged',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/e2e.keyRequest`)
      await silent(c, 'notify-room', `${rid}/e2e.keyRequest`, () =>
        isVoid('alice', 'stream-notify-room', `${rid}/e2e.keyRequest`, 'K'),
      )
    },
  ],
  [
    '3',
    'notify-room: legacy typing is not accepted',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/typing`)
      await silent(c, 'notify-room', `${rid}/typing`, () =>
        isVoid('alice', 'stream-notify-room', `${rid}/typing`, 'alice', true),
      )
    },
  ],
  [
    '3',
    'notify-room: user-recording and an extra argument',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/user-activity`)
      is(
        await hears(c, 'notify-room', `${rid}/user-activity`, () =>
          isVoid('alice', 'stream-notify-room', `${rid}/user-activity`, 'alice', ['user-recording'], {}),
        ),
      ).toMatchObject(['alice', ['user-recording']])
    },
  ],
  [
    '3',
    'notify-room: [] stops',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/user-activity`)
      is(
        await hears(c, 'notify-room', `${rid}/user-activity`, () =>
          isVoid('alice', 'stream-notify-room', `${rid}/user-activity`, 'alice', []),
        ),
      ).toMatchObject(['alice', []])
    },
  ],
  [
    '3',
    'notify-room: webrtc goes to the members',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-room', `${rid}/webrtc`)
      is(
        await hears(c, 'notify-room', `${rid}/webrtc`, () =>
          isVoid('alice', 'stream-notify-room', `${rid}/webrtc`, 'call', {}),
        ),
      ).toEqual(['call', {}])
    },
  ],
  [
    '3',
    'the own emission does not come back to the connection, but to the other one',
    async () => {
      const rid = await bobsRoom()
      const a = await listener('alice', 'notify-room', `${rid}/user-activity`)
      const b = await listener('alice', 'notify-room', `${rid}/user-activity`)
      await hears(b, 'notify-room', `${rid}/user-activity`, () =>
        isVoid(a, 'stream-notify-room', `${rid}/user-activity`, 'alice', ['user-typing']),
      )
      await nap()
      is(a.events('notify-room')).toEqual([])
    },
  ],
  [
    '3',
    'notify-room-users: to every other member, sender excepted',
    async () => {
      const rid = await bobsRoom()
      const b = await listener('bob', 'notify-user', `${IDS.bob}/e2ekeyRequest`)
      const a = await listener('alice', 'notify-user', `${IDS.alice}/e2ekeyRequest`)
      is(
        await hears(b, 'notify-user', `${IDS.bob}/e2ekeyRequest`, () =>
          isVoid(a, 'stream-notify-room-users', `${rid}/e2ekeyRequest`, rid, 'K'),
        ),
      ).toEqual([rid, 'K'])
      await nap()
      is(a.events('notify-user')).toEqual([])
    },
  ],
  [
    '3',
    'notify-room-users: a stranger reaches nobody',
    async () => {
      const rid = await bobsRoom()
      const b = await listener('bob', 'notify-user', `${IDS.bob}/e2ekeyRequest`)
      await silent(b, 'notify-user', `${IDS.bob}/e2ekeyRequest`, () =>
        isVoid('mallory', 'stream-notify-room-users', `${rid}/e2ekeyRequest`, rid, 'K'),
      )
    },
  ],
  [
    '3',
    'notify-user: a client may write webrtc to another',
    async () => isVoid('alice', 'stream-notify-user', `${IDS.bob}/webrtc`, 'x', {}),
  ],
  [
    '3',
    'notify-logged: nobody writes',
    async () => {
      const c = await listener('bob', 'notify-logged', 'Users:Deleted')
      await silent(c, 'notify-logged', 'Users:Deleted', () =>
        isVoid('alice', 'stream-notify-logged', 'Users:Deleted', { userId: IDS.bob }),
      )
    },
  ],
  [
    '3',
    'notify-all: nobody writes',
    async () => {
      const c = await listener('bob', 'notify-all', 'public-info')
      await silent(c, 'notify-all', 'public-info', () => isVoid('alice', 'stream-notify-all', 'public-info', {}))
    },
  ],
  [
    '3',
    'message deleted: [{_id}]',
    async () => {
      const rid = await bobsRoom()
      const { _id } = await send('alice', rid)
      const c = await listener('bob', 'notify-room', `${rid}/deleteMessage`)
      is(
        await hears(c, 'notify-room', `${rid}/deleteMessage`, () =>
          post('alice', 'chat.delete', { roomId: rid, msgId: _id }, OK),
        ),
      ).toEqual([{ _id }])
    },
  ],
  [
    '3',
    'history cleaned: deleteMessageBulk with rid, ts, users',
    async () => {
      const rid = await group('alice', ['bob'])
      const c = await listener('bob', 'notify-room', `${rid}/deleteMessageBulk`)
      const m = await send('alice', rid, 'goes')
      await post('alice', 'groups.invite', { roomId: rid, userId: IDS.ada }, OK)
      const [bulk] = await hears(c, 'notify-room', `${rid}/deleteMessageBulk`, () =>
        post(
          'ada',
          'rooms.cleanHistory',
          { roomId: rid, latest: new Date(Date.now() + 1000).toISOString(), oldest: m.ts, inclusive: true },
          OK,
        ),
      )
      is(bulk.ids).toEqual([m._id])
      is(bulk.ts).toEqual({ $gte: { $date: Date.parse(m.ts) }, $lte: { $date: is.any(Number) } })
      is(bulk).toMatchObject({
        rid,
        excludePinned: is.any(Boolean),
        ignoreDiscussion: is.any(Boolean),
        ts: is.any(Object),
        users: is.any(Array),
      })
    },
  ],
  [
    '3',
    'added to a room: subscriptions-changed inserted, then rooms-changed inserted',
    async () => {
      const rid = await group('alice')
      const c = await as('bob')
      await c.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
      await c.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
      const from = c.frames.length
      await post('alice', 'groups.invite', { roomId: rid, userId: IDS.bob }, OK)
      await c.event(
        'notify-user',
        (args, name) => name.endsWith('rooms-changed') && args[0] === 'inserted' && args[1]._id === rid,
        from,
      )
      const order = c.frames
        .slice(from)
        .filter(f => f.collection === 'stream-notify-user')
        .map(f => [f.fields.eventName.split('/')[1], f.fields.args[0]])
      is(order[0]).toEqual(['subscriptions-changed', 'inserted'])
      is(order).toContainEqual(['rooms-changed', 'inserted'])
    },
  ],
  [
    '3',
    'the inserted subscription is the subscription',
    async () => {
      const rid = await group('alice')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      const [, sub] = await hears(c, 'notify-user', `${IDS.bob}/subscriptions-changed`, () =>
        post('alice', 'groups.invite', { roomId: rid, userId: IDS.bob }, OK),
      )
      is(sub).toMatchObject({
        _id: is.any(String),
        rid,
        t: 'p',
        name: is.any(String),
        fname: is.any(String),
        u: { _id: IDS.bob, username: 'bob' },
        open: true,
        alert: is.any(Boolean),
        unread: is.any(Number),
        userMentions: 0,
        groupMentions: 0,
        ts: { $date: is.any(Number) },
        _updatedAt: { $date: is.any(Number) },
      })
    },
  ],
  [
    '3',
    'kicked: subscriptions-changed removed, and no more messages',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      await c.sub('stream-room-messages', rid)
      const [what, sub] = await hears(c, 'notify-user', `${IDS.bob}/subscriptions-changed`, () =>
        post('alice', 'groups.kick', { roomId: rid, userId: IDS.bob }, OK),
      )
      is(what).toBe('removed')
      is(sub).toMatchObject({ rid, u: { _id: IDS.bob } })
      await silent(c, 'room-messages', rid, () => send('alice', rid))
      is(c.frames.filter(f => f.msg === 'nosub')).toEqual([])
    },
  ],
  [
    '3',
    'left: subscriptions-changed removed',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      is(
        (
          await hears(c, 'notify-user', `${IDS.bob}/subscriptions-changed`, () =>
            post('bob', 'groups.leave', { roomId: rid }, OK),
          )
        )[0],
      ).toBe('removed')
    },
  ],
  [
    '3',
    'a joined encrypted room asks e2e.keyRequest [keyId]',
    async () => {
      await pair('bob')
      const rid = await keyed('alice')
      const c = await listener('alice', 'notify-room', `${rid}/e2e.keyRequest`)
      is(
        await hears(c, 'notify-room', `${rid}/e2e.keyRequest`, () =>
          post('alice', 'groups.invite', { roomId: rid, userId: IDS.bob }, OK),
        ),
      ).toEqual(['K'])
    },
  ],
  [
    '3',
    'e2e.requestSubscriptionKeys asks e2e.keyRequest [keyId]',
    async () => {
      const rid = await keyed('alice', 'bob')
      const c = await listener('alice', 'notify-room', `${rid}/e2e.keyRequest`)
      is(
        await hears(c, 'notify-room', `${rid}/e2e.keyRequest`, () =>
          says({ result: true }, 'bob', 'e2e.requestSubscriptionKeys'),
        ),
      ).toEqual(['K'])
    },
  ],
  [
    '3',
    'messagesRead [{until}]',
    async () => {
      const rid = await bobsRoom()
      await send('alice', rid)
      const c = await listener('alice', 'notify-room', `${rid}/messagesRead`)
      await post('alice', 'subscriptions.read', { rid }, OK)
      const [read] = await hears(c, 'notify-room', `${rid}/messagesRead`, () =>
        post('bob', 'subscriptions.read', { rid }, OK),
      )
      is(read.until).toEqual({ $date: is.any(Number) })
    },
  ],
  [
    '3',
    'notification of a direct message',
    async () => {
      const rid = await direct('alice', 'bob')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/notification`)
      const [n] = await hears(
        c,
        'notify-user',
        `${IDS.bob}/notification`,
        () => send('alice', rid, 'psst'),
        ([n]) => n.payload.rid === rid,
      )
      is(n).toMatchObject({
        title: is.any(String),
        text: is.stringContaining('psst'),
        payload: {
          _id: is.any(String),
          rid,
          sender: { _id: IDS.alice, username: 'alice' },
          type: 'd',
          message: { msg: 'psst' },
        },
      })
    },
  ],
  [
    '3',
    'notification of an encrypted message does not carry words',
    async () => {
      const rid = await keyed('alice', 'bob')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/notification`)
      const [n] = await hears(
        c,
        'notify-user',
        `${IDS.bob}/notification`,
        () =>
          post(
            'alice',
            'chat.sendMessage',
            { message: secretMessage(rid, { e2eMentions: { e2eUserMentions: ['@bob'], e2eChannelMentions: [] } }) },
            OK,
          ),
        ([n]) => n.payload.rid === rid,
      )
      is(n.text).toContain('Encrypted message')
      is(n.payload.message).toMatchObject({ t: 'e2e', content: content() })
    },
  ],
  [
    '3',
    'user-status: [[uid, username, code, text, name, roles]]',
    async () => {
      const c = await listener('alice', 'notify-logged', 'user-status')
      const b = await as('bob')
      const [user] = await hears(
        c,
        'notify-logged',
        'user-status',
        () => says({}, b, 'setUserStatus', 'busy', 'deep work'),
        ([u]) => u[0] === IDS.bob && u[2] === 3,
      )
      is(user).toEqual([IDS.bob, 'bob', 3, 'deep work', 'BOB', ['user']])
      await says({}, b, 'setUserStatus', 'online', '')
    },
  ],
  [
    '3',
    'user-presence: [[username, code, text]] with id and uid',
    async () => {
      const c = await as('alice')
      await c.sub('stream-user-presence', '', { added: [IDS.bob] })
      const b = await as('bob')
      await says({}, b, 'setUserStatus', 'away', 'tea')
      const f = await c.until(f => f.collection === 'stream-user-presence' && f.fields.args[0][1] === 2)
      is(f).toEqual({
        msg: 'changed',
        collection: 'stream-user-presence',
        id: IDS.bob,
        fields: { uid: IDS.bob, eventName: IDS.bob, args: [['bob', 2, 'tea']] },
      })
      await says({}, b, 'setUserStatus', 'online', '')
    },
  ],
  [
    '3',
    'user-presence: who is not watched is not told',
    async () => {
      const c = await as('alice')
      await c.sub('stream-user-presence', '', { added: [IDS.carol] })
      const b = await as('bob')
      await says({}, b, 'setUserStatus', 'busy', 'x')
      await nap(500)
      is(c.frames.filter(f => f.collection === 'stream-user-presence' && f.id === IDS.bob)).toEqual([])
      await says({}, b, 'setUserStatus', 'online', '')
    },
  ],
  [
    '3',
    'user-presence: a second sub edits the list and is answered nosub',
    async () => {
      const c = await as('alice')
      await c.sub('stream-user-presence', '', { added: [IDS.carol] })
      const got = await c.sub('stream-user-presence', '', { added: [IDS.bob] })
      is(got).toEqual({ msg: 'nosub', id: got.id })
      const b = await as('bob')
      await says({}, b, 'setUserStatus', 'busy', 'y')
      await c.until(f => f.collection === 'stream-user-presence' && f.id === IDS.bob && f.fields.args[0][1] === 3)
      await says({}, b, 'setUserStatus', 'online', '')
    },
  ],
  [
    '3',
    'user-presence: removed ends the watching',
    async () => {
      const c = await as('alice')
      await c.sub('stream-user-presence', '', { added: [IDS.dave] })
      await c.sub('stream-user-presence', '', { removed: [IDS.dave] })
      const d = await as('dave')
      await says({}, d, 'setUserStatus', 'busy', 'z')
      await nap(500)
      is(c.frames.filter(f => f.collection === 'stream-user-presence' && f.id === IDS.dave)).toEqual([])
    },
  ],
  [
    '3',
    'userData: {type, id, diff}',
    async () => {
      const c = await listener('erin', 'notify-user', `${IDS.erin}/userData`)
      const [data] = await hears(c, 'notify-user', `${IDS.erin}/userData`, () =>
        post('erin', 'users.setStatus', { message: 'told', status: 'online' }, OK),
      )
      is(data).toMatchObject({ type: 'updated', id: IDS.erin, diff: is.any(Object) })
    },
  ],
  [
    '3',
    'Users:NameChanged',
    async () => {
      const c = await listener('alice', 'notify-logged', 'Users:NameChanged')
      const [data] = await hears(c, 'notify-logged', 'Users:NameChanged', () =>
        post('ada', 'users.update', { userId: IDS.frank, data: { name: fresh('Frank') } }, OK),
      )
      is(data).toMatchObject({ _id: IDS.frank, username: 'frank', name: is.any(String) })
    },
  ],
  [
    '3',
    'Users:Deleted {userId}',
    async () => {
      const name = fresh('gone').replaceAll('-', '.')
      const { user } = await post(
        'ada',
        'users.create',
        { username: name, name, email: `${name}@example.org`, password: 'Long enough 1!' },
        OK,
      )
      const c = await listener('alice', 'notify-logged', 'Users:Deleted')
      const [data] = await hears(c, 'notify-logged', 'Users:Deleted', () =>
        post('ada', 'users.delete', { userId: user._id, confirmRelinquish: true }, OK),
      )
      is(data).toMatchObject({ userId: user._id })
    },
  ],
  [
    '3',
    'roles-change {type, _id, u, scope}',
    async () => {
      const rid = await bobsRoom()
      const c = await listener('bob', 'notify-logged', 'roles-change')
      const [data] = await hears(c, 'notify-logged', 'roles-change', () =>
        post('alice', 'groups.addModerator', { roomId: rid, userId: IDS.bob }, OK),
      )
      is(data).toMatchObject({ type: 'added', _id: 'moderator', u: { _id: IDS.bob, username: 'bob' }, scope: rid })
    },
  ],
  [
    '3',
    'roles-change removed',
    async () => {
      const rid = await bobsRoom()
      await post('alice', 'groups.addOwner', { roomId: rid, userId: IDS.bob }, OK)
      const c = await listener('bob', 'notify-logged', 'roles-change')
      const [data] = await hears(
        c,
        'notify-logged',
        'roles-change',
        () => post('alice', 'groups.removeOwner', { roomId: rid, userId: IDS.bob }, OK),
        ([d]) => d.type === 'removed',
      )
      is(data).toMatchObject({ type: 'removed', _id: 'owner', scope: rid })
    },
  ],
  [
    '3',
    'public-settings-changed [updated, setting]',
    async () => {
      const c = await connected()
      await c.sub('stream-notify-all', 'public-settings-changed')
      const [what, setting] = await hears(c, 'notify-all', 'public-settings-changed', () =>
        having('E2E_Enabled_Default_PrivateRooms', true, async () => {}),
      )
      is([what, setting._id]).toEqual(['updated', 'E2E_Enabled_Default_PrivateRooms'])
      is(setting).toHaveProperty('value')
    },
  ],
  [
    '3',
    'ephemeral message of rocket.cat when a send is swallowed',
    async () => {
      const rid = await bobsRoom()
      await post('alice', 'rooms.muteUser', { roomId: rid, userId: IDS.bob }, {})
      const c = await listener('bob', 'notify-user', `${IDS.bob}/message`)
      const from = c.frames.length
      const got = await c.ask('sendMessage', { rid, msg: 'muted' })
      is(got.error).toBeUndefined()
      const [m] = await c.event('notify-user', (_a, n) => n === `${IDS.bob}/message`, from)
      is(m).toMatchObject({ rid, private: true, u: { username: 'rocket.cat' }, msg: is.any(String) })
    },
  ],
]
