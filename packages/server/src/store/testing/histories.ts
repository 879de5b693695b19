// Random histories with races over several rooms, against a plain model: what each item gets, what the logs hold, and
// that everything kept beside the logs is what folding them gives.
import { compareIds, type RoomId, type UserId } from '@conclave/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold } from '../../room/apply.ts'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import { isControl } from '../../room/events.ts'
import type { RoomState } from '../../room/state.ts'
import type { OpenStore } from '../contract.ts'
import { foldName } from '../projection.ts'
import type { Item, Outcome, Row, Store } from '../store.ts'
import { chained } from './chains.ts'
import {
  account,
  added,
  append,
  asked,
  created,
  deleted,
  fading,
  logOf,
  message,
  NOW,
  removed,
  role,
  room,
  rotated,
  turnedAway,
  user,
  whisper,
} from './items.ts'

const ROOMS = ['2070276095283454999', '2070276095283455000', '2070276095283455001'].map(room)
const USERS = ['1', '2', '3', '9223372036854775807'].map(user)
const NAMES = ['Alpha', 'ALPHA', 'Beta']

/** What somebody tries to do, decided on what stood before the batch. */
const attempt = fc.record({
  room: fc.nat(ROOMS.length - 1),
  what: fc.constantFrom(
    'message',
    'message',
    'whisper',
    'fade',
    'sweep',
    'join',
    'join',
    'leave',
    'ask',
    'ban',
    'role',
    'rename',
    'delete',
    'remove',
  ),
  who: fc.nat(USERS.length - 1),
  pick: fc.nat(20),
  /** Most have seen the newest control sequence; some an older one. */
  late: fc.constantFrom(0, 0, 0, 0, 1),
  key: fc.option(fc.nat(8), { nil: null }),
  claim: fc.option(fc.nat(3), { nil: null, freq: 3 }),
  release: fc.option(fc.nat(3), { nil: null, freq: 3 }),
  /** The sender's account as it was seen: newest, or one older. */
  guard: fc.constantFrom(0, 0, 0, 1),
  rewrites: fc.constantFrom(false, false, true),
  at: fc.nat(50),
})
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never

const history = fc.array(fc.array(attempt, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 10 })

export function historySentences(open: () => Promise<OpenStore>, durable: boolean): void {
  const run = async (batches: readonly (readonly Attempt[])[], crash: boolean): Promise<void> => {
    const opened = await open()
    try {
      const model = new Model()
      for (const [index, batch] of batches.entries()) {
        const items = batch.map(each => model.item(each, NOW + index * 10))
        const expected = items.map(item => model.predict(item))
        const outcomes = await opened.store.commit(items)
        expect(outcomes.map(withoutEvents)).toEqual(expected)
        for (const outcome of outcomes) if (outcome.outcome === 'committed') model.take(outcome.events)
      }
      await agree(opened.store, model)
      if (!crash) return
      const again = await opened.crashAndReopen?.()
      if (again === undefined) throw new Error('a durable store can crash')
      await agree(again, model)
    } finally {
      await opened.close()
    }
  }

  test('every item gets what a plain model says, logs have no gaps, and what lies beside them is their fold (L2, L3, L7)', async () => {
    await fc.assert(
      fc.asyncProperty(history, batches => run(batches, false)),
      { numRuns: 60 },
    )
  })

  test('a batch gives what its items give one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 12 }), async attempts => {
        const [together, apart] = [await open(), await open()]
        try {
          const begin = ROOMS.map(id => append(id, 0, [created({ members: USERS, owners: [USERS[0] as UserId] })]))
          await together.store.commit(begin)
          await apart.store.commit(begin)
          const model = new Model()
          for (const id of ROOMS) model.take(await logOf(apart.store, id))
          const items = attempts.map(each => model.item(each, NOW))
          const one = await together.store.commit(items)
          const many: Outcome[] = []
          for (const item of items) many.push(...(await apart.store.commit([item])))
          expect(one.map(withoutEvents)).toEqual(many.map(withoutEvents))
          for (const id of ROOMS) {
            const [a, b] = [await logOf(together.store, id), await logOf(apart.store, id)]
            expect(a.map(withoutId)).toEqual(b.map(withoutId))
          }
        } finally {
          await together.close()
          await apart.close()
        }
      }),
      { numRuns: 25 },
    )
  })

  if (!durable) return

  test('a crash after any history changes nothing of it (L6)', async () => {
    await fc.assert(
      fc.asyncProperty(history, batches => run(batches, true)),
      { numRuns: 15 },
    )
  })
}

/** The rules of store.ts, as plainly as they can be written. */
class Model {
  readonly logs = new Map<RoomId, RoomEvent[]>(ROOMS.map(id => [id, []]))
  readonly claims = new Map<string, RoomId>()
  readonly keys = new Map<string, { room: RoomId; sequence: number; by: UserId; digest: string }>()
  readonly versions = new Map<string, number>()
  /** Room and sequence of messages that were erased because their time had ended. */
  readonly swept = new Set<string>()
  /** Control and newest sequence of each room, running ahead of the logs while a batch is predicted. */
  readonly #heads = new Map<RoomId, { sequence: number; control: number }>()

  state(id: RoomId): RoomState | undefined {
    return fold(undefined, this.logs.get(id) ?? [])
  }

  item(each: Attempt, at: number): Item {
    const id = ROOMS[each.room] as RoomId
    const by = USERS[each.who] as UserId
    const state = this.state(id)
    const control = Math.max(0, (state?.control ?? 0) - each.late)
    const seen = Math.max(0, (this.versions.get(by) ?? 0) - each.guard)
    const given = append(id, control, this.#bodies(each, by, state), {
      at: at + each.at,
      actor: by,
      messageKeys: each.key === null ? [] : [{ key: `key ${each.key}`, digest: `${each.what}`, by }],
      claims: each.claim === null ? [] : [{ space: 'name', key: `claim ${each.claim}` }],
      releases: each.release === null ? [] : [{ space: 'name', key: `claim ${each.release}` }],
    })
    const sequences = (this.logs.get(id) ?? []).map(event => event.sequence)
    const sweeps: Row[] = each.what === 'sweep' ? [{ erase: 'expired', room: id, sequences, at: NOW }] : []
    return {
      ...given,
      guards: [{ of: 'account', id: by, version: seen }],
      rows: each.rewrites ? [account(by), ...sweeps] : sweeps,
    }
  }

  #bodies(each: Attempt, by: UserId, state: RoomState | undefined): EventBody[] {
    const name = NAMES[each.pick % NAMES.length] as string
    if (state === undefined) {
      const suite = each.pick % 2 === 0 ? 'none' : 'xchat'
      return [created({ suite, name, members: [by], owners: [by], moderators: [USERS[0] as UserId] }), message('first')]
    }
    const messages = (this.logs.get(state.id) ?? []).filter(event => event.body.type === 'message')
    const target = messages[each.pick % Math.max(1, messages.length)]
    switch (each.what) {
      case 'join':
        if (state.members.has(by) || state.removed) break
        return each.pick % 2 === 0
          ? [added([by])]
          : [message('before'), rotated(`${each.pick}`), added([by], 'rotation')]
      case 'leave':
        return state.members.has(by) ? [removed([by])] : [message('not a member')]
      case 'ask':
        // No command takes one in a plain room, from a member, or twice.
        if (state.suite !== 'xchat' || state.removed || state.members.has(by)) break
        return state.requests.has(by) ? [turnedAway(by)] : [asked(by)]
      case 'ban':
        return [
          { type: 'sanction.set', sanction: { kind: 'ban', user: by, from: 0, until: null, reason: '', by: null } },
        ]
      case 'role':
        // No command gives a role in a room that is gone.
        if (state.removed) break
        return [role(by, each.pick % 2 === 0 ? 'owner' : 'moderator', each.pick % 3 !== 0)]
      case 'rename':
        return state.removed ? [message('no name')] : [{ type: 'room.renamed', name }]
      case 'whisper':
        return [whisper('to one', USERS[each.pick % USERS.length] as UserId), message('to all'), whisper('to nobody')]
      case 'fade':
        return [fading('gone', NOW), fading('not yet', NOW + 1)]
      case 'delete':
        return target === undefined ? [] : [deleted(target)]
      case 'remove':
        return each.pick === 0 && !state.removed ? [{ type: 'room.removed', reason: '' }] : []
      default:
    }
    return Array.from({ length: 1 + (each.pick % 3) }, (_, n) => message(`message ${n}`))
  }

  predict(item: Item): object {
    for (const guard of item.guards) {
      if ((this.versions.get(guard.id) ?? 0) !== guard.version) return { outcome: 'stale', guard }
    }
    const given = item.append
    if (given === null) throw new Error('the model appends')
    for (const [index, { key }] of given.messageKeys.entries()) {
      const used = this.keys.get(key)
      if (used) return { outcome: 'exists', index, ...used }
    }
    const log = this.logs.get(given.room) ?? []
    const head = this.#heads.get(given.room) ?? { sequence: log.length, control: this.state(given.room)?.control ?? 0 }
    if (head.control !== given.control) return { outcome: 'moved', control: head.control }
    for (const claim of given.claims) {
      const by = this.claims.get(claim.key)
      if (by !== undefined && by !== given.room) return { outcome: 'taken', claim, by }
    }
    const first = head.sequence + 1
    for (const body of given.bodies) {
      head.sequence += 1
      if (isControl(body)) head.control = head.sequence
    }
    this.#heads.set(given.room, head)
    for (const { key } of given.releases) if (this.claims.get(key) === given.room) this.claims.delete(key)
    for (const { key } of given.claims) this.claims.set(key, given.room)
    for (const { key, digest, by } of given.messageKeys)
      this.keys.set(key, { room: given.room, sequence: Math.min(first, head.sequence), by, digest })
    for (const row of item.rows) {
      if ('put' in row && row.put === 'account')
        this.versions.set(row.account.id, (this.versions.get(row.account.id) ?? 0) + 1)
      // Written after the item's own events, which it does not name.
      if ('erase' in row) for (const each of row.sequences) if (this.#ends(row.room, each)) this.#sweep(row.room, each)
    }
    return { outcome: 'committed', bodies: given.bodies, first: given.bodies.length > 0 ? first : null }
  }

  #ends(id: RoomId, sequence: number): boolean {
    const body = this.logs.get(id)?.[sequence - 1]?.body
    return body?.type === 'message' && (body.expiresAt ?? NOW + 1) <= NOW
  }

  #sweep(id: RoomId, sequence: number): void {
    this.swept.add(`${id} ${sequence}`)
  }

  take(events: readonly RoomEvent[]): void {
    for (const event of events) this.logs.get(event.room)?.push(event)
    this.#heads.clear()
  }

  /** Sequences that a user may see, event by event. undefined for who is no member. */
  visible(id: RoomId, who: UserId): Set<number> | undefined {
    const log = this.logs.get(id) ?? []
    const seen = new Set<number>()
    let from: number | null = null
    for (const { sequence, body } of log) {
      if (body.type === 'room.created' && body.members.includes(who)) from = 0
      if (body.type === 'members.added' && body.users.includes(who)) from ??= body.reads === 'all' ? 0 : sequence - 1
      if (from !== null) for (let each = Math.max(1, from); each <= sequence; each++) seen.add(each)
      if (body.type === 'room.removed' || (body.type === 'members.removed' && body.users.includes(who))) from = null
    }
    for (const { sequence, actor, body } of log) {
      if (body.type === 'message' && body.to && actor !== who && !body.to.includes(who)) seen.delete(sequence)
    }
    return from === null ? undefined : seen
  }
}

function withoutEvents(outcome: Outcome): object {
  if (outcome.outcome !== 'committed') return outcome
  const { events } = outcome
  return { outcome: 'committed', bodies: events.map(event => event.body), first: events[0]?.sequence ?? null }
}

function withoutId(event: RoomEvent): object {
  const { id: _id, ...rest } = event
  return rest.body.type === 'messages.deleted' ? { ...rest, body: rest.body.type } : rest
}

function emptied(body: EventBody): EventBody {
  return body.type === 'message' && body.to ? whisper('', ...body.to) : message('')
}

/** Everything that the store shows follows from the events that it acknowledged. */
async function agree(store: Store, model: Model): Promise<void> {
  const ids = new Set<string>()
  const states = new Map<RoomId, RoomState>()
  for (const id of ROOMS) {
    const acknowledged = model.logs.get(id) ?? []
    const removals = new Set(acknowledged.flatMap(({ body }) => (body.type === 'messages.deleted' ? body.targets : [])))
    const ended = acknowledged.filter(({ body }) => body.type === 'message' && (body.expiresAt ?? NOW + 1) <= NOW)
    const erased = new Set([...removals, ...ended.map(event => event.id)])
    const log = await logOf(store, id)
    expect(log.map(event => event.sequence)).toEqual(acknowledged.map((_, index) => index + 1))
    for (const [index, event] of log.entries()) {
      expect(ids.has(event.id)).toBe(false)
      ids.add(event.id)
      const before = log[index - 1]
      if (before) expect(compareIds(event.id, before.id)).toBeGreaterThan(0)
      if (before) expect(event.at).toBeGreaterThanOrEqual(before.at)
      const told = acknowledged[index] as RoomEvent
      expect(event).toEqual(erased.has(event.id) ? { ...told, body: emptied(told.body), erased: true } : told)
    }
    await chained(store, id)
    const state = fold(undefined, log)
    expect(fold(undefined, await store.control(id, 0))).toEqual(state)
    const head = await store.head(id)
    expect(head === undefined).toBe(state === undefined)
    if (state === undefined || head === undefined) continue
    states.set(id, state)
    const messages = log.filter(event => event.body.type === 'message')
    expect(head).toEqual({
      room: id,
      channel: state.channel,
      suite: state.suite,
      kind: state.kind,
      sequence: log.length,
      control: state.control,
      lastId: log.at(-1)?.id,
      lastAt: log.at(-1)?.at,
      lastMessageAt: messages.at(-1)?.at ?? null,
      // What has ended counts until it is erased.
      messages: messages.filter(each => !removals.has(each.id) && !model.swept.has(`${id} ${each.sequence}`)).length,
      removed: state.removed,
    })
    for (const who of USERS) {
      const seen = model.visible(id, who)
      expect(seen !== undefined).toBe(state.members.has(who))
      for (const select of ['all', 'messages', 'control', 'kept'] as const) {
        const wanted = log.filter(({ body, sequence, erased: gone }) => {
          const chosen =
            select === 'all' ||
            (select === 'control' ? isControl(body) : !gone && (select === 'kept' || body.type === 'message'))
          return seen?.has(sequence) && chosen
        })
        const query = { room: id, right: { by: 'member', user: who }, select, limit: 1_000 } as const
        expect(await store.page({ ...query, order: 'oldest' })).toEqual(seen && wanted)
        expect(await store.page({ ...query, order: 'newest' })).toEqual(seen && wanted.toReversed())
      }
      for (const event of log) {
        const found = await store.event(id, event.id, { by: 'member', user: who })
        expect(found).toEqual(seen?.has(event.sequence) ? event : undefined)
      }
    }
    for (const at of new Set(log.map(event => event.at))) {
      const query = { room: id, right: { by: 'server' }, select: 'all', order: 'oldest', limit: 1_000 } as const
      expect(await store.page({ ...query, since: at })).toEqual(log.filter(event => event.at >= at))
      expect(await store.page({ ...query, until: at })).toEqual(log.filter(event => event.at < at))
    }
  }
  const roomsWhere = (holds: (state: RoomState) => boolean) =>
    ROOMS.filter(id => states.has(id) && holds(states.get(id) as RoomState))
  for (const who of USERS) {
    expect(await store.roomsOf(who)).toEqual(roomsWhere(state => state.members.has(who)))
    expect(await store.requestsOf(who)).toEqual(roomsWhere(state => state.requests.has(who)))
    expect(await store.rolesOf(who)).toEqual(roomsWhere(state => !state.removed && state.roles.has(who)))
  }
  for (const name of NAMES) {
    expect(await store.roomsNamed(name)).toEqual(
      roomsWhere(state => !state.removed && state.name !== null && foldName(state.name) === foldName(name)),
    )
  }
  for (const [key, holder] of model.claims) expect(await store.claimed({ space: 'name', key })).toBe(holder)
  for (const [key, used] of model.keys) expect(await store.messageKey(key)).toEqual(used)
}
