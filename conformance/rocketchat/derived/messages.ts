// 4, 5.8: messages, sent and changed.
import { api, general } from '../cases/tools.ts'
import { IDS } from '../start.ts'
import {
  ask,
  content,
  type Derived,
  direct,
  error,
  fresh,
  get,
  group,
  hears,
  is,
  listener,
  OK,
  post,
  roomOf,
  says,
  sealed,
  secretMessage,
  send,
  subOf,
} from './tools.ts'

const plainRefused = {
  status: 400,
  body: {
    success: false,
    error: is.stringMatching(/un-?encrypted messages in an encrypted room.*\[error-not-allowed\]/i),
  },
}

export const MESSAGES: Derived[] = [
  [
    '5.8',
    'e2e: stored as sent',
    async () => {
      const rid = await sealed()
      const m = secretMessage(rid)
      const { message } = await post('alice', 'chat.sendMessage', { message: m }, OK)
      is(message).toMatchObject({
        _id: m._id,
        rid,
        t: 'e2e',
        e2e: 'pending',
        msg: '',
        content: content(),
        u: { _id: IDS.alice, username: 'alice', name: is.any(String) },
      })
      is(message.md).toBeUndefined()
    },
  ],
  [
    '5.8',
    'e2e: streamed as sent',
    async () => {
      const rid = await sealed()
      const c = await listener('bob', 'room-messages', rid)
      const [m] = await hears(c, 'room-messages', rid, () =>
        post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK),
      )
      is(m).toMatchObject({ t: 'e2e', e2e: 'pending', content: content() })
    },
  ],
  [
    '5.8',
    'e2e v1 in msg',
    async () => {
      const rid = await sealed()
      const text = `${'eyJhbGciOiJB'}${Buffer.alloc(48, 7).toString('base64')}`
      const { message } = await post(
        'alice',
        'chat.sendMessage',
        { message: { _id: fresh('m'), rid, t: 'e2e', e2e: 'pending', msg: text } },
        OK,
      )
      is(message.msg).toBe(text)
    },
  ],
  [
    '6.3',
    'e2e v1 content',
    async () => {
      const rid = await sealed()
      const c = {
        algorithm: 'rc.v1.aes-sha2',
        ciphertext: `${'a'.repeat(12)}${Buffer.alloc(48, 7).toString('base64')}`,
      }
      const { message } = await post(
        'alice',
        'chat.sendMessage',
        { message: { _id: fresh('m'), rid, t: 'e2e', e2e: 'pending', msg: '', content: c } },
        OK,
      )
      is(message.content).toEqual(c)
    },
  ],
  [
    '5.8',
    'e2e over DDP',
    async () => {
      const rid = await sealed()
      is(await says({}, 'alice', 'sendMessage', secretMessage(rid))).toMatchObject({ t: 'e2e', content: content() })
    },
  ],
  [
    '5.8',
    'plain over DDP: error-not-allowed',
    async () =>
      says(
        error('error-not-allowed', { reason: 'Not allowed to send un-encrypted messages in an encrypted room' }),
        'alice',
        'sendMessage',
        { rid: await sealed(), msg: 'plain' },
      ),
  ],
  [
    '5.8',
    'plain over REST',
    async () => post('alice', 'chat.sendMessage', { message: { rid: await sealed(), msg: 'plain' } }, plainRefused),
  ],
  [
    '5.8',
    'plain by chat.postMessage',
    async () =>
      is((await api('alice', 'POST', 'chat.postMessage', { roomId: await sealed(), text: 'plain' })).body.success).toBe(
        false,
      ),
  ],
  [
    '5.8',
    'lastMessage has the ciphertext',
    async () => {
      const rid = await sealed()
      await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      is((await roomOf('bob', rid)).lastMessage).toMatchObject({ t: 'e2e', content: content() })
    },
  ],
  [
    '5.8',
    'e2eMentions count',
    async () => {
      const rid = await sealed()
      await post(
        'alice',
        'chat.sendMessage',
        { message: secretMessage(rid, { e2eMentions: { e2eUserMentions: ['@bob'], e2eChannelMentions: [] } }) },
        OK,
      )
      is(await subOf('bob', rid)).toMatchObject({ userMentions: 1, alert: true })
      is((await subOf('bob', rid)).unread).toBeGreaterThan(0)
    },
  ],
  [
    '5.8',
    'mentions come from e2eMentions',
    async () => {
      const rid = await sealed()
      const { message } = await post(
        'alice',
        'chat.sendMessage',
        { message: secretMessage(rid, { e2eMentions: { e2eUserMentions: ['@bob'], e2eChannelMentions: [] } }) },
        OK,
      )
      is(message.mentions).toMatchObject([{ _id: IDS.bob, username: 'bob' }])
    },
  ],
  [
    '5.8',
    'chat.update with content',
    async () => {
      const rid = await sealed()
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      const got = await post(
        'alice',
        'chat.update',
        { roomId: rid, msgId: message._id, content: { ...content(), ciphertext: 'B'.repeat(24) }, e2eMentions: {} },
        OK,
      )
      is(got.message).toMatchObject({
        _id: message._id,
        t: 'e2e',
        content: { ciphertext: 'B'.repeat(24) },
        editedAt: is.any(String),
        editedBy: { _id: IDS.alice, username: 'alice' },
      })
    },
  ],
  [
    '5.8',
    'chat.update by another',
    async () => {
      const rid = await sealed()
      const { message } = await post('alice', 'chat.sendMessage', { message: secretMessage(rid) }, OK)
      is(
        (await api('bob', 'POST', 'chat.update', { roomId: rid, msgId: message._id, content: content() })).body,
      ).toMatchObject({ success: false })
    },
  ],
  [
    '5.8',
    'chat.update of an unknown message',
    async () =>
      is(
        (await api('alice', 'POST', 'chat.update', { roomId: await sealed(), msgId: 'none', text: 'x' })).body,
      ).toMatchObject({ success: false, error: is.stringContaining('No message found with the id of') }),
  ],
  [
    '5.8',
    'chat.update: the wrong room',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      is((await api('alice', 'POST', 'chat.update', { roomId: general, msgId: m._id, text: 'x' })).body).toMatchObject({
        success: false,
        error: is.stringContaining('The room id provided does not match where the message is from'),
      })
    },
  ],
  [
    '5.8',
    'updateMessage over DDP',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      const a = await ask('alice', 'updateMessage', { _id: m._id, rid, msg: 'edited' })
      is(a.error).toBeUndefined()
      is((await get('alice', `chat.getMessage?msgId=${m._id}`, OK)).message.msg).toBe('edited')
    },
  ],
  [
    '5.8',
    'updateMessage with content',
    async () => {
      const rid = await sealed()
      const m = secretMessage(rid)
      await post('alice', 'chat.sendMessage', { message: m }, OK)
      is(
        (
          await ask('alice', 'updateMessage', {
            _id: m._id,
            rid,
            content: { ...content(), ciphertext: 'C'.repeat(24) },
            e2eMentions: {},
          })
        ).error,
      ).toBeUndefined()
      is((await get('alice', `chat.getMessage?msgId=${m._id}`, OK)).message.content.ciphertext).toBe('C'.repeat(24))
    },
  ],
  [
    '5.8',
    'updateMessage with another changed key',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      await says(error('error-invalid-update-key'), 'alice', 'updateMessage', {
        _id: m._id,
        rid,
        msg: 'x',
        pinned: true,
      })
    },
  ],
  [
    '5.8',
    'updateMessage: unchanged keys are no error',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      is((await ask('alice', 'updateMessage', { _id: m._id, rid, msg: 'y', u: m.u })).error).toBeUndefined()
    },
  ],
  [
    '5.8',
    'updateMessage of another: not allowed',
    async () => {
      const rid = await group('alice', ['bob'])
      const m = await send('alice', rid)
      await says(error('error-action-not-allowed'), 'bob', 'updateMessage', { _id: m._id, rid, msg: 'x' })
    },
  ],
  [
    '5.8',
    'a stranger is not allowed',
    async () =>
      post(
        'mallory',
        'chat.sendMessage',
        { message: { rid: await group('alice'), msg: 'x' } },
        { status: 400, body: { success: false, error: is.stringContaining('error-not-allowed') } },
      ),
  ],
  [
    '5.8',
    'an unknown room is not a 500',
    async () =>
      is((await api('mallory', 'POST', 'chat.sendMessage', { message: { rid: 'none', msg: 'x' } })).status).toBe(400),
  ],
  [
    '5.8',
    'no rid',
    async () =>
      is((await api('alice', 'POST', 'chat.sendMessage', { message: { msg: 'x' } })).body.success).toBe(false),
  ],
  [
    '5.8',
    'no message',
    () =>
      post(
        'alice',
        'chat.sendMessage',
        {},
        {
          status: 400,
          body: { success: false, error: is.stringContaining('The "message" parameter must be provided.') },
        },
      ),
  ],
  [
    '5.8',
    'an own _id is kept',
    async () => {
      const rid = await group('alice')
      const _id = fresh('own')
      is((await send('alice', rid, 'x', { _id }))._id).toBe(_id)
    },
  ],
  [
    '7',
    'muted: You_have_been_muted over REST',
    async () => {
      const rid = await group('alice', ['bob'])
      await post('alice', 'rooms.muteUser', { roomId: rid, userId: IDS.bob }, OK)
      await post(
        'bob',
        'chat.sendMessage',
        { message: { rid, msg: 'x' } },
        { status: 400, body: { success: false, error: is.stringContaining('You_have_been_muted') } },
      )
    },
  ],
  [
    '5.8',
    'DDP swallows the mute',
    async () => {
      const rid = await group('alice', ['bob'])
      await post('alice', 'rooms.muteUser', { roomId: rid, userId: IDS.bob }, OK)
      is((await ask('bob', 'sendMessage', { rid, msg: 'x' })).error).toBeUndefined()
    },
  ],
  [
    '4',
    'message fields',
    async () => {
      const rid = await group('alice', ['bob'])
      is(await send('alice', rid, 'hi @bob')).toMatchObject({
        _id: is.any(String),
        rid,
        msg: 'hi @bob',
        ts: is.any(String),
        u: { _id: IDS.alice, username: 'alice', name: 'ALICE' },
        _updatedAt: is.any(String),
        mentions: [{ _id: IDS.bob, username: 'bob' }],
        channels: [],
        urls: [],
      })
    },
  ],
  [
    '4',
    'subscription fields',
    async () => {
      const rid = await group('alice', ['bob'])
      is(await subOf('alice', rid)).toMatchObject({
        _id: is.any(String),
        rid,
        t: 'p',
        name: is.any(String),
        fname: is.any(String),
        u: { _id: IDS.alice, username: 'alice', name: 'ALICE' },
        open: true,
        alert: false,
        unread: 0,
        userMentions: 0,
        groupMentions: 0,
        ts: {},
        ls: {},
        roles: ['owner'],
        _updatedAt: {},
      })
    },
  ],
  [
    '4',
    'room fields',
    async () => {
      const rid = await group('alice', ['bob'])
      await send('alice', rid)
      is(await roomOf('bob', rid)).toMatchObject({
        _id: rid,
        t: 'p',
        name: is.any(String),
        fname: is.any(String),
        msgs: is.any(Number),
        usersCount: 2,
        u: { _id: IDS.alice, username: 'alice' },
        ts: is.any(String),
        lm: is.any(String),
        lastMessage: { msg: 'hello' },
        ro: false,
        _updatedAt: is.any(String),
      })
    },
  ],
  [
    '4',
    'direct room: uids, usernames',
    async () => {
      const rid = await direct('alice', 'carol')
      is(await roomOf('alice', rid)).toMatchObject({
        t: 'd',
        uids: is.arrayContaining([IDS.alice, IDS.carol]),
        usernames: is.arrayContaining(['alice', 'carol']),
        usersCount: 2,
      })
    },
  ],
]
