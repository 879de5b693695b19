// A guard against growing slow that is no timing: what a message costs, in writes, frames, statements, transactions and
// Buffers. Whoever encodes for each socket, writes for each frame, looks something up for each message or copies for each
// reader is found here, however fast the machine is. A bound that is passed by for a good reason may be raised, with it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@conclave/server/config'
import { openLog } from '@conclave/server/log'
import { type RunningServer, startServer } from '@conclave/server/main'
import { openCore } from '@conclave/server/open-core'
import { importWorld } from '@conclave/server/operator/import-world'
import { type TestDatabase, testDatabase } from '@conclave/server/postgres/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RawClient, type Said, WIRES, type WireName } from '../raw-clients.ts'
import { type Counts, counted, countPort, type Write, watchNode } from './counting.ts'

/** Listeners of each wire, and how many more there are when the same is counted again. */
const FEW = 2
const MORE = 6
/** Heart-beats and jobs of the server's own come between now and then: of so many times that something is counted, the least
 * is what it costs. What is done wrong is done so each time. */
const TIMES = 5
/** Messages of a burst: as many rows as whole statements take (`ROWS` in many-rows.ts). */
const BURST = 96
const ROWS = 32
/** More than the engine lets one session have under way. */
const MANY = 400

/** Statements of one transaction with messages into one room that was written before, rows of the log not counted: BEGIN, the
 * room's head, COMMIT. Heads and versions are remembered. */
const TRANSACTION = 3
/** What looks after the size of the log behind a commit. */
const CHECKPOINT = 'PRAGMA wal_checkpoint'

/** Buffers that are made, texts that JSON makes and values that it reads for one message that all wires show, by who sent it. */
const MESSAGE: Readonly<Record<WireName, { buffers: number; encoded: number; decoded: number }>> = {
  'dino 4': { buffers: 8, encoded: 4, decoded: 1 },
  'dino 3': { buffers: 8, encoded: 4, decoded: 1 },
  ddp: { buffers: 8, encoded: 5, decoded: 1 },
  // JSON inside of JSON.
  sockjs: { buffers: 8, encoded: 7, decoded: 2 },
}
/** Of a burst, for each message of it; and what all of it is joined into. */
const EACH: typeof MESSAGE = {
  'dino 4': { buffers: 6, encoded: 4, decoded: 1 },
  'dino 3': { buffers: 6, encoded: 4, decoded: 1 },
  ddp: { buffers: 6, encoded: 4, decoded: 1 },
  sockjs: { buffers: 6, encoded: 6, decoded: 2 },
}
const SHARED_BUFFERS = 8
/** Transactions of what many clients of one wire send in one turn: Rocket.Chat's requests take turns (pace.ts). */
const TOGETHER = 3

const USERS = Array.from({ length: 80 }, (_, at) => `${1001 + at}`)
const WORLD = {
  users: USERS.map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'the room', members: USERS }],
}

let data = ''
let server: RunningServer
let room = ''
let database: TestDatabase | null = null
let clients: RawClient[] = []
let texts = 0

async function begin(env: Record<string, string> = {}): Promise<void> {
  data = await mkdtemp(join(tmpdir(), 'conclave-'))
  const config = readConfig({
    CONCLAVE_DATA: data,
    CONCLAVE_PORT: '0',
    CONCLAVE_LIMITS: JSON.stringify({ flood: 1_000_000 }),
    ...env,
  })
  const log = openLog('silent')
  const core = await openCore(config, log)
  const { rooms } = await importWorld(core, WORLD)
  room = rooms.r as string
  await core.close()
  server = await startServer(config, log)
  countPort(server.port)
  clients = []
}

async function end(): Promise<void> {
  for (const client of clients) client.close()
  await server.stop()
  await rm(data, { recursive: true, force: true })
  await database?.drop()
  database = null
}

/** So many more of each wire. */
async function enter(more: number): Promise<void> {
  for (let n = 0; n < more; n++)
    for (const wire of WIRES)
      clients.push(await RawClient.enter(wire, server.port, USERS[clients.length] as string, room))
}

const of = (wire: WireName): RawClient[] => clients.filter(client => client.wire === wire)
const senderOf = (wire: WireName): RawClient => of(wire)[0] as RawClient

/** From the requests, each sender's in one write, until every answer and every delivery is there. */
async function costOf(said: ReadonlyMap<RawClient, readonly Said[]>): Promise<Counts> {
  const all = [...said.values()].flat()
  const sent = [...said].map(([client, some]) => ({ client, bytes: client.frames(some.map(({ request }) => request)) }))
  const heard = clients.flatMap(client => all.map(({ text }) => client.shown(text)).map(part => ({ client, part })))
  const answers = [...said].flatMap(([client, some]) => some.map(({ answered }) => ({ client, part: answered })))
  return counted(async () => {
    for (const { client, bytes } of sent) client.socket.write(bytes)
    for (const client of clients)
      await client.untilAll([...heard, ...answers].flatMap(one => (one.client === client ? one.part : [])))
  })
}

function say(sender: RawClient, count: number): readonly Said[] {
  return Array.from({ length: count }, () => sender.saying(room, `text number ${texts++}.`))
}

/** The least of several times, number by number. */
async function leastOf(run: () => Promise<Counts>): Promise<{ leanest: Counts; least: Numbers }> {
  const all: Counts[] = []
  for (let n = 0; n < TIMES; n++) all.push(await run())
  const least = (number: (counts: Counts) => number): number => Math.min(...all.map(number))
  const work = ({ writes, sql, queries }: Counts): number => writes.length + sql.length + queries.length
  return {
    leanest: all.reduce((leanest, counts) => (work(counts) < work(leanest) ? counts : leanest)),
    least: {
      buffers: least(({ buffers }) => buffers),
      encoded: least(({ encoded }) => encoded),
      decoded: least(({ decoded }) => decoded),
      statements: least(({ sql }) => sql.filter(text => !text.startsWith(CHECKPOINT)).length),
      loose: least(({ loose }) => loose.filter(text => !text.startsWith(CHECKPOINT)).length),
      prepared: least(({ prepared }) => prepared.length),
      queries: least(({ queries }) => queries.length),
    },
  }
}
type Numbers = Record<'buffers' | 'encoded' | 'decoded' | 'statements' | 'loose' | 'prepared' | 'queries', number>

const commitsOf = ({ sql }: Counts): number => sql.filter(text => text === 'COMMIT').length
const writesTo = ({ writes }: Counts, client: RawClient): Write[] => writes.filter(({ to }) => to === client.port)

beforeAll(watchNode)

interface Costs {
  /** With few listeners, and with many. */
  readonly few: Numbers
  readonly many: Numbers
  readonly leanest: Counts
}

describe('on SQLite', () => {
  const message = new Map<WireName, Costs>()
  const burst = new Map<WireName, Costs>()

  const measure = async (wire: WireName, count: number) =>
    leastOf(() => costOf(new Map([[senderOf(wire), say(senderOf(wire), count)]])))

  beforeAll(async () => {
    await begin()
    await enter(FEW)
    const messages = new Map<WireName, Numbers>()
    for (const wire of WIRES) messages.set(wire, (await measure(wire, 1)).least)
    const bursts = new Map<WireName, Numbers>()
    for (const wire of WIRES) bursts.set(wire, (await measure(wire, BURST)).least)
    await enter(MORE)
    for (const [wire, few] of messages) {
      const { leanest, least } = await measure(wire, 1)
      message.set(wire, { few, many: least, leanest })
    }
    for (const [wire, few] of bursts) {
      const { leanest, least } = await measure(wire, BURST)
      burst.set(wire, { few, many: least, leanest })
    }
  })
  afterAll(end)

  describe.each(WIRES)('a message of %s', wire => {
    const costs = () => message.get(wire) as Costs

    test('is one write to each socket, sender and answer included', () => {
      for (const client of clients)
        expect([client.wire, writesTo(costs().leanest, client).length]).toEqual([client.wire, 1])
    })

    test('is one frame on each wire, the same piece of memory for every socket; both generations of Dino have one', () => {
      const frames = new Map(WIRES.map(each => [each, framesOf(costs().leanest, each, senderOf(wire))]))
      for (const [each, places] of frames) expect([each, places.size]).toEqual([each, 1])
      expect(frames.get('dino 3')).toEqual(frames.get('dino 4'))
      expect(new Set([...frames.values()].flatMap(places => [...places])).size).toBe(WIRES.length - 1)
    })

    test('costs so many Buffers, texts and values, however many listen', () => {
      const { few, many } = costs()
      expect([many.buffers, many.encoded, many.decoded]).toEqual([few.buffers, few.encoded, few.decoded])
      const { buffers, encoded, decoded } = MESSAGE[wire]
      expect(many.buffers).toBeLessThanOrEqual(buffers)
      expect(many.encoded).toBeLessThanOrEqual(encoded)
      expect(many.decoded).toBeLessThanOrEqual(decoded)
    })

    test('is one transaction of a few statements, and nothing else is asked of the store', () => {
      const { few, many, leanest } = costs()
      expect(commitsOf(leanest)).toBe(1)
      expect(many.statements).toBe(few.statements)
      expect(many.statements).toBeLessThanOrEqual(TRANSACTION + 1)
      expect([many.loose, many.prepared]).toEqual([0, 0])
    })
  })

  describe.each(WIRES)(`${BURST} messages that one client of %s sends at once`, wire => {
    const costs = () => burst.get(wire) as Costs

    test('are one transaction, in which the rows of the log share statements', () => {
      const { many, leanest } = costs()
      expect(commitsOf(leanest)).toBe(1)
      expect(many.statements).toBeLessThanOrEqual(TRANSACTION + BURST / ROWS)
      expect([many.loose, many.prepared]).toEqual([0, 0])
    })

    test('are one write to each socket, the sender’s answers included', () => {
      for (const client of clients)
        expect([client.wire, writesTo(costs().leanest, client).length]).toEqual([client.wire, 1])
    })

    test('leave joined, the same piece of memory for every socket of a wire', () => {
      for (const each of WIRES) expect([each, framesOf(costs().leanest, each, senderOf(wire)).size]).toEqual([each, 1])
    })

    test('cost so many Buffers and texts each, however many listen', () => {
      const { few, many } = costs()
      expect([many.buffers, many.encoded, many.decoded]).toEqual([few.buffers, few.encoded, few.decoded])
      const { buffers, encoded, decoded } = EACH[wire]
      expect(many.buffers).toBeLessThanOrEqual(BURST * buffers + SHARED_BUFFERS)
      expect(many.encoded).toBeLessThanOrEqual(BURST * encoded)
      expect(many.decoded).toBeLessThanOrEqual(BURST * decoded)
    })
  })

  test.each(WIRES)('messages that all clients of %s send at once share a transaction and its writes', async wire => {
    const senders = of(wire)
    const { leanest } = await leastOf(() => costOf(new Map(senders.map(sender => [sender, say(sender, 1)]))))
    expect(commitsOf(leanest)).toBeLessThanOrEqual(TOGETHER)
    for (const client of clients) expect(writesTo(leanest, client).length).toBeLessThanOrEqual(commitsOf(leanest) + 1)
  })

  test('entering a room is no more statements than one, however many are inside', async () => {
    const { least } = await leastOf(() => asked('join', 7))
    expect([least.statements, least.prepared]).toEqual([1, 0])
  })

  test('a page of history is one statement, however long it is', async () => {
    const { least, leanest } = await leastOf(() => asked('history', 8))
    expect(leanest.writes.some(({ text }) => text.length > 50 * 200)).toBe(true)
    expect([least.statements, least.prepared]).toEqual([1, 0])
  })
})

/** One event of a Dino client about the room, from its request to its answer. */
async function asked(event: string, id: number): Promise<Counts> {
  const client = senderOf('dino 4')
  const bytes = client.frames([`42/ws,${id}${JSON.stringify([event, { verb: event, target: { id: room } }])}`])
  return counted(async () => {
    client.socket.write(bytes)
    await client.until(`43/ws,${id}[{"status_code":200`)
  })
}

/** Where the frames of a wire's listeners lie. */
function framesOf(counts: Counts, wire: WireName, sender: RawClient): ReadonlySet<string> {
  const others = of(wire).filter(client => client !== sender)
  return new Set(others.flatMap(client => writesTo(counts, client).map(({ places }) => places.join(' '))))
}

describe('on PostgreSQL', () => {
  beforeAll(async () => {
    database = await testDatabase()
    await begin({ CONCLAVE_STORE: database.url })
    await enter(FEW)
  })
  afterAll(end)

  test('a message is one statement, and nothing is asked for beside it', async () => {
    const { least } = await leastOf(() => costOf(new Map([[senderOf('dino 4'), say(senderOf('dino 4'), 1)]])))
    expect(least.queries).toBe(1)
  })

  test.each<WireName>(['dino 4', 'ddp'])(
    `${BURST} messages that one client of %s sends at once are one statement, and one write to each socket`,
    async wire => {
      const burst = async () => costOf(new Map([[senderOf(wire), say(senderOf(wire), BURST)]]))
      const { least, leanest } = await leastOf(burst)
      expect(least.queries).toBe(1)
      for (const client of clients) expect([client.wire, writesTo(leanest, client).length]).toEqual([client.wire, 1])
    },
  )

  test.each<WireName>(['ddp', 'sockjs'])(
    `${MANY} messages that one client of %s sends at once are all taken, though a session may have fewer under way`,
    async wire => {
      const { queries } = await costOf(new Map([[senderOf(wire), say(senderOf(wire), MANY)]]))
      expect(queries.length).toBeLessThan(MANY / 10)
    },
  )
})
