// The target table: for each row that it asks for, the ratio that is accepted and the one that is aimed at, by the row's id. A
// ratio is "more is better" throughout: "1.5 times its cost" is 1 / 1.5, and an absolute target is a row with that as its reference.

import type { Pace } from './pace.ts'

export interface Target {
  readonly accept: number | null
  readonly aim: number | null
}

interface Part extends Target {
  /** As the table has it. */
  readonly what: string
  readonly ids: readonly string[]
  /** Whether it is large enough at this pace; always without it. */
  readonly within?: (pace: Pace) => boolean
}

const SERVER = ['dino4', 'dino3', 'ddp', 'sockjs'] as const
const SOCKET_IO = ['dino4', 'dino3'] as const
const STORED = ['dino4', 'ddp'] as const

const sockets = (count: number) => (pace: Pace) => pace.sockets.includes(count)
const senders = (count: number) => (pace: Pace) => pace.senders.includes(count)
const events = (count: number) => (pace: Pace) => pace.history.includes(count)
const of = (wires: readonly string[], id: (wire: string) => string): string[] => wires.map(id)

/** Ratios of what may take so many times as long. */
const TIMES = { accept: 1 / 1.5, aim: 1 / 1.2 }
/** KB of an idle connection. */
const ACCEPTED = 12
/** What 10 k and 40 k messages a second were of bare node:sqlite on the machine that the targets are from. */
const SHARE = { 64: 0.32, 1000: 0.39 }

const PARTS: readonly Part[] = [
  { what: 'fan-out, 100 sockets', ids: of(SERVER, wire => `wires/${wire}/100`), accept: 20, aim: 35 },
  {
    what: 'fan-out, 100 sockets, beside the C batcher',
    ids: of(SERVER, wire => `wires/${wire}/100/c-batcher`),
    accept: null,
    aim: 0.6,
  },
  {
    what: 'fan-out, 100 sockets, beside NATS',
    ids: of(SERVER, wire => `wires/${wire}/100/nats`),
    accept: null,
    aim: 2,
  },
  {
    what: 'fan-out, one message per turn',
    ids: of(SERVER, wire => `wires/${wire}/100/one-per-turn`),
    accept: 2,
    aim: 2.5,
  },
  {
    what: 'fan-out, 1,000 sockets',
    ids: of(SERVER, wire => `wires/${wire}/1000`),
    accept: 3,
    aim: 5,
    within: sockets(1_000),
  },
  {
    what: 'fan-out, 1,000 sockets, beside mosquitto',
    ids: of(SERVER, wire => `wires/${wire}/1000/mosquitto-qos0`),
    accept: null,
    aim: 4,
    within: sockets(1_000),
  },
  {
    what: 'fan-out, 1,000 sockets, beside NATS',
    ids: of(SERVER, wire => `wires/${wire}/1000/nats`),
    accept: null,
    aim: 2.5,
    within: sockets(1_000),
  },
  {
    what: 'Socket.IO, 100 sockets',
    ids: of(SOCKET_IO, wire => `wires/${wire}/100/shipped`),
    accept: 15,
    aim: 30,
  },
  {
    what: 'Socket.IO, 1,000 sockets',
    ids: of(SOCKET_IO, wire => `wires/${wire}/1000/shipped`),
    accept: 5,
    aim: 8,
    within: sockets(1_000),
  },
  { what: 'commit then deliver', ids: of(STORED, wire => `commit/${wire}/100`), accept: 0.5, aim: 0.65 },
  {
    what: 'commit then deliver, added p50 beside a flush',
    ids: of(STORED, wire => `commit/${wire}/100/one-per-turn/added`),
    accept: null,
    aim: 1,
  },
  { what: 'acked messages, 1 sender', ids: of(STORED, wire => `append/${wire}/1`), accept: null, aim: 0.8 },
  {
    what: 'acked messages, 64 senders, beside bare node:sqlite',
    ids: of(STORED, wire => `append/${wire}/64`),
    accept: SHARE[64],
    aim: 0.8,
  },
  {
    what: 'acked messages, 64 senders, beside 10 k/s',
    ids: of(STORED, wire => `append/${wire}/64/absolute`),
    accept: 1,
    aim: 2.5,
  },
  {
    what: 'acked messages, 1,000 senders, beside bare node:sqlite',
    ids: of(STORED, wire => `append/${wire}/1000`),
    accept: SHARE[1000],
    aim: 0.8,
    within: senders(1_000),
  },
  {
    what: 'acked messages, 1,000 senders, beside 40 k/s',
    ids: of(STORED, wire => `append/${wire}/1000/absolute`),
    accept: 1,
    aim: 2,
    within: senders(1_000),
  },
  {
    what: 'p99 of the answer, 64 senders',
    ids: of(STORED, wire => `append/${wire}/64/p99`),
    accept: 1 / 3,
    aim: 1 / 1.5,
  },
  {
    what: 'delivery p50 at 40 k deliveries/s, 1,000 sockets',
    ids: of(SERVER, wire => `wires/${wire}/1000/40k-per-s`),
    ...TIMES,
    within: sockets(1_000),
  },
  {
    what: 'memory of an idle connection, Socket.IO',
    ids: of(SOCKET_IO, wire => `memory/${wire}`),
    accept: 1,
    aim: ACCEPTED / 10,
  },
  { what: 'memory of an idle connection, DDP', ids: ['memory/ddp'], accept: 1, aim: ACCEPTED / 8 },
  {
    what: 'the last 50 of 10 M events, beside 10 k',
    ids: ['history/store/10M'],
    ...TIMES,
    within: events(10_000_000),
  },
  {
    what: 'the last 50 of 10 M events, beside 0.15 ms',
    ids: ['history/store/10M/absolute'],
    accept: null,
    aim: 1,
    within: events(10_000_000),
  },
  { what: 'an authenticated POST', ids: ['requests/post'], accept: 0.5, aim: 0.8 },
  {
    what: 'add-member, 1,000 members',
    ids: ['xchat/add-member-1000'],
    accept: 1,
    aim: 3,
    within: ({ large }) => large >= 1_000,
  },
]

const BY_ID: ReadonlyMap<string, Target> = new Map(
  PARTS.flatMap(({ ids, accept, aim }) => ids.map((id): [string, Target] => [id, { accept, aim }])),
)

/** Of the row with this id; of one that the table does not ask for, nothing. */
export function targetOf(id: string): Target {
  return BY_ID.get(id) ?? { accept: null, aim: null }
}

/** A part of the table without all of its rows. */
export interface Missing {
  readonly what: string
  readonly ids: readonly string[]
  /** False: the pace leaves it out. True: something was not installed, or broke. */
  readonly expected: boolean
}

/** What the table asks for of these groups and no row answers. */
export function missing(ids: ReadonlySet<string>, groups: readonly string[], pace: Pace): Missing[] {
  return PARTS.map(({ what, ids: wanted, within }) => ({
    what,
    ids: wanted.filter(id => groups.includes(id.split('/')[0]!) && !ids.has(id)),
    expected: within?.(pace) ?? true,
  })).filter(({ ids: absent }) => absent.length > 0)
}
