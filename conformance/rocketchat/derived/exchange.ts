import { IDS } from '../start.ts'
import { person } from './people.ts'
import {
  bad,
  type Derived,
  get,
  group,
  having,
  headersOf,
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
  says,
  silent,
  subOf,
  waiting,
  web,
} from './tools.ts'

async function suggested(old = false): Promise<string> {
  await pair('bob')
  const rid = await keyed('alice', 'bob')
  await provide('alice', rid, {
    _id: IDS.bob,
    key: KEY('S'),
    ...(old ? { oldKeys: [{ e2eKeyId: 'o', ts: '2025-01-01T00:00:00.000Z', E2EKey: 'ok' }] } : {}),
  })
  return rid
}

export const SUGGESTED: Derived[] = [
  [
    '5.5',
    'accept moves it',
    async () => {
      const rid = await suggested()
      await post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, OK)
      const s = await subOf('bob', rid)
      is([s.E2EKey, s.E2ESuggestedKey]).toEqual([KEY('S'), undefined])
    },
  ],
  [
    '5.5',
    'accept takes old keys along',
    async () => {
      const rid = await suggested(true)
      await post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, OK)
      const s = await subOf('bob', rid)
      is(s.oldRoomKeys).toEqual([{ e2eKeyId: 'o', ts: { $date: Date.parse('2025-01-01') }, E2EKey: 'ok' }])
      is(s.suggestedOldRoomKeys).toBeUndefined()
    },
  ],
  [
    '5.5',
    'accept takes off the queue',
    async () => {
      const rid = await suggested()
      await post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, OK)
      is(await queueOf('bob', rid)).toEqual([])
    },
  ],
  [
    '5.5',
    'accept tells the subscription',
    async () => {
      const rid = await suggested()
      const c = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      is(
        (
          await hears(
            c,
            'notify-user',
            `${IDS.bob}/subscriptions-changed`,
            () => post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, OK),
            ([, s]) => s.rid === rid,
          )
        )[1].E2EKey,
      ).toBe(KEY('S'))
    },
  ],
  [
    '5.5',
    'reject unsets and queues again',
    async () => {
      const rid = await suggested(true)
      await post('bob', 'e2e.rejectSuggestedGroupKey', { rid }, OK)
      const s = await subOf('bob', rid)
      is([s.E2EKey, s.E2ESuggestedKey, s.suggestedOldRoomKeys]).toEqual([undefined, undefined, undefined])
      is(await queueOf('bob', rid)).toEqual([IDS.bob])
    },
  ],
  ...(['accept', 'reject'] as const).flatMap((how): Derived[] => [
    [
      '5.5',
      `${how}: nothing suggested`,
      async () => {
        const rid = await keyed('alice', 'bob')
        await post(
          'bob',
          `e2e.${how}SuggestedGroupKey`,
          { rid },
          bad('error-no-suggested-key-available', { details: { method: `e2e.${how}SuggestedGroupKey` } }),
        )
      },
    ],
    [
      '5.5',
      `${how}: not a member`,
      async () =>
        post(
          'mallory',
          `e2e.${how}SuggestedGroupKey`,
          { rid: await keyed('alice') },
          bad('error-subscription-not-found', { details: { method: `e2e.${how}SuggestedGroupKey` } }),
        ),
    ],
    [
      '5.5',
      `${how}: unknown room`,
      () => post('mallory', `e2e.${how}SuggestedGroupKey`, { rid: 'none' }, bad('error-subscription-not-found')),
    ],
    ['5.5', `${how}: no rid`, () => post('bob', `e2e.${how}SuggestedGroupKey`, {}, INVALID)],
    ['5.5', `${how}: not logged in`, () => post(null, `e2e.${how}SuggestedGroupKey`, { rid: 'x' }, NOBODY)],
  ]),
  [
    '5.5',
    'accept twice: the second has nothing',
    async () => {
      const rid = await suggested()
      await post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, OK)
      await post('bob', 'e2e.acceptSuggestedGroupKey', { rid }, bad('error-no-suggested-key-available'))
    },
  ],
]

export const QUEUE: Derived[] = [
  [
    '5.6',
    'who waits',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob', 'frank')
      is((await waiting('alice', rid)).body.usersWaitingForE2EKeys).toEqual({
        [rid]: [{ _id: IDS.bob, public_key: 'public of bob' }],
      })
    },
  ],
  [
    '5.6',
    'rooms without such users are absent',
    async () => {
      const rid = await keyed('alice')
      is((await waiting('alice', rid)).body).toEqual({ success: true, usersWaitingForE2EKeys: {} })
    },
  ],
  [
    '5.6',
    'a foreign room is absent',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      is((await waiting('mallory', rid)).body.usersWaitingForE2EKeys).toEqual({})
    },
  ],
  [
    '5.6',
    'a suggestion excludes',
    async () => {
      const rid = await suggested()
      is((await waiting('alice', rid)).body.usersWaitingForE2EKeys).toEqual({})
    },
  ],
  [
    '5.6',
    'E2E off: {}',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await having('E2E_Enable', false, async () =>
        is((await waiting('alice', rid)).body).toEqual({ success: true, usersWaitingForE2EKeys: {} }),
      )
    },
  ],
  ['5.6', 'no roomIds: invalid', () => get('alice', 'e2e.fetchUsersWaitingForGroupKey', INVALID)],
  ['5.6', 'not logged in', () => get(null, 'e2e.fetchUsersWaitingForGroupKey?roomIds[]=x', NOBODY)],
  [
    '5.6',
    'provide sets the suggestion and takes off the queue',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await provide('alice', rid, { _id: IDS.bob, key: KEY('S') })
      is((await subOf('bob', rid)).E2ESuggestedKey).toBe(KEY('S'))
      is((await roomOf('alice', rid)).usersWaitingForE2EKeys).toBeUndefined()
    },
  ],
  [
    '5.6',
    'provide: old keys with ts as date',
    async () => {
      const rid = await suggested(true)
      is((await subOf('bob', rid)).suggestedOldRoomKeys).toEqual([
        { e2eKeyId: 'o', ts: { $date: Date.parse('2025-01-01') }, E2EKey: 'ok' },
      ])
    },
  ],
  [
    '5.6',
    'provide overwrites an earlier suggestion',
    async () => {
      const rid = await suggested()
      await provide('alice', rid, { _id: IDS.bob, key: KEY('T') })
      is((await subOf('bob', rid)).E2ESuggestedKey).toBe(KEY('T'))
    },
  ],
  [
    '5.6',
    'provide skips non-members',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await provide('alice', rid, { _id: IDS.mallory, key: KEY('S') }, { _id: IDS.bob, key: KEY('S') })
      is((await subOf('bob', rid)).E2ESuggestedKey).toBe(KEY('S'))
    },
  ],
  [
    '5.6',
    'provide skips rooms without access silently',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await provide('mallory', rid, { _id: IDS.bob, key: KEY('M') })
      is((await subOf('bob', rid)).E2ESuggestedKey).toBeUndefined()
    },
  ],
  ['5.6', 'provide skips unknown rooms silently', () => provide('alice', 'none', { _id: IDS.bob, key: KEY('M') })],
  [
    '5.6',
    'provide: E2E off has no effect',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await having('E2E_Enable', false, () => provide('alice', rid, { _id: IDS.bob, key: KEY('M') }))
      is((await subOf('bob', rid)).E2ESuggestedKey).toBeUndefined()
    },
  ],
  ['5.6', 'provide: an empty list of a room', async () => provide('alice', await keyed('alice'))],
  ['5.6', 'provide: no map', () => post('alice', 'e2e.provideUsersSuggestedGroupKeys', {}, INVALID)],
  [
    '5.6',
    'provide: entry without _id',
    () =>
      post('alice', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: { r: [{ key: 'k' }] } }, INVALID),
  ],
  [
    '5.6',
    'provide: an old key without its id',
    () =>
      post(
        'alice',
        'e2e.provideUsersSuggestedGroupKeys',
        {
          usersSuggestedGroupKeys: {
            r: [{ _id: 'b', key: 'k', oldKeys: [{ ts: '2025-01-01T00:00:00.000Z', E2EKey: 'x' }] }],
          },
        },
        INVALID,
      ),
  ],
  [
    '5.6',
    'provide: not logged in',
    () => post(null, 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: {} }, NOBODY),
  ],
  [
    '5.6',
    'provide tells the subscription',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      const c = await listener('bob', 'notify-user', `${IDS.bob}/subscriptions-changed`)
      is(
        (
          await hears(
            c,
            'notify-user',
            `${IDS.bob}/subscriptions-changed`,
            () => provide('alice', rid, { _id: IDS.bob, key: KEY('S') }),
            ([, s]) => s.rid === rid,
          )
        )[1].E2ESuggestedKey,
      ).toBe(KEY('S'))
    },
  ],
  ['5.6', 'request over REST', () => post('alice', 'e2e.requestSubscriptionKeys', {}, OK)],
  [
    '5.6',
    'request over REST without a body',
    async () =>
      is(
        (await web('/api/v1/e2e.requestSubscriptionKeys', { method: 'POST', headers: headersOf('alice') })).body,
      ).toMatchObject({ success: true }),
  ],
  ['5.6', 'request: not logged in over REST', () => post(null, 'e2e.requestSubscriptionKeys', {}, NOBODY)],
  [
    '5.6',
    'request: nothing for rooms without a key id',
    async () => {
      const rid = await group('alice', ['bob'], { encrypted: true })
      const c = await listener('alice', 'notify-room', `${rid}/e2e.keyRequest`)
      await silent(c, 'notify-room', `${rid}/e2e.keyRequest`, () =>
        says({ result: true }, 'bob', 'e2e.requestSubscriptionKeys'),
      )
    },
  ],
  [
    '5.6',
    'request: nothing for rooms whose key one has',
    async () => {
      const rid = await keyed('alice', 'bob')
      const c = await listener('bob', 'notify-room', `${rid}/e2e.keyRequest`)
      await silent(c, 'notify-room', `${rid}/e2e.keyRequest`, () =>
        says({ result: true }, 'alice', 'e2e.requestSubscriptionKeys'),
      )
    },
  ],
  [
    '5.6',
    'added with a public key: queued',
    async () => {
      await pair('bob')
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: IDS.bob }, OK)
      is(await queueOf('alice', rid)).toEqual([IDS.bob])
    },
  ],
  [
    '5.6',
    'added without: not',
    async () => {
      const p = await person()
      const rid = await keyed('alice')
      await post('alice', 'groups.invite', { roomId: rid, userId: p.id }, OK)
      is(await queueOf('alice', rid)).toEqual([])
    },
  ],
  [
    '5.6',
    'leaving takes off',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await post('bob', 'groups.leave', { roomId: rid }, OK)
      is(await queueOf('alice', rid)).toEqual([])
    },
  ],
  [
    '5.6',
    'a kick takes off',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob')
      await post('alice', 'groups.kick', { roomId: rid, userId: IDS.bob }, OK)
      is(await queueOf('alice', rid)).toEqual([])
    },
  ],
  [
    '4',
    'every member sees who waits, each only the own key',
    async () => {
      await pair('bob')
      const rid = await keyed('alice', 'bob', 'frank')
      is(await queueOf('frank', rid)).toEqual([IDS.bob])
      is(JSON.stringify(await roomOf('frank', rid))).not.toContain(KEY('A'))
      is((await subOf('frank', rid)).E2EKey).toBeUndefined()
    },
  ],
]
