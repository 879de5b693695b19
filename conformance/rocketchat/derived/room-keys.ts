// 5.1, 5.3, 5.4: the settings, a room's key id, `e2e.updateGroupKey`.
import { api } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { IDS, type Name } from '../start.ts'
import { keysOf, person, SETUP } from './people.ts'
import {
  bad,
  type Derived,
  error,
  get,
  group,
  having,
  hears,
  INVALID,
  is,
  isVoid,
  KEY,
  keyed,
  listener,
  NOBODY,
  nap,
  OK,
  pair,
  post,
  provide,
  queueOf,
  roomOf,
  says,
  subOf,
} from './tools.ts'

const fresh2 = (...members: Name[]) => group('alice', members, { encrypted: true })

export const ROOM_KEY: Derived[] = [
  [
    '5.3',
    'set once, shown to members',
    async () => {
      const rid = await fresh2('bob')
      is(await post('alice', 'e2e.setRoomKeyID', { rid, keyID: 'K' }, OK)).toEqual({ success: true })
      is((await roomOf('bob', rid)).e2eKeyId).toBe('K')
    },
  ],
  [
    '5.3',
    'a plain member sets it',
    async () => {
      const rid = await fresh2('bob')
      await post('bob', 'e2e.setRoomKeyID', { rid, keyID: 'K' }, OK)
    },
  ],
  [
    '5.3',
    'the same value again',
    async () => {
      const rid = await keyed('alice')
      await post(
        'alice',
        'e2e.setRoomKeyID',
        { rid, keyID: 'K' },
        bad('error-room-e2e-key-already-exists', {
          error: 'E2E Key ID already exists [error-room-e2e-key-already-exists]',
        }),
      )
    },
  ],
  [
    '5.3',
    'over DDP: the code and the method',
    async () => {
      const rid = await keyed('alice')
      await says(
        error('error-room-e2e-key-already-exists', { details: { method: 'e2e.setRoomKeyID' } }),
        'alice',
        'e2e.setRoomKeyID',
        rid,
        'K2',
      )
    },
  ],
  ['5.3', 'over DDP: void', async () => isVoid('alice', 'e2e.setRoomKeyID', await fresh2(), 'K')],
  [
    '5.3',
    'unknown room over DDP',
    () =>
      says(
        error('error-invalid-room', { details: { method: 'e2e.setRoomKeyID' } }),
        'alice',
        'e2e.setRoomKeyID',
        'none',
        'K',
      ),
  ],
  [
    '5.3',
    'foreign room over DDP',
    async () => says(error('error-invalid-room'), 'mallory', 'e2e.setRoomKeyID', await fresh2(), 'K'),
  ],
  [
    '5.3',
    'foreign and unknown alike over REST',
    async () => {
      const rid = await fresh2()
      const a = await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
      is(a).toEqual(await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid: 'none', keyID: 'K' }))
    },
  ],
  [
    '5.3',
    'not logged in over DDP',
    async () =>
      says(
        error('error-invalid-user', { details: { method: 'e2e.setRoomKeyID' } }),
        null,
        'e2e.setRoomKeyID',
        'x',
        'K',
      ),
  ],
  ['5.3', 'not logged in over REST', () => post(null, 'e2e.setRoomKeyID', { rid: 'x', keyID: 'K' }, NOBODY)],
  ['5.3', 'no keyID', () => post('alice', 'e2e.setRoomKeyID', { rid: 'x' }, INVALID)],
  [
    '5.3',
    'rooms-changed updated with the id',
    async () => {
      const rid = await fresh2('bob')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/rooms-changed`)
      is(
        (
          await hears(
            c,
            'notify-user',
            `${IDS.bob}/rooms-changed`,
            () => post('alice', 'e2e.setRoomKeyID', { rid, keyID: 'K' }, OK),
            ([, d]) => d._id === rid && d.e2eKeyId === 'K',
          )
        )[0],
      ).toBe('updated')
    },
  ],
  [
    '5.1',
    'works with E2E_Enable off',
    async () => {
      const rid = await fresh2()
      await having('E2E_Enable', false, () => post('alice', 'e2e.setRoomKeyID', { rid, keyID: 'K' }, OK))
    },
  ],
  [
    '5.1',
    'updateGroupKey works with E2E_Enable off',
    async () => {
      const rid = await keyed('alice', 'bob')
      await having('E2E_Enable', false, () =>
        post('bob', 'e2e.updateGroupKey', { rid, uid: IDS.bob, key: KEY('B') }, OK),
      )
      is((await subOf('bob', rid)).E2EKey).toBe(KEY('B'))
    },
  ],
  [
    '5.1',
    'setting keys works with E2E_Enable off',
    async () => {
      const p = await person()
      await having('E2E_Enable', false, async () => is((await p.api('POST', SETUP, keysOf)).status).toBe(200))
    },
  ],
  [
    '5.1',
    'the switch does not work with E2E_Enable off',
    async () => {
      const rid = await group('alice')
      await having('E2E_Enable', false, async () => {
        await api('alice', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: true })
      })
      is((await roomOf('alice', rid)).encrypted ?? false).toBe(false)
    },
  ],
  ...[
    'E2E_Enable',
    'E2E_Allow_Unencrypted_Messages',
    'E2E_Enabled_Default_DirectRooms',
    'E2E_Enabled_Default_PrivateRooms',
    'E2E_Enable_Encrypt_Files',
    'E2E_Enabled_Mentions',
    'E2E_Force_Encryption_For_Private_Rooms',
  ].map(
    (id): Derived => [
      '5.1',
      `${id} is public`,
      async () =>
        is(
          (
            await get(null, `settings.public?query=${encodeURIComponent(JSON.stringify({ _id: { $in: [id] } }))}`, OK)
          ).settings.map((one: Frame) => one._id),
        ).toContain(id),
    ],
  ),
  [
    '5.1',
    'the permissions of E2E are listed',
    async () => {
      const ids = (await get('alice', 'permissions.listAll', OK)).update.map((one: Frame) => one._id)
      is(ids).toContain('toggle-room-e2e-encryption')
      is(ids).toContain('edit-other-user-e2ee')
      is(ids).toContain('edit-room')
    },
  ],
  [
    '5.1',
    'toggle-room-e2e-encryption is of owner and admin',
    async () =>
      is(
        (await get('alice', 'permissions.listAll', OK)).update.find(
          (one: Frame) => one._id === 'toggle-room-e2e-encryption',
        ).roles,
      ).toEqual(is.arrayContaining(['owner', 'admin'])),
  ],
  [
    '5.6',
    'without key: members with a pair, caller too',
    async () => {
      await pair('bob')
      const rid = await fresh2('bob')
      await pair('alice')
      const { users } = await get('alice', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`, OK)
      is(users.map((u: Frame) => u._id).sort()).toEqual([IDS.alice, IDS.bob].sort())
      is(users.find((u: Frame) => u._id === IDS.bob)).toEqual({ _id: IDS.bob, e2e: { public_key: 'public of bob' } })
    },
  ],
  [
    '5.6',
    'without key: a key holder is not',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      is((await get('alice', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`, OK)).users.map((u: Frame) => u._id)).toEqual([
        IDS.bob,
      ])
    },
  ],
  [
    '5.6',
    'without key over DDP',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      is(await says({}, 'alice', 'e2e.getUsersOfRoomWithoutKey', rid)).toEqual({
        users: [{ _id: IDS.bob, e2e: { public_key: 'public of bob' } }],
      })
    },
  ],
  [
    '5.6',
    'without key: foreign room',
    async () => get('mallory', `e2e.getUsersOfRoomWithoutKey?rid=${await keyed('alice')}`, bad('error-invalid-room')),
  ],
  [
    '5.6',
    'without key: foreign room over DDP',
    async () =>
      says(
        error('error-invalid-room', { details: { method: 'e2e.getUsersOfRoomWithoutKey' } }),
        'mallory',
        'e2e.getUsersOfRoomWithoutKey',
        await keyed('alice'),
      ),
  ],
  [
    '5.6',
    'without key: not logged in over DDP',
    () =>
      says(
        error('error-invalid-user', { details: { method: 'e2e.getUsersOfRoomWithoutKey' } }),
        null,
        'e2e.getUsersOfRoomWithoutKey',
        'x',
      ),
  ],
  ['5.6', 'without key: not logged in over REST', () => get(null, 'e2e.getUsersOfRoomWithoutKey?rid=x', NOBODY)],
  [
    '5.6',
    'without key: a suggestion does not exclude',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await provide('alice', rid, { _id: IDS.bob, key: KEY('S') })
      is((await get('alice', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`, OK)).users.map((u: Frame) => u._id)).toEqual([
        IDS.bob,
      ])
    },
  ],
]

export const GROUP_KEY: Derived[] = [
  [
    '5.4',
    'own key: the updated subscription (seed)',
    async () => {
      const rid = await keyed('alice', 'bob')
      is(await says({}, 'bob', 'e2e.updateGroupKey', rid, IDS.bob, KEY('B'))).toMatchObject({
        rid,
        t: 'p',
        E2EKey: KEY('B'),
        u: { _id: IDS.bob, username: 'bob' },
        open: true,
        alert: is.any(Boolean),
        unread: 0,
        userMentions: 0,
        groupMentions: 0,
        ts: { $date: is.any(Number) },
        ls: { $date: is.any(Number) },
        _updatedAt: { $date: is.any(Number) },
      })
    },
  ],
  [
    '5.4',
    "another's first key is saved (seed)",
    async () => {
      const rid = await keyed('alice', 'bob')
      is(await says({}, 'alice', 'e2e.updateGroupKey', rid, IDS.bob, KEY('C'))).toMatchObject({
        rid,
        u: { _id: IDS.bob },
        E2EKey: KEY('C'),
      })
      is((await subOf('bob', rid)).E2EKey).toBe(KEY('C'))
    },
  ],
  [
    '5.4',
    "another's accepted key stays",
    async () => {
      const rid = await keyed('alice', 'bob')
      await says({}, 'bob', 'e2e.updateGroupKey', rid, IDS.bob, KEY('B'))
      await isVoid('alice', 'e2e.updateGroupKey', rid, IDS.bob, KEY('X'))
      is(await subOf('bob', rid)).toMatchObject({ E2EKey: KEY('B'), E2ESuggestedKey: KEY('X') })
    },
  ],
  [
    '5.4',
    'the caller is no member: nothing, void',
    async () => {
      const rid = await keyed('alice', 'bob')
      await isVoid('mallory', 'e2e.updateGroupKey', rid, IDS.bob, KEY('M'))
      is((await subOf('bob', rid)).E2EKey).toBeUndefined()
    },
  ],
  [
    '5.4',
    'the caller is no member, own id: nothing, void',
    async () => isVoid('mallory', 'e2e.updateGroupKey', await keyed('alice'), IDS.mallory, KEY('M')),
  ],
  [
    '5.4',
    'the target is no member: void',
    async () => isVoid('alice', 'e2e.updateGroupKey', await keyed('alice'), IDS.mallory, KEY('M')),
  ],
  ['5.4', 'unknown room: void', () => isVoid('alice', 'e2e.updateGroupKey', 'none', IDS.alice, KEY('M'))],
  [
    '5.4',
    'unknown user: void',
    async () => isVoid('alice', 'e2e.updateGroupKey', await keyed('alice'), 'none', KEY('M')),
  ],
  [
    '5.4',
    'not logged in',
    () =>
      says(
        error('error-invalid-user', { reason: 'Invalid user', details: { method: 'e2e.acceptSuggestedGroupKey' } }),
        null,
        'e2e.updateGroupKey',
        'r',
        'u',
        'k',
      ),
  ],
  [
    '5.4',
    'no format is asked for',
    async () => {
      const rid = await keyed('alice', 'bob')
      await says({}, 'bob', 'e2e.updateGroupKey', rid, IDS.bob, 'anything')
      is((await subOf('bob', rid)).E2EKey).toBe('anything')
    },
  ],
  [
    '5.4',
    'the room need not be encrypted',
    async () => {
      const rid = await group('alice')
      await post('alice', 'e2e.updateGroupKey', { rid, uid: IDS.alice, key: KEY('A') }, OK)
    },
  ],
  [
    '5.4',
    'REST: {success:true} alone',
    async () => {
      const rid = await keyed('alice', 'bob')
      is(await post('bob', 'e2e.updateGroupKey', { uid: IDS.bob, rid, key: KEY('B') }, OK)).toEqual({ success: true })
    },
  ],
  [
    '5.4',
    'REST: a stranger is told success and nothing happens',
    async () => {
      const rid = await keyed('alice', 'bob')
      await post('mallory', 'e2e.updateGroupKey', { uid: IDS.bob, rid, key: KEY('M') }, OK)
      is((await subOf('bob', rid)).E2EKey).toBeUndefined()
    },
  ],
  ['5.4', 'REST: no key', () => post('alice', 'e2e.updateGroupKey', { uid: IDS.alice, rid: 'r' }, INVALID)],
  ['5.4', 'REST: no uid', () => post('alice', 'e2e.updateGroupKey', { key: 'k', rid: 'r' }, INVALID)],
  ['5.4', 'REST: not logged in', () => post(null, 'e2e.updateGroupKey', { uid: 'a', rid: 'r', key: 'k' }, NOBODY)],
  [
    '5.4',
    'own update takes one off the queue, with rooms-changed',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      is(await queueOf('alice', rid)).toEqual([IDS.bob])
      const c = await listener('alice', 'notify-user', `${IDS.alice}/rooms-changed`)
      await hears(
        c,
        'notify-user',
        `${IDS.alice}/rooms-changed`,
        () => post('bob', 'e2e.updateGroupKey', { uid: IDS.bob, rid, key: KEY('B') }, OK),
        ([, d]) => d._id === rid,
      )
      is((await roomOf('alice', rid)).usersWaitingForE2EKeys ?? []).toEqual([])
    },
  ],
  [
    '5.4',
    'subscriptions-changed only to whom it concerns',
    async () => {
      const rid = await keyed('alice', 'bob', 'carol')
      const b = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      const c = await listener('carol', 'notify-user', `${IDS.carol}/subscriptions-changed`)
      const [what, sub] = await hears(
        b,
        'notify-user',
        `${IDS.bob}/subscriptions-changed`,
        () => post('alice', 'e2e.updateGroupKey', { uid: IDS.bob, rid, key: KEY('B') }, OK),
        ([, s]) => s.rid === rid,
      )
      is(what).toBe('updated')
      is(sub.E2EKey ?? sub.E2ESuggestedKey).toBe(KEY('B'))
      await nap()
      is(c.events('notify-user')).toEqual([])
    },
  ],
  [
    '5.4',
    'arguments in one array (sdk 0.2.9)',
    async () => {
      const rid = await keyed('alice', 'bob')
      is(await says({}, 'bob', 'e2e.updateGroupKey', [rid, IDS.bob, KEY('B')])).toMatchObject({ E2EKey: KEY('B') })
    },
  ],
]
