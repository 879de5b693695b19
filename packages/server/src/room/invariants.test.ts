// The invariants of design 2, tested on the pure core by random histories of honest and dishonest commands. Each
// test names the invariant; fast-check prints the seed of a history that breaks one.
import { randomBytes } from 'node:crypto'
import type { EventId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TTL_LEAST } from '../limits.ts'
import { apply, fold } from './apply.ts'
import { checked } from './chain-testing.ts'
import type { Command } from './decide.ts'
import { decide } from './decide.ts'
import type { EventBody, RoomEvent } from './events.ts'
import { isControl } from './events.ts'
import {
  action,
  contextAt,
  freshMessageId,
  groupCreate,
  keyChange,
  memberAdd,
  People,
  ROOM,
  userId,
  wrapBytes,
  wrapsFor,
  xchatContent,
} from './fixtures.ts'
import type {
  DeleteFault,
  InviteFault,
  RotationFault,
  SignedFault,
  SwitchFault,
  TitleFault,
  TtlFault,
} from './group-testing.ts'
import {
  adminChange,
  DELETE_FAULTS,
  deletion,
  INVITE_FAULTS,
  invitation,
  joinRejection,
  joinRequest,
  noInvitation,
  notificationSwitch,
  ROTATION_FAULTS,
  retitling,
  SIGNED_FAULTS,
  SWITCH_FAULTS,
  signedLeave,
  signedRemoval,
  TITLE_FAULTS,
  TTL_FAULTS,
  ttlChange,
} from './group-testing.ts'
import { isRejection } from './rejection.ts'
import { conversationIdOf } from './signatures.ts'
import type { RoomState } from './state.ts'
import { inviteOf, usersWith } from './state.ts'

const RUNS = 150
const START = 1_800_000_000_000
const PEOPLE = 7
/** Beside the members' own roles: who owns and who administers the channel, and who is a globalmod. */
const [CHANNEL_OWNER, CHANNEL_ADMIN, GLOBALMOD] = [3, 4, 5]

/** A room log in memory that appends what `decide` gives, like the store does for one node. */
class Log {
  readonly people = new People()
  readonly events: RoomEvent[] = []
  state: RoomState | undefined
  now = START
  readonly used = new Set<string>()
  /** What members said of notifications, which stands in no log. */
  readonly switched: { readonly user: UserId; readonly muted: boolean }[] = []

  constructor() {
    for (let n = 0; n < PEOPLE; n++)
      this.people.add(userId(n), n < PEOPLE - 1, { roles: n === GLOBALMOD ? ['globalmod'] : [] })
    const { channel } = this.people
    this.people.channel = { ...channel, owners: [userId(CHANNEL_OWNER)], admins: [userId(CHANNEL_ADMIN)] }
  }

  get room(): RoomState {
    if (!this.state) throw new Error('no room yet')
    return this.state
  }

  /** The rejection's code, or null where it was appended. Refused commands change nothing. */
  submit(command: Command, raced = false): string | null {
    const before = this.state
    const decision = decide(before, command, this.people.facts, contextAt(this.now, { raced }))
    if (isRejection(decision)) {
      expect(this.state).toBe(before)
      return decision.rejected
    }
    for (const { key } of decision.messageKeys ?? []) {
      if (this.used.has(key)) return 'message.taken'
    }
    for (const { key } of decision.messageKeys ?? []) this.used.add(key)
    for (const body of decision.events) this.append(command.actor, body)
    if (decision.notifications) this.switched.push(decision.notifications)
    return null
  }

  append(actor: UserId | null, body: EventBody): void {
    const sequence = this.events.length + 1
    const event: RoomEvent = { room: ROOM, sequence, id: String(sequence) as EventId, at: this.now, actor, body }
    this.events.push(event)
    this.state = apply(this.state, event)
  }

  nextVersion(): string {
    this.now += 1
    return String(Math.max(this.now, Number(this.state?.epoch?.version ?? 0) + 1))
  }

  createGroup(members: readonly UserId[], faults: Fault | null = null): string | null {
    const creator = members[0] as UserId
    const version = this.nextVersion()
    const wraps = wrapsFor(this.people, members)
    if (faults === 'wrap missing') wraps.pop()
    return this.submit({
      command: 'create-room',
      actor: creator,
      claimName: false,
      slot: null,
      room: {
        suite: 'xchat',
        kind: 'private',
        name: null,
        title: 'Team',
        avatar: null,
        ttlMs: null,
        topic: '',
        sort: 0,
        tags: [],
        members,
        owners: [creator],
        moderators: [],
        acls: [],
        pair: null,
        isDefault: false,
        isAdmin: false,
      },
      epoch: {
        version,
        wraps,
        signatures: [
          keyChange(this.people, creator, version, wraps, `g${ROOM}`),
          groupCreate(this.people, creator, members, [creator], 'Team', version),
        ],
      },
    })
  }

  add(actor: UserId, users: readonly UserId[], fault: Fault | null = null): string | null {
    const state = this.room
    let version = this.nextVersion()
    if (fault === 'old version') version = state.epoch?.version ?? '1'
    if (fault === 'version ahead') version = String(this.now + 11 * 60_000)
    const roster = [...state.members.keys(), ...users]
    const wraps = wrapsFor(
      this.people,
      roster.filter(user => this.people.keySets.has(user)),
    )
    if (fault === 'wrap missing') wraps.pop()
    if (fault === 'wrap extra') wraps.push({ user: userId(99), key: wrapBytes(), publicKeyVersion: '1700000000000' })
    if (fault === 'wrap twice' && wraps[0]) wraps.push(wraps[0])
    if (fault === 'wrap outdated' && wraps[0]) wraps[0] = { ...wraps[0], publicKeyVersion: '1' }
    if (fault === 'wrap malformed' && wraps[0])
      wraps[0] = { ...wraps[0], key: randomBytes(113).toString('base64').replace(/^./, 'C') }
    const admins = usersWith(state, 'owner')
    const current = [...state.members.keys()]
    let addition = memberAdd(this.people, actor, state, { users, version })
    if (fault === 'roster stale')
      addition = memberAdd(this.people, actor, state, { users, version, current: current.slice(1) })
    if (fault === 'list shifted') {
      addition = memberAdd(this.people, actor, state, {
        users: [...users, ...current.slice(0, 1)],
        current: current.slice(1),
        version,
      })
    }
    if (fault === 'admins shifted')
      addition = memberAdd(this.people, actor, state, { users, version, admins: [...admins, ...users] })
    if (fault === 'signature tampered') addition = { ...addition, signature: randomBytes(64).toString('base64') }
    if (fault === 'other signer') {
      const other = actor === userId(0) ? userId(1) : userId(0)
      addition = {
        ...memberAdd(this.people, other, state, { users, version }),
        publicKeyVersion: this.people.newest(actor).version,
      }
    }
    if (fault === 'other room')
      addition = memberAdd(this.people, actor, { ...state, id: '77' as RoomState['id'] }, { users, version })
    let change = keyChange(this.people, actor, version, wraps, conversationIdOf(state))
    if (fault === 'key change differs')
      change = keyChange(this.people, actor, version, wrapsFor(this.people, roster), conversationIdOf(state))
    if (fault === 'signature version') change = { ...change, signatureVersion: '6' }
    const signatures = fault === 'no member add' ? [change] : [change, addition]
    return this.submit({
      command: 'add-members',
      actor,
      users,
      signed: { version, wraps, signatures, title: null, avatar: null },
    })
  }

  rotate(actor: UserId): string | null {
    const version = this.nextVersion()
    const wraps = wrapsFor(this.people, [...this.room.members.keys()])
    return this.submit({
      command: 'open-epoch',
      actor,
      version,
      wraps,
      replaces: false,
      signatures: [keyChange(this.people, actor, version, wraps, conversationIdOf(this.room))],
    })
  }

  /** `ttl`: how long it says itself that it lasts, in ms. */
  send(actor: UserId, epoch: string, ttl: number | null = null): string | null {
    const messageId = freshMessageId()
    const own = ttl === null ? undefined : String(ttl)
    const content = xchatContent(this.people, actor, this.room, epoch, messageId, undefined, own)
    return this.submit({
      command: 'send-message',
      actor,
      content,
      messageId,
      digest: content.createEvent,
      inside: true,
      attributes: null,
      origin: null,
    })
  }

  remove(actor: UserId | null, users: readonly UserId[]): string | null {
    return this.submit({ command: 'remove-members', actor, users, how: 'kicked', reason: '', keepOwner: false })
  }
}

const FAULTS = [
  'old version',
  'version ahead',
  'wrap missing',
  'wrap extra',
  'wrap twice',
  'wrap outdated',
  'wrap malformed',
  'roster stale',
  'list shifted',
  'admins shifted',
  'signature tampered',
  'other signer',
  'other room',
  'key change differs',
  'signature version',
  'no member add',
] as const
type Fault = (typeof FAULTS)[number]

type Step =
  | { readonly do: 'add'; readonly by: number; readonly who: number; readonly fault: Fault | null }
  | { readonly do: 'remove'; readonly by: number | null; readonly who: number }
  | { readonly do: 'leave'; readonly who: number }
  | {
      readonly do: 'sign off'
      readonly by: number
      readonly who: number
      readonly fault: SignedFault | RotationFault | null
    }
  | { readonly do: 'sign out'; readonly by: number; readonly fault: SignedFault | null }
  | {
      readonly do: 'admins'
      readonly by: number
      readonly who: readonly number[]
      readonly granted: boolean
      readonly fault: SignedFault | null
    }
  | {
      readonly do: 'retitle'
      readonly by: number
      readonly part: 'title' | 'avatar'
      readonly fault: SignedFault | TitleFault | null
    }
  | {
      readonly do: 'ttl'
      readonly by: number
      readonly ttl: number | null
      readonly fault: SignedFault | TtlFault | null
    }
  | {
      readonly do: 'delete'
      readonly by: number
      readonly whom: 'all' | 'self'
      /** Of the messages in the log. */
      readonly picks: readonly number[]
      readonly fault: SignedFault | DeleteFault | null
    }
  | {
      readonly do: 'link'
      readonly by: number
      readonly name: string
      readonly for: number | null
      readonly fault: SignedFault | InviteFault | null
    }
  | { readonly do: 'unlink'; readonly by: number; readonly fault: SignedFault | null }
  | { readonly do: 'ask'; readonly by: number; readonly name: string; readonly fault: SignedFault | null }
  | {
      readonly do: 'turn away'
      readonly by: number
      /** null: everybody who waits. */
      readonly who: readonly number[] | null
      readonly fault: SignedFault | null
    }
  | {
      readonly do: 'switch'
      readonly by: number
      readonly muted: boolean
      readonly fault: SignedFault | SwitchFault | null
    }
  | { readonly do: 'rotate'; readonly by: number }
  | { readonly do: 'send'; readonly by: number; readonly old: boolean; readonly ttl: number | null }
  | { readonly do: 'ban'; readonly by: number | null; readonly who: number; readonly for: number }
  | { readonly do: 'mute'; readonly by: number | null; readonly who: number; readonly for: number }
  | { readonly do: 'kick'; readonly by: number | null; readonly who: number; readonly for: number }
  | { readonly do: 'register'; readonly who: number }
  | { readonly do: 'wait'; readonly for: number }

const person = fc.nat(PEOPLE - 1)

/** Mostly the group's first admin, so that something comes of it. */
const signer = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: person })

/** One of the named in a third of the cases. */
function mostlyNone<const T>(...faults: readonly T[]): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...faults) })
}

const lifetime = fc.option(fc.integer({ min: TTL_LEAST, max: 10 * TTL_LEAST }))

const link = fc.constantFrom('a', 'b')

/** By one of the first two: of messages that the other one sent, too. */
const erasure = fc.record({
  do: fc.constant('delete' as const),
  by: fc.nat(1),
  whom: fc.constantFrom('all' as const, 'self' as const),
  picks: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
  fault: mostlyNone(...SIGNED_FAULTS, ...DELETE_FAULTS),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      by: person,
      who: person,
      fault: fc.option(fc.constantFrom(...FAULTS)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), by: fc.option(person), who: person }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: person }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sign off' as const),
      by: signer,
      who: person,
      fault: mostlyNone(...SIGNED_FAULTS, ...ROTATION_FAULTS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('sign out' as const), by: person, fault: mostlyNone(...SIGNED_FAULTS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('admins' as const),
      by: signer,
      who: fc.array(fc.nat(2), { maxLength: 2 }),
      granted: fc.boolean(),
      fault: mostlyNone(...SIGNED_FAULTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('retitle' as const),
      by: signer,
      part: fc.constantFrom('title' as const, 'avatar' as const),
      fault: mostlyNone(...SIGNED_FAULTS, ...TITLE_FAULTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('ttl' as const),
      by: signer,
      ttl: lifetime,
      fault: mostlyNone(...SIGNED_FAULTS, ...TTL_FAULTS),
    }),
  },
  { weight: 3, arbitrary: erasure },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      by: signer,
      name: link,
      for: fc.option(fc.nat(5_000)),
      fault: mostlyNone(...SIGNED_FAULTS, ...INVITE_FAULTS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('unlink' as const), by: signer, fault: mostlyNone(...SIGNED_FAULTS) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      by: person,
      name: link,
      fault: mostlyNone(...SIGNED_FAULTS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('turn away' as const),
      by: signer,
      who: fc.option(fc.array(person, { maxLength: 2 }), { freq: 1 }),
      fault: mostlyNone(...SIGNED_FAULTS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('switch' as const),
      by: person,
      muted: fc.boolean(),
      fault: mostlyNone(...SIGNED_FAULTS, ...SWITCH_FAULTS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rotate' as const), by: person }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('send' as const), by: person, old: fc.boolean(), ttl: lifetime }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('ban' as const, 'mute' as const, 'kick' as const),
      by: fc.option(person),
      who: person,
      for: fc.oneof(fc.constant(0), fc.nat(1_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('register' as const), who: person }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), for: fc.nat(2_000) }) },
)

/** Plays a history. `check` runs after every step with what was said and what came of it. */
function play(
  steps: readonly Step[],
  check: (log: Log, step: Step, before: RoomState, rejected: string | null) => void,
): Log {
  const log = new Log()
  expect(log.createGroup([userId(0), userId(1)])).toBe(null)
  for (const one of steps) {
    const before = log.room
    check(log, one, before, perform(log, one))
  }
  return log
}

function perform(log: Log, one: Step): string | null {
  log.now += 1
  switch (one.do) {
    case 'add':
      return log.people.keySets.has(userId(one.by)) ? log.add(userId(one.by), [userId(one.who)], one.fault) : 'skipped'
    case 'remove':
      return log.remove(one.by === null ? null : userId(one.by), [userId(one.who)])
    case 'leave':
      return log.remove(userId(one.who), [userId(one.who)])
    case 'sign off':
    case 'sign out':
    case 'admins':
    case 'ttl':
    case 'link':
    case 'unlink':
    case 'ask':
    case 'turn away':
    case 'retitle': {
      const by = userId(one.by)
      return log.people.keySets.has(by) ? log.submit(signedChange(log, one, by)) : 'skipped'
    }
    case 'delete': {
      const by = userId(one.by)
      const messages = picked(log, one.picks)
      return log.people.keySets.has(by) && messages.length > 0
        ? log.submit(deletion(log.people, log.room, by, { whom: one.whom, messages, fault: one.fault }))
        : 'skipped'
    }
    case 'switch': {
      const by = userId(one.by)
      if (!log.people.keySets.has(by)) return 'skipped'
      return log.submit(notificationSwitch(log.people, log.room, by, one.muted, one.fault))
    }
    case 'rotate':
      return log.people.keySets.has(userId(one.by)) ? log.rotate(userId(one.by)) : 'skipped'
    case 'send': {
      const current = log.room.epoch?.version ?? '1'
      return log.people.keySets.has(userId(one.by))
        ? log.send(userId(one.by), one.old ? String(Number(current) - 1) : current, one.ttl)
        : 'skipped'
    }
    case 'ban':
    case 'mute':
      return log.submit({
        command: 'sanction',
        actor: one.by === null ? null : userId(one.by),
        kind: one.do,
        user: userId(one.who),
        until: log.now + one.for,
        reason: '',
        rank: 'owner',
      })
    case 'kick': {
      const actor = one.by === null ? null : userId(one.by)
      return log.submit({ command: 'kick', actor, user: userId(one.who), reason: '', banMs: one.for })
    }
    case 'register':
      if (one.who < PEOPLE - 1) log.people.register(userId(one.who), String(log.now))
      return null
    case 'wait':
      log.now += one.for
      return null
  }
}

/** Messages of the log, each once. */
function picked(log: Log, picks: readonly number[]): RoomEvent[] {
  const messages = log.events.filter(({ body }) => body.type === 'message')
  return [...new Set(picks.flatMap(pick => messages[pick % messages.length] ?? []))]
}

type Signed = Extract<Step, { do: (typeof SIGNED)[number] }>
const SIGNED = ['sign off', 'sign out', 'admins', 'retitle', 'ttl', 'link', 'unlink', 'ask', 'turn away'] as const

function signedChange(log: Log, one: Signed, by: UserId): Command {
  const { people, room } = log
  switch (one.do) {
    case 'sign off':
      return signedRemoval(people, room, by, [userId(one.who)], log.nextVersion(), one.fault)
    case 'sign out':
      return signedLeave(people, room, by, one.fault)
    case 'admins':
      return adminChange(people, room, by, one.who.map(userId), one.granted, one.fault)
    case 'retitle':
      return retitling(people, room, by, one.part, one.fault)
    case 'ttl':
      return ttlChange(people, room, by, one.ttl, one.fault)
    case 'link':
      return invitation(people, room, by, one.name, one.for === null ? null : log.now + one.for, one.fault)
    case 'unlink':
      return noInvitation(people, room, by, one.fault)
    case 'ask':
      return joinRequest(people, room, by, one.name, one.fault)
    case 'turn away':
      return joinRejection(people, room, by, one.who?.map(userId) ?? [...room.requests.keys()], one.fault)
  }
}

function isSigned(one: Step): one is Signed {
  return SIGNED.some(signed => signed === one.do)
}

const histories = fc.array(step, { minLength: 1, maxLength: 60 })
/** For what needs several steps to go well. */
const longHistories = fc.array(step, { minLength: 30, maxLength: 60 })
/** Of much that is said and taken back. */
const said = fc.record({
  do: fc.constant('send' as const),
  by: fc.nat(1),
  old: fc.constant(false),
  ttl: fc.constant(null),
})
const regrets = fc.array(
  fc.oneof({ weight: 4, arbitrary: said }, { weight: 4, arbitrary: erasure }, { weight: 1, arbitrary: step }),
  { minLength: 10, maxLength: 40 },
)

describe('L1 coverage', () => {
  test('every rotation carries one wrap for exactly every member of the roster that it leads to', () => {
    fc.assert(
      fc.property(histories, steps => {
        const log = play(steps, () => {})
        let state: RoomState | undefined
        log.events.forEach((event, index) => {
          state = apply(state, event)
          if (event.body.type !== 'epoch.opened') return
          const next = log.events[index + 1]
          const together = next?.body.type === 'members.added' && next.at === event.at ? next : undefined
          const roster = together ? apply(state, together).members : state.members
          expect(event.body.wraps.map(wrap => wrap.user).sort()).toEqual([...roster.keys()].sort())
        })
      }),
      { numRuns: RUNS },
    )
  })

  test('nobody is a member who was not let in by a rotation of the same moment', () => {
    fc.assert(
      fc.property(histories, steps => {
        const log = play(steps, () => {})
        log.events.forEach((event, index) => {
          if (event.body.type !== 'members.added') return
          expect(log.events[index - 1]?.body.type).toBe('epoch.opened')
          expect(event.body.signed).not.toBe(null)
        })
      }),
      { numRuns: RUNS },
    )
  })

  test('an addition with any one fault is refused and changes nothing', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(...FAULTS), (steps, fault) => {
        const log = play(steps, () => {})
        if (!log.room.epoch || log.room.members.size === 0) return
        const by = [...log.room.members.keys()][0] as UserId
        const outsider = [0, 1, 2, 3, 4, 5].map(userId).find(user => !log.room.members.has(user))
        if (!outsider) return
        const before = log.room
        log.now += 5_000
        expect(log.add(by, [outsider], fault)).not.toBe(null)
        expect(log.room).toBe(before)
      }),
      { numRuns: RUNS * 3 },
    )
  })
})

describe('transparency', () => {
  test('whoever checks the chain of an honest server finds nothing wrong, and the same roster', async () => {
    await fc.assert(
      fc.asyncProperty(longHistories, async steps => {
        const log = play(steps, () => {})
        const { check, faults } = await checked(log.people, log.events)
        expect(faults).toEqual([])
        const { members, admins, epoch } = check.roster
        expect([...(members ?? [])]).toEqual([...log.room.members.keys()])
        expect(new Set(admins)).toEqual(new Set(usersWith(log.room, 'owner')))
        expect(epoch).toBe(log.room.epoch?.version ?? null)
      }),
      { numRuns: RUNS },
    )
  })

  test('an addition, a key or an admin that nobody signed is noticed wherever it is put, however well it is chained', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(3), async (steps, where, what) => {
        const log = play(steps, () => {})
        // Between two appends, where the making of the group is done.
        const place = 3 + (where % (log.events.length - 2))
        const before = log.events.slice(0, place)
        const state = fold(undefined, before)
        if (!state?.epoch || state.removed || log.events[place - 1]?.body.type === 'epoch.opened') return
        if (log.events[place]?.body.type === 'roles.changed') return
        const ghost = '1999' as UserId
        const version = String(BigInt(state.epoch.version) + 1n)
        const wraps = wrapsFor(log.people, [...state.members.keys()])
        const forged: EventBody[][] = [
          [{ type: 'members.added', users: [ghost], reads: 'all', signed: null, title: null, avatar: null }],
          [{ type: 'epoch.opened', version, wraps, signed: null }],
          [{ type: 'epoch.opened', version: state.epoch.version, wraps: [], signed: null }],
          [
            {
              type: 'roles.changed',
              user: [...state.members.keys()].find(user => !usersWith(state, 'owner').includes(user)) ?? ghost,
              role: 'owner',
              granted: true,
              signed: null,
            },
          ],
        ]
        if (what === 3 && usersWith(state, 'owner').length === state.members.size) return
        const actor = [...state.members.keys()][0] ?? null
        const added = (forged[what] ?? []).map((body): RoomEvent => {
          return { room: ROOM, sequence: 0, id: '0' as EventId, at: log.now, actor, body }
        })
        const events = [...before, ...added, ...log.events.slice(place)].map((event, index) => {
          return { ...event, sequence: index + 1, id: String(index + 1) as EventId }
        })
        const { faults } = await checked(log.people, events)
        expect(faults.map(({ fault }) => fault)).toContain('unsigned')
      }),
      { numRuns: RUNS },
    )
  })
})

describe('L2 one winner', () => {
  test('epochs only grow', () => {
    fc.assert(
      fc.property(histories, steps => {
        const versions = play(steps, () => {}).events.flatMap(event =>
          event.body.type === 'epoch.opened' ? [Number(event.body.version)] : [],
        )
        expect([...versions].sort((a, b) => a - b)).toEqual(versions)
        expect(new Set(versions).size).toBe(versions.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('a rotation that another one overtook is a conflict, even under a newer version', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    const wraps = wrapsFor(log.people, [userId(0), userId(1)])
    const version = log.nextVersion()
    const rotation: Command = {
      command: 'open-epoch',
      actor: userId(0),
      version,
      wraps,
      replaces: false,
      signatures: [keyChange(log.people, userId(0), version, wraps, `g${ROOM}`)],
    }
    const context = contextAt(log.now, { raced: true, overtaken: true })
    const current = log.room.epoch?.version
    expect(decide(log.state, rotation, log.people.facts, context)).toEqual({ rejected: 'conflict', current })
    expect(decide(log.state, rotation, log.people.facts, contextAt(log.now, { raced: true }))).toHaveProperty('events')
  })

  test('a change that lost the race is a conflict, one that starts old is stale, both name the current epoch', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    const first = log.room.epoch?.version as string
    expect(log.rotate(userId(1))).toBe(null)
    const late: Command = {
      command: 'open-epoch',
      actor: userId(0),
      version: first,
      wraps: wrapsFor(log.people, [userId(0), userId(1)]),
      replaces: false,
      signatures: [],
    }
    const current = log.room.epoch?.version
    expect(decide(log.state, late, log.people.facts, contextAt(log.now))).toEqual({ rejected: 'epoch.stale', current })
    expect(decide(log.state, late, log.people.facts, contextAt(log.now, { raced: true }))).toEqual({
      rejected: 'conflict',
      current,
    })
  })
})

describe('L3 lockstep', () => {
  test('a message is appended only by a member who is neither banned nor muted, under the current epoch of an open room', () => {
    fc.assert(
      fc.property(histories, steps => {
        play(steps, (log, one, before, rejected) => {
          if (one.do !== 'send' || rejected === 'skipped') return
          const user = userId(one.by)
          const barred = before.sanctions.some(s => s.user === user && (s.until ?? Infinity) > log.now)
          const allowed = before.members.has(user) && !barred && !before.closed && !one.old
          expect(rejected === null).toBe(allowed)
        })
      }),
      { numRuns: RUNS },
    )
  })

  test('an encrypted room takes no plaintext from anybody', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    for (const suite of ['none', 'rocketchat'] as const) {
      const content = suite === 'none' ? { suite, text: 'hello' } : { suite, content: null, msg: 'hello' }
      const rejected = log.submit({
        command: 'send-message',
        actor: userId(0),
        content,
        messageId: null,
        digest: '',
        inside: true,
        attributes: null,
        origin: null,
      })
      expect(rejected).toMatch(/^message\.(plaintext|suite)$/)
    }
  })
})

describe('L4 closing', () => {
  test('a removal without a rotation closes the room until a remaining member rotates', () => {
    fc.assert(
      fc.property(histories, steps => {
        const log = play(steps, (log, one, before, rejected) => {
          const removed = before.members.size - log.room.members.size
          const rotates = one.do === 'rotate' || one.do === 'sign off'
          if (removed > 0 && !rotates && log.room.members.size > 0) expect(log.room.closed).toBe(true)
          if (rejected === null && rotates) expect(log.room.closed).toBe(false)
          if (before.closed && !log.room.closed) expect(['rotate', 'add', 'sign off']).toContain(one.do)
        })
        let state: RoomState | undefined
        for (const event of log.events) {
          if (event.body.type === 'message') expect(state?.closed).toBe(false)
          state = apply(state, event)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('L4 closing by another’s hand', () => {
  test('who is kicked or banned goes once, and the room closes with them', () => {
    fc.assert(
      fc.property(histories, steps => {
        let state: RoomState | undefined
        for (const event of play(steps, () => {}).events) {
          if (event.body.type === 'members.removed') {
            for (const user of event.body.users) expect(state?.members.has(user)).toBe(true)
            expect(event.body.closes).toBe(event.body.how === 'left' || event.body.signed === null)
          }
          state = apply(state, event)
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('nobody without the right leaves an event, and nobody puts out operators', () => {
    fc.assert(
      fc.property(histories, steps => {
        play(steps, (log, one, before, rejected) => {
          if (one.do !== 'kick' && one.do !== 'ban' && one.do !== 'mute') return
          if (one.by === null || rejected !== null) return
          const actor = userId(one.by)
          const rules = before.roles.has(actor) || one.by === CHANNEL_OWNER
          const admin = one.do === 'kick' && one.by === CHANNEL_ADMIN
          expect(one.by === GLOBALMOD || (before.members.has(actor) && (rules || admin))).toBe(true)
          expect(one.who).not.toBe(GLOBALMOD)
          const banned = before.sanctions.some(s => s.kind === 'ban' && s.user === actor && (s.until ?? 0) > log.now)
          expect(banned).toBe(false)
        })
      }),
      { numRuns: RUNS },
    )
  })

  test('a kick leaves no ban that ends before the one that it found', () => {
    const end = (state: RoomState, user: UserId): number =>
      Math.max(0, ...state.sanctions.filter(s => s.kind === 'ban' && s.user === user).map(s => s.until ?? Infinity))
    fc.assert(
      fc.property(histories, steps => {
        play(steps, (log, one, before) => {
          if (one.do !== 'kick') return
          const user = userId(one.who)
          const held = end(before, user)
          if (held > log.now) expect(end(log.room, user)).toBeGreaterThanOrEqual(held)
        })
      }),
      { numRuns: RUNS },
    )
  })
})

describe('L5 signed', () => {
  test('a message whose signature is for another room, sender, id or text is refused', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    const epoch = log.room.epoch?.version as string
    const messageId = freshMessageId()
    const honest = xchatContent(log.people, userId(0), log.room, epoch, messageId)
    const other = xchatContent(log.people, userId(0), { ...log.room, id: '9' as RoomState['id'] }, epoch, messageId)
    const forged = [
      { content: other, messageId },
      { content: honest, messageId: freshMessageId() },
      { content: { ...honest, createEvent: other.createEvent }, messageId },
      { content: xchatContent(log.people, userId(1), log.room, epoch, messageId), messageId },
    ]
    for (const { content, messageId: id } of forged) {
      const command = {
        command: 'send-message',
        actor: userId(0),
        content,
        messageId: id,
        digest: '',
        inside: true,
        attributes: null,
        origin: null,
      } as const
      expect(log.submit(command)).toBe('signature.invalid')
    }
  })

  test('a signed change of the group has no fault, is by a member of the right and leaves a signature', () => {
    const taken = new Set<Step['do']>()
    fc.assert(
      fc.property(longHistories, steps => {
        play(steps, (log, one, before, rejected) => {
          if (!isSigned(one) || rejected !== null) return
          taken.add(one.do)
          expect(one.fault).toBe(null)
          const by = userId(one.by)
          expect(before.members.has(by)).toBe(one.do !== 'ask')
          const admins = usersWith(before, 'owner')
          const bare = admins.length === 0 && one.do === 'admins' && one.granted
          if (one.do !== 'sign out' && one.do !== 'ask') expect(bare || admins.includes(by)).toBe(true)
          if (one.do === 'retitle' || one.do === 'ttl' || one.do === 'link') expect(before.closed).toBe(false)
          // One event with the signature for each change; a removal is signed twice.
          const added = log.events.filter(({ sequence, body }) => sequence > before.control && isControl(body))
          const signed = added.filter(({ body }) => 'signed' in body && body.signed !== null)
          expect(signed).toHaveLength(one.do === 'sign off' ? 2 : 1)
          if (one.do === 'admins') expect(usersWith(log.room, 'owner').length).toBeGreaterThan(0)
        })
      }),
      { numRuns: RUNS * 3 },
    )
    expect([...taken].sort()).toEqual([...SIGNED].sort())
  })

  test('a deletion has no fault, is of messages that its signer may see and delete, and is an event only for everybody', () => {
    const taken = new Set<string>()
    fc.assert(
      fc.property(regrets, steps => {
        let length = 0
        play(steps, (log, one, before, rejected) => {
          const events = log.events.slice(length)
          length = log.events.length
          if (one.do !== 'delete' || rejected !== null) return
          const by = userId(one.by)
          const admin = usersWith(before, 'owner').includes(by)
          taken.add(`${one.whom} by ${admin ? 'an admin' : 'a member'}`)
          expect([one.fault, before.members.has(by), log.room]).toEqual([null, true, before])
          const messages = picked(log, one.picks)
          for (const { sequence } of messages)
            expect(sequence).toBeGreaterThanOrEqual(before.members.get(by)?.from ?? 0)
          if (one.whom === 'self') return expect(events).toEqual([])
          const own = messages.every(({ actor }) => actor === by)
          expect(own || admin).toBe(true)
          const targets = messages.map(({ id }) => id)
          expect(events.map(({ body }) => body)).toMatchObject([{ type: 'messages.deleted', targets, signed: {} }])
        })
      }),
      { numRuns: RUNS },
    )
    expect(taken.size).toBe(4)
  })

  test('a switch for notifications has no fault, is its member’s own and changes nothing of the room', () => {
    fc.assert(
      fc.property(longHistories, steps => {
        let said = 0
        play(steps, (log, one, before, rejected) => {
          if (one.do !== 'switch' || rejected !== null) return expect(log.switched).toHaveLength(said)
          expect(one.fault).toBe(null)
          expect(before.members.has(userId(one.by))).toBe(true)
          expect(log.room).toBe(before)
          expect(log.switched[said++]).toMatchObject({ user: userId(one.by), muted: one.muted })
        })
      }),
      { numRuns: RUNS },
    )
  })

  const cases = [
    ...SIGNED_FAULTS.flatMap(fault => [
      { do: 'sign off', fault } as const,
      { do: 'sign out', fault } as const,
      { do: 'admins', fault } as const,
      { do: 'retitle', fault } as const,
      { do: 'ttl', fault } as const,
      { do: 'link', fault } as const,
      { do: 'unlink', fault } as const,
      { do: 'ask', fault } as const,
      { do: 'turn away', fault } as const,
    ]),
    ...ROTATION_FAULTS.map(fault => ({ do: 'sign off', fault }) as const),
    ...TITLE_FAULTS.map(fault => ({ do: 'retitle', fault }) as const),
    ...TTL_FAULTS.map(fault => ({ do: 'ttl', fault }) as const),
    ...INVITE_FAULTS.map(fault => ({ do: 'link', fault }) as const),
  ]
  test.each(cases)('$do with $fault is refused, and taken without it', one => {
    const log = new Log()
    expect(log.createGroup([userId(0), userId(1), userId(2)])).toBe(null)
    for (const each of [
      { do: 'link', by: 0, name: 'a', for: null },
      { do: 'ask', by: 3, name: 'a' },
    ] as const)
      expect(perform(log, { ...each, fault: null })).toBe(null)
    const who = one.do === 'admins' ? [1] : one.do === 'turn away' ? [3] : 1
    const link = { name: 'a', for: one.do === 'link' ? 5_000 : null }
    const rest = { by: one.do === 'ask' ? 4 : 0, who, granted: true, part: 'title', ttl: 5_000, ...link }
    const before = log.room
    const rejected = perform(log, { ...rest, ...one } as Step)
    expect(rejected).toMatch(/^(signature|wrap|epoch|members|invite)\.|^limit$/)
    expect(log.room).toBe(before)
    expect(perform(log, { ...rest, ...one, fault: null } as Step)).toBe(null)
  })

  test('a signature of another kind in the place of the member add is refused', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    const version = log.nextVersion()
    const wraps = wrapsFor(log.people, [userId(0), userId(1), userId(2)])
    const change = keyChange(log.people, userId(0), version, wraps, conversationIdOf(log.room))
    const removal = action(
      log.people,
      userId(0),
      { kind: 'groupChange', change: { kind: 'memberRemove', ids: [userId(2)] } },
      conversationIdOf(log.room),
    )
    const signed = { version, wraps, signatures: [change, removal], title: null, avatar: null }
    expect(log.submit({ command: 'add-members', actor: userId(0), users: [userId(2)], signed })).toBe(
      'signature.missing',
    )
  })
})

describe('L7 once', () => {
  test('the ids of an action are used once: the very same addition is a replay', () => {
    const log = new Log()
    log.createGroup([userId(0), userId(1)])
    const version = log.nextVersion()
    const wraps = wrapsFor(log.people, [userId(0), userId(1), userId(2)])
    const signed = {
      version,
      wraps,
      signatures: [
        keyChange(log.people, userId(0), version, wraps, conversationIdOf(log.room)),
        memberAdd(log.people, userId(0), log.room, { users: [userId(2)], version }),
      ],
      title: null,
      avatar: null,
    }
    const command: Command = { command: 'add-members', actor: userId(0), users: [userId(2)], signed }
    expect(log.submit(command)).toBe(null)
    expect(log.submit(command)).toBe('members.already')
    expect(log.remove(userId(0), [userId(2)])).toBe(null)
    expect(log.submit(command)).not.toBe(null)
  })
})

describe('whoever asks to be let in', () => {
  test('has the link that counts, waits once, and is neither a member nor banned (L1, L10)', () => {
    let taken = 0
    fc.assert(
      fc.property(longHistories, steps => {
        play(steps, (log, one, before, rejected) => {
          for (const user of log.room.requests.keys()) {
            expect(log.room.members.has(user)).toBe(false)
            expect(log.room.sanctions.some(s => s.kind === 'ban' && s.user === user && (s.until ?? 0) > log.now)).toBe(
              false,
            )
          }
          if (one.do !== 'ask') return
          // Whatever came of it: nobody is let in by it.
          expect(log.room.members).toBe(before.members)
          if (rejected === 'skipped' || one.fault !== null) return
          const user = userId(one.by)
          const banned = before.sanctions.some(s => s.kind === 'ban' && s.user === user && (s.until ?? 0) > log.now)
          const known = before.members.has(user) || before.requests.has(user)
          expect(rejected === null).toBe(inviteOf(before, log.now)?.key === one.name && !banned && !known)
          if (rejected === null) taken += 1
        })
      }),
      { numRuns: RUNS },
    )
    expect(taken).toBeGreaterThan(0)
  })
})

describe('L10 nobody looks in', () => {
  test('a new member reads from the rotation that let them in, never before it', () => {
    fc.assert(
      fc.property(histories, steps => {
        const log = play(steps, () => {})
        for (const [user, member] of log.room.members) {
          if (member.from === 0) continue
          const opened = log.events[member.from - 1]
          expect(opened?.body.type).toBe('epoch.opened')
          expect(opened?.body.type === 'epoch.opened' && opened.body.wraps.some(wrap => wrap.user === user)).toBe(true)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('the end of a message', () => {
  test('is the room’s lifetime or its own after it, whichever is shorter; without both it stays', () => {
    fc.assert(
      fc.property(histories, steps => {
        let state: RoomState | undefined
        let ended = 0
        const said: (number | null)[] = []
        const log = play(steps, (_log, one, _before, rejected) => {
          if (one.do === 'send' && rejected === null) said.push(one.ttl)
        })
        for (const { body, at, ...event } of log.events) {
          if (body.type === 'message') {
            const shortest = Math.min(state?.ttlMs ?? Infinity, said[ended++] ?? Infinity)
            expect(body.expiresAt).toBe(shortest === Infinity ? undefined : at + shortest)
          }
          state = apply(state, { ...event, at, body })
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('the log', () => {
  test('folds to the same state however it is cut', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (steps, cut) => {
        const log = play(steps, () => {})
        const at = cut % (log.events.length + 1)
        expect(fold(fold(undefined, log.events.slice(0, at)), log.events.slice(at))).toEqual(log.state)
        const control = log.events.filter(event => event.body.type !== 'message')
        expect(fold(undefined, control)).toEqual(log.state)
      }),
      { numRuns: RUNS },
    )
  })
})
