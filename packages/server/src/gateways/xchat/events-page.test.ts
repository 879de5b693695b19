// Pages of a log that is written as it is: in both directions, whatever was said, rotated, deleted and hidden in between,
// and at what cost.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Core } from '../../engine/core.ts'
import { openTestCore } from '../../engine/testing.ts'
import { importWorld } from '../../operator/import-world.ts'
import type { EventBody, RoomEvent, Signed } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import { isRejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import type { Store } from '../../store/store.ts'
import { added, append, created, deleted, removed, role, rows } from '../../store/testing/items.ts'
import { type EventsPage, eventsPage, type Place } from './events-page.ts'
import type { XchatParts } from './route.ts'

const [anna, ben] = ['1000', '1001'] as [UserId, UserId]
const ROOM = '2080000000000000001' as RoomId

let core: Core
let reads: number
afterEach(() => core.close())

/** Counts what is asked of the store. */
function counted(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        reads += 1
        return value.apply(target, given)
      }
    },
  })
}

async function start(): Promise<void> {
  ;({ core } = await openTestCore({}, counted))
  await importWorld(core, {
    users: [anna, ben].map(id => ({ id, username: `user${id}` })),
    channels: [{ ref: 'c', name: 'channel' }],
  })
  const channel = (await core.store.channels())[0]!.id
  const members = [anna, ben]
  await log(created({ channel, suite: 'xchat', kind: 'private', members, owners: [anna] }), key('1'))
}

async function log(...bodies: readonly EventBody[]): Promise<readonly RoomEvent[]> {
  const control = (await core.store.head(ROOM))?.control ?? 0
  const outcome = await core.writer.write(append(ROOM, control, bodies, { actor: anna }))
  if (outcome.outcome !== 'committed') throw new Error(outcome.outcome)
  await core.rooms.refresh(ROOM)
  return outcome.events
}

async function hide(by: UserId, events: readonly RoomEvent[]): Promise<void> {
  const sequences = events.map(({ sequence }) => sequence)
  await core.writer.write(rows({ put: 'hidden', room: ROOM, user: by, sequences }))
}

const signed: Signed = {
  messageId: 'm',
  detail: 'AAAA',
  signature: 'AAAA',
  publicKeyVersion: '1',
  signatureVersion: '7',
}
const key = (version: string): EventBody => ({ type: 'epoch.opened', version, wraps: [], signed })
const gone = (...events: readonly RoomEvent[]): EventBody => ({ ...deleted(...events), signed }) as EventBody
function message(epoch: string): EventBody {
  const signature = { signature: 'AAAA', publicKeyVersion: '1', signatureVersion: '7' }
  return { type: 'message', messageId: 'm', content: { suite: 'xchat', createEvent: 'AAAA', ...signature, epoch } }
}

async function page(reader: UserId, limit: number, place: Place = { from: 'newest' }): Promise<EventsPage> {
  const account = (await core.store.account(reader)) as Account
  const read = await eventsPage(
    account,
    core.rooms.peek(ROOM) as RoomState,
    limit,
    place,
    core as unknown as XchatParts,
  )
  if (isRejection(read)) throw new Error(read.rejected)
  return read
}

const idsOf = ({ events }: EventsPage): EventId[] => events.map(({ event }) => event.id)

/** Ids of what a user is shown, oldest first. */
async function shown(reader: UserId): Promise<EventId[]> {
  const right = { by: 'member', user: reader } as const
  const all = (await core.store.page({ room: ROOM, right, select: 'all', order: 'oldest', limit: 10_000 })) ?? []
  return all
    .filter(({ body, erased }) => !erased && body.type !== 'room.created' && body.type !== 'roles.changed')
    .map(({ id }) => id)
}

const act = fc.record({
  what: fc.constantFrom('say', 'say', 'say', 'rotate', 'delete', 'hide', 'role', 'out', 'in', 'read'),
  size: fc.integer({ min: 1, max: 4 }),
  picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
})

describe('pages', () => {
  test('in both directions from wherever one is give everything once, also what comes meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 40 }), fc.nat(39), async (acts, from) => {
        await start()
        const said: RoomEvent[] = []
        let version = 1
        const perform = async ({ what, size, picks }: (typeof acts)[number]): Promise<void> => {
          const targets = picks.flatMap(pick => said[pick % Math.max(said.length, 1)] ?? [])
          if (what === 'say') said.push(...(await log(...Array.from({ length: size }, () => message(String(version))))))
          else if (what === 'rotate') await log(key(String(++version)))
          else if (what === 'delete' && targets.length > 0) await log(gone(...targets))
          else if (what === 'hide') await hide(ben, targets)
          else if (what === 'role') await log(role(anna, 'moderator', true))
          else if (what === 'out' && core.rooms.peek(ROOM)?.members.has(ben)) await log(removed([ben]))
          else if (what === 'in' && !core.rooms.peek(ROOM)?.members.has(ben)) {
            await log(key(String(++version)), { ...added([ben], 'rotation'), signed } as EventBody)
          }
        }
        const middle = Math.min(from, acts.length - 1)
        for (const one of acts.slice(0, middle)) await perform(one)
        if (!core.rooms.peek(ROOM)?.members.has(ben)) await perform({ what: 'in', size: 1, picks: [0] })
        const before = await shown(ben)
        const first = await page(ben, 3)
        expect(idsOf(first)).toEqual(before.toReversed().slice(0, 3))
        const down = idsOf(first)
        for (let at = first; at.older !== null; ) {
          at = await page(ben, acts[0]!.size, { from: 'below', sequence: at.older })
          expect(at.events.length).toBeGreaterThan(0)
          expect(at.more).toBe(at.older !== null)
          down.push(...idsOf(at))
        }
        expect(down).toEqual(before.toReversed())
        // Forwards from the newest page, while things happen.
        const up = idsOf(first).toReversed()
        let newer = first.newer
        const forward = async (limit: number): Promise<void> => {
          if (newer === null || !core.rooms.peek(ROOM)?.members.has(ben)) return
          const read = await page(ben, limit, { from: 'above', sequence: newer })
          up.push(...idsOf(read).toReversed())
          expect(read.newer).not.toBe(null)
          if (read.events.length === 0) expect([read.newer, read.more]).toEqual([newer, false])
          const below = read.older !== null && (await page(ben, 1, { from: 'below', sequence: read.older }))
          const oldest = read.events.at(-1)
          if (oldest && below) expect(below.events[0]!.event.sequence).toBeLessThan(oldest.event.sequence)
          newer = read.newer
        }
        for (const one of acts.slice(middle)) {
          // What is deleted or hidden behind what was read is no matter here.
          if (one.what !== 'delete' && one.what !== 'hide') await perform(one)
          if (one.what === 'read') await forward(one.size)
        }
        if (!core.rooms.peek(ROOM)?.members.has(ben)) await perform({ what: 'in', size: 1, picks: [0] })
        for (let read = -1; read !== up.length; ) {
          read = up.length
          await forward(2)
        }
        const after = await shown(ben)
        expect(up).toEqual(newer === null ? [] : after.slice(after.indexOf(up[0] as EventId)))
        await core.close()
      }),
      { numRuns: 60 },
    )
    await start()
  })

  test('name the event before as it was, also when it is deleted, hidden or out of sight', async () => {
    await start()
    const [one, two, three] = await log(message('1'), message('1'), message('1'))
    const envelopes = async (reader: UserId) =>
      new Map((await page(reader, 100)).events.map(({ event, envelope }) => [event.id, envelope]))
    const before = await envelopes(anna)
    await log(gone(two!))
    await hide(ben, [one!])
    for (const reader of [anna, ben]) {
      const now = await envelopes(reader)
      expect(now.has(two!.id)).toBe(false)
      expect(now.get(three!.id)).toBe(before.get(three!.id))
    }
    const [newest] = (await page(ben, 1)).events
    expect(newest?.previous).toBe(three!.id)
    expect((await page(ben, 1, { from: 'below', sequence: newest!.event.sequence })).events[0]?.previous).toBe(two!.id)
  })

  test('are empty and go on where nothing is shown', async () => {
    await start()
    const [one] = await log(message('1'))
    const { newer } = await page(ben, 10)
    expect(newer).toBe(one!.sequence)
    const none = await page(ben, 10, { from: 'above', sequence: newer! })
    expect(none).toMatchObject({ events: [], more: false, newer, keyChanges: [] })
    // Back from there are the events that it has read.
    expect(idsOf(await page(ben, 1, { from: 'below', sequence: none.older! }))).toEqual([one!.id])
    const [two] = await log(message('1'))
    const next = await page(ben, 10, { from: 'above', sequence: newer! })
    expect([idsOf(next), next.newer, next.keyChanges.length]).toEqual([[two!.id], two!.sequence, 1])
    const far = await page(ben, 10, { from: 'above', sequence: Number.MAX_SAFE_INTEGER })
    expect([far.events, far.newer]).toEqual([[], Number.MAX_SAFE_INTEGER])
  })
})

describe('a page costs the same', () => {
  /** What was asked of the store, and ms at best of a few. */
  async function cost(limit: number, place: Place): Promise<{ asked: number; ms: number; read: EventsPage }> {
    let read = await page(ben, limit, place)
    let [asked, ms] = [0, Number.POSITIVE_INFINITY]
    for (let run = 0; run < 20; run++) {
      reads = 0
      const started = performance.now()
      read = await page(ben, limit, place)
      ;[asked, ms] = [reads, Math.min(ms, performance.now() - started)]
    }
    return { asked, ms, read }
  }

  test.each(['deleted', 'hidden'] as const)('across 10,000 %s messages in a row as across 10', async how => {
    const costs: Awaited<ReturnType<typeof cost>>[][] = []
    for (const many of [10, 10_000]) {
      await start()
      const [kept] = await log(message('1'), message('1'))
      const said: RoomEvent[] = []
      while (said.length < many)
        said.push(...(await log(...Array.from({ length: Math.min(many, 1_000) }, () => message('1')))))
      if (how === 'hidden') for (let at = 0; at < many; at += 500) await hide(ben, said.slice(at, at + 500))
      else for (let at = 0; at < many; at += 500) await log(gone(...said.slice(at, at + 500)))
      const newest = await log(message('1'), message('1'))
      const across = [
        await cost(4, { from: 'newest' }),
        await cost(2, { from: 'below', sequence: newest[0]!.sequence }),
        await cost(4, { from: 'above', sequence: kept!.sequence }),
      ]
      expect(idsOf(across[0]!.read).slice(0, 2)).toEqual([newest[1]!.id, newest[0]!.id])
      expect(idsOf(across[2]!.read).length).toBe(how === 'hidden' ? 3 : 4)
      costs.push(across)
      await core.close()
    }
    const [few, many] = costs
    for (const [index, { asked, ms }] of many!.entries()) {
      expect(asked).toBeLessThanOrEqual(few![index]!.asked)
      expect(ms).toBeLessThan(few![index]!.ms * 3 + 1)
    }
    await start()
  })

  test('nearly, across 5,000 events that this wire does not show', async () => {
    await start()
    const [kept] = await log(message('1'), message('1'))
    for (let many = 0; many < 5_000; many += 1_000)
      await log(...Array.from({ length: 1_000 }, () => role(anna, 'moderator', true)))
    const newest = await log(message('1'), message('1'))
    for (const [place, most] of [
      [{ from: 'newest' }, 140],
      [{ from: 'below', sequence: newest[0]!.sequence }, 60],
      [{ from: 'above', sequence: kept!.sequence }, 140],
    ] as const) {
      const { asked, read } = await cost(2, place)
      expect(read.events.length).toBe(2)
      expect(asked).toBeLessThan(most)
    }
  })

  test('for messages under a key that 5,000 rotations follow', async () => {
    const costs: Awaited<ReturnType<typeof cost>>[] = []
    for (const many of [5, 5_000]) {
      await start()
      const [, old] = await log(message('1'), message('1'))
      for (let version = 2; version < many + 2; ) {
        const next = Array.from({ length: Math.min(many, 500) }, () => key(String(version++)))
        await log(...next)
      }
      costs.push(await cost(1, { from: 'below', sequence: old!.sequence + 1 }))
      expect(costs.at(-1)!.read.keyChanges).toHaveLength(1)
      await core.close()
    }
    const [few, many] = costs
    expect(many!.asked).toBe(few!.asked)
    expect(many!.ms).toBeLessThan(few!.ms * 3 + 1)
    await start()
  })
})
