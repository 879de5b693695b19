// The engine on a real store: races, repetition, a failing disk, bounds. The core's own rules are proved in room/.
import type { RoomId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { WAITING_PER_SESSION } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import { apply } from '../room/apply.ts'
import { blankRoom } from '../room/commands/create-room.ts'
import type { Command } from '../room/decide.ts'
import type { RoomState } from '../room/state.ts'
import { sanctionOn } from '../room/state.ts'
import type { Item, Outcome, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import type { Core } from './core.ts'
import type { Answer } from './engine.ts'
import { openTestCore, roomOf } from './testing.ts'

const PEOPLE = 6
const user = (n: number): UserId => String(1_000 + n) as UserId
const world = {
  users: Array.from({ length: PEOPLE }, (_, n) => ({ id: user(n), username: `user${n}`, tokens: [`token${n}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room', members: [user(0), user(1), user(2)], owners: [user(0)] }],
}

let open: Core | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function start(wrap?: (store: Store) => Store): Promise<{ core: Core; room: RoomId }> {
  const { core } = await openTestCore({}, wrap)
  open = core
  await importWorld(core, world)
  return { core, room: await roomOf(core, 'r') }
}

function say(actor: UserId, text: string, messageId: string | null = null, digest = text): Command {
  return {
    command: 'send-message',
    actor,
    content: { suite: 'none', text },
    messageId,
    digest,
    inside: false,
    attributes: null,
    origin: null,
  }
}

function submit(core: Core, room: RoomId, command: Command, session: string | null = null): Promise<Answer> {
  return core.engine.submit({ room, command, session, bytes: 100 })
}

const codeOf = (answer: Answer): string | null => ('rejected' in answer ? answer.rejected : null)

async function logOf(core: Core, room: RoomId) {
  return (await core.store.page({ room, right: { by: 'server' }, select: 'all', order: 'oldest', limit: 10_000 })) ?? []
}

describe('L3 lockstep', () => {
  test('whatever is submitted at once, no message stands in the log behind what forbade it', async () => {
    const act = fc.record({
      what: fc.constantFrom('say', 'say', 'say', 'mute', 'unmute', 'remove', 'add', 'ban'),
      who: fc.nat(PEOPLE - 1),
      pause: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async acts => {
        const { core, room } = await start()
        const answers: Promise<Answer>[] = []
        for (const [n, { what, who, pause }] of acts.entries()) {
          answers.push(submit(core, room, commandOf(core, what, user(who), n)))
          if (pause) await new Promise(resolve => setImmediate(resolve))
        }
        const done = await Promise.all(answers)
        const log = await logOf(core, room)
        let state: RoomState | undefined
        for (const event of log) {
          if (event.body.type === 'message') {
            const sender = event.actor as UserId
            expect(state?.members.has(sender) || (state?.roles.has(sender) ?? false)).toBe(true)
            expect(sanctionOn(state?.sanctions ?? [], sender, 'mute', event.at)).toBe(undefined)
            expect(sanctionOn(state?.sanctions ?? [], sender, 'ban', event.at)).toBe(undefined)
          }
          state = apply(state, event)
        }
        expect(core.rooms.peek(room)).toEqual(state)
        const acked = done.flatMap(answer => ('rejected' in answer ? [] : answer.events.map(event => event.id)))
        expect(new Set(acked)).toEqual(new Set(log.slice(1).map(event => event.id)))
        expect(log.map(event => event.sequence)).toEqual(log.map((_, n) => n + 1))
        await core.close()
        open = undefined
      }),
      { numRuns: 40 },
    )
  })

  test('nobody rules a room by naming a channel of their own beside it', async () => {
    const { core, room } = await start()
    await importWorld(core, { channels: [{ ref: 'mine', name: 'mine', owners: [user(5)] }] })
    const channel = await core.store.ref('channel', 'mine')
    const command: Command = { command: 'set-acls', actor: user(5), changes: [] }
    const answer = await core.engine.submit({ room, command, session: null, bytes: 0, ...(channel ? { channel } : {}) })
    expect(codeOf(answer)).toBe('role.required')
  })

  test('a disabled account sends nothing more, though its rooms know nothing of it', async () => {
    const { core, room } = await start()
    expect(codeOf(await submit(core, room, say(user(1), 'one')))).toBe(null)
    const late = submit(core, room, say(user(1), 'two'))
    await core.identity.users.disable(user(1))
    await late
    expect(codeOf(await submit(core, room, say(user(1), 'three')))).toBe('account.inactive')
  })
})

function commandOf(core: Core, what: string, who: UserId, n: number): Command {
  switch (what) {
    case 'mute':
    case 'ban':
      return {
        command: 'sanction',
        actor: null,
        kind: what,
        user: who,
        until: core.clock.now() + 1_000,
        reason: '',
        rank: 'owner',
      }
    case 'unmute':
      return { command: 'sanction', actor: null, kind: 'mute', user: who, until: undefined, reason: '', rank: 'owner' }
    case 'remove':
      return { command: 'remove-members', actor: null, users: [who], how: 'kicked', reason: '', keepOwner: false }
    case 'add':
      return { command: 'add-members', actor: null, users: [who], signed: null }
    default:
      return say(who, `message ${n}`)
  }
}

describe('L2 one winner', () => {
  test('of 25 creations of one name one wins', async () => {
    const { core, room } = await start()
    const channel = core.rooms.peek(room)?.channel
    const create = (): Promise<Answer> =>
      core.engine.submit({
        room: core.store.newId() as RoomId,
        ...(channel ? { channel } : {}),
        session: null,
        bytes: 0,
        command: {
          command: 'create-room',
          actor: user(1),
          claimName: true,
          slot: null,
          epoch: null,
          room: {
            suite: 'none',
            kind: 'temporary',
            name: 'Wanted',
            title: null,
            avatar: null,
            ttlMs: null,
            topic: '',
            sort: 0,
            tags: [],
            members: [],
            owners: [user(1)],
            moderators: [],
            acls: [],
            pair: null,
            isDefault: false,
            isAdmin: false,
          },
        },
      })
    const codes = (await Promise.all(Array.from({ length: 25 }, create))).map(codeOf)
    expect(codes.filter(code => code === null).length).toBe(1)
    expect(codes.filter(code => code === 'name.taken').length).toBe(24)
  })

  test('of ten rooms that their maker makes at once in one place one wins, and the place is free when it goes', async () => {
    const { core, room } = await start()
    const channel = core.rooms.peek(room)?.channel
    const create = (n: number, slot: number, maker = user(1)): Promise<Answer> =>
      core.engine.submit({
        room: core.store.newId() as RoomId,
        ...(channel ? { channel } : {}),
        session: null,
        bytes: 0,
        command: {
          command: 'create-room',
          actor: maker,
          claimName: true,
          slot,
          epoch: null,
          room: blankRoom({ suite: 'none', kind: 'temporary', name: `Room ${n}`, owners: [maker] }),
        },
      })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => create(n, 0)))
    expect(answers.map(codeOf).filter(code => code === 'slot.taken').length).toBe(9)
    const [made] = answers.flatMap(answer => ('events' in answer ? [answer.room.id] : []))
    expect(codeOf(await create(10, 1))).toBe(null)
    expect(codeOf(await create(11, 0, user(2)))).toBe(null)
    await submit(core, made as RoomId, { command: 'remove-room', actor: user(1), reason: '' })
    expect(codeOf(await create(12, 0))).toBe(null)
  })
})

describe('L7 once', () => {
  test('a message that is sent again gets its first answer, another under its id is refused', async () => {
    const { core, room } = await start()
    const [first, again] = await Promise.all([
      submit(core, room, say(user(1), 'hello', 'id-1')),
      submit(core, room, say(user(1), 'hello', 'id-1')),
    ])
    expect(codeOf(first)).toBe(null)
    expect('events' in first && 'events' in again && again.events[0]?.id === first.events[0]?.id).toBe(true)
    const later = await submit(core, room, say(user(1), 'hello', 'id-1'))
    expect('repeated' in later && later.repeated).toBe(true)
    expect(codeOf(await submit(core, room, say(user(1), 'other', 'id-1')))).toBe('message.taken')
    expect(codeOf(await submit(core, room, say(user(2), 'hello', 'id-1')))).toBe('message.taken')
    expect((await logOf(core, room)).length).toBe(2)
  })

  test('its sender gets the first answer even when muted since, a stranger gets nothing', async () => {
    const { core, room } = await start()
    await submit(core, room, say(user(1), 'hello', 'id-1'))
    await submit(core, room, {
      command: 'sanction',
      actor: null,
      kind: 'mute',
      user: user(1),
      until: null,
      reason: '',
      rank: 'owner',
    })
    expect(codeOf(await submit(core, room, say(user(1), 'hello', 'id-1')))).toBe(null)
    expect(codeOf(await submit(core, room, say(user(5), 'hello', 'id-1')))).toBe('occupant.required')
  })
})

describe('L6 acked is durable', () => {
  /** A store whose commits fail while `broken`. */
  function breakable(): { wrap: (store: Store) => Store; broken: boolean } {
    const control = {
      broken: false,
      wrap: (store: Store): Store =>
        new Proxy(store, {
          get(target, name) {
            if (name === 'commit') {
              return (items: readonly Item[]): Promise<readonly Outcome[]> =>
                control.broken ? Promise.reject(new StoreFailure('no space')) : target.commit(items)
            }
            if (name === 'reopen')
              return () => (control.broken ? Promise.reject(new StoreFailure('no space')) : Promise.resolve())
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
    }
    return control
  }

  test('a failed commit answers everybody who waits with an error, changes nothing, and is recovered from', async () => {
    const disk = breakable()
    const { core, room } = await start(disk.wrap)
    const before = core.rooms.peek(room)
    disk.broken = true
    const mute: Command = {
      command: 'sanction',
      actor: null,
      kind: 'mute',
      user: user(2),
      until: null,
      reason: '',
      rank: 'owner',
    }
    const answers = await Promise.all([
      submit(core, room, say(user(1), 'lost')),
      submit(core, room, mute),
      submit(core, room, say(user(2), 'lost too')),
    ])
    expect(answers.map(codeOf)).toEqual(['unavailable', 'unavailable', 'unavailable'])
    expect(core.rooms.peek(room)).toBe(before)
    expect(core.writer.ready).toBe(false)
    expect(codeOf(await submit(core, room, say(user(1), 'still lost')))).toBe('unavailable')
    disk.broken = false
    await expect.poll(() => core.writer.ready).toBe(true)
    expect(codeOf(await submit(core, room, say(user(1), 'kept')))).toBe(null)
    expect((await logOf(core, room)).map(event => event.sequence)).toEqual([1, 2])
  })

  test('nobody is told of an event before it is committed', async () => {
    const { core, room } = await start()
    let committed = false
    const order: string[] = []
    core.bus.subscribe(`room:${room}`, () => order.push(committed ? 'told' : 'told too early'))
    core.onCommit(() => {
      committed = true
    })
    await submit(core, room, say(user(1), 'hello'))
    expect(order).toEqual(['told'])
  })
})

describe('bounds', () => {
  test('a session that waits for too much is told that the server is busy, another is not', async () => {
    const { core, room } = await start()
    const flood = Array.from({ length: WAITING_PER_SESSION + 10 }, (_, n) =>
      submit(core, room, say(user(1), `flood ${n}`), 'one'),
    )
    const other = submit(core, room, say(user(2), 'hello'), 'two')
    const codes = (await Promise.all(flood)).map(codeOf)
    expect(codes.filter(code => code === 'busy').length).toBe(10)
    expect(codeOf(await other)).toBe(null)
    expect(core.engine.waiting).toBe(0)
  })
})

describe('sessions', () => {
  test('end with their token, on whatever wire', async () => {
    const { core } = await start()
    const ended: string[] = []
    const minted = await core.identity.tokens.mint({ kind: 'user', user: user(3), issuer: 'test', lifetime: null })
    if ('rejected' in minted) throw new Error(minted.rejected)
    const opening = { user: user(3), expiresAt: null, address: '' }
    await core.sessions.open({ ...opening, wire: 'dino', token: minted.token.id, end: reason => ended.push(reason) })
    await core.sessions.open({
      ...opening,
      wire: 'rocketchat',
      token: 'another',
      end: () => ended.push('wrong session'),
    })
    await core.identity.tokens.revoke([minted.token], 'token revoked')
    expect(ended).toEqual(['token revoked'])
    expect(await core.identity.tokens.authenticate(minted.text)).toEqual({ refused: 'unknown' })
  })

  test('leave every room when they close, and a kick takes all of a user’s sessions out', async () => {
    const { core, room } = await start()
    const opening = {
      user: user(1),
      wire: 'dino',
      token: null,
      expiresAt: null,

      address: '',
      end: () => {},
    } as const
    const one = await core.sessions.open(opening)
    const two = await core.sessions.open(opening)
    await core.occupancy.enter(one, room, null)
    await core.occupancy.enter(two, room, null)
    await core.occupancy.close(one)
    expect(await core.occupancy.inside(room, user(1))).toBe(true)
    await submit(core, room, {
      command: 'remove-members',
      actor: null,
      users: [user(1)],
      how: 'kicked',
      reason: '',
      keepOwner: false,
    })
    await expect.poll(() => core.occupancy.inside(room, user(1))).toBe(false)
  })
})
