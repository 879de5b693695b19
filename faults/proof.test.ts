// The proof is proved: a good run has nothing wrong with it, and each planted defect is found.
import type { EventBody, RoomEvent, Wrap } from '@conclave/server/room/events'
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { type Evidence, prove } from './proof.ts'

const PLAIN = '2070276095283455001' as RoomId
const GROUP = '2070276095283455002' as RoomId
const [ANN, BOB, CAT] = ['1', '2', '3'] as [UserId, UserId, UserId]

const idAt = (room: RoomId, sequence: number): EventId => String(BigInt(room) + BigInt(sequence * 100)) as EventId

function logOf(room: RoomId, bodies: readonly (EventBody & { by?: UserId })[]): RoomEvent[] {
  return bodies.map(({ by = ANN, ...body }, i) => ({
    room,
    sequence: i + 1,
    id: idAt(room, i + 1),
    at: 1_700_000_000_000 + i,
    actor: by,
    body: body as EventBody,
  }))
}

function created(suite: 'none' | 'xchat', members: readonly UserId[]): EventBody {
  return {
    type: 'room.created',
    channel: '5' as ChannelId,
    suite,
    kind: suite === 'none' ? 'public' : 'private',
    name: null,
    title: null,
    avatar: null,
    ttlMs: null,
    topic: '',
    sort: 0,
    tags: [],
    members,
    owners: [ANN],
    moderators: [],
    acls: [],
    pair: null,
    isDefault: false,
    isAdmin: false,
  }
}

const plain = (text: string): EventBody => ({ type: 'message', messageId: null, content: { suite: 'none', text } })
const sealed = (messageId: string, epoch: string, by = ANN): EventBody & { by: UserId } => ({
  type: 'message',
  messageId,
  by,
  content: {
    suite: 'xchat',
    createEvent: '',
    signature: '',
    publicKeyVersion: '1',
    signatureVersion: '7',
    epoch,
  },
})
const epoch = (version: string, users: readonly UserId[]): EventBody => ({
  type: 'epoch.opened',
  version,
  wraps: users.map((user): Wrap => ({ user, key: '', publicKeyVersion: '1' })),
  signed: null,
})
const added = (user: UserId): EventBody => ({
  type: 'members.added',
  users: [user],
  reads: 'rotation',
  signed: null,
  title: null,
  avatar: null,
})
const removed = (user: UserId, closes: boolean): EventBody => ({
  type: 'members.removed',
  users: [user],
  how: 'kicked',
  reason: '',
  closes,
  signed: null,
})

const PLAIN_LOG = [created('none', [ANN, BOB]), plain('a'), plain('b'), plain('c'), plain('d')]
const GROUP_LOG = [
  created('xchat', [ANN, BOB]),
  epoch('10', [ANN, BOB]),
  sealed('m1', '10'),
  epoch('20', [ANN, BOB, CAT]),
  added(CAT),
  sealed('m2', '20', CAT),
  removed(CAT, true),
  epoch('30', [ANN, BOB]),
  sealed('m3', '30', BOB),
]

/** A run in which everything went well, with what a test changes of it. */
function run({
  plainLog = PLAIN_LOG as readonly (EventBody & { by?: UserId })[],
  groupLog = GROUP_LOG as readonly (EventBody & { by?: UserId })[],
  ...changes
}: Partial<Evidence> & {
  plainLog?: readonly (EventBody & { by?: UserId })[]
  groupLog?: readonly (EventBody & { by?: UserId })[]
} = {}): Evidence {
  return {
    now: 1_700_000_000_100,
    logs: new Map([
      [PLAIN, logOf(PLAIN, plainLog)],
      [GROUP, logOf(GROUP, groupLog)],
    ]),
    sent: [
      ...['a', 'b', 'd'].map(name => ({ room: PLAIN, name, id: null, acked: true })),
      { room: PLAIN, name: 'c', id: idAt(PLAIN, 4), acked: true },
      { room: PLAIN, name: 'lost', id: null, acked: false },
      ...['m1', 'm2', 'm3'].map(name => ({ room: GROUP, name, id: null, acked: true })),
    ],
    heard: [
      { who: 'all', room: PLAIN, after: null, live: ['a', 'b', 'c', 'd'], open: true },
      { who: 'late', room: PLAIN, after: 'b', live: ['c', uuidOf(idAt(PLAIN, 5))], open: true },
      { who: 'cut', room: PLAIN, after: null, live: ['a', 'b'], open: false },
      { who: 'group', room: GROUP, after: null, live: ['m1', 'm2', 'm3'], open: true },
    ],
    histories: [
      { where: 'node 0', room: PLAIN, whole: true, messages: ['a', 'b', 'c', 'd'] },
      { where: 'node 2', room: PLAIN, whole: false, messages: ['c', 'd'] },
      { where: 'node 1', room: GROUP, whole: true, messages: ['m1', 'm2', 'm3'] },
    ],
    views: [
      { where: 'node 0', room: GROUP, members: [ANN, BOB], epoch: '30', closed: false },
      { where: 'node 1', room: PLAIN, members: [BOB, ANN], epoch: null, closed: null },
    ],
    inside: [{ where: 'node 0', room: PLAIN, shown: [BOB, ANN, ANN], there: [ANN, BOB] }],
    tables: [
      { room: PLAIN, sequence: 5, control: 1, members: [ANN, BOB] },
      { room: GROUP, sequence: 9, control: 8, members: [ANN, BOB] },
    ],
    forbidden: [{ room: PLAIN, name: 'never' }],
    ...changes,
  }
}

const wrongIn = (changes: Parameters<typeof run>[0]) => prove(run(changes)).wrong.join('\n')

test('a good run has nothing wrong with it, and something in it', () => {
  expect(prove(run())).toEqual({ wrong: [], messages: 7, acked: 7, deliveries: 11 })
})

describe('in the log the proof finds', () => {
  const cases: [string, Parameters<typeof run>[0], RegExp][] = [
    ['an acked message that is not there', { plainLog: PLAIN_LOG.toSpliced(2, 1) }, /b was acked and is not there/],
    ['a message that is there twice', { plainLog: PLAIN_LOG.toSpliced(3, 0, plain('b')) }, /b is there twice/],
    [
      'an ack of another event',
      { sent: [{ room: PLAIN, name: 'a', id: idAt(PLAIN, 3), acked: true }] },
      /another event/,
    ],
    [
      'an unacked message that is there twice',
      { plainLog: [...PLAIN_LOG, plain('lost'), plain('lost')] },
      /lost is there/,
    ],
    ['what was sent after it was forbidden', { plainLog: [...PLAIN_LOG, plain('never')] }, /never .* forbidden/],
    ['a message in a closed group', { groupLog: GROUP_LOG.toSpliced(7, 0, sealed('x', '20')) }, /closed room/],
    ['a message under an older epoch', { groupLog: [...GROUP_LOG, sealed('x', '20')] }, /under epoch 20 in 30/],
    ['a message of who is no member', { groupLog: [...GROUP_LOG, sealed('x', '30', CAT)] }, /3 is no member/],
    ['an epoch that goes back', { groupLog: [...GROUP_LOG, epoch('25', [ANN, BOB])] }, /25 does not follow 30/],
    ['a key that lacks a member', { groupLog: [...GROUP_LOG, epoch('40', [ANN])] }, /not wrapped/],
    ['a key for who is no member', { groupLog: [...GROUP_LOG, epoch('40', [ANN, BOB, CAT])] }, /not wrapped/],
    ['an addition that came by halves', { groupLog: [...GROUP_LOG, added(CAT), sealed('x', '30')] }, /not wrapped/],
    ['plaintext in an encrypted group', { groupLog: [...GROUP_LOG, plain('x')] }, /content of suite none/],
    ['a log that begins in the middle', { plainLog: PLAIN_LOG.slice(1) }, /does not fold/],
  ]
  test.each(cases)('%s', (_name, changes, sentence) => {
    expect(wrongIn(changes)).toMatch(sentence)
  })

  test('a gap, a repeated id, a time that goes back, and one that is still to come', () => {
    const change = (more: Partial<RoomEvent>) => {
      const events = logOf(PLAIN, PLAIN_LOG)
      events[3] = { ...(events[3] as RoomEvent), ...more }
      return prove({ ...run(), logs: new Map([...run().logs, [PLAIN, events]]) }).wrong.join('\n')
    }
    expect(change({ sequence: 5 })).toMatch(/the sequence is not 4/)
    expect(change({ id: idAt(PLAIN, 3) })).toMatch(/id is not above/)
    expect(change({ at: 5 })).toMatch(/time is before/)
    expect(change({ at: 1_700_003_600_000 })).toMatch(/time is still to come/)
  })

  test('a message of who is banned', () => {
    const sanction = { kind: 'ban', user: BOB, from: 0, until: null, reason: '', by: ANN } as const
    const log = [...PLAIN_LOG, { type: 'sanction.set', sanction } as const, { ...plain('x'), by: BOB }]
    expect(wrongIn({ plainLog: log })).toMatch(/sender is banned/)
  })
})

describe('of a reader the proof finds', () => {
  const heard = (live: string[], more: { after?: string | null; open?: boolean } = {}) =>
    wrongIn({ heard: [{ who: 'r', room: PLAIN, after: null, open: true, live, ...more }] })

  test.each([
    ['that it missed one in the middle', ['a', 'c', 'd'], /did not hear b \(3\), nor 0 more/],
    ['that it missed the last one', ['a', 'b', 'c'], /did not hear d/],
    ['that it missed the first one', ['b', 'c', 'd'], /did not hear a/],
    ['that it heard one twice', ['a', 'b', 'b', 'c', 'd'], /heard b \(3\) twice/],
    ['that it heard two in another order', ['a', 'c', 'b', 'd'], /heard b \(3\) after c/],
    ['that it heard what is not in the log', ['a', 'b', 'c', 'd', 'e'], /heard e, which is not/],
  ])('%s', (_name, live, sentence) => {
    expect(heard(live)).toMatch(sentence)
  })

  test('that it missed one between its history and its first', () => {
    expect(heard(['d'], { after: 'b' })).toMatch(/did not hear c/)
    expect(heard(['b', 'c', 'd'], { after: 'b' })).toBe('')
  })

  test('a gap before it was cut, and no more than that', () => {
    expect(heard(['a', 'c'], { open: false })).toMatch(/did not hear b/)
    expect(heard(['a', 'b'], { open: false })).toBe('')
    expect(heard([], { open: false, after: 'b' })).toBe('')
    expect(heard([], { open: true, after: 'd' })).toBe('')
  })
})

describe('of a node the proof finds', () => {
  const history = (messages: string[], whole = true) =>
    wrongIn({ histories: [{ where: 'n', room: PLAIN, whole, messages }] })
  const view = (more: object) =>
    wrongIn({ views: [{ where: 'n', room: GROUP, members: [ANN, BOB], epoch: '30', closed: false, ...more }] })

  test('a history that lacks one, has another order, or something of its own', () => {
    expect(history(['a', 'b', 'd'])).toMatch(/n has 3 messages of 4/)
    expect(history(['a', 'c', 'b', 'd'])).toMatch(/n has c at place 1/)
    expect(history(['a', 'b', 'c', 'd', 'e'])).toMatch(/shows e/)
    expect(history(['a', 'b', 'c', 'd', 'd'])).toMatch(/5 messages of 4/)
    expect(history(['b', 'c'], false)).toMatch(/has b at place 2/)
    expect(history(['b', 'd'], false)).toMatch(/has b at place 2/)
  })

  test('a stale roster, a stale epoch, and a group that is not shown as closed', () => {
    expect(view({ members: [ANN, BOB, CAT] })).toMatch(/shows the members 1,2,3/)
    expect(view({ epoch: '20' })).toMatch(/shows epoch 20/)
    expect(view({ closed: true })).toMatch(/says closed: true/)
  })

  test('somebody inside who has gone, and somebody who is there and is not shown', () => {
    const inside = (shown: string[]) => wrongIn({ inside: [{ where: 'n', room: PLAIN, shown, there: [ANN, BOB] }] })
    expect(inside([ANN, BOB, CAT])).toMatch(/shows 1,2,3 inside/)
    expect(inside([ANN])).toMatch(/shows 1 inside/)
  })

  test('tables that are not what the log says', () => {
    const tables = (more: object) =>
      wrongIn({ tables: [{ room: GROUP, sequence: 9, control: 8, members: [ANN, BOB], ...more }] })
    expect(tables({ sequence: 8 })).toMatch(/head of .* is 8/)
    expect(tables({ control: 7 })).toMatch(/control 7/)
    expect(tables({ members: [ANN] })).toMatch(/tables have 1 /)
  })

  test('what is said of a room without a log', () => {
    const room = '9' as RoomId
    expect(wrongIn({ histories: [{ where: 'n', room, whole: true, messages: [] }] })).toMatch(/no log of room 9/)
  })
})
