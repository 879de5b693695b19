// 7: the methods that clients call.
import { api, as, general } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { IDS } from '../start.ts'
import {
  ask,
  channel,
  type Derived,
  direct,
  error,
  fresh,
  get,
  group,
  is,
  isVoid,
  OK,
  post,
  roomOf,
  says,
  send,
  subOf,
  works,
} from './tools.ts'

export const METHODS7: Derived[] = [
  [
    '7',
    'deleteMessage',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      await works('alice', 'deleteMessage', { _id })
      is((await api('alice', 'GET', `chat.getMessage?msgId=${_id}`)).body.success).toBe(false)
    },
  ],
  [
    '7',
    'setReaction',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      await works('alice', 'setReaction', ':smile:', _id)
      is((await get('alice', `chat.getMessage?msgId=${_id}`, OK)).message.reactions).toEqual({
        ':smile:': { usernames: ['alice'] },
      })
    },
  ],
  [
    '7',
    'setReaction without colons',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      await works('alice', 'setReaction', 'smile', _id)
      is(Object.keys((await get('alice', `chat.getMessage?msgId=${_id}`, OK)).message.reactions)).toEqual([':smile:'])
    },
  ],
  [
    '7',
    'setReaction false takes it off',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      await works('alice', 'setReaction', ':smile:', _id, true)
      await works('alice', 'setReaction', ':smile:', _id, false)
      is((await get('alice', `chat.getMessage?msgId=${_id}`, OK)).message.reactions?.[':smile:']).toBeUndefined()
    },
  ],
  [
    '7',
    'starMessage',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      await works('alice', 'starMessage', { _id, rid, starred: true })
      is((await get('alice', `chat.getMessage?msgId=${_id}`, OK)).message.starred).toEqual([{ _id: IDS.alice }])
    },
  ],
  [
    '7',
    'pinMessage',
    async () => {
      const rid = await group('alice')
      const m = await send('alice', rid)
      await works('alice', 'pinMessage', { _id: m._id, rid })
      is((await get('alice', `chat.getMessage?msgId=${m._id}`, OK)).message).toMatchObject({
        pinned: true,
        pinnedBy: { _id: IDS.alice },
      })
    },
  ],
  [
    '7',
    'getRoomIdByNameOrId by name',
    async () => is(await works('alice', 'getRoomIdByNameOrId', 'general')).toBe(general),
  ],
  [
    '7',
    'getRoomIdByNameOrId by id',
    async () => is(await works('alice', 'getRoomIdByNameOrId', general)).toBe(general),
  ],
  [
    '7',
    'getRoomIdByNameOrId: unknown',
    () =>
      says(
        { error: { error: is.stringMatching(/error-(not-allowed|invalid-room)/) } },
        'alice',
        'getRoomIdByNameOrId',
        'zzzz',
      ),
  ],
  ['7', 'getRoomNameById', async () => is(await works('alice', 'getRoomNameById', general)).toBe('general')],
  [
    '7',
    'getRoomById',
    async () =>
      is(await works('alice', 'getRoomById', general)).toMatchObject({ _id: general, t: 'c', name: 'general' }),
  ],
  [
    '7',
    'getRoomByTypeAndName',
    async () =>
      is(await works('alice', 'getRoomByTypeAndName', 'c', 'general')).toMatchObject({ _id: general, t: 'c' }),
  ],
  [
    '7',
    'createDirectMessage',
    async () => is(await works('alice', 'createDirectMessage', 'bob')).toMatchObject({ rid: is.any(String), t: 'd' }),
  ],
  [
    '7',
    'createDirectMessage: the same room again',
    async () =>
      is((await works('alice', 'createDirectMessage', 'bob')).rid).toBe(
        (await works('bob', 'createDirectMessage', 'alice')).rid,
      ),
  ],
  [
    '7',
    'createDirectMessage of several',
    async () => is((await works('alice', 'createDirectMessage', 'bob', 'carol')).t).toBe('d'),
  ],
  [
    '7',
    'createDirectMessage: unknown',
    () => says({ error: { error: 'error-invalid-user' } }, 'alice', 'createDirectMessage', 'nobody-zz'),
  ],
  [
    '7',
    'createChannel',
    async () =>
      is((await works('alice', 'createChannel', fresh('c'), ['bob'], false, {}, {})).rid).toEqual(is.any(String)),
  ],
  [
    '7',
    'createChannel: a taken name',
    () => says(error('error-duplicate-channel-name'), 'alice', 'createChannel', 'general', []),
  ],
  [
    '7',
    'createPrivateGroup',
    async () =>
      is((await works('alice', 'createPrivateGroup', fresh('p'), ['bob'], false, {}, { encrypted: true })).rid).toEqual(
        is.any(String),
      ),
  ],
  [
    '7',
    'joinRoom',
    async () => {
      const rid = await channel('alice')
      is(await works('bob', 'joinRoom', rid)).toBe(true)
      is((await subOf('bob', rid)).rid).toBe(rid)
    },
  ],
  [
    '7',
    'joinRoom again',
    async () => {
      const rid = await channel('alice', ['bob'])
      is((await ask('bob', 'joinRoom', rid)).error).toBeUndefined()
    },
  ],
  [
    '7',
    'joinRoom with a code',
    async () => {
      const rid = await channel('alice')
      await post('alice', 'channels.setJoinCode', { roomId: rid, joinCode: '1234' }, OK)
      is((await ask('bob', 'joinRoom', rid, 'no')).error.error).toBe('error-code-invalid')
      is(await works('bob', 'joinRoom', rid, '1234')).toBe(true)
    },
  ],
  [
    '7',
    'leaveRoom',
    async () => {
      const rid = await channel('alice', ['bob'])
      await isVoid('bob', 'leaveRoom', rid)
      is(await subOf('bob', rid)).toBeUndefined()
    },
  ],
  [
    '7',
    'leaveRoom: the last owner',
    async () => {
      const rid = await channel('alice', ['bob'])
      await says(error('error-you-are-last-owner'), 'alice', 'leaveRoom', rid)
    },
  ],
  [
    '7',
    'leaveRoom: not in it',
    async () => says(error('error-user-not-in-room'), 'bob', 'leaveRoom', await channel('alice')),
  ],
  [
    '7',
    'hideRoom, openRoom',
    async () => {
      const rid = await group('alice')
      await works('alice', 'hideRoom', rid)
      is((await subOf('alice', rid)).open).toBe(false)
      await works('alice', 'openRoom', rid)
      is((await subOf('alice', rid)).open).toBe(true)
    },
  ],
  [
    '7',
    'addUsersToRoom',
    async () => {
      const rid = await group('alice')
      is(await works('alice', 'addUsersToRoom', { rid, users: ['bob', 'carol'] })).toBe(true)
      is((await subOf('carol', rid)).rid).toBe(rid)
    },
  ],
  [
    '7',
    'removeUserFromRoom',
    async () => {
      const rid = await group('alice', ['bob'])
      is(await works('alice', 'removeUserFromRoom', { rid, username: 'bob' })).toBe(true)
      is(await subOf('bob', rid)).toBeUndefined()
    },
  ],
  [
    '7',
    'removeUserFromRoom: not in it',
    async () =>
      says(error('error-user-not-in-room'), 'alice', 'removeUserFromRoom', {
        rid: await group('alice'),
        username: 'bob',
      }),
  ],
  [
    '7',
    'removeUserFromRoom: the last owner',
    async () => {
      const rid = await channel('alice', ['bob'])
      is((await ask('ada', 'removeUserFromRoom', { rid, username: 'alice' })).error.error).toBeOneOf([
        'error-you-are-last-owner',
        'error-not-allowed',
      ])
    },
  ],
  [
    '7',
    'muteUserInRoom, unmuteUserInRoom',
    async () => {
      const rid = await group('alice', ['bob'])
      is(await works('alice', 'muteUserInRoom', { rid, username: 'bob' })).toBe(true)
      is((await roomOf('alice', rid)).muted).toEqual(['bob'])
      is(await works('alice', 'unmuteUserInRoom', { rid, username: 'bob' })).toBe(true)
      is((await roomOf('alice', rid)).muted ?? []).toEqual([])
    },
  ],
  [
    '7',
    'muteUserInRoom: by a member',
    async () =>
      says({ error: { error: 'error-not-allowed' } }, 'bob', 'muteUserInRoom', {
        rid: await group('alice', ['bob', 'carol']),
        username: 'carol',
      }),
  ],
  ...(['Owner', 'Moderator', 'Leader'] as const).flatMap((role): Derived[] => [
    [
      '7',
      `addRoom${role}, removeRoom${role}`,
      async () => {
        const rid = await group('alice', ['bob'])
        is(await works('alice', `addRoom${role}`, rid, IDS.bob)).toBe(true)
        is((await subOf('bob', rid)).roles).toContain(role.toLowerCase())
        is((await ask('alice', `addRoom${role}`, rid, IDS.bob)).error.error).toBe(
          `error-user-already-${role.toLowerCase()}`,
        )
        is(await works('alice', `removeRoom${role}`, rid, IDS.bob)).toBe(true)
        is((await ask('alice', `removeRoom${role}`, rid, IDS.bob)).error.error).toBe(
          `error-user-not-${role.toLowerCase()}`,
        )
      },
    ],
  ]),
  [
    '7',
    'removeRoomOwner: the last',
    async () => says(error('error-remove-last-owner'), 'alice', 'removeRoomOwner', await group('alice'), IDS.alice),
  ],
  [
    '7',
    'getRoomRoles',
    async () => {
      const rid = await group('alice')
      is(await works('alice', 'getRoomRoles', rid)).toMatchObject([
        { _id: is.any(String), rid, u: { _id: IDS.alice, username: 'alice' }, roles: ['owner'] },
      ])
    },
  ],
  [
    '7',
    'getUsersOfRoom',
    async () => {
      const rid = await group('alice', ['bob'])
      is(await works('alice', 'getUsersOfRoom', rid, true, { limit: 10, skip: 0 }, '')).toMatchObject({
        total: 2,
        records: [{ _id: is.any(String), username: is.any(String) }, {}],
      })
    },
  ],
  [
    '7',
    'getUsersOfRoom with a filter',
    async () => {
      const rid = await group('alice', ['bob'])
      is(
        (await works('alice', 'getUsersOfRoom', rid, true, { limit: 10, skip: 0 }, 'bo')).records.map(
          (u: Frame) => u.username,
        ),
      ).toEqual(['bob'])
    },
  ],
  [
    '7',
    'saveRoomSettings one',
    async () => {
      const rid = await group('alice')
      is(await works('alice', 'saveRoomSettings', rid, 'roomTopic', 't')).toMatchObject({ result: true, rid })
    },
  ],
  [
    '7',
    'saveRoomSettings many',
    async () => {
      const rid = await group('alice')
      is(await works('alice', 'saveRoomSettings', rid, { roomTopic: 't', roomDescription: 'd' })).toMatchObject({
        result: true,
        rid,
      })
      is(await roomOf('alice', rid)).toMatchObject({ topic: 't', description: 'd' })
    },
  ],
  [
    '7',
    'saveNotificationSettings',
    async () => {
      const rid = await group('alice')
      is(await works('alice', 'saveNotificationSettings', rid, 'desktopNotifications', 'mentions')).toBe(true)
      is((await subOf('alice', rid)).desktopNotifications).toBe('mentions')
    },
  ],
  [
    '7',
    'toggleFavorite',
    async () => {
      const rid = await group('alice')
      await works('alice', 'toggleFavorite', rid, true)
      is((await subOf('alice', rid)).f).toBe(true)
      await works('alice', 'toggleFavorite', rid, false)
      is((await subOf('alice', rid)).f ?? false).toBe(false)
    },
  ],
  [
    '7',
    'archiveRoom',
    async () => {
      const rid = await group('alice')
      await works('alice', 'archiveRoom', rid)
      is((await roomOf('alice', rid)).archived).toBe(true)
    },
  ],
  [
    '7',
    'public-settings/get',
    async () => is((await works('alice', 'public-settings/get')).length).toBeGreaterThan(20),
  ],
  [
    '7',
    'public-settings/get with a date',
    async () =>
      is(await works('alice', 'public-settings/get', { $date: 0 })).toMatchObject({
        update: is.any(Array),
        remove: is.any(Array),
      }),
  ],
  [
    '7',
    'private-settings/get',
    async () => {
      const got = await ask('ada', 'private-settings/get')
      is(got.error).toBeUndefined()
      is(got.result).toEqual(is.any(Array))
    },
  ],
  [
    '7',
    'private-settings/get of nobody special',
    async () => is((await ask('alice', 'private-settings/get')).result ?? []).toEqual([]),
  ],
  [
    '7',
    'permissions/get',
    async () =>
      is((await works('alice', 'permissions/get')).find((p: Frame) => p._id === 'edit-room')).toMatchObject({
        roles: is.any(Array),
      }),
  ],
  [
    '7',
    'permissions/get with a date',
    async () =>
      is(await works('alice', 'permissions/get', { $date: 0 })).toMatchObject({
        update: is.any(Array),
        remove: is.any(Array),
      }),
  ],
  [
    '7',
    'spotlight',
    async () =>
      is(await works('alice', 'spotlight', 'bob', [], { users: true, rooms: true })).toMatchObject({
        users: [{ _id: IDS.bob, username: 'bob', name: is.any(String), status: is.any(String) }],
        rooms: is.any(Array),
      }),
  ],
  [
    '7',
    'spotlight of rooms',
    async () =>
      is((await works('mallory', 'spotlight', 'gene', [], { users: false, rooms: true })).rooms).toMatchObject([
        { _id: general, name: 'general', t: 'c' },
      ]),
  ],
  [
    '7',
    'setUserStatus',
    async () => {
      const c = await as('carol')
      await works(c, 'setUserStatus', 'busy', 'x')
      is(await get('carol', 'users.getStatus', OK)).toMatchObject({ status: 'busy' })
      await works(c, 'setUserStatus', 'online', '')
    },
  ],
  [
    '7',
    'setUserStatus: nonsense',
    async () => is((await ask('carol', 'setUserStatus', 'nonsense', '')).error?.error).toBe('error-invalid-status'),
  ],
  ...['UserPresence:online', 'UserPresence:away'].map(
    (m): Derived => [
      '7',
      m,
      async () => {
        await works('carol', m)
        await works('carol', 'UserPresence:online')
      },
    ],
  ),
  [
    '7',
    'UserPresence:setDefaultStatus',
    async () => {
      await works('carol', 'UserPresence:setDefaultStatus', 'busy')
      await works('carol', 'UserPresence:setDefaultStatus', 'online')
    },
  ],
  [
    '7',
    'getSingleMessage',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      is(await works('alice', 'getSingleMessage', _id)).toMatchObject({ _id, rid })
    },
  ],
  [
    '7',
    'getSingleMessage of a foreign room',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      is((await ask('mallory', 'getSingleMessage', _id)).result ?? undefined).toBeUndefined()
    },
  ],
  [
    '7',
    'getMessages',
    async () => {
      const rid = await group('alice')
      const { _id } = await send('alice', rid)
      is(await works('alice', 'getMessages', [_id])).toMatchObject([{ _id }])
    },
  ],
  ...['license:getModules', 'listCustomSounds', 'listCustomUserStatus', 'license:isEnterprise'].map(
    (m): Derived => ['7', `${m} answers`, async () => is((await ask('alice', m)).error).toBeUndefined()],
  ),
  ...(['blockUser', 'unblockUser'] as const).map(
    (m): Derived => [
      '8',
      `${m} is a method of 7.13`,
      async () => {
        const rid = await direct('alice', 'frank')
        is((await ask('alice', m, { rid, blocked: IDS.frank })).error).toBeUndefined()
      },
    ],
  ),
  [
    '8',
    'ignoreUser',
    async () => {
      const rid = await group('alice', ['bob'])
      is((await ask('alice', 'ignoreUser', { rid, userId: IDS.bob, ignore: true })).error).toBeUndefined()
      is((await subOf('alice', rid)).ignored).toEqual([IDS.bob])
    },
  ],
  [
    '8',
    'sendFileMessage is a method',
    async () => is((await ask('alice', 'sendFileMessage', general, 's', {}, {})).error?.error).not.toBe(404),
  ],
  ...[
    'insertOrUpdateUser',
    'createToken',
    'getUserRoles',
    'saveSettings',
    'logoutCleanUp',
    'authorization:addPermissionToRole',
  ].map(
    (m): Derived => ['8', `${m} is a method of 7.13`, async () => is((await ask('ada', m)).error?.error).not.toBe(404)],
  ),
]
