// Copies of a Rocket.Chat room's keys: brought by any member, taken by their own member alone, kept when the key changes.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { OLD_KEYS, SUGGESTED_TOGETHER } from '../../limits.ts'
import { decide } from '../decide.ts'
import type { OldKey, SuggestedWrap } from '../events.ts'
import { contextAt } from '../fixtures.ts'
import { member, moderator, NOW, operator, owner, type Scene, scene, stranger } from '../scene-testing.ts'
import { keylessSince, NO_KEYS } from '../state.ts'

const sealed = () => scene({ suite: 'rocketchat' })
const old = (keyId: string, at: number): OldKey => ({ keyId, at, key: `${keyId} for somebody` })
const wrap = (user: UserId, key: string, ...old: OldKey[]): SuggestedWrap => ({ user, key, old })
const suggest = (actor: UserId, ...wraps: SuggestedWrap[]) => ({ command: 'suggest-wraps', actor, wraps }) as const
const settle = (actor: UserId, accepted: boolean) => ({ command: 'settle-suggestion', actor, accepted }) as const
const save = (user: UserId, key: string) => ({ command: 'save-wrap', actor: user, user, key }) as const
const open = (actor: UserId, version: string, replaces: boolean, key = `${version} of ${actor}`) =>
  ({
    command: 'open-epoch',
    actor,
    version,
    wraps: replaces ? [{ user: actor, key, publicKeyVersion: '' }] : [],
    signatures: null,
    replaces,
  }) as const
const leave = (user: UserId) =>
  ({ command: 'remove-members', actor: user, users: [user], how: 'left', reason: '', keepOwner: false }) as const
const held = (made: Scene, user: UserId) => made.room.keys.get(user) ?? NO_KEYS

describe('suggestions', () => {
  test('for several members are one event; whoever is no member is left out, of two for one the last counts', () => {
    const made = sealed()
    const brought = suggest(moderator, wrap(member, 'a'), wrap(stranger, 's'), wrap(owner, 'o'), wrap(member, 'b'))
    expect(made.run(brought)).toEqual(['wraps.suggested'])
    expect(held(made, member)).toMatchObject({ accepted: null, suggested: 'b' })
    expect(held(made, owner)).toMatchObject({ accepted: null, suggested: 'o' })
    expect(made.room.keys.has(stranger)).toBe(false)
    expect(made.run(brought)).toEqual([])
    expect(made.run(suggest(moderator, wrap(stranger, 's')))).toEqual([])
  })

  test('never touch a key that a member has accepted (design 6)', () => {
    const made = sealed()
    made.run(save(member, 'mine'))
    made.run(suggest(owner, wrap(member, 'theirs', old('o', 1))))
    expect(held(made, member)).toMatchObject({ accepted: 'mine', suggested: 'theirs', old: [] })
  })

  test('come from members alone, and never to a room of X', () => {
    const made = sealed()
    for (const actor of [stranger, operator])
      expect(made.submit(suggest(actor, wrap(member, 'k')))).toBe('member.required')
    expect(made.submit(settle(stranger, true))).toBe('member.required')
    const signed = scene({ suite: 'xchat' })
    expect(signed.submit(suggest(owner, wrap(member, 'k')))).toBe('suite.refused')
    expect(signed.submit(settle(owner, true))).toBe('suite.refused')
  })

  test('of a key that the room has no more come too late: their member goes on waiting for the new one (L2)', () => {
    const copy = (keyId: string) => keyId + Buffer.alloc(256, 7).toString('base64')
    const uuid = '0197e6f0-1111-7000-8000-000000000001'
    for (const [former, current] of [
      ['oldKeyId1234', 'newKeyId1234'],
      [uuid, uuid.replace(/1$/, '2')],
    ] as const) {
      const made = sealed()
      made.run(open(owner, former, false))
      expect(made.submit(save(member, copy(former)))).toBe(null)
      made.run(open(owner, current, true))
      expect(made.submit({ ...save(owner, copy(former)), user: member })).toBe('epoch.stale')
      expect(made.submit(save(member, copy(former)))).toBe('epoch.stale')
      expect(made.run(suggest(owner, wrap(member, copy(former)), wrap(moderator, copy(current))))).toHaveLength(1)
      expect([held(made, member), held(made, moderator).suggested]).toMatchObject([
        { accepted: null, suggested: null },
        copy(current),
      ])
      expect(made.submit({ ...save(owner, copy(current)), user: member })).toBe(null)
      // Clients before 7.0 name every key alike.
      expect(made.submit(save(moderator, copy('eyJhbGciOiJB')))).toBe(null)
      // Of a key that nobody is known to have had the server cannot say that it is old.
      expect(made.submit(save(moderator, copy('never-here-1')))).toBe(null)
    }
  })

  test('without a key, with one that is too long, or for too many are refused, and nothing is kept of the others', () => {
    const made = sealed()
    for (const wrong of [wrap(member, ''), wrap(member, 'x'.repeat(4_097)), wrap(member, 'k', old('', 1))])
      expect(made.submit(suggest(owner, wrap(moderator, 'k'), wrong))).toBe('wrap.malformed')
    const many = Array.from({ length: SUGGESTED_TOGETHER + 1 }, () => wrap(member, 'k'))
    expect(made.submit(suggest(owner, ...many))).toBe('limit')
    expect(made.submit(suggest(owner, wrap(member, 'k', { ...old('o', 1), at: Number.NaN })))).toBe('wrap.malformed')
    expect(made.room.keys.size).toBe(0)
  })

  test('are taken with their old keys where there are none, and without where there are (RC-118, RC-119)', () => {
    const made = sealed()
    const many = Array.from({ length: OLD_KEYS + 2 }, (_, index) => old(`k${index}`, index))
    made.run(suggest(owner, wrap(member, 'one', ...many)))
    expect(made.run(settle(member, true))).toEqual(['suggestion.settled'])
    const newest = many.toReversed().slice(0, OLD_KEYS)
    expect(held(made, member)).toMatchObject({ accepted: 'one', suggested: null, suggestedOld: [], old: newest })
    made.run(suggest(owner, wrap(member, 'two', old('other', 99))))
    made.run(settle(member, true))
    expect(held(made, member)).toMatchObject({ accepted: 'two', suggestedOld: [], old: newest })
    expect(made.submit(settle(member, true))).toBe('wrap.missing')
  })

  test('that are refused leave the key as it was, and their member waits from then on (RC-120)', () => {
    const made = sealed()
    made.run(open(owner, 'K', false))
    made.run(suggest(owner, wrap(member, 'one', old('o', 1))))
    made.now = NOW + 5_000
    made.run(settle(member, false))
    expect(held(made, member)).toMatchObject({ accepted: null, suggested: null, suggestedOld: [], old: [] })
    expect(keylessSince(made.room, member)).toBe(NOW + 5_000)
  })
})

describe('another key of the room', () => {
  test('takes everybody the key in use, keeps the newest former ones, and leaves the maker alone with the new one', () => {
    const made = sealed()
    made.run(open(owner, 'K0', false))
    made.run(save(member, 'K0 of member'))
    made.run(suggest(owner, wrap(moderator, 'K0 of moderator')))
    for (let key = 1; key <= OLD_KEYS + 1; key++) {
      made.now = NOW + key
      expect(made.run(open(owner, `K${key}`, true))).toEqual(['epoch.opened'])
    }
    expect(made.room.epoch?.version).toBe(`K${OLD_KEYS + 1}`)
    expect(held(made, moderator)).toEqual(NO_KEYS)
    expect(held(made, member)).toMatchObject({ accepted: null, old: [{ keyId: 'K0', at: NOW + 1 }] })
    const { accepted, old: former } = held(made, owner)
    expect([accepted, former.length]).toEqual([`K${OLD_KEYS + 1} of ${owner}`, OLD_KEYS])
    // Newest first; K0, which was never saved, is not among them.
    expect(former.map(({ keyId }) => keyId)).toEqual(Array.from({ length: OLD_KEYS }, (_, at) => `K${OLD_KEYS - at}`))
    expect(keylessSince(made.room, member)).toBe(made.now)
  })

  test('is not opened over one that the maker has not seen: of two at once one wins (L2)', () => {
    const made = sealed()
    made.run(open(owner, 'K', false))
    const overtaken = contextAt(NOW, { overtaken: true })
    const lost = decide(made.room, open(owner, 'N', true), made.people.facts, overtaken)
    expect(lost).toEqual({ rejected: 'conflict', current: 'K' })
  })

  test('needs a first one, another id, an owner, and a copy that can be one', () => {
    const made = sealed()
    expect(made.submit(open(owner, 'N', true))).toBe('epoch.missing')
    made.run(open(owner, 'K', false))
    expect(made.submit(open(owner, 'K', true))).toBe('epoch.stale')
    for (const actor of [moderator, member]) expect(made.submit(open(actor, 'N', true))).toBe('role.required')
    expect(made.submit(open(stranger, 'N', true))).toBe('member.required')
    expect(made.submit(open(owner, 'N', true, ''))).toBe('wrap.malformed')
    expect(made.submit(open(owner, 'N'.repeat(129), true))).toBe('epoch.malformed')
  })

  test('the first key takes nothing away that was saved before it', () => {
    const made = sealed()
    made.run(save(member, 'early'))
    made.run(open(owner, 'K', false))
    expect(held(made, member).accepted).toBe('early')
  })

  test('changes hands in a room whose encryption is off, too', () => {
    const made = sealed()
    made.run(open(owner, 'K', false))
    made.run(save(member, 'mine'))
    made.run({ command: 'switch-suite', actor: owner, encrypted: false })
    made.run(open(owner, 'N', true))
    expect(held(made, member)).toMatchObject({ accepted: null, old: [{ keyId: 'K', key: 'mine' }] })
  })
})

describe('who leaves', () => {
  const without = (lockstep: boolean) => {
    const made = sealed()
    made.settings = { lockstep }
    made.run(open(owner, 'K', false))
    made.run(save(member, 'mine'))
    expect(made.room.outdated).toBe(false)
    made.run(leave(member))
    return made
  }

  test('takes their copies along, and the key is older than the roster until there is another (L4)', () => {
    const made = without(false)
    expect([made.room.outdated, made.room.closed, made.room.keys.has(member)]).toEqual([true, false, false])
    expect(made.submit(open(moderator, 'N', true))).toBe('role.required')
    made.run(open(owner, 'N', true))
    expect(made.room.outdated).toBe(false)
  })

  test('closes the room with lockstep, and any member who remains may open it (L4)', () => {
    const made = without(true)
    expect([made.room.outdated, made.room.closed]).toEqual([true, true])
    expect(made.submit(open(member, 'N', true))).toBe('member.required')
    expect(made.submit(open(moderator, 'N', true))).toBe(null)
    expect([made.room.outdated, made.room.closed]).toEqual([false, false])
  })

  test('a room that has no key yet is not older than its roster', () => {
    const made = sealed()
    made.run(leave(member))
    expect(made.room.outdated).toBe(false)
  })
})

describe('a key pair that is gone', () => {
  const drop = (user: UserId) => ({ command: 'drop-wraps', actor: null, user }) as const

  test("takes every copy along that was made for it, and nobody else's", () => {
    const made = sealed()
    made.run(open(owner, 'K', false))
    made.run(save(member, 'mine'))
    made.run(save(moderator, 'theirs'))
    made.run(open(owner, 'N', true))
    made.run(suggest(owner, wrap(member, 'N of member', old('K', 1)), wrap(moderator, 'N of moderator')))
    made.now = NOW + 9
    expect(made.run(drop(member))).toEqual(['wraps.dropped'])
    expect(held(made, member)).toEqual({ ...NO_KEYS, since: NOW + 9 })
    expect(held(made, moderator)).toMatchObject({ suggested: 'N of moderator', old: [{ key: 'theirs' }] })
    expect(made.run(drop(member))).toEqual([])
    expect(made.run(drop(stranger))).toEqual([])
  })
})
