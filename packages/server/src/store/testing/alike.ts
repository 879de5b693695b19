// Two stores under the same history: every outcome and every read of the port is the same, but for what each gives by itself
// (ids of events, salts and what hangs on them, versions of documents).
import type { ChannelId, EventId, UserId } from '@conclave/wire'
import { expect } from 'vitest'
import { isControl } from '../../room/events.ts'
import type { Item, MarkedQuery, PageQuery, Right, Store } from '../store.ts'
import { type History, KEYS, mark, NAMES, ROOMS, Told, USERS } from './alike-items.ts'

type Read = Exclude<keyof Store, 'commit' | 'newId' | 'reopen' | 'close'>
type Arguments<Name extends Read> = Parameters<Store[Name]>

/** One of the two, and how its ids are called by both. */
class Side {
  readonly store: Store
  readonly #ids = new Map<string, EventId>()
  readonly #marks = new Map<string, EventId>()

  constructor(store: Store) {
    this.store = store
  }

  async commit(items: readonly Item[]): Promise<unknown> {
    const outcomes = await this.store.commit(await Promise.all(items.map(item => this.#own(item))))
    for (const outcome of outcomes) {
      for (const { room, sequence, id } of outcome.outcome === 'committed' ? outcome.events : []) {
        this.#ids.set(mark(room, sequence), id)
        this.#marks.set(id, mark(room, sequence))
      }
    }
    return this.#common(outcomes)
  }

  async read<Name extends Read>(name: Name, given: Arguments<Name>): Promise<unknown> {
    const read = this.store[name] as (...given: readonly unknown[]) => Promise<unknown>
    const own = replaced(given, text => this.#ids.get(text) ?? text) as unknown[]
    return this.#common(await read.apply(this.store, own))
  }

  async #own(item: Item): Promise<Item> {
    const guards = item.guards.map(async guard => ({
      ...guard,
      version: guard.version < 0 ? await this.#version(guard) : guard.version,
    }))
    const { append, rows } = item
    const own = replaced({ append, rows }, text => this.#ids.get(text) ?? text) as Pick<Item, 'append' | 'rows'>
    return { ...own, guards: await Promise.all(guards) }
  }

  async #version({ of, id }: Item['guards'][number]): Promise<number> {
    const [kind = '', key = ''] = id.split('/')
    const { store } = this
    const held =
      of === 'document'
        ? await store.document(kind, key)
        : of === 'account'
          ? await store.account(id as UserId)
          : of === 'channel'
            ? await store.channel(id as ChannelId)
            : await store.keys(id as UserId)
    return held?.version ?? 0
  }

  #common(found: unknown): unknown {
    return replaced(found, text => this.#marks.get(text) ?? text)
  }
}

/** A copy with its texts replaced. Functions stay; maps and sets become lists in order. */
function replaced(value: unknown, by: (text: string) => string): unknown {
  if (typeof value === 'string') return by(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(each => replaced(each, by))
  if (value instanceof Map || value instanceof Set) return sorted([...value].map(each => replaced(each, by)))
  const entries = Object.entries(value).filter(([name]) => !isOwn(name, value))
  return Object.fromEntries(entries.map(([name, each]) => [name, replaced(each, by)]))
}

/** What each store makes by itself: salts and the hashes that hang on them (of rooms' chains, not of key logs), and the
 * versions of documents. */
function isOwn(name: string, of: object): boolean {
  if (name === 'version') return 'dueAt' in of || ('of' in of && of.of === 'document')
  if (name === 'salt') return true
  return (name === 'digest' || name === 'hash') && 'number' in of && !('fingerprint' in of)
}

function sorted(list: unknown): unknown {
  if (!Array.isArray(list)) return list
  const text = (each: unknown): string => JSON.stringify(each)
  return list.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
}

/** Reads that say nothing of their order. */
const UNORDERED: ReadonlySet<Read> = new Set<Read>([
  ...(['heads', 'memberships', 'lastMessages', 'countOutgoing', 'words', 'channels', 'tokensOf'] as const),
])
/** Those of several rooms by id: only within a room does it say what came first. */
const BY_ROOM: ReadonlySet<Read> = new Set<Read>(['unacked', 'sentBy'])

function inOrder(name: Read, found: unknown): unknown {
  if (UNORDERED.has(name)) return sorted(found)
  if (!BY_ROOM.has(name)) return found
  return (found as { room: string }[]).toSorted((a, b) => (a.room < b.room ? -1 : a.room > b.room ? 1 : 0))
}

interface Asked {
  readonly now: number
  readonly told: Told
  /** A number below `most`, another one each time. */
  pick(most: number): number
}

const LIMIT = 500
const user = (asked: Asked) => USERS[asked.pick(USERS.length)] as (typeof USERS)[number]
const key = (asked: Asked): string => KEYS[asked.pick(KEYS.length)] as string

function rights({ told }: Asked, room: (typeof ROOMS)[number]): Exclude<Right, { by: 'server' }>[] {
  const { control } = told.head(room)
  const members = USERS.map(each => ({ by: 'member', user: each }) as const)
  return [
    ...members,
    ...[control, control + 1].map(at => ({ by: 'grant', user: USERS[0] as never, control: at }) as const),
  ]
}

function somewhere(asked: Asked, room: (typeof ROOMS)[number]): number {
  return asked.pick(asked.told.log(room).length + 2)
}

function places(asked: Asked, room: (typeof ROOMS)[number]): EventId[] {
  return asked.told.log(room).map(({ sequence }) => mark(room, sequence))
}

/** Every read, with what it is asked: the compiler sees to it that none is missing. */
const READS: { readonly [Name in Read]: (asked: Asked) => readonly Arguments<Name>[] } = {
  head: () => ROOMS.map(room => [room]),
  heads: () => [[ROOMS]],
  control: asked =>
    ROOMS.flatMap(
      room =>
        [
          [room, 0],
          [room, somewhere(asked, room)],
        ] as const,
    ),
  controls: () => [[ROOMS]],
  page: asked => ROOMS.flatMap(room => pages(asked, room)),
  countFiles: asked =>
    ROOMS.flatMap(room => [...rights(asked, room), { by: 'server' } as const].map(right => [room, right] as const)),
  chain: asked =>
    ROOMS.flatMap(room =>
      [...rights(asked, room), { by: 'server' } as const].map(
        right => [room, right, asked.pick(3), 1 + asked.pick(5)] as const,
      ),
    ),
  event: asked =>
    ROOMS.flatMap(room =>
      [...rights(asked, room), { by: 'server' } as const].flatMap(right =>
        places(asked, room)
          .filter(() => asked.pick(4) === 0)
          .map(id => [room, id, right] as const),
      ),
    ),
  eventAt: asked => ROOMS.flatMap(room => asked.told.log(room).map(({ sequence }) => [room, sequence] as const)),
  messageKey: () => Array.from({ length: 31 }, (_, index) => [`key ${index}`] as const),
  locate: asked =>
    ROOMS.flatMap(room => [undefined, ...USERS].map(reader => [room, places(asked, room), reader] as const)),
  covers: asked =>
    ROOMS.flatMap(room =>
      rights(asked, room).flatMap(right =>
        asked.told
          .log(room)
          .filter(({ body }) => isControl(body))
          .map(({ sequence }): Arguments<'covers'> => [room, sequence, right]),
      ),
    ),
  epochAt: () => ROOMS.flatMap(room => ['0', '1', '2', '3', '17'].map(version => [room, version] as const)),
  hiddenStretches: () => ROOMS.flatMap(room => USERS.map(each => [room, each] as const)),
  marked: asked => ROOMS.flatMap(room => marks(asked, room)),
  starred: asked =>
    ROOMS.flatMap(room =>
      USERS.map(each => [room, each, asked.told.log(room).map(({ sequence }) => sequence)] as const),
    ),
  countStarred: () => ROOMS.flatMap(room => USERS.map(each => [room, each] as const)),
  countPinned: () => ROOMS.map(room => [room]),
  search: asked =>
    ROOMS.flatMap(room =>
      rights(asked, room).map(
        right =>
          [
            {
              room,
              right,
              matches: ({ sequence }) => sequence % 3 !== 1,
              limit: 1 + asked.pick(20),
              ...(asked.pick(2) ? { sender: user(asked) } : {}),
            },
          ] as const,
      ),
    ),
  expired: ({ now }) => [
    [now, LIMIT],
    [now + 10, 2],
    [now + 100, LIMIT],
  ],
  nextExpiry: () => [[]],
  roomsOfMessages: asked => [[ROOMS.flatMap(room => places(asked, room))]],
  messagesIn: asked =>
    ROOMS.flatMap(
      room =>
        [
          [room, { limit: LIMIT }],
          [room, { limit: 3, sender: user(asked), before: somewhere(asked, room) }],
        ] as const,
    ),
  sentBy: asked =>
    USERS.flatMap(each => [
      [each, 0, asked.now + 1, LIMIT],
      [each, asked.now - 50, asked.now, LIMIT],
    ]),
  acks: asked =>
    ROOMS.flatMap(room =>
      USERS.map(each => [room, each, asked.told.log(room).map(({ sequence }) => sequence)] as const),
    ),
  unacked: asked =>
    USERS.flatMap(each => [
      [each, ROOMS, LIMIT],
      ...ROOMS.map((room): Arguments<'unacked'> => [each, [room], 1 + asked.pick(6)]),
    ]),
  cursor: () => ROOMS.flatMap(room => USERS.map(each => [room, each] as const)),
  seenAt: () => USERS.map(each => [each]),
  memberships: () =>
    (['all', 'direct'] as const).map(
      counted => [ROOMS.flatMap(room => USERS.map(each => ({ room, user: each }))), counted] as const,
    ),
  endedMemberships: asked =>
    USERS.flatMap(
      each =>
        [
          [each, 0, LIMIT],
          [each, asked.now - 100, 2],
        ] as const,
    ),
  lastMessages: () => USERS.map(each => [each, ROOMS]),
  dueOutgoing: asked =>
    KEYS.flatMap(
      to =>
        [
          [to, asked.now + 30, LIMIT],
          [to, asked.now, 2],
        ] as const,
    ),
  nextOutgoing: () => KEYS.map(to => [to]),
  countOutgoing: () => [[]],
  deadOutgoing: asked => [
    [null, LIMIT],
    [`${1000 + asked.pick(9)}`, 3],
  ],
  outgoingOf: asked => [[`${1000 + asked.pick(9)}`], ['1000']],
  roomsIn: () => [['5' as never], ['6' as never]],
  roomsOf: () => USERS.map(each => [each]),
  rolesOf: () => USERS.map(each => [each]),
  requestsOf: () => USERS.map(each => [each]),
  roomsNamed: () => NAMES.map(name => [name]),
  claimed: () => [0, 1, 2, 3].map(number => [{ space: 'name', key: `claim ${number}` }] as const),
  branches: asked =>
    ROOMS.flatMap(room => (['team', 'discussion'] as const).map(kind => [room, kind, 1 + asked.pick(5)] as const)),
  branchAt: () =>
    ROOMS.flatMap(parent =>
      ROOMS.flatMap(room => (['team', 'discussion'] as const).map(kind => [parent, kind, room] as const)),
    ),
  countBranches: () => ROOMS.flatMap(room => (['team', 'discussion'] as const).map(kind => [room, kind] as const)),
  teams: () => [
    [null, LIMIT],
    [ROOMS[0] as never, 1],
  ],
  temporaryRooms: () => [[]],
  allRooms: () => [
    [null, LIMIT],
    [ROOMS[0] as never, 1],
  ],
  account: () => USERS.map(each => [each]),
  accountNamed: () => NAMES.map(name => [name]),
  accountByEmail: () => NAMES.map(name => [`${name}@example.org`]),
  email: () => USERS.map(each => [each]),
  createdAt: () => USERS.map(each => [each]),
  accounts: () => [
    [null, LIMIT],
    ['2' as never, 2],
  ],
  password: () => USERS.map(each => [each]),
  token: () => KEYS.map(hash => [hash]),
  tokensOf: () => USERS.map(each => [each]),
  tokens: asked => [
    [null, LIMIT],
    [key(asked), 2],
  ],
  app: () => KEYS.map(id => [id]),
  channel: () => [['5' as never], ['6' as never]],
  channels: () => [[]],
  keys: () => USERS.map(each => [each]),
  keyPair: () => USERS.map(each => [each]),
  keyLog: asked =>
    USERS.flatMap(
      each =>
        [
          [each, 0, LIMIT],
          [each, asked.pick(4), 2],
        ] as const,
    ),
  keyLogHead: () => USERS.map(each => [each]),
  ref: () => KEYS.flatMap(ref => (['room', 'channel'] as const).map(kind => [kind, ref] as const)),
  words: () => [[]],
  meta: () => KEYS.map(each => [each]),
  document: () => KEYS.flatMap(each => ['media.medium', 'other'].map(kind => [kind, each] as const)),
  documents: asked =>
    ['media.medium', 'other'].flatMap(
      kind =>
        [
          [kind, { limit: LIMIT }],
          [kind, { limit: 2, after: key(asked), owner: ROOMS[asked.pick(4)] as string }],
        ] as const,
    ),
  countDocuments: () => ROOMS.flatMap(owner => ['media.medium', 'other'].map(kind => [kind, owner] as const)),
  dueDocuments: asked =>
    ['media.medium', 'other'].flatMap(
      kind =>
        [
          [kind, asked.now + 30, LIMIT],
          [kind, asked.now, 2],
        ] as const,
    ),
}

/** Of each right and kind a whole page, or one with bounds. */
function pages(asked: Asked, room: (typeof ROOMS)[number]): [PageQuery][] {
  const times = asked.told.log(room).map(({ at }) => at)
  const time = (): number => (times[asked.pick(Math.max(1, times.length))] ?? 0) + asked.pick(2)
  return [...rights(asked, room), { by: 'server' } as const].flatMap(right =>
    (['messages', 'files', 'all', 'control', 'kept'] as const).flatMap(select =>
      (['newest', 'oldest'] as const).flatMap((order): [PageQuery][] => {
        const whole = { room, right, select, order, limit: LIMIT }
        const bounds = {
          ...(asked.pick(2) ? { after: somewhere(asked, room) } : {}),
          ...(asked.pick(2) ? { before: somewhere(asked, room) } : {}),
          ...(asked.pick(3) ? {} : { since: time() }),
          ...(asked.pick(3) ? {} : { until: time() }),
        }
        return [[asked.pick(2) ? whole : { ...whole, ...bounds, limit: asked.pick(9) }]]
      }),
    ),
  )
}

function marks(asked: Asked, room: (typeof ROOMS)[number]): [MarkedQuery][] {
  const begun = asked.told.log(room).filter(({ body }) => body.type === 'message' && asked.pick(3) === 0)
  return rights(asked, room)
    .flatMap((right): MarkedQuery[] => {
      const query = (): Omit<MarkedQuery, 'of'> => ({ room, right, offset: asked.pick(2), limit: 1 + asked.pick(9) })
      const plain = ['pinned', 'starred', 'threads', 'threads followed', 'threads unread'] as const
      return [
        ...plain.map(of => ({ ...query(), of })),
        ...[...USERS, '-1' as never].map(sought => ({ ...query(), of: 'mentioning', sought }) as const),
        ...begun.map(({ sequence }) => ({ ...query(), of: 'replies', sought: sequence }) as const),
        ...begun.map(({ sequence }) => ({ ...query(), of: 'replies', sought: sequence, newest: true }) as const),
      ]
    })
    .map(query => [query])
}

/** Reads that are sent together. */
const TOGETHER = 50

/** Runs a history on both. `clock`: what both go by. Throws where they differ, with what was asked. */
export async function expectAlike(
  one: Store,
  other: Store,
  { batches, salt }: History,
  clock: { time: number },
): Promise<void> {
  const sides = [new Side(one), new Side(other)] as const
  const told = new Told()
  for (const { ms, attempts } of batches) {
    clock.time += ms
    const items = attempts.map(each => told.item(each, clock.time))
    const [outcomes, others] = await Promise.all(sides.map(side => side.commit(items)))
    expect({ items, outcomes: others }).toEqual({ items, outcomes })
    for (const outcome of outcomes as Awaited<ReturnType<Store['commit']>>) {
      if (outcome.outcome === 'committed') told.take(outcome.events)
    }
  }
  let state = salt
  const pick = (most: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * most)
  }
  const asked = { now: clock.time, told, pick }
  const questions = (Object.keys(READS) as Read[]).flatMap(name =>
    (READS[name](asked) as readonly Arguments<Read>[]).map(given => ({ name, given })),
  )
  for (let start = 0; start < questions.length; start += TOGETHER) {
    await Promise.all(
      questions.slice(start, start + TOGETHER).map(async ({ name, given }) => {
        const [found, again] = await Promise.all(sides.map(side => side.read(name, given)))
        expect({ name, given, found: inOrder(name, again) }).toEqual({ name, given, found: inOrder(name, found) })
      }),
    )
  }
}
