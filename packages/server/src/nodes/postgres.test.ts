import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { TestDatabase } from '../postgres/testing.ts'
import { nodesContract } from './contract.ts'
import type { LiveNode, Nodes } from './nodes.ts'
import { type Enter, enterNode, LONG, nodesDatabase, SHORT } from './testing.ts'

let database: TestDatabase
const opened: Nodes[] = []
beforeAll(async () => {
  database = await nodesDatabase()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map(nodes => nodes.close()))
  await database.query('DELETE FROM conclave.nodes; DELETE FROM conclave.holds')
})
afterAll(() => database?.drop())

async function enter(node: number, options: Enter = {}): Promise<Nodes> {
  const nodes = await enterNode(database.url, node, options)
  opened.push(nodes)
  return nodes
}

/** A database of the test's own: what is about time waits beside others. */
async function alone(onTestFinished: (end: () => Promise<void>) => void, times = SHORT) {
  const database = await nodesDatabase()
  const opened: Nodes[] = []
  onTestFinished(async () => {
    await Promise.all(opened.map(nodes => nodes.close()))
    await database.drop()
  })
  const enter = async (node: number): Promise<Nodes> => {
    const nodes = await enterNode(database.url, node, { times })
    opened.push(nodes)
    return nodes
  }
  return { database, enter }
}

/** Transactions of the database so far. */
async function commits(): Promise<number> {
  await database.query('SELECT pg_stat_clear_snapshot()')
  const { rows } = await database.query('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()')
  return Number(rows[0].xact_commit)
}

/** What a node is told, in order. */
function heard(nodes: Nodes): string[] {
  const told: string[] = []
  nodes.watch({
    lost: ({ node }: LiveNode) => void told.push(`lost ${node}`),
    unsure: () => void told.push('unsure'),
    out: () => void told.push('out'),
    back: () => void told.push('back'),
  })
  return told
}

/** The database has gone away from all nodes, until what is returned is called. */
async function away(database: TestDatabase): Promise<() => Promise<void>> {
  const { rows } = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'conclave node%' AND datname = current_database()`,
  )
  expect(rows.length).toBeGreaterThan(0)
  await database.query(`ALTER FUNCTION conclave.node_look RENAME TO node_look_away`)
  return async () => {
    await database.query(`ALTER FUNCTION conclave.node_look_away RENAME TO node_look`)
  }
}

nodesContract('postgres', async () => {
  await database.query('DELETE FROM conclave.nodes; DELETE FROM conclave.holds')
  const nodes = await enterNode(database.url, 7)
  return { nodes, close: () => nodes.close() }
})

describe('nodes that share a PostgreSQL', () => {
  test('see each other, with the addresses that they are reached at', async () => {
    const one = await enter(1, { address: 'http://10.0.0.1:4200' })
    const two = await enter(2)
    await vi.waitFor(() => expect(one.live()).toEqual([one.self, two.self]))
    expect(two.live()).toEqual([one.self, two.self])
    expect(one.self.address).toBe('http://10.0.0.1:4200')
  })

  test('a second live node of the same number does not start, and says so in one sentence', async () => {
    await enter(1, { address: 'http://10.0.0.1:4200' })
    await expect(enter(1)).rejects.toThrow(
      'Another node with the number 1 is running at http://10.0.0.1:4200; give this one another by the setting "node".',
    )
  })

  test('who comes is known to all others from then on, and who goes is known to be gone, long before the next beat', async () => {
    const times = { ...LONG, beat: 1_000_000, known: 1_000_000 }
    for (let round = 0; round < 10; round++) {
      const all: Nodes[] = []
      for (const number of [1, 2, 3]) {
        all.push(await enter(number, { times }))
        for (const nodes of all) expect(nodes.live()).toEqual(all.map(({ self }) => self))
      }
      const told = all.slice(1).map(heard)
      await all[0]?.close()
      await vi.waitFor(() => expect(told).toEqual([['lost 1'], ['lost 1']]))
      for (const nodes of all) await nodes.close()
    }
  })

  test('a node whose number is another’s by now stays out without waking anybody', async () => {
    const [one, two] = [await enter(1), await enter(2)]
    const told = heard(one)
    await database.query(`UPDATE conclave.nodes SET instance = 'another', seen_at = clock_timestamp() WHERE node = 1`)
    await vi.waitFor(() => expect(told).toEqual(['out']))
    const before = await commits()
    await new Promise(resolve => setTimeout(resolve, 1_000))
    // Two nodes that look ten times a second, one of which asks twice for its place; and autovacuum.
    expect((await commits()) - before).toBeLessThan(200)
    expect([one.serving, two.serving]).toEqual([false, true])
  })

  test('a node that does not look keeps another from coming no longer than it may', async () => {
    const one = await enter(1)
    const back = await stopped(database, one)
    const two = await enter(2, { times: { ...LONG, known: 300 } })
    expect(two.live().map(({ node }) => node)).toEqual([1, 2])
    expect(one.live().map(({ node }) => node)).toEqual([1])
    await back()
    await vi.waitFor(() => expect(one.live()).toEqual(two.live()))
  })

  test('of many nodes of one number that start at once one does', async () => {
    const entered = await Promise.allSettled([1, 2, 3, 4].map(() => enter(9)))
    expect(entered.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('without a bus a node takes no other beside it, and comes to no other', async () => {
    const alone = await enter(1, { alone: true })
    await expect(enter(2)).rejects.toThrow('Node 1 is running on this database; several nodes need the setting "bus".')
    await alone.close()
    await enter(2)
    await expect(enter(3, { alone: true })).rejects.toThrow('Node 2 is running on this database')
  })

  test('a database that is not there refuses the start in one sentence without its password', async () => {
    await expect(enterNode('postgres://somebody:secret@127.0.0.1:1/none', 1)).rejects.toThrow(
      /^PostgreSQL cannot be asked: ECONNREFUSED\.$/,
    )
  })

  test('a node that stops is lost to the others at once, and its number and its jobs are free', async () => {
    const [one, two] = [await enter(1), await enter(2)]
    const job = one.hold('job')
    await vi.waitFor(() => expect(job.held).toBe(true))
    const waits = two.hold('job')
    const told = heard(two)
    await one.close()
    await vi.waitFor(() => expect([told, waits.held]).toEqual([['lost 1'], true]))
    await enter(1)
  })

  test('one node at a time does a job, and another takes it over when it is released', async () => {
    const all = [await enter(1), await enter(2), await enter(3)]
    const jobs = all.map(nodes => nodes.hold('job'))
    const holders = (): number[] => jobs.flatMap(({ held }, index) => (held ? [index] : []))
    await vi.waitFor(() => expect(holders()).toHaveLength(1))
    const [first] = holders() as [number]
    await jobs[first]?.release()
    await vi.waitFor(() => {
      expect(holders()).toHaveLength(1)
      expect(holders()).not.toEqual([first])
    })
  })

  test('the clock is the database’s, whatever this machine’s shows', async () => {
    const now = vi.spyOn(Date, 'now').mockImplementation(() => 1_000)
    try {
      const one = await enter(1)
      const { rows } = await database.query('SELECT conclave.now_ms() AS now')
      expect(Math.abs(one.clock.now() - Number(rows[0].now))).toBeLessThan(2_000)
    } finally {
      now.mockRestore()
    }
  })
})

describe.concurrent('nodes whose leases are short', () => {
  test('a node that stands still is lost to the others when its lease ends, and learns it before it does its job again', async ({
    onTestFinished,
  }) => {
    const { database, enter } = await alone(onTestFinished)
    const [one, two] = [await enter(1), await enter(2)]
    const mine = one.hold('job')
    await vi.waitFor(() => expect(mine.held).toBe(true))
    const other = two.hold('job')
    const [toldOne, toldTwo] = [heard(one), heard(two)]
    const before = one.self.instance
    const back = await stopped(database, one)
    await vi.waitFor(() => expect(other.held).toBe(true))
    expect(toldTwo).toEqual(['lost 1'])
    expect([one.serving, mine.held]).toEqual([false, false])
    await back()
    await vi.waitFor(() => expect(one.serving).toBe(true))
    expect(toldOne.filter(each => each !== 'unsure')).toEqual(['out', 'back'])
    expect(one.self.instance).not.toBe(before)
    expect([mine.held, other.held]).toEqual([false, true])
    await vi.waitFor(() => expect(two.live().map(({ node }) => node)).toEqual([1, 2]))
  })

  test('while the database is away nobody is sure, and when it is back nobody has lost anything', async ({
    onTestFinished,
  }) => {
    const { database, enter } = await alone(onTestFinished)
    const [one, two] = [await enter(1), await enter(2)]
    const job = one.hold('job')
    await vi.waitFor(() => expect(job.held).toBe(true))
    const [toldOne, toldTwo] = [heard(one), heard(two)]
    const instances = [one.self.instance, two.self.instance]
    const back = await away(database)
    await vi.waitFor(() => expect([one.serving, two.serving]).toEqual([false, false]))
    // Longer than a lease.
    await new Promise(resolve => setTimeout(resolve, SHORT.lease + 100))
    expect(job.held).toBe(false)
    await back()
    await vi.waitFor(() => expect([one.serving, two.serving, job.held]).toEqual([true, true, true]))
    await new Promise(resolve => setTimeout(resolve, SHORT.lease + SHORT.beat * 2))
    expect([one.self.instance, two.self.instance]).toEqual(instances)
    for (const told of [toldOne, toldTwo]) expect(told.filter(each => each !== 'unsure')).toEqual(['back'])
  })

  test('a node that nobody answers for too long is out, and is one again when somebody does', async ({
    onTestFinished,
  }) => {
    const { database, enter } = await alone(onTestFinished, { ...SHORT, out: 5_000 })
    const one = await enter(1)
    const told = heard(one)
    const back = await away(database)
    await vi.waitFor(() => expect(told.at(-1)).toBe('out'))
    expect(told.slice(0, -1).every(each => each === 'unsure')).toBe(true)
    await back()
    await vi.waitFor(() => expect(one.serving).toBe(true))
    expect(told.at(-1)).toBe('back')
  })

  test('a database whose clock is set costs nobody their place', async ({ onTestFinished }) => {
    const { database, enter } = await alone(onTestFinished)
    const [one, two] = [await enter(1), await enter(2)]
    const [toldOne, toldTwo] = [heard(one), heard(two)]
    for (const hours of [1, -2]) {
      await database.query(`UPDATE conclave.nodes SET seen_at = seen_at + $1::interval, since = since + $1::interval`, [
        `${hours} hours`,
      ])
      await new Promise(resolve => setTimeout(resolve, SHORT.lease + SHORT.beat * 2))
    }
    expect([...toldOne, ...toldTwo]).toEqual([])
    expect([one.serving, two.serving]).toEqual([true, true])
  })

  test('a node that is gone is lost although the database’s clock was set back since', async ({ onTestFinished }) => {
    const { database, enter } = await alone(onTestFinished)
    const [one, two] = [await enter(1), await enter(2)]
    const told = heard(two)
    const back = await stopped(database, one)
    // In one transaction, within which the node does not look.
    await database.query(`ALTER TABLE conclave.nodes DISABLE TRIGGER still;
      UPDATE conclave.nodes SET seen_at = seen_at + interval '1 hour' WHERE node = 1;
      ALTER TABLE conclave.nodes ENABLE TRIGGER still`)
    await vi.waitFor(() => expect(told).toEqual(['lost 1']))
    await back()
  })
})

/** A node's looks fail as if its process stood still, until what is returned is called. Its row may be emptied, and it may
 * not come back under another name either. */
async function stopped(database: TestDatabase, nodes: Nodes): Promise<() => Promise<unknown>> {
  await database.query(`
    CREATE FUNCTION conclave.still() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.node = ${nodes.self.node} AND NEW.instance IS NOT NULL THEN RAISE EXCEPTION 'still'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER still BEFORE UPDATE ON conclave.nodes FOR EACH ROW EXECUTE FUNCTION conclave.still()`)
  return () => database.query('DROP TRIGGER still ON conclave.nodes; DROP FUNCTION conclave.still()')
}
