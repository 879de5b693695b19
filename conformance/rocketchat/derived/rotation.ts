// 5.7: a room's next key.
import { api } from '../cases/tools.ts'
import type { Frame } from '../ddp.ts'
import { IDS } from '../start.ts'
import { person, reset } from './people.ts'
import {
  bad,
  type Derived,
  FORBIDDEN,
  fresh,
  group,
  hears,
  INVALID,
  is,
  KEY,
  keyed,
  listener,
  NOBODY,
  OK,
  pair,
  post,
  provide,
  queueOf,
  roomOf,
  subOf,
} from './tools.ts'

export const RESET: Derived[] = [
  [
    '5.7',
    'the new id and the own new key',
    async () => {
      const rid = await keyed('alice', 'bob')
      await reset('alice', rid)
      is((await roomOf('alice', rid)).e2eKeyId).toBe('N')
      is((await subOf('alice', rid)).E2EKey).toBe(KEY('N'))
    },
  ],
  [
    '5.7',
    'the old key first in oldRoomKeys',
    async () => {
      const rid = await keyed('alice')
      await reset('alice', rid)
      await reset('alice', rid, 'N2')
      const { oldRoomKeys } = await subOf('alice', rid)
      is(oldRoomKeys.map((k: Frame) => [k.e2eKeyId, k.E2EKey])).toEqual([
        ['N', KEY('N')],
        ['K', KEY('A')],
      ])
      is(oldRoomKeys[0].ts).toEqual({ $date: is.any(Number) })
    },
  ],
  [
    '5.7',
    'ten are kept',
    async () => {
      const rid = await keyed('alice')
      for (let i = 0; i < 12; i++) await reset('alice', rid, `N${i}`)
      is((await subOf('alice', rid)).oldRoomKeys.length).toBe(10)
    },
  ],
  [
    '5.7',
    "others' key and suggestion go",
    async () => {
      const rid = await keyed('alice', 'bob', 'carol')
      await pair('bob', 'carol')
      await post('bob', 'e2e.updateGroupKey', { rid, uid: IDS.bob, key: KEY('B') }, OK)
      await provide('alice', rid, { _id: IDS.carol, key: KEY('C') })
      await reset('alice', rid)
      const [b, c] = [await subOf('bob', rid), await subOf('carol', rid)]
      is([b.E2EKey, b.E2ESuggestedKey, c.E2EKey, c.E2ESuggestedKey]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      is(b.oldRoomKeys).toMatchObject([{ e2eKeyId: 'K', E2EKey: KEY('B') }])
    },
  ],
  [
    '5.7',
    'all but the caller are queued',
    async () => {
      await pair('bob', 'carol')
      const rid = await keyed('alice', 'bob', 'carol')
      await post('bob', 'e2e.updateGroupKey', { rid, uid: IDS.bob, key: KEY('B') }, OK)
      await reset('alice', rid)
      is((await queueOf('alice', rid)).sort()).toEqual([IDS.bob, IDS.carol].sort())
    },
  ],
  [
    '5.7',
    'members hear of both',
    async () => {
      const rid = await keyed('alice', 'bob')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/rooms-changed`)
      is(
        (
          await hears(
            c,
            'notify-user',
            `${IDS.bob}/rooms-changed`,
            () => reset('alice', rid),
            ([, d]) => d._id === rid && d.e2eKeyId === 'N',
          )
        )[0],
      ).toBe('updated')
    },
  ],
  [
    '5.7',
    'no permission: 403',
    async () => {
      const rid = await keyed('alice', 'bob')
      await pair('bob')
      await reset('bob', rid, 'X', FORBIDDEN)
    },
  ],
  [
    '5.7',
    'a foreign room',
    async () =>
      is(
        (await api('mallory', 'POST', 'e2e.resetRoomKey', { rid: await keyed('alice'), e2eKey: 'k', e2eKeyId: 'i' }))
          .status,
      ).toBeOneOf([400, 403]),
  ],
  [
    '5.7',
    'permission everywhere, no access',
    async () => {
      await pair('ada')
      await reset('ada', await keyed('alice'), 'X', bad('error-not-allowed'))
    },
  ],
  [
    '5.7',
    'a room without e2eKeyId',
    async () => {
      await pair('alice')
      await reset('alice', await group('alice', [], { encrypted: true }), 'X', bad('error-e2e-key-reset-failed'))
    },
  ],
  [
    '5.7',
    'a room that is not encrypted',
    async () => {
      await pair('alice')
      await reset('alice', await group('alice'), 'X', bad('error-e2e-key-reset-failed'))
    },
  ],
  [
    '5.7',
    'a caller without keys',
    async () => {
      const p = await person()
      const made = await p.api('POST', 'groups.create', { name: fresh('g'), extraData: { encrypted: true } })
      const rid = made.body.group._id
      await p.api('POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
      is(await p.api('POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: 'i' })).toMatchObject(
        bad('error-e2e-key-reset-failed'),
      )
    },
  ],
  ['5.7', 'nothing given', () => post('alice', 'e2e.resetRoomKey', {}, INVALID)],
  ['5.7', 'no e2eKeyId', () => post('alice', 'e2e.resetRoomKey', { rid: 'x', e2eKey: 'k' }, INVALID)],
  ['5.7', 'not logged in', () => post(null, 'e2e.resetRoomKey', { rid: 'x', e2eKey: 'k', e2eKeyId: 'i' }, NOBODY)],
  [
    '5.7',
    'no rotation by itself when a member leaves: the id stays',
    async () => {
      const rid = await keyed('alice', 'bob')
      await post('bob', 'groups.leave', { roomId: rid }, OK)
      is((await roomOf('alice', rid)).e2eKeyId).toBe('K')
    },
  ],
]
