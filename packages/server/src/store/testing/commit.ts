// The sentences about one batch: what each item gets, and that none disturbs another.
import { compareIds } from '@conclave/wire'
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import { type Claim, type Item, type MessageKey, StoreFailure } from '../store.ts'
import {
  account,
  added,
  append,
  channel,
  committed,
  created,
  logOf,
  message,
  NOW,
  outcomeOf,
  publicKey,
  removed,
  room,
  rows,
  sequencesOf,
  textsOf,
  token,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')

export function commitSentences(open: () => Promise<OpenStore>, durable: boolean): void {
  const store = opened(open)

  test('an append gets sequences from 1 without gaps, and ids that grow', async () => {
    const [first] = await committed(store(), append(ROOM, 0, [created(), message('a')]))
    const [second] = await committed(store(), append(ROOM, 1, [message('b'), message('c')]))
    const events = [...(first ?? []), ...(second ?? [])]
    expect(sequencesOf(events)).toEqual([1, 2, 3, 4])
    for (const [index, event] of events.entries()) {
      if (index > 0) expect(compareIds(event.id, events[index - 1]?.id ?? '0')).toBeGreaterThan(0)
    }
    expect(events.map(({ room: of, actor, at }) => [of, actor, at])).toEqual(events.map(() => [ROOM, '1', NOW]))
    expect(await logOf(store(), ROOM)).toEqual(events)
  })

  test('an empty batch is committed', async () => {
    expect(await store().commit([])).toEqual([])
  })

  test('an item sees what earlier items of its batch wrote', async () => {
    const [, , , last] = await committed(
      store(),
      append(ROOM, 0, [created()]),
      append(ROOM, 1, [message('a')]),
      append(ROOM, 1, [added(['2'])]),
      append(ROOM, 3, [message('b')]),
    )
    expect(sequencesOf(last)).toEqual([4])
  })

  test('of several changes on one control sequence one wins, and the others learn where it stands (L2)', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const outcomes = await store().commit([
      append(ROOM, 1, [added(['2'])]),
      append(ROOM, 1, [added(['3'])]),
      append(ROOM, 1, [added(['4'])]),
    ])
    expect(outcomes.map(each => each.outcome)).toEqual(['committed', 'moved', 'moved'])
    expect(outcomes[1]).toEqual({ outcome: 'moved', control: 2 })
    expect(await outcomeOf(store(), append(ROOM, 1, [message('late')]))).toEqual({ outcome: 'moved', control: 2 })
    expect((await logOf(store(), ROOM)).length).toBe(2)
  })

  test('messages do not move the control sequence', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created()]),
      append(ROOM, 1, [message('a')]),
      append(ROOM, 1, [message('b')]),
    )
    expect(await store().head(ROOM)).toMatchObject({ sequence: 3, control: 1 })
  })

  test('a room that is not there stands at control 0', async () => {
    expect(await outcomeOf(store(), append(ROOM, 3, [message('a')]))).toEqual({ outcome: 'moved', control: 0 })
    expect(await outcomeOf(store(), append(ROOM, 0, [created()]))).toMatchObject({ outcome: 'committed' })
    expect(await outcomeOf(store(), append(ROOM, 0, [created()]))).toEqual({ outcome: 'moved', control: 1 })
  })

  test('a guard holds while its version is the newest, 0 standing for no row (L3)', async () => {
    const guarded = (version: number): Item => ({
      ...append(ROOM, 1, [message('a')]),
      guards: [{ of: 'account', id: '7', version }],
    })
    await committed(store(), append(ROOM, 0, [created()]))
    expect((await outcomeOf(store(), guarded(0))).outcome).toBe('committed')
    expect(await outcomeOf(store(), guarded(1))).toEqual({
      outcome: 'stale',
      guard: { of: 'account', id: '7', version: 1 },
    })
    await committed(store(), rows(account('7')))
    expect((await outcomeOf(store(), guarded(0))).outcome).toBe('stale')
    expect((await outcomeOf(store(), guarded(1))).outcome).toBe('committed')
  })

  test('a guard sees what earlier items of its batch wrote, and the version counts every writing', async () => {
    const guards = (version: number): Item => ({ ...rows(), guards: [{ of: 'channel', id: '5', version }] })
    const outcomes = await store().commit([
      guards(0),
      rows(channel('5')),
      guards(0),
      guards(1),
      rows(channel('5')),
      guards(2),
    ])
    expect(outcomes.map(each => each.outcome)).toEqual([
      'committed',
      'committed',
      'stale',
      'committed',
      'committed',
      'committed',
    ])
    expect((await store().channel('5' as never))?.version).toBe(2)
  })

  test('the guard of keys is how many are registered', async () => {
    const keys = (version: number): Item => ({ ...rows(), guards: [{ of: 'keys', id: '1', version }] })
    const key = (version: string): Item => rows({ put: 'publicKey', user: user('1'), key: publicKey(version) })
    const outcomes = await store().commit([keys(0), key('100'), keys(1), key('200'), keys(2), keys(1)])
    expect(outcomes.map(each => each.outcome)).toEqual([...Array(5).fill('committed'), 'stale'])
  })

  test('a message key is used once on the whole server, and names what it was used for (L7)', async () => {
    const key: MessageKey = { key: 'abc', digest: 'd1', by: user('1') }
    const [, used] = await committed(
      store(),
      append(ROOM, 0, [created()]),
      append(ROOM, 1, [message('a', 'abc')], { messageKeys: [key] }),
      append(OTHER, 0, [created()]),
    )
    const elsewhere = append(OTHER, 1, [message('b')], {
      messageKeys: [
        { key: 'other', digest: 'd2', by: user('2') },
        { key: 'abc', digest: 'd2', by: user('2') },
      ],
    })
    const exists = { outcome: 'exists', index: 1, room: ROOM, sequence: 2, by: '1', digest: 'd1' }
    expect(await outcomeOf(store(), elsewhere)).toEqual(exists)
    expect(await store().messageKey('abc')).toEqual({
      room: ROOM,
      sequence: used?.[0]?.sequence,
      by: '1',
      digest: 'd1',
    })
    expect(await store().messageKey('other')).toBeUndefined()
    expect((await logOf(store(), OTHER)).length).toBe(1)
  })

  test('a message key sent twice in one batch is used by the first', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const twice = append(ROOM, 1, [message('a')], { messageKeys: [{ key: 'k', digest: 'd', by: user('1') }] })
    const outcomes = await store().commit([twice, twice])
    expect(outcomes.map(each => each.outcome)).toEqual(['committed', 'exists'])
    expect(outcomes[1]).toMatchObject({ index: 0, room: ROOM, sequence: 2, by: '1', digest: 'd' })
  })

  test('a key without an event stands where the log ended, whatever is appended behind it in the batch (L7)', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const key = { key: 'alone', digest: 'd', by: user('1') }
    await committed(
      store(),
      append(ROOM, 1, [message('before')]),
      append(ROOM, 1, [], { messageKeys: [key] }),
      append(ROOM, 1, [message('behind')]),
    )
    expect(await store().messageKey('alone')).toMatchObject({ room: ROOM, sequence: 2 })
  })

  test('a message key that stands twice in one append exists the second time, and nothing is written', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const key = { key: 'k', digest: 'd', by: user('1') }
    const outcome = await outcomeOf(store(), append(ROOM, 1, [message('a')], { messageKeys: [key, key] }))
    expect(outcome).toEqual({ outcome: 'exists', index: 1, room: ROOM, sequence: 0, by: '1', digest: 'd' })
    expect(await store().messageKey('k')).toBeUndefined()
  })

  test('every key of an append stands with its first event', async () => {
    const messageKeys = ['k1', 'k2'].map(key => ({ key, digest: 'd', by: user('1') }))
    await committed(store(), append(ROOM, 0, [created(), added(['2']), message('a')], { messageKeys }))
    expect((await store().messageKey('k1'))?.sequence).toBe(1)
    expect((await store().messageKey('k2'))?.sequence).toBe(1)
  })

  test('message keys are told apart by every character', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const keys = ['a', 'A', 'a ', 'a\u0000', 'a\u0000b', 'ä', 'a\u0308', "'; --", '\u{1f600}']
    for (const key of keys) {
      const item = append(ROOM, 1, [message('a')], { messageKeys: [{ key, digest: key, by: user('1') }] })
      expect((await outcomeOf(store(), item)).outcome).toBe('committed')
    }
    for (const key of keys) expect((await store().messageKey(key))?.digest).toBe(key)
  })

  test('a claim is held by the first room, and by nobody else until it is released', async () => {
    const claim: Claim = { space: 'name', key: 'general' }
    await committed(store(), append(ROOM, 0, [created()], { claims: [claim] }))
    expect(await store().claimed(claim)).toBe(ROOM)
    expect(await outcomeOf(store(), append(OTHER, 0, [created()], { claims: [claim] }))).toEqual({
      outcome: 'taken',
      claim,
      by: ROOM,
    })
    expect(await store().head(OTHER)).toBeUndefined()
    await committed(store(), append(ROOM, 1, [message('a')], { claims: [claim] }))
    await committed(store(), append(OTHER, 0, [created()], { releases: [claim] }))
    expect(await store().claimed(claim)).toBe(ROOM)
    await committed(
      store(),
      append(ROOM, 1, [message('b')], { releases: [claim] }),
      append(OTHER, 1, [message('c')], { claims: [claim] }),
    )
    expect(await store().claimed(claim)).toBe(OTHER)
  })

  test('a claim that is released and taken in one append is held', async () => {
    const claim: Claim = { space: 'name', key: 'general' }
    await committed(store(), append(ROOM, 0, [created()], { claims: [claim] }))
    await committed(store(), append(ROOM, 1, [message('a')], { claims: [claim], releases: [claim] }))
    expect(await store().claimed(claim)).toBe(ROOM)
  })

  test('the same key in another space is another claim', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created()], { claims: [{ space: 'direct', key: '1-2' }] }),
      append(OTHER, 0, [created()], { claims: [{ space: 'direct.xchat', key: '1-2' }] }),
    )
    expect(await store().claimed({ space: 'direct.xchat', key: '1-2' })).toBe(OTHER)
    expect(await store().claimed({ space: 'name', key: '1-2' })).toBeUndefined()
  })

  test('of several reasons the guard is named first, then the message key, the control sequence and the claim', async () => {
    const claim: Claim = { space: 'name', key: 'general' }
    const key: MessageKey = { key: 'k', digest: 'd', by: user('1') }
    await committed(
      store(),
      append(OTHER, 0, [created()], { claims: [claim], messageKeys: [key] }),
      append(ROOM, 0, [created()]),
    )
    const all = append(ROOM, 9, [message('a')], { claims: [claim], messageKeys: [key] })
    const stale: Item = { ...all, guards: [{ of: 'account', id: '1', version: 4 }] }
    expect((await outcomeOf(store(), stale)).outcome).toBe('stale')
    expect((await outcomeOf(store(), all)).outcome).toBe('exists')
    expect((await outcomeOf(store(), append(ROOM, 9, [message('a')], { claims: [claim] }))).outcome).toBe('moved')
    expect((await outcomeOf(store(), append(ROOM, 1, [message('a')], { claims: [claim] }))).outcome).toBe('taken')
  })

  test('an item that fails leaves no trace, and the others of its batch are written', async () => {
    const claim: Claim = { space: 'name', key: 'lost' }
    const key: MessageKey = { key: 'lost', digest: 'd', by: user('1') }
    await committed(store(), rows(account('1', { username: 'one' })), append(ROOM, 0, [created()]))
    const moved = append(ROOM, 9, [message('lost')], { claims: [claim], messageKeys: [key] })
    const lost: Item = { ...moved, rows: [account('2'), { put: 'token', token: token('lost') }] }
    const taken: Item = {
      ...append(ROOM, 1, [added(['3']), message('lost')], { claims: [claim], messageKeys: [key] }),
      rows: [{ put: 'meta', key: 'lost', value: 'lost' }, account('2', { username: 'ONE' })],
    }
    const outcomes = await store().commit([
      append(ROOM, 1, [message('a')]),
      lost,
      append(ROOM, 1, [message('b')]),
      taken,
      append(ROOM, 1, [message('c')]),
    ])
    expect(outcomes.map(each => each.outcome)).toEqual(['committed', 'moved', 'committed', 'taken', 'committed'])
    expect(textsOf(await logOf(store(), ROOM))).toEqual(['room.created', 'a', 'b', 'c'])
    expect(await store().head(ROOM)).toMatchObject({ sequence: 4, control: 1, messages: 3 })
    expect(await store().claimed(claim)).toBeUndefined()
    expect(await store().messageKey('lost')).toBeUndefined()
    expect(await store().account(user('2'))).toBeUndefined()
    expect(await store().token('lost')).toBeUndefined()
    expect(await store().meta('lost')).toBeUndefined()
    expect(await store().roomsOf(user('3'))).toEqual([])
  })

  test('a bug in an item rejects the batch, leaves nothing of it and does not stop the store', async () => {
    const begun = append(ROOM, 0, [message('a room begins with room.created')])
    const failure = await store()
      .commit([append(OTHER, 0, [created()]), begun])
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toBeInstanceOf(StoreFailure)
    expect(await store().head(OTHER)).toBeUndefined()
    expect(await store().head(ROOM)).toBeUndefined()
    await committed(store(), append(ROOM, 0, [created()]))
    expect(await logOf(store(), OTHER)).toEqual([])
  })

  test('times never go back within a room', async () => {
    const [a] = await committed(store(), append(ROOM, 0, [created()], { at: NOW + 5_000 }))
    const [b, c] = await committed(
      store(),
      append(ROOM, 1, [message('a')], { at: NOW }),
      append(ROOM, 1, [message('b')], { at: NOW + 6_000 }),
    )
    expect([a, b, c].map(events => (events?.[0]?.at ?? 0) - NOW)).toEqual([5_000, 5_000, 6_000])
    expect((await store().head(ROOM))?.lastMessageAt).toBe(NOW + 6_000)
  })

  test('ids keep every digit up to 2^63 - 1', async () => {
    const largest = '9223372036854775807'
    const big = room(largest)
    const near = room('9223372036854775806')
    await committed(
      store(),
      rows(account(largest), account('9223372036854775806'), account('0'), channel('9007199254740993')),
      append(big, 0, [created({ members: [user(largest), user('0')], channel: '9007199254740993' as never })], {
        actor: user(largest),
      }),
    )
    expect(await store().head(near)).toBeUndefined()
    expect(await store().head(big)).toMatchObject({ room: largest, channel: '9007199254740993' })
    expect((await logOf(store(), big))[0]).toMatchObject({ room: largest, actor: largest })
    expect((await store().account(user(largest)))?.id).toBe(largest)
    expect((await store().accounts(null, 10)).map(each => each.id)).toEqual(['0', '9223372036854775806', largest])
    expect(await store().roomsOf(user(largest))).toEqual([largest])
    expect(await store().roomsOf(user('9223372036854775806'))).toEqual([])
    expect(await store().roomsOf(user('0'))).toEqual([largest])
    expect(await store().roomsIn('9007199254740993' as never)).toEqual([largest])
    expect(await store().roomsIn('9007199254740992' as never)).toEqual([])
  })

  test('an event without an actor was done by the server', async () => {
    await committed(store(), append(ROOM, 0, [created()], { actor: null }))
    expect((await logOf(store(), ROOM))[0]?.actor).toBeNull()
  })

  test('new ids are unique among events and grow', async () => {
    const before = store().newId()
    const [events] = await committed(store(), append(ROOM, 0, [created(), message('a')]))
    const ids = [before, ...(events ?? []).map(event => event.id), store().newId(), store().newId()]
    expect([...ids].sort(compareIds)).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('text comes back as it was written', async () => {
    const texts = [
      '',
      '\u0000',
      'ä\u0308',
      '\u{1f600}',
      '\ud800',
      '"\\/\b\f\n\r\t',
      "'; DROP TABLE events; --",
      '\u2028',
    ]
    await committed(store(), append(ROOM, 0, [created(), ...texts.map(text => message(text))]))
    expect(textsOf(await logOf(store(), ROOM))?.slice(1)).toEqual(texts)
  })

  test('opening anew loses nothing, and writing goes on without a gap', async () => {
    await committed(store(), append(ROOM, 0, [created(), message('a')]))
    const before = await logOf(store(), ROOM)
    await store().reopen()
    expect(await logOf(store(), ROOM)).toEqual(before)
    const [events] = await committed(store(), append(ROOM, 1, [message('b')]))
    expect(sequencesOf(events)).toEqual([3])
    expect(compareIds(events?.[0]?.id ?? '0', before.at(-1)?.id ?? '0')).toBeGreaterThan(0)
  })

  test('a closed store refuses to write', async () => {
    await store().close()
    await expect(store().commit([append(ROOM, 0, [created()])])).rejects.toBeInstanceOf(StoreFailure)
  })

  if (!durable) return

  test('what was committed is there after a crash, and ids go on growing (L6)', async () => {
    const [before] = await committed(
      store(),
      append(ROOM, 0, [created({ members: [user('1'), user('2')] }), message('a'), removed(['2'])], {
        messageKeys: [{ key: 'k', digest: 'd', by: user('1') }],
        claims: [{ space: 'name', key: 'n' }],
      }),
      rows(account('1'), { put: 'token', token: token('t') }),
    )
    const head = await store().head(ROOM)
    const again = await store.crash()
    if (again === undefined) throw new Error('a durable store can crash')
    expect(await logOf(again, ROOM)).toEqual(before)
    expect(await again.head(ROOM)).toEqual(head)
    expect(await again.roomsOf(user('1'))).toEqual([ROOM])
    expect(await again.roomsOf(user('2'))).toEqual([])
    expect((await again.messageKey('k'))?.room).toBe(ROOM)
    expect(await again.token('t')).toEqual(token('t'))
    const [elsewhere] = await committed(again, append(OTHER, 0, [created()]))
    const [after] = await committed(again, append(ROOM, 3, [message('b')]))
    expect(after?.[0]?.sequence).toBe(4)
    expect(compareIds(after?.[0]?.id ?? '0', before?.at(-1)?.id ?? '0')).toBeGreaterThan(0)
    expect(compareIds(elsewhere?.[0]?.id ?? '0', before?.at(-1)?.id ?? '0')).toBeGreaterThan(0)
  })
}
