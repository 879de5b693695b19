// What several sections say together, and the frames of the real clients.
import { api, as, connected, general, server } from '../cases/tools.ts'
import { Ddp, type Frame } from '../ddp.ts'
import { digestOf, IDS, type Name, passwordOf } from '../start.ts'
import {
  ask,
  channel,
  content,
  type Derived,
  error,
  fresh,
  get,
  group,
  headersOf,
  hears,
  is,
  isVoid,
  keyed,
  listener,
  NOBODY,
  OK,
  pair,
  post,
  roomOf,
  says,
  secretMessage,
  send,
  web,
} from './tools.ts'

const proven = (who: Name, body: object) =>
  web('/api/v1/users.resetE2EKey', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: headersOf(who, {
      'content-type': 'application/json',
      'x-2fa-code': digestOf(who).digest,
      'x-2fa-method': 'password',
    }),
  })

export const MORE: Derived[] = [
  [
    '5.2',
    'another without the permission: error-not-allowed',
    async () =>
      is(await proven('alice', { userId: IDS.bob })).toMatchObject({
        body: { success: false, errorType: 'error-not-allowed' },
      }),
  ],
  [
    '5.2',
    'an unknown user: error-invalid-user-id',
    async () =>
      is(await proven('ada', { userId: 'none' })).toMatchObject({
        status: 400,
        body: { success: false, errorType: is.stringMatching(/error-invalid-user(-id)?/) },
      }),
  ],
  ['5.2', 'reset not logged in', () => post(null, 'users.resetE2EKey', {}, NOBODY)],
  ['5.2', 'realtime reset not logged in', () => says(error('error-invalid-user'), null, 'e2e.resetOwnE2EKey')],
  [
    '5.8',
    'a system message cannot be sent',
    async () =>
      is(
        (await api('alice', 'POST', 'chat.sendMessage', { message: { rid: await group('alice'), msg: 'x', t: 'uj' } }))
          .body.success,
      ).toBe(false),
  ],
  [
    '5.8',
    'a system message cannot be sent over DDP',
    async () => {
      const rid = await group('alice')
      const before = (await get('alice', `groups.history?roomId=${rid}`, OK)).messages.length
      await ask('alice', 'sendMessage', { rid, msg: 'x', t: 'room_e2e_disabled' })
      is(
        (await get('alice', `groups.history?roomId=${rid}`, OK)).messages.filter(
          (m: Frame) => m.t === 'room_e2e_disabled',
        ),
      ).toEqual([])
      is(before).toBeGreaterThanOrEqual(0)
    },
  ],
  [
    '5.8',
    'too long',
    async () =>
      is(
        (
          await api('alice', 'POST', 'chat.sendMessage', {
            message: { rid: await group('alice'), msg: 'x'.repeat(50_000) },
          })
        ).body,
      ).toMatchObject({ success: false, error: is.stringContaining('error-message-size-exceeded') }),
  ],
  [
    '5.8',
    'e2e into a room that is not encrypted is refused: design, invariant of the suite',
    async () => {
      const refused = { status: 400, body: { success: false, error: is.stringContaining('error-not-allowed') } }
      for (const rid of [await group('alice', ['bob']), general])
        is(await api('alice', 'POST', 'chat.sendMessage', { message: secretMessage(rid) })).toMatchObject(refused)
    },
  ],
  [
    '5.8',
    'the rid of a message cannot be another',
    async () => {
      const rid = await group('alice')
      const other = await group('alice')
      const m = await send('alice', rid)
      await ask('alice', 'updateMessage', { _id: m._id, rid: other, msg: 'moved' })
      is((await get('alice', `chat.getMessage?msgId=${m._id}`, OK)).message.rid).toBe(rid)
    },
  ],
  [
    '5.8',
    'u of a message is who sends it',
    async () => {
      const rid = await group('alice', ['bob'])
      const got = await api('alice', 'POST', 'chat.sendMessage', {
        message: { rid, msg: 'x', u: { _id: IDS.bob, username: 'bob' } },
      })
      if (got.body.success) is(got.body.message.u._id).toBe(IDS.alice)
    },
  ],
  [
    '5.8',
    'ts of a message is the server’s',
    async () => {
      const rid = await group('alice')
      const got = await api('alice', 'POST', 'chat.sendMessage', {
        message: { rid, msg: 'x', ts: '2001-01-01T00:00:00.000Z' },
      })
      if (got.body.success) is(Date.parse(got.body.message.ts)).toBeGreaterThan(Date.now() - 60_000)
    },
  ],
  [
    '5.8',
    'deleted e2e message is gone',
    async () => {
      const rid = await keyed('alice', 'bob')
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      await post('alice', 'chat.delete', { roomId: rid, msgId: message._id }, OK)
      is((await api('bob', 'GET', `chat.getMessage?msgId=${message._id}`)).body.success).toBe(false)
    },
  ],
  [
    '5.8',
    'e2e thread reply',
    async () => {
      const rid = await keyed('alice', 'bob')
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      const c = await listener('alice', 'room-messages', rid)
      const [root] = await hears(
        c,
        'room-messages',
        rid,
        () => post('bob', 'chat.sendMessage', { message: secretMessage(rid, { tmid: message._id }) }, OK),
        ([m]) => m._id === message._id && m.tcount === 1,
      )
      is(root).toMatchObject({ tcount: 1, replies: is.arrayContaining([IDS.bob]), tlm: { $date: is.any(Number) } })
    },
  ],
  [
    '5.8',
    'e2e reactions',
    async () => {
      const rid = await keyed('alice', 'bob')
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      await post('bob', 'chat.react', { messageId: message._id, emoji: ':+1:' }, OK)
      is((await get('alice', `chat.getMessage?msgId=${message._id}`, OK)).message).toMatchObject({
        reactions: { ':+1:': { usernames: ['bob'] } },
        content: content(),
      })
    },
  ],
  [
    '5.8',
    'an edited message is streamed again',
    async () => {
      const rid = await keyed('alice', 'bob')
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      const c = await listener('bob', 'room-messages', rid)
      const [m] = await hears(c, 'room-messages', rid, () =>
        post(
          'alice',
          'chat.update',
          { roomId: rid, msgId: message._id, content: { ...content(), ciphertext: 'D'.repeat(24) }, e2eMentions: {} },
          OK,
        ),
      )
      is(m).toMatchObject({
        _id: message._id,
        editedAt: { $date: is.any(Number) },
        editedBy: { _id: IDS.alice, username: 'alice' },
        content: { ciphertext: 'D'.repeat(24) },
      })
    },
  ],
  [
    '5.8',
    'content of a plain message cannot be updated',
    async () => {
      const m = await send('alice', await group('alice'))
      is(
        (await api('alice', 'POST', 'chat.update', { roomId: m.rid, msgId: m._id, content: content() })).body.success,
      ).toBe(false)
    },
  ],
  [
    '5.8',
    'text of an e2e message cannot be updated',
    async () => {
      const rid = await keyed('alice')
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      is(
        (await api('alice', 'POST', 'chat.update', { roomId: rid, msgId: message._id, text: 'plain' })).body.success,
      ).toBe(false)
    },
  ],
  [
    '5.8',
    'a discussion of an encrypted room takes no plain reply',
    async () =>
      is(
        (
          await api('alice', 'POST', 'rooms.createDiscussion', {
            prid: await keyed('alice'),
            t_name: 'd',
            reply: 'plain',
          })
        ).body.success,
      ).toBe(false),
  ],
  [
    '5.8',
    'switched on: old plain messages stay readable',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      await post('alice', 'rooms.saveRoomSettings', { rid, encrypted: true }, OK)
      is((await get('alice', `chat.getMessage?msgId=${m._id}`, OK)).message.msg).toBe('hello')
    },
  ],
  [
    '5.8',
    'switched off: plain messages again',
    async () => {
      const rid = await keyed('alice')
      await post('alice', 'rooms.saveRoomSettings', { rid, encrypted: false }, OK)
      await send('alice', rid)
    },
  ],
  [
    '5.8',
    'switched to what it is: no second system message',
    async () => {
      const rid = await group('alice', [], { encrypted: true })
      await api('alice', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: true })
      is(
        (await get('alice', `groups.history?roomId=${rid}`, OK)).messages.filter(
          (m: Frame) => m.t === 'room_e2e_enabled',
        ),
      ).toEqual([])
    },
  ],
  [
    '5.3',
    'two at once: one wins',
    async () => {
      const rid = await group('alice', ['bob'], { encrypted: true })
      const got = await Promise.all([
        api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'A' }),
        api('bob', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'B' }),
      ])
      is(got.map(g => g.status)).toEqual(is.arrayContaining([200, 400]))
      is(got.find(g => g.status === 400)?.body.errorType).toBe('error-room-e2e-key-already-exists')
    },
  ],
  [
    '5.7',
    'two at once: one wins',
    async () => {
      const rid = await keyed('alice', 'bob')
      await post('alice', 'groups.addOwner', { roomId: rid, userId: IDS.bob }, OK)
      await pair('bob')
      const reset = (who: Name, id: string) =>
        api(who, 'POST', 'e2e.resetRoomKey', { rid, e2eKey: `${id} of ${who}`, e2eKeyId: id })
      const got = await Promise.all([reset('alice', 'X'), reset('bob', 'Y')])
      const won = got.filter(g => g.status === 200).length
      is(won).toBeGreaterThan(0)
      for (const g of got) if (g.status !== 200) is(g.body.errorType).toBe('error-e2e-key-reset-in-progress')
    },
  ],
  [
    '7',
    'kick in an encrypted room: the system message ru',
    async () => {
      const rid = await keyed('alice', 'bob')
      await post('alice', 'groups.kick', { roomId: rid, userId: IDS.bob }, OK)
      is((await get('alice', `groups.history?roomId=${rid}`, OK)).messages.map((m: Frame) => m.t)).toContain('ru')
    },
  ],
  [
    '7',
    'leave: ul, join: uj, add: au',
    async () => {
      const rid = await channel('alice')
      await post('alice', 'channels.invite', { roomId: rid, userId: IDS.carol }, OK)
      await says({}, 'bob', 'joinRoom', rid)
      await says({}, 'bob', 'leaveRoom', rid)
      const t = (await get('alice', `channels.history?roomId=${rid}`, OK)).messages.map((m: Frame) => m.t)
      for (const one of ['au', 'uj', 'ul']) is(t).toContain(one)
    },
  ],
  [
    '7',
    'mute and unmute: user-muted, user-unmuted',
    async () => {
      const rid = await group('alice', ['bob'])
      await post('alice', 'rooms.muteUser', { roomId: rid, username: 'bob' }, OK)
      await post('alice', 'rooms.unmuteUser', { roomId: rid, username: 'bob' }, OK)
      const t = (await get('alice', `groups.history?roomId=${rid}`, OK)).messages.map((m: Frame) => m.t)
      for (const one of ['user-muted', 'user-unmuted']) is(t).toContain(one)
    },
  ],
  [
    '7',
    'settings: topic, announcement, description, rename messages',
    async () => {
      const rid = await group('alice')
      await post(
        'alice',
        'rooms.saveRoomSettings',
        { rid, roomTopic: 'a', roomAnnouncement: 'b', roomDescription: 'c', roomName: fresh('renamed') },
        OK,
      )
      const t = (await get('alice', `groups.history?roomId=${rid}`, OK)).messages.map((m: Frame) => m.t)
      for (const one of ['room_changed_topic', 'room_changed_announcement', 'room_changed_description', 'r'])
        is(t).toContain(one)
    },
  ],
  [
    '7',
    'unmute in a read-only room: unmuted',
    async () => {
      const rid = await group('alice', ['bob'])
      await post('alice', 'groups.setReadOnly', { roomId: rid, readOnly: true }, OK)
      await post('alice', 'rooms.unmuteUser', { roomId: rid, username: 'bob' }, OK)
      is((await roomOf('alice', rid)).unmuted).toContain('bob')
      await send('bob', rid)
      await post('alice', 'rooms.muteUser', { roomId: rid, username: 'bob' }, OK)
      is((await roomOf('alice', rid)).unmuted ?? []).not.toContain('bob')
    },
  ],
  [
    '7',
    'muteUser: not in the room',
    async () =>
      is(
        (await api('alice', 'POST', 'rooms.muteUser', { roomId: await group('alice'), username: 'bob' })).body,
      ).toMatchObject({ success: false, errorType: 'error-user-not-in-room' }),
  ],
  [
    '7',
    'muteUser: neither user',
    async () => is((await api('alice', 'POST', 'rooms.muteUser', { roomId: await group('alice') })).status).toBe(400),
  ],
  [
    '7',
    'banned users do not come back',
    async () => {
      const rid = await channel('alice', ['bob'])
      await post('alice', 'rooms.banUser', { roomId: rid, userId: IDS.bob }, OK)
      is((await ask('bob', 'joinRoom', rid)).error).toBeDefined()
      await post('alice', 'rooms.unbanUser', { roomId: rid, userId: IDS.bob }, OK)
      await says({ result: true }, 'bob', 'joinRoom', rid)
    },
  ],
  [
    '7',
    'ban by a member',
    async () =>
      is(
        (
          await api('bob', 'POST', 'rooms.banUser', {
            roomId: await group('alice', ['bob', 'carol']),
            userId: IDS.carol,
          })
        ).body.success,
      ).toBe(false),
  ],
  [
    '7',
    'users.presence by JSON text',
    async () => {
      await as('bob')
      is(
        (await get('alice', `users.presence?ids=${encodeURIComponent(JSON.stringify([IDS.bob]))}`, OK)).users,
      ).toMatchObject([{ _id: IDS.bob }])
    },
  ],
  [
    '7',
    'users.list of a plain user shows no addresses',
    async () => {
      const got = await api('alice', 'GET', 'users.list')
      if (got.body.success) is(JSON.stringify(got.body.users)).not.toContain('bob@example.org')
    },
  ],
  [
    '7',
    'users.info of another shows no addresses',
    async () =>
      is(JSON.stringify((await api('alice', 'GET', `users.info?userId=${IDS.bob}`)).body)).not.toContain(
        'bob@example.org',
      ),
  ],
  [
    '7',
    'users.info of nobody',
    async () =>
      is(await api('alice', 'GET', 'users.info?username=nobody-zz')).toMatchObject({
        status: 400,
        body: { success: false },
      }),
  ],
  [
    '7',
    'rooms.info foreign and unknown alike',
    async () => {
      const rid = await group('alice')
      is((await api('mallory', 'GET', `rooms.info?roomId=${rid}`)).body).toEqual(
        (await api('mallory', 'GET', `rooms.info?roomId=${crypto.randomUUID()}`)).body,
      )
    },
  ],
  [
    '7',
    'channels.history of an unknown room',
    async () => is((await api('alice', 'GET', 'channels.history?roomId=none')).status).toBe(400),
  ],
  [
    '7',
    'rooms.get since',
    async () => {
      const t = new Date(Date.now() + 60_000).toISOString()
      is(await get('alice', `rooms.get?updatedSince=${encodeURIComponent(t)}`, OK)).toMatchObject({
        update: [],
        remove: [],
      })
    },
  ],
  [
    '7',
    'rooms.get: a bad date',
    async () => is((await api('alice', 'GET', 'rooms.get?updatedSince=zzz')).status).toBe(400),
  ],
  [
    '7',
    'subscriptions.get: a bad date',
    async () => is((await api('alice', 'GET', 'subscriptions.get?updatedSince=zzz')).status).toBe(400),
  ],
  // The frames of the real clients.
  [
    'frames ddp-client',
    'a sub with args [null], an event, and a log-out without a result',
    async () => {
      const rid = await group('alice', ['bob'])
      const c = await connected()
      await c.call('login', { user: { username: 'bob' }, password: digestOf('bob') })
      is((await c.sub('stream-room-messages', rid, { useCollection: false, args: [null] })).msg).toBe('ready')
      await hears(c, 'room-messages', rid, () => send('alice', rid))
      await isVoid(c, 'logout')
    },
  ],
  [
    'frames alpha',
    'chat.sendMessage {msg, rid, roomId}',
    async () =>
      is(
        await api('alice', 'POST', 'chat.sendMessage', { message: { msg: 'hello', rid: general, roomId: general } }),
      ).toMatchObject({
        status: 200,
        body: {
          message: { msg: 'hello', rid: general, _id: is.any(String), ts: is.any(String), u: { username: 'alice' } },
        },
      }),
  ],
  ['frames alpha', 'channels.join of a joined channel', () => post('alice', 'channels.join', { roomId: general }, OK)],
  [
    'frames alpha',
    'presence with args []',
    async () =>
      is((await (await as('alice')).sub('stream-user-presence', '', { useCollection: false, args: [] })).msg).toBe(
        'ready',
      ),
  ],
  [
    'frames alpha',
    'POST logout with {}',
    async () => {
      const { authToken, userId } = (
        await post(null, 'login', { user: 'frank', username: 'frank', password: passwordOf('frank') }, { status: 200 })
      ).data
      is(
        (
          await web('/api/v1/logout', {
            method: 'POST',
            body: '{}',
            headers: { 'x-user-id': userId, 'x-auth-token': authToken, 'content-type': 'application/json' },
          })
        ).status,
      ).toBe(200)
    },
  ],
  [
    'frames alpha',
    'loadHistory with a date as the fourth argument',
    async () => {
      const body = await post(
        'alice',
        'method.call/loadHistory',
        {
          message: JSON.stringify({
            msg: 'method',
            id: 1001,
            method: 'loadHistory',
            params: [general, null, 50, { $date: Date.now() }],
          }),
        },
        OK,
      )
      is(JSON.parse(body.message)).toMatchObject({
        msg: 'result',
        id: 1001,
        result: { messages: is.any(Array), unreadNotLoaded: is.any(Number) },
      })
    },
  ],
  [
    'frames 0.2.9',
    'pre2, plain login, my messages, join, send with bot, leave',
    async () => {
      const c = await Ddp.open(server.url)
      c.send({ msg: 'connect', version: 'pre2', support: ['pre2'] })
      await c.until(f => f.msg === 'connected')
      c.send({ msg: 'sub', id: '0', name: 'meteor.loginServiceConfiguration', params: [] })
      await c.until(f => f.msg === 'ready')
      const { id } = await c.call('login', { password: passwordOf('carol'), user: { username: 'carol' } })
      is(id).toBe(IDS.carol)
      const rid = await channel('alice')
      const name = (await get('alice', `rooms.info?roomId=${rid}`, OK)).room.name
      c.send({ msg: 'sub', id: '2', name: 'stream-room-messages', params: ['__my_messages__', true] })
      await c.until(f => f.msg === 'ready' && f.subs[0] === '2')
      is(c.frames.filter(f => f.collection === 'stream-room-messages')).toEqual([
        { msg: 'added', collection: 'stream-room-messages', id: 'id', fields: { eventName: '__my_messages__' } },
      ])
      is(await c.call('getRoomIdByNameOrId', name)).toBe(rid)
      is(await c.call('joinRoom', rid)).toBe(true)
      is(await c.call('sendMessage', { msg: 'hello', bot: { i: 'js.SDK' }, rid })).toMatchObject({
        msg: 'hello',
        bot: { i: 'js.SDK' },
        rid,
        ts: { $date: is.any(Number) },
        u: { _id: IDS.carol, username: 'carol' },
      })
      is(await c.call('e2e.fetchMyKeys', [])).toEqual(is.any(Object))
      await isVoid(c, 'leaveRoom', rid)
      c.close()
    },
  ],
  [
    'frames 0.2.9',
    'setReaction as the driver calls it',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      const c = await as('alice')
      is((await c.ask('setReaction', ':thumbsup:', m._id)).error).toBeUndefined()
    },
  ],
]
