// Bans, mutes and kicks as every wire and the operator impose them: who may, what ends, who is told, and what happens when
// others act in the same moment. The same against the real server with real clients: conformance/sanctions.test.ts.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import type { BusMessage, Sanctioned } from '../bus/bus.ts'
import { CHANNEL_SANCTIONS, DELETED_TOGETHER, REASON, WAITING_SANCTIONS } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import { blankRoom } from '../room/commands/create-room.ts'
import type { Command } from '../room/decide.ts'
import type { Sanction } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'
import type { Item, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import type { Core } from './core.ts'
import type { Imposing, Scope } from './sanctions.ts'
import type { Session } from './sessions.ts'
import type { TestCore } from './testing.ts'
import { openTestCore, roomOf } from './testing.ts'

const SU = '1' as UserId
const OWNER = '2' as UserId
const MOD = '3' as UserId
const ANN = '4' as UserId
const BEN = '5' as UserId
const CHOWNER = '6' as UserId
const NOBODY = '404' as UserId
const world = {
  users: [SU, OWNER, MOD, ANN, BEN, CHOWNER].map(id => ({
    id,
    username: `user${id}`,
    tokens: [`token-of-${id}`],
    ...(id === SU ? { roles: ['superuser'] } : {}),
  })),
  channels: [
    { ref: 'c', name: 'channel', owners: [CHOWNER] },
    { ref: 'd', name: 'other channel' },
  ],
  rooms: [
    {
      ref: 'open',
      channel: 'c',
      name: 'open',
      kind: 'public',
      owners: [OWNER],
      moderators: [MOD],
      members: [ANN, BEN],
    },
    { ref: 'hall', channel: 'c', name: 'hall', kind: 'public', owners: [OWNER] },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [OWNER], members: [OWNER, ANN] },
    { ref: 'far', channel: 'd', name: 'far', kind: 'public', members: [ANN] },
  ],
}

let opened: TestCore
let core: Core
let rooms: Readonly<Record<'open' | 'hall' | 'own' | 'far', RoomId>>
let channel: { readonly of: 'channel'; readonly channel: ChannelId }
afterEach(() => core.close())

async function start(wrap?: (store: Store) => Store): Promise<void> {
  opened = await openTestCore({}, wrap)
  core = opened.core
  await importWorld(core, world)
  const [open, hall, own, far] = await Promise.all(['open', 'hall', 'own', 'far'].map(ref => roomOf(core, ref)))
  rooms = { open, hall, own, far } as typeof rooms
  channel = { of: 'channel', channel: (await core.store.ref('channel', 'c')) as ChannelId }
}

const GLOBAL = { of: 'global' } as const
const roomScope = (room: RoomId): Scope => ({ of: 'room', room })
const accountOf = async (user: UserId): Promise<Account> => (await core.store.account(user)) as Account
const channelNow = async (): Promise<Channel> => (await core.store.channel(channel.channel)) as Channel
const stateOf = async (room: RoomId): Promise<RoomState> => (await core.rooms.load(room)) as RoomState

async function asked(
  actor: UserId | null,
  user: UserId,
  scope: Scope,
  more: Partial<Imposing> = {},
): Promise<Imposing> {
  const acting = actor === null ? null : await accountOf(actor)
  const until = opened.clock.now() + 300_000
  return { actor: acting, session: null, user, scope, until, reason: 'spam', summary: '5m', ...more }
}

const ban = async (actor: UserId | null, user: UserId, scope: Scope, more?: Partial<Imposing>) =>
  core.sanctions.ban(await asked(actor, user, scope, more))
const mute = async (actor: UserId | null, user: UserId, scope: Scope) =>
  core.sanctions.mute(await asked(actor, user, scope))
const lift = async (actor: UserId | null, user: UserId, scope: Scope, kind: Sanction['kind'] = 'ban') =>
  core.sanctions.lift({ actor: actor === null ? null : await accountOf(actor), session: null, user, scope, kind })
const kick = async (actor: UserId | null, user: UserId, room: RoomId, banMs = 0) =>
  core.sanctions.kick({
    actor: actor === null ? null : await accountOf(actor),
    session: null,
    user,
    room,
    reason: 'noise',
    banMs,
  })

interface Live {
  readonly session: Session
  readonly ends: string[]
}

async function live(user: UserId): Promise<Live> {
  const ends: string[] = []
  const opening = { user, wire: 'dino', token: null, expiresAt: null, address: '' } as const
  return { session: await core.sessions.open({ ...opening, end: reason => void ends.push(reason) }), ends }
}

async function enter(user: UserId, ...ids: RoomId[]): Promise<Live> {
  const made = await live(user)
  for (const id of ids) expect(await core.occupancy.enter(made.session, id, null)).not.toHaveProperty('rejected')
  return made
}

/** What comes over the bus, in order, as `topic kind`. */
function listen(...topics: (`user:${string}` | `room:${string}` | 'all')[]): { topic: string; message: BusMessage }[] {
  const heard: { topic: string; message: BusMessage }[] = []
  for (const topic of topics) core.bus.subscribe(topic, message => void heard.push({ topic, message }))
  return heard
}

const sanctionedOn = (heard: ReturnType<typeof listen>, topic: string): Sanctioned[] =>
  heard.flatMap(({ topic: on, message }) => (on === topic && message.kind === 'sanctioned' ? [message] : []))

const codeOf = (answer: object): unknown => ('rejected' in answer ? answer.rejected : null)

const say = (actor: UserId, room: RoomId, text = 'hello', inside = false) => {
  const content = { suite: 'none', text } as const
  const command: Command = {
    command: 'send-message',
    actor,
    content,
    messageId: null,
    digest: text,
    inside,
    attributes: null,
    origin: null,
  }
  return core.engine.submit({ room, command, session: null, bytes: 0 })
}

async function logOf(room: RoomId) {
  return (await core.store.page({ room, right: { by: 'server' }, select: 'all', order: 'oldest', limit: 10_000 })) ?? []
}

describe('a ban from a room', () => {
  test('puts out member and sessions, in one transaction, and tells the user how long as the client wrote it', async () => {
    await start()
    const { ends } = await enter(ANN, rooms.open, rooms.hall)
    const heard = listen(`user:${ANN}`, `room:${rooms.open}`)
    expect(await ban(OWNER, ANN, roomScope(rooms.open))).toMatchObject({ kind: 'ban', user: ANN, by: OWNER })
    expect((await logOf(rooms.open)).slice(1).map(({ body }) => body.type)).toEqual(['sanction.set', 'members.removed'])
    expect([...(await stateOf(rooms.open)).members.keys()]).toEqual([BEN])
    expect(await core.occupancy.roomsOf(ANN)).toEqual([rooms.hall])
    expect(ends).toEqual([])
    expect(sanctionedOn(heard, `user:${ANN}`)).toMatchObject([
      { scope: 'room', lifted: false, summary: '5m', account: { id: ANN }, actor: { id: OWNER }, rooms: [rooms.open] },
    ])
    expect(sanctionedOn(heard, `room:${rooms.open}`)).toEqual([])
    expect(heard.filter(({ message }) => message.kind === 'left')).toMatchObject([{ message: { putOut: 'banned' } }])
  })

  test('is for owners, a mute for moderators too', async () => {
    await start()
    expect(await ban(MOD, ANN, roomScope(rooms.open))).toEqual({
      rejected: 'role.required',
      text: 'only owners can ban',
    })
    expect(codeOf(await mute(MOD, ANN, roomScope(rooms.open)))).toBe(null)
    expect(codeOf(await say(ANN, rooms.open))).toBe('muted')
    expect(codeOf(await mute(BEN, ANN, roomScope(rooms.hall)))).toBe('role.required')
  })

  test('can be lifted, which brings nothing back, and by nobody from themselves', async () => {
    await start()
    await ban(OWNER, ANN, roomScope(rooms.open))
    const heard = listen(`user:${ANN}`)
    expect(codeOf(await lift(ANN, ANN, roomScope(rooms.open)))).toBe('banned')
    expect(await lift(OWNER, ANN, roomScope(rooms.open))).toEqual({ lifted: true })
    expect(await lift(OWNER, ANN, roomScope(rooms.open))).toEqual({ lifted: false })
    expect(sanctionedOn(heard, `user:${ANN}`)).toMatchObject([{ lifted: true, sanction: { reason: 'spam' } }])
    expect((await stateOf(rooms.open)).members.has(ANN)).toBe(false)
    await enter(ANN, rooms.open)
  })
})

describe('a ban from a channel', () => {
  test('empties every place and ends every membership in it, and no other', async () => {
    await start()
    const { ends } = await enter(ANN, rooms.open, rooms.hall, rooms.far)
    await enter(BEN, rooms.hall)
    expect(await ban(CHOWNER, ANN, channel)).toMatchObject({ kind: 'ban', user: ANN, by: CHOWNER })
    expect(await core.occupancy.roomsOf(ANN)).toEqual([rooms.far])
    expect(await core.occupancy.roomsOf(BEN)).toEqual([rooms.hall])
    expect(await core.store.roomsOf(ANN)).toEqual([rooms.far])
    expect((await stateOf(rooms.open)).members.has(BEN)).toBe(true)
    expect(ends).toEqual([])
    const { session } = await live(ANN)
    for (const room of [rooms.open, rooms.hall])
      expect(codeOf(await core.occupancy.enter(session, room, null))).toBe('banned')
    const again: Command = { command: 'add-members', actor: OWNER, users: [ANN], signed: null }
    expect(codeOf(await core.engine.submit({ room: rooms.own, command: again, session: null, bytes: 0 }))).toBe(
      'members.unaddable',
    )
    expect(codeOf(await say(ANN, rooms.hall, 'x', true))).toBe('banned')
    expect(codeOf(await core.reading.page(await accountOf(ANN), rooms.open, PAGE))).toBe('banned')
  })

  test('is told to the user and in every room where they were, before anybody leaves', async () => {
    await start()
    await enter(ANN, rooms.hall)
    const heard = listen(`user:${ANN}`, `room:${rooms.open}`, `room:${rooms.hall}`, `room:${rooms.far}`)
    await ban(CHOWNER, ANN, channel)
    const kinds = heard.map(({ topic, message }) => `${topic} ${message.kind}`)
    expect(kinds[0]).toBe(`user:${ANN} sanctioned`)
    expect(new Set(kinds.slice(1, 3))).toEqual(
      new Set([`room:${rooms.open} sanctioned`, `room:${rooms.hall} sanctioned`]),
    )
    expect(kinds.indexOf(`room:${rooms.hall} left`)).toBeGreaterThan(2)
    expect(kinds.filter(kind => kind.startsWith(`room:${rooms.far}`))).toEqual([])
    const [told] = sanctionedOn(heard, `user:${ANN}`)
    expect(told).toMatchObject({ scope: 'channel', summary: '5m', lifted: false, room: null, actor: { id: CHOWNER } })
    expect(told?.channel?.sanctions).toMatchObject([{ user: ANN }])
    expect(new Set(told?.rooms)).toEqual(new Set([rooms.open, rooms.hall, rooms.own]))
  })

  test.each([
    ['a stranger', BEN, ANN, 'role.required'],
    ['a room’s owner', OWNER, ANN, 'role.required'],
    ['whoever means an operator', CHOWNER, SU, 'role.required'],
    ['somebody whom the server does not know', NOBODY, ANN, 'account.inactive'],
  ])('is refused to %s, and nothing changes', async (_, actor, user, code) => {
    await start()
    await enter(ANN, rooms.hall)
    const before = await channelNow()
    const heard = listen(`user:${user}`, `room:${rooms.hall}`)
    const acting = (await core.store.account(actor)) ?? { ...(await accountOf(BEN)), id: actor }
    const answer = await core.sanctions.ban({ ...(await asked(null, user, channel)), actor: acting })
    expect(codeOf(answer)).toBe(code)
    expect(await channelNow()).toEqual(before)
    expect(heard).toEqual([])
    expect(await core.occupancy.inside(rooms.hall, ANN)).toBe(true)
  })

  test('believes what the store says of the actor, not what the caller holds', async () => {
    await start()
    const claimed: Account = { ...(await accountOf(BEN)), roles: ['superuser'] }
    expect(codeOf(await core.sanctions.ban({ ...(await asked(null, ANN, channel)), actor: claimed }))).toBe(
      'role.required',
    )
    const stale = await accountOf(CHOWNER)
    await ban(null, CHOWNER, GLOBAL)
    expect(codeOf(await core.sanctions.ban({ ...(await asked(null, ANN, channel)), actor: stale }))).toBe('banned')
    expect((await channelNow()).sanctions).toEqual([])
  })

  test.each([
    ['the target becomes an operator', () => changed(ANN, { roles: ['globalmod'] })],
    ['the actor is no owner any more', async () => without(CHOWNER)],
    ['the actor is banned', () => changed(CHOWNER, { sanctions: [endless(CHOWNER)] })],
  ])('is refused when in the moment before it is written %s', async (_, write) => {
    const between = interleaved()
    await start(between.wrap)
    between.before(item => puts(item, 'channel'), write)
    expect(codeOf(await ban(CHOWNER, ANN, channel))).toMatch(/^(role.required|banned)$/)
    expect(between.ran).toBe(1)
    expect((await channelNow()).sanctions).toEqual([])
    expect((await stateOf(rooms.open)).members.has(ANN)).toBe(true)
  })

  test('loses nothing of what somebody else writes to the channel in the same moment', async () => {
    const between = interleaved()
    await start(between.wrap)
    between.before(
      item => puts(item, 'channel'),
      () => changedChannel({ tags: ['new'] }),
    )
    expect(codeOf(await ban(CHOWNER, ANN, channel))).toBe(null)
    expect(await channelNow()).toMatchObject({ tags: ['new'], sanctions: [{ user: ANN }], owners: [CHOWNER] })
  })

  test('of many at once, from several sides, loses none', async () => {
    await start()
    const users = Array.from({ length: 100 }, (_, n) => String(1_000 + n) as UserId)
    const done = await Promise.all(users.map((user, n) => ban(n % 2 ? SU : CHOWNER, user, channel)))
    expect(done.map(codeOf).filter(Boolean)).toEqual([])
    expect(new Set((await channelNow()).sanctions.map(({ user }) => user))).toEqual(new Set(users))
  })

  test('of one user from two sides is one, and their rooms are left once', async () => {
    await start()
    await enter(ANN, rooms.hall)
    const heard = listen(`room:${rooms.hall}`)
    const both = await Promise.all([
      ban(CHOWNER, ANN, channel, { reason: 'first', until: null }),
      ban(SU, ANN, channel, { reason: 'second' }),
      ban(OWNER, ANN, roomScope(rooms.own)),
    ])
    expect(both.map(codeOf)).toEqual([null, null, null])
    expect((await channelNow()).sanctions).toHaveLength(1)
    for (const room of [rooms.open, rooms.own]) {
      const removed = (await logOf(room)).filter(({ body }) => body.type === 'members.removed')
      expect(removed).toHaveLength(1)
    }
    expect(heard.filter(({ message }) => message.kind === 'left')).toHaveLength(1)
    expect(await core.occupancy.roomsOf(ANN)).toEqual([])
  })

  test('those who may not do it take nobody’s place in the line', async () => {
    await start()
    const refused = Array.from({ length: 2 * WAITING_SANCTIONS }, () => ban(BEN, ANN, channel))
    expect(codeOf(await ban(CHOWNER, ANN, channel))).toBe(null)
    expect(new Set((await Promise.all(refused)).map(codeOf))).toEqual(new Set(['role.required']))
  })

  test('imposed again has the new end; the same again writes and tells nothing, and ends what had not ended', async () => {
    await start()
    await ban(CHOWNER, ANN, channel)
    const until = opened.clock.now() + 60_000
    await ban(CHOWNER, ANN, channel, { until, reason: 'less' })
    expect((await channelNow()).sanctions).toMatchObject([{ user: ANN, until, reason: 'less' }])
    const { version } = await channelNow()
    const heard = listen(`user:${ANN}`)
    const { session } = await live(ANN)
    await core.presence.enter(rooms.hall, session.id)
    await ban(CHOWNER, ANN, channel, { until, reason: 'less' })
    expect((await channelNow()).version).toBe(version)
    expect(heard).toEqual([])
    expect(await core.occupancy.inside(rooms.hall, ANN)).toBe(false)
  })

  test('ends by itself, by the store’s clock, and gives nothing back', async () => {
    await start()
    await ban(CHOWNER, ANN, channel)
    const { session } = await live(ANN)
    opened.clock.set(opened.clock.now() + 299_999)
    expect(codeOf(await core.occupancy.enter(session, rooms.hall, null))).toBe('banned')
    opened.clock.set(opened.clock.now() + 1)
    expect(codeOf(await core.occupancy.enter(session, rooms.hall, null))).toBe(null)
    expect(await core.store.roomsOf(ANN)).toEqual([rooms.far])
  })

  test('is kept only as long as it is in force, and a channel holds only so many', async () => {
    await start()
    const now = opened.clock.now()
    const old = (n: number): Sanction => ({
      ...endless(String(10_000 + n) as UserId),
      until: n === 0 ? now + 10 : null,
    })
    const sanctions = Array.from({ length: CHANNEL_SANCTIONS }, (_, n) => old(n))
    await core.writer.write(await changedChannel({ sanctions }))
    core.identity.changed('channel', channel.channel)
    expect(codeOf(await ban(CHOWNER, ANN, channel))).toBe('limit')
    expect(codeOf(await ban(CHOWNER, '10001' as UserId, channel))).toBe(null)
    opened.clock.set(now + 10)
    expect(codeOf(await ban(CHOWNER, ANN, channel))).toBe(null)
    expect((await channelNow()).sanctions).toHaveLength(CHANNEL_SANCTIONS)
  })

  test('of a channel that is not there, or with a reason without end, is refused', async () => {
    await start()
    expect(codeOf(await ban(SU, ANN, { of: 'channel', channel: '5' as ChannelId }))).toBe('room.unknown')
    const reason = 'x'.repeat(REASON + 1)
    for (const scope of [channel, GLOBAL, roomScope(rooms.open)]) {
      expect(codeOf(await ban(SU, ANN, scope, { reason }))).toBe('limit')
      expect(codeOf(await ban(SU, ANN, scope, { summary: reason }))).toBe('limit')
    }
    const kicking = { actor: null, session: null, user: ANN, room: rooms.open, reason, banMs: 0 }
    expect(codeOf(await core.sanctions.kick(kicking))).toBe('limit')
    expect((await stateOf(rooms.open)).members.has(ANN)).toBe(true)
  })

  test('keeps out whoever was let in as far as the channel goes, and waits for something else', async () => {
    await start()
    const { session } = await live(BEN)
    let hears = false
    const { accounts } = core.identity
    const [load, place] = [accounts.load.bind(accounts), core.presence.enter.bind(core.presence)]
    core.presence.enter = async (...where) => {
      const placed = await place(...where)
      accounts.forget(BEN)
      accounts.load = async id => {
        accounts.load = load
        const account = await load(id)
        await ban(CHOWNER, BEN, channel)
        return account
      }
      return placed
    }
    const entered = await core.occupancy.enter(session, rooms.hall, null, () => {
      hears = true
    })
    expect([codeOf(entered), hears]).toEqual(['banned', false])
    expect(await core.occupancy.roomsOf(BEN)).toEqual([])
  })

  test('whenever it comes while somebody enters, nobody is inside afterwards who hears of the room', async () => {
    // Somebody begins to enter when the ban is written, and the answer to that comes after each number of steps of theirs.
    for (let steps = 0; steps < 40; steps++) {
      const during = afterBan(steps)
      await start(during.wrap)
      const { session } = await live(BEN)
      await core.identity.channels.load(channel.channel)
      let hears = false
      core.bus.subscribe(`room:${rooms.hall}`, message => {
        if (message.kind === 'left' && message.session.user === BEN) hears = false
      })
      const entered = during.run(() =>
        core.occupancy.enter(session, rooms.hall, null, () => {
          hears = true
        }),
      )
      await ban(CHOWNER, BEN, channel)
      await entered
      expect([steps, hears, await core.occupancy.roomsOf(BEN)]).toEqual([steps, false, []])
      if (steps < 39) await core.close()
    }
  })
})

describe('a ban from the server', () => {
  test('ends memberships and, after the user was told, every session; no log-in until it ends', async () => {
    await start()
    const first = await enter(ANN, rooms.hall)
    const second = await live(ANN)
    const other = await enter(BEN, rooms.hall)
    const order: string[] = []
    core.bus.subscribe(`user:${ANN}`, message => {
      if (message.kind === 'sanctioned') order.push(`told, ${first.ends.length} ended`)
    })
    core.bus.subscribe('all', message => void (message.kind === 'end' && order.push('end')))
    expect(await ban(SU, ANN, GLOBAL)).toMatchObject({ kind: 'ban', user: ANN, by: SU })
    expect(order).toEqual(['told, 0 ended', 'end'])
    expect([first.ends, second.ends, other.ends]).toEqual([['banned'], ['banned'], []])
    expect(await core.store.roomsOf(ANN)).toEqual([])
    expect(await core.occupancy.roomsOf(ANN)).toEqual([])
    expect(await core.occupancy.roomsOf(BEN)).toEqual([rooms.hall])
    expect(await core.identity.login.byToken(`token-of-${ANN}`, ANN, '')).toMatchObject({ login: 'banned' })
    expect(await core.identity.tokens.authenticate(`token-of-${ANN}`)).toMatchObject({ refused: 'banned' })
    opened.clock.set(opened.clock.now() + 300_000)
    expect(await core.identity.login.byToken(`token-of-${ANN}`, ANN, '')).toMatchObject({ login: 'ok' })
    expect(await core.store.roomsOf(ANN)).toEqual([])
  })

  test('leaves the rooms of two, to which nobody could be added again', async () => {
    await start()
    const pair: readonly [UserId, UserId] = [ANN, BEN]
    const room = core.store.newId() as RoomId
    const command: Command = {
      command: 'create-room',
      actor: ANN,
      room: blankRoom({ suite: 'none', kind: 'direct', members: [...pair], pair }),
      claimName: false,
      epoch: null,
      slot: null,
    }
    await core.engine.submit({ room, channel: channel.channel, command, session: null, bytes: 0 })
    await ban(SU, ANN, GLOBAL)
    expect(await core.store.roomsOf(ANN)).toEqual([room])
    expect(codeOf(await say(ANN, room))).toBe('banned')
    expect(codeOf(await core.reading.page(await accountOf(ANN), room, PAGE))).toBe('banned')
    await lift(SU, ANN, GLOBAL)
    expect(codeOf(await say(ANN, room))).toBe(null)
  })

  test.each([
    ['a channel’s owner', CHOWNER, ANN, 'role.required'],
    ['whoever means an operator', SU, SU, 'role.required'],
    ['nobody the server knows', SU, NOBODY, 'members.unaddable'],
  ])('is refused: %s', async (_, actor, user, code) => {
    await start()
    const heard = listen('all', `user:${user}`)
    expect(codeOf(await ban(actor, user, GLOBAL))).toBe(code)
    expect(await core.sanctions.list({ of: 'all' })).toEqual([])
    expect(heard).toEqual([])
  })

  test('keeps what else the account is, and what is changed in the same moment', async () => {
    const between = interleaved()
    await start(between.wrap)
    await core.identity.users.change(ANN, { email: 'ann@example.org', attributes: { age: '30' } })
    between.before(
      item => puts(item, 'account'),
      () => changed(ANN, { name: 'Ann' }, 'new@example.org'),
    )
    await ban(SU, ANN, GLOBAL)
    expect(await accountOf(ANN)).toMatchObject({ name: 'Ann', attributes: { age: '30' }, sanctions: [{ user: ANN }] })
    expect(await core.store.email(ANN)).toBe('new@example.org')
  })

  test('by a disk that fails is refused or done, and never half told', async () => {
    const between = interleaved()
    await start(between.wrap)
    const { ends } = await enter(ANN, rooms.hall)
    const heard = listen(`user:${ANN}`)
    between.before(
      item => puts(item, 'account'),
      async () => {
        throw new StoreFailure('disk full')
      },
    )
    expect(codeOf(await ban(SU, ANN, GLOBAL))).toBe('unavailable')
    expect([ends, heard]).toEqual([[], []])
  })

  test('whose memberships the disk does not let end is in force all the same, and asked again goes on', async () => {
    const between = interleaved()
    await start(between.wrap)
    const { ends } = await enter(ANN, rooms.hall)
    between.before(
      item => item.append !== null,
      async () => {
        throw new StoreFailure('disk full')
      },
    )
    expect(codeOf(await ban(SU, ANN, GLOBAL, { until: null }))).toBe('unavailable')
    expect(ends).toEqual(['banned'])
    expect(await core.occupancy.roomsOf(ANN)).toEqual([])
    expect(codeOf(await say(ANN, rooms.open))).toMatch(/^(banned|unavailable)$/)
    await until(() => core.writer.ready)
    expect(codeOf(await ban(SU, ANN, GLOBAL, { until: null }))).toBe(null)
    expect(await core.store.roomsOf(ANN)).toEqual([])
  })

  test('whenever it comes while somebody logs in and enters, no session of theirs is left', async () => {
    for (let steps = 0; steps < 40; steps++) {
      await start()
      const ends: string[] = []
      const entering = async (): Promise<void> => {
        const opening = { user: BEN, wire: 'dino', token: null, expiresAt: null, address: '' } as const
        const session = await core.sessions.open({
          ...opening,
          end: reason => {
            ends.push(reason)
            void core.occupancy.close(session)
          },
        })
        await core.occupancy.enter(session, rooms.hall, null)
      }
      const banning = async (): Promise<void> => {
        for (let step = 0; step < steps; step++) await Promise.resolve()
        if (steps > 20) await new Promise(resolve => setImmediate(resolve))
        await ban(SU, BEN, GLOBAL)
      }
      await Promise.all([entering(), banning()])
      await until(() => ends.length > 0)
      expect([steps, await core.occupancy.roomsOf(BEN)]).toEqual([steps, []])
      if (steps < 39) await core.close()
    }
  })
})

describe('a mute', () => {
  test('in a channel or on the server is the operator’s, and ends nothing', async () => {
    await start()
    const { ends } = await enter(ANN, rooms.hall)
    for (const scope of [channel, GLOBAL])
      expect(await mute(SU, ANN, scope)).toMatchObject({ rejected: 'role.required', text: expect.any(String) })
    for (const scope of [channel, GLOBAL]) {
      const heard = listen(`user:${ANN}`, `room:${rooms.hall}`)
      expect(await mute(null, ANN, scope)).toMatchObject({ kind: 'mute', by: null })
      expect(codeOf(await say(ANN, rooms.open))).toBe('muted')
      expect(sanctionedOn(heard, `user:${ANN}`)).toMatchObject([{ sanction: { kind: 'mute' }, scope: scope.of }])
      expect(sanctionedOn(heard, `room:${rooms.hall}`)).toHaveLength(1)
      expect(await lift(null, ANN, scope, 'mute')).toEqual({ lifted: true })
      expect(codeOf(await say(ANN, rooms.open))).toBe(null)
    }
    expect(ends).toEqual([])
    expect(await core.occupancy.inside(rooms.hall, ANN)).toBe(true)
    expect((await stateOf(rooms.open)).members.has(ANN)).toBe(true)
  })
})

describe('lifting', () => {
  test('takes one of its kind and scope, by those who may impose it, and never from oneself', async () => {
    await start()
    await mute(null, ANN, channel)
    await ban(SU, ANN, channel)
    await ban(SU, BEN, channel)
    const heard = listen(`user:${ANN}`)
    expect(codeOf(await lift(OWNER, ANN, channel))).toBe('role.required')
    await ban(SU, CHOWNER, channel)
    expect(codeOf(await lift(CHOWNER, CHOWNER, channel))).toBe('role.required')
    expect(codeOf(await lift(CHOWNER, ANN, channel))).toBe('banned')
    expect(heard).toEqual([])
    expect(await lift(SU, ANN, channel)).toEqual({ lifted: true })
    expect(await lift(SU, ANN, channel)).toEqual({ lifted: false })
    expect(sanctionedOn(heard, `user:${ANN}`)).toMatchObject([{ lifted: true, sanction: { kind: 'ban' } }])
    const left = (await channelNow()).sanctions.map(({ kind, user }) => `${kind} ${user}`)
    expect(left).toEqual([`mute ${ANN}`, `ban ${BEN}`, `ban ${CHOWNER}`])
    expect(await lift(SU, ANN, GLOBAL)).toEqual({ lifted: false })
  })

  test('lets in again, and gives nothing back by itself', async () => {
    await start()
    await ban(CHOWNER, ANN, channel)
    await lift(CHOWNER, ANN, channel)
    const { session } = await live(ANN)
    expect(codeOf(await core.occupancy.enter(session, rooms.open, null))).toBe(null)
    expect(codeOf(await core.occupancy.enter(session, rooms.own, null))).toBe('member.required')
    expect(await core.store.roomsOf(ANN)).toEqual([rooms.far])
  })
})

describe('the list', () => {
  test('has what is in force, of everybody, of some, or of one room', async () => {
    await start()
    await ban(SU, ANN, GLOBAL)
    await ban(SU, ANN, channel, { until: null })
    await mute(OWNER, BEN, roomScope(rooms.open))
    await ban(SU, BEN, roomScope(rooms.hall), { until: opened.clock.now() + 1 })
    const list = async (wanted: Parameters<Core['sanctions']['list']>[0]) =>
      (await core.sanctions.list(wanted)).map(({ scope, sanction }) => `${scope} ${sanction.kind} ${sanction.user}`)
    const [global, inChannel, muted, soon] = [
      `global ban ${ANN}`,
      `channel ban ${ANN}`,
      `room mute ${BEN}`,
      `room ban ${BEN}`,
    ]
    expect(await list({ of: 'all' })).toEqual([global, inChannel, muted, soon])
    opened.clock.set(opened.clock.now() + 1)
    expect(await list({ of: 'all' })).toEqual([global, inChannel, muted])
    expect(await list({ of: 'users', users: [BEN, NOBODY] })).toEqual([muted])
    expect(await list({ of: 'users', users: [ANN] })).toEqual([global, inChannel])
    expect(await list({ of: 'room', room: rooms.open })).toEqual([muted])
    expect(await list({ of: 'room', room: '5' as RoomId })).toEqual([])
    core.rooms.clear()
    expect(await list({ of: 'all' })).toEqual([global, inChannel, muted])
  })

  test('walks over many rooms without keeping them', async () => {
    await start()
    const many = Array.from({ length: 120 }, (_, n) => ({ ref: `r${n}`, channel: 'd', name: `room ${n}` }))
    await importWorld(core, { rooms: many })
    await ban(SU, BEN, roomScope(await roomOf(core, 'r119')))
    core.rooms.clear()
    let turns = 0
    const counting = setInterval(() => {
      turns += 1
    }, 0)
    expect(await core.sanctions.list({ of: 'users', users: [BEN] })).toHaveLength(1)
    clearInterval(counting)
    expect(core.rooms.peek(await roomOf(core, 'r3'))).toBe(undefined)
    expect(turns).toBeGreaterThan(0)
  })
})

describe('a kick', () => {
  test('of a member stands in the log; of an occupant it is told and they are out', async () => {
    await start()
    await enter(ANN, rooms.open)
    await enter(BEN, rooms.hall)
    const heard = listen(`user:${ANN}`, `user:${BEN}`, `room:${rooms.open}`, `room:${rooms.hall}`)
    expect(await kick(OWNER, ANN, rooms.open)).toMatchObject({ out: true, room: { id: rooms.open } })
    expect(await kick(OWNER, BEN, rooms.hall)).toMatchObject({ out: true, room: { id: rooms.hall } })
    const told = heard.filter(({ message }) => message.kind === 'kicked')
    expect(told.map(({ topic }) => topic)).toEqual([`user:${BEN}`, `room:${rooms.hall}`])
    expect(told[0]?.message).toMatchObject({ actor: { id: OWNER }, account: { id: BEN }, reason: 'noise' })
    const left = heard.filter(({ message }) => message.kind === 'left')
    expect(left).toMatchObject([{ message: { putOut: 'kicked' } }, { message: { putOut: 'kicked' } }])
    expect([await core.occupancy.roomsOf(ANN), await core.occupancy.roomsOf(BEN)]).toEqual([[], []])
    expect((await stateOf(rooms.open)).members.has(ANN)).toBe(false)
    await enter(BEN, rooms.hall)
  })

  test('with a ban keeps them out, and shows out who is no member', async () => {
    await start()
    const { session } = await enter(BEN, rooms.hall)
    const heard = listen(`user:${BEN}`)
    await kick(OWNER, BEN, rooms.hall, 600_000)
    expect(heard.filter(({ message }) => message.kind === 'kicked')).toHaveLength(1)
    expect(sanctionedOn(heard, `user:${BEN}`)).toEqual([])
    expect(codeOf(await core.occupancy.enter(session, rooms.hall, null))).toBe('banned')
    opened.clock.set(opened.clock.now() + 600_000)
    expect(codeOf(await core.occupancy.enter(session, rooms.hall, null))).toBe(null)
  })

  test('of somebody who is not there tells nobody anything', async () => {
    await start()
    const heard = listen(`user:${BEN}`, `room:${rooms.hall}`)
    for (const user of [BEN, NOBODY]) expect(await kick(OWNER, user, rooms.hall)).toMatchObject({ out: false })
    expect(heard).toEqual([])
  })

  test('is refused to who may not, and everybody stays', async () => {
    await start()
    await enter(BEN, rooms.hall)
    await enter(SU, rooms.hall)
    const heard = listen(`user:${BEN}`, `room:${rooms.hall}`)
    for (const actor of [ANN, MOD]) expect(codeOf(await kick(actor, BEN, rooms.hall))).toBe('role.required')
    expect(codeOf(await kick(OWNER, SU, rooms.hall))).toBe('role.required')
    expect(codeOf(await kick(SU, BEN, '5' as RoomId))).toBe('room.unknown')
    expect(heard).toEqual([])
    expect(await core.occupancy.inside(rooms.hall, BEN)).toBe(true)
  })
})

describe('the messages of somebody', () => {
  test('are deleted page by page, and nobody else’s', async () => {
    await start()
    const texts = Array.from({ length: 2 * DELETED_TOGETHER + 1 }, (_, n) => `text ${n}`)
    await Promise.all(texts.map(text => say(ANN, rooms.open, text)))
    await say(BEN, rooms.open, 'mine')
    await say(ANN, rooms.far, 'elsewhere')
    expect(await core.sanctions.deleteMessagesOf(ANN, [rooms.open, '5' as RoomId, rooms.hall])).toEqual({
      deleted: texts.length,
    })
    const log = await logOf(rooms.open)
    const deletions = log.flatMap(({ body }) => (body.type === 'messages.deleted' ? [body.targets.length] : []))
    expect(deletions).toEqual([DELETED_TOGETHER, DELETED_TOGETHER, 1])
    const kept = log.filter(({ body, erased }) => body.type === 'message' && !erased)
    expect(kept.map(({ actor }) => actor)).toEqual([BEN])
    expect((await logOf(rooms.far)).filter(({ erased }) => erased)).toEqual([])
    expect(await core.sanctions.deleteMessagesOf(ANN, [rooms.open])).toEqual({ deleted: 0 })
  })

  test('stay in a room of X, where only a signature deletes, and in the rooms after it they go', async () => {
    await start()
    for (const room of [rooms.open, rooms.far]) await say(ANN, room)
    const state = await stateOf(rooms.open)
    core.rooms.set({ ...state, suite: 'xchat', control: state.control + 1 })
    expect(await core.sanctions.deleteMessagesOf(ANN, [rooms.open, rooms.far])).toEqual({ deleted: 1 })
    expect((await logOf(rooms.open)).filter(({ erased }) => erased)).toEqual([])
  })
})

const PAGE = { select: 'messages', order: 'newest', limit: 10 } as const

/** A store in which somebody else writes something in the moment before an item is written, once. */
function interleaved() {
  let picks: ((item: Item) => boolean) | null = null
  let other: () => Promise<Item>
  const between = {
    ran: 0,
    before(wanted: (item: Item) => boolean, write: () => Promise<Item>): void {
      picks = wanted
      other = write
    },
    wrap(store: Store): Store {
      return new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown
          if (name !== 'commit') return typeof value === 'function' ? value.bind(target) : value
          return async (items: readonly Item[]) => {
            if (picks && items.some(picks)) {
              picks = null
              between.ran += 1
              expect(await target.commit([await other()])).toMatchObject([{ outcome: 'committed' }])
            }
            return target.commit(items)
          }
        },
      })
    },
  }
  return between
}

/** A store that lets something begin when a ban from a channel is written, some steps before anybody hears of that. */
function afterBan(steps: number) {
  let begin: () => void = () => {}
  return {
    run<T>(doing: () => Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        begin = () => void doing().then(resolve, reject)
      })
    },
    wrap(store: Store): Store {
      return new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown
          if (name !== 'commit') return typeof value === 'function' ? value.bind(target) : value
          return async (items: readonly Item[]) => {
            const outcomes = await target.commit(items)
            if (!items.some(item => puts(item, 'channel'))) return outcomes
            begin()
            for (let step = 0; step < steps; step++) await Promise.resolve()
            return outcomes
          }
        },
      })
    },
  }
}

/** The account with something else in it, as another node writes it. */
async function changed(user: UserId, change: Partial<Account>, email: string | null = null): Promise<Item> {
  const { version, ...bare } = await accountOf(user)
  const account = { ...bare, ...change }
  return {
    guards: [{ of: 'account', id: user, version }],
    append: null,
    rows: [{ put: 'account', account, email, createdAt: 0 }],
  }
}

async function changedChannel(change: Partial<Channel>): Promise<Item> {
  const { version, ...bare } = await channelNow()
  const guards = [{ of: 'channel', id: bare.id, version } as const]
  return { guards, append: null, rows: [{ put: 'channel', channel: { ...bare, ...change } }] }
}

const without = async (owner: UserId): Promise<Item> =>
  changedChannel({ owners: (await channelNow()).owners.filter(one => one !== owner) })

const endless = (user: UserId): Sanction => ({ kind: 'ban', user, from: 0, until: null, reason: '', by: null })

const puts = (item: Item, what: string): boolean => item.rows.some(row => 'put' in row && row.put === what)

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < 5_000; waited += 5) {
    if (holds()) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('waited in vain')
}
