// 5.8: rooms that are, become and cease to be encrypted.
import { api } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { IDS, type Name } from '../start.ts'
import {
  bad,
  channel,
  type Derived,
  direct,
  fresh,
  get,
  group,
  having,
  hears,
  is,
  KEY,
  keyed,
  listener,
  OK,
  post,
  roomOf,
  says,
  subOf,
} from './tools.ts'

const save = (who: Name, body: object, wanted: object = OK) => post(who, 'rooms.saveRoomSettings', body, wanted)
const types = async (who: Name, rid: string) =>
  (await get(who, `groups.history?roomId=${rid}&count=50`, OK)).messages.map((m: Frame) => m.t).filter(Boolean)

export const ENCRYPTION: Derived[] = [
  [
    '5.8',
    'groups.create encrypted',
    async () =>
      is(
        (await post('alice', 'groups.create', { name: fresh('g'), extraData: { encrypted: true } }, OK)).group,
      ).toMatchObject({
        encrypted: true,
        t: 'p',
        msgs: 0,
        u: { _id: IDS.alice, username: 'alice' },
        _id: is.any(String),
        name: is.any(String),
        fname: is.any(String),
        ts: is.any(String),
        usersCount: 1,
      }),
  ],
  [
    '5.8',
    'groups.create is plain by default',
    async () =>
      is((await post('alice', 'groups.create', { name: fresh('g') }, OK)).group.encrypted ?? false).toBe(false),
  ],
  [
    '5.8',
    'default on',
    () =>
      having('E2E_Enabled_Default_PrivateRooms', true, async () =>
        is((await post('alice', 'groups.create', { name: fresh('g') }, OK)).group.encrypted).toBe(true),
      ),
  ],
  [
    '5.8',
    'default on, explicit false',
    () =>
      having('E2E_Enabled_Default_PrivateRooms', true, async () =>
        is(
          (await post('alice', 'groups.create', { name: fresh('g'), extraData: { encrypted: false } }, OK)).group
            .encrypted ?? false,
        ).toBe(false),
      ),
  ],
  [
    '5.8',
    'direct rooms by default',
    () =>
      having('E2E_Enabled_Default_DirectRooms', true, async () => {
        const { room } = await post('dave', 'im.create', { username: 'frank' }, OK)
        is((await get('dave', `rooms.info?roomId=${room._id}`, OK)).room.encrypted).toBe(true)
        await save('dave', { rid: room._id, encrypted: false })
      }),
  ],
  [
    '5.8',
    'channels are not by the default',
    () =>
      having('E2E_Enabled_Default_PrivateRooms', true, async () =>
        is((await post('alice', 'channels.create', { name: fresh('c') }, OK)).channel.encrypted ?? false).toBe(false),
      ),
  ],
  [
    '5.8',
    'forced: explicit false is refused',
    () =>
      having('E2E_Force_Encryption_For_Private_Rooms', true, () =>
        post(
          'alice',
          'groups.create',
          { name: fresh('g'), extraData: { encrypted: false } },
          bad('error-encrypted-private-rooms-enforced'),
        ),
      ),
  ],
  [
    '5.8',
    'forced: by itself',
    () =>
      having('E2E_Force_Encryption_For_Private_Rooms', true, async () =>
        is((await post('alice', 'groups.create', { name: fresh('g') }, OK)).group.encrypted).toBe(true),
      ),
  ],
  [
    '5.8',
    'switched on by saveRoomSettings: room_e2e_enabled',
    async () => {
      const rid = await group('alice')
      await save('alice', { rid, encrypted: true })
      is(await types('alice', rid)).toContain('room_e2e_enabled')
      is((await roomOf('alice', rid)).encrypted).toBe(true)
    },
  ],
  [
    '5.8',
    'switched off: room_e2e_disabled; id and keys stay',
    async () => {
      const rid = await keyed('alice')
      await save('alice', { rid, encrypted: false })
      is(await types('alice', rid)).toContain('room_e2e_disabled')
      const r = await roomOf('alice', rid)
      is([r.encrypted ?? false, r.e2eKeyId]).toEqual([false, 'K'])
      is((await subOf('alice', rid)).E2EKey).toBe(KEY('A'))
    },
  ],
  [
    '5.8',
    'switched over DDP',
    async () => {
      const rid = await group('alice')
      is(await says({}, 'alice', 'saveRoomSettings', rid, 'encrypted', true)).toMatchObject({ result: true, rid })
      is((await roomOf('alice', rid)).encrypted).toBe(true)
    },
  ],
  [
    '5.8',
    'a member may not switch',
    async () => {
      const rid = await group('alice', ['bob'])
      await save('bob', { rid, encrypted: true }, { status: 400, body: { success: false } })
      is((await roomOf('alice', rid)).encrypted ?? false).toBe(false)
    },
  ],
  [
    '5.8',
    'an encrypted channel: error-action-not-allowed',
    async () => {
      const rid = await channel('alice')
      is((await api('alice', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: true })).body).toMatchObject({
        success: false,
        errorType: 'error-action-not-allowed',
      })
    },
  ],
  [
    '5.8',
    'a direct room: either side, without edit-room',
    async () => {
      const rid = await direct('bob', 'carol')
      await save('carol', { rid, encrypted: true })
      is((await roomOf('bob', rid)).encrypted).toBe(true)
      await save('bob', { rid, encrypted: false })
    },
  ],
  [
    '5.8',
    'groups.setEncrypted false',
    async () => {
      const roomId = await group('alice', [], { encrypted: true })
      is((await post('alice', 'groups.setEncrypted', { roomId, encrypted: false }, OK)).group.encrypted ?? false).toBe(
        false,
      )
    },
  ],
  [
    '5.8',
    'groups.setEncrypted without the flag',
    async () =>
      post(
        'alice',
        'groups.setEncrypted',
        { roomId: await group('alice') },
        { status: 400, body: { success: false, error: 'The bodyParam "encrypted" is required' } },
      ),
  ],
  [
    '5.8',
    'groups.setEncrypted by a stranger',
    async () =>
      is(
        (await api('mallory', 'POST', 'groups.setEncrypted', { roomId: await group('alice'), encrypted: true })).body
          .success,
      ).toBe(false),
  ],
  [
    '5.8',
    'the switch is a rooms-changed',
    async () => {
      const rid = await group('alice', ['bob'])
      const c = await listener('bob', 'notify-user', `${IDS.bob}/rooms-changed`)
      await hears(
        c,
        'notify-user',
        `${IDS.bob}/rooms-changed`,
        () => save('alice', { rid, encrypted: true }),
        ([, d]) => d._id === rid && d.encrypted === true,
      )
    },
  ],
]
