import type { RoomId, UserId } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../postgres/migrations.ts'
import { Pool } from '../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../postgres/testing.ts'
import { StoreFailure } from '../store/store.ts'
import { presenceContract } from './contract.ts'
import { postgresPresence } from './postgres.ts'
import type { Presence, SessionRef } from './presence.ts'

const ROOM = '11' as RoomId
const OTHER = '12' as RoomId
let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase()
  pool = new Pool({ url: database.url, connections: 4, name: 'test' })
  await migrate(pool)
})
afterAll(async () => {
  await pool?.close()
  await database?.drop()
})

let nodes = 0
async function enter(instance = `instance ${nodes}`): Promise<string> {
  await pool.query('INSERT INTO conclave.nodes (node, instance) VALUES ($1, $2)', [nodes++, instance])
  return instance
}

/** As when its lease has ended. */
function lose(instance: string): Promise<unknown> {
  return pool.query('UPDATE conclave.nodes SET instance = NULL WHERE instance = $1', [instance])
}

async function empty(): Promise<void> {
  await pool.query('DELETE FROM conclave.nodes')
  await crash()
}

/** What a crash of PostgreSQL leaves of tables that it keeps no log of. */
function crash(): Promise<unknown> {
  return database.query(`TRUNCATE conclave.presence_nodes, conclave.presence_sessions, conclave.presence_users,
    conclave.presence_places, conclave.presence_crowds, conclave.presence_rooms, conclave.presence_out`)
}

async function presenceOf(instance: string): Promise<Presence> {
  return postgresPresence({ pool, instance: () => instance })
}

const HISTORIES = 40

presenceContract(
  'postgres',
  async () => {
    await empty()
    return presenceOf(await enter())
  },
  HISTORIES,
)

presenceContract(
  'postgres, two nodes',
  async () => {
    await empty()
    return new Spread([await presenceOf(await enter()), await presenceOf(await enter())])
  },
  HISTORIES,
)

describe('presence of nodes that share a PostgreSQL', () => {
  async function two(): Promise<{ one: Presence; other: Presence; instances: string[] }> {
    await empty()
    const instances = [await enter(), await enter()]
    return {
      one: await presenceOf(instances[0] as string),
      other: await presenceOf(instances[1] as string),
      instances,
    }
  }

  test('of one user’s sessions that come at once on two nodes one is the first, and one leaves as the last', async () => {
    const { one, other } = await two()
    for (let round = 0; round < 20; round++) {
      const [a, b] = [session(`a${round}`, '1'), session(`b${round}`, '1')]
      const opened = await Promise.all([one.open(a), other.open(b)])
      expect(opened.filter(({ first }) => first)).toHaveLength(1)
      const entered = await Promise.all([one.enter(ROOM, a.id), other.enter(ROOM, b.id)])
      expect(entered.filter(({ again }) => !again)).toHaveLength(1)
      const left = await Promise.all([one.leave(ROOM, a.id), other.leave(ROOM, b.id)])
      expect(left.filter(({ last }) => last)).toHaveLength(1)
      const closed = await Promise.all([one.close(a.id), other.close(b.id)])
      expect(closed.filter(({ last }) => last !== null)).toHaveLength(1)
    }
  })

  test('a full room takes nobody new, however many come at once on both nodes', async () => {
    const { one, other } = await two()
    const sessions = Array.from({ length: 40 }, (_, n) => session(`s${n}`, `${n}`))
    const at = (n: number): Presence => (n % 2 ? one : other)
    await Promise.all(sessions.map((each, n) => at(n).open(each)))
    const entered = await Promise.all(sessions.map(({ id }, n) => at(n).enter(ROOM, id, 9)))
    expect(entered.filter(({ full }) => !full)).toHaveLength(10)
    expect(await one.occupants(ROOM)).toHaveLength(10)
  })

  test('whether an own session’s user is inside is known without the database', async () => {
    await empty()
    const instance = await enter()
    const counting = new Counting()
    const presence = postgresPresence({ pool: counting, instance: () => instance })
    await presence.open(session('a', '1'))
    await presence.enter(ROOM, 'a')
    counting.asked = 0
    for (let n = 0; n < 100; n++) expect(await presence.inside(ROOM, user('1'))).toBe(true)
    expect(counting.asked).toBe(0)
    expect(await presence.inside(ROOM, user('2'))).toBe(false)
    expect(counting.asked).toBe(1)
  })

  test('what is asked in one turn is one statement', async () => {
    await empty()
    const instance = await enter()
    const counting = new Counting()
    const presence = postgresPresence({ pool: counting, instance: () => instance })
    await presence.sweep(0)
    counting.asked = 0
    await Promise.all(Array.from({ length: 200 }, (_, n) => presence.open(session(`s${n}`, `${n}`))))
    await Promise.all(Array.from({ length: 200 }, (_, n) => presence.statusOf(user(`${n}`))))
    expect(counting.asked).toBe(2)
  })

  test('a node learns that another one has taken its session out of a room', async () => {
    const { one, other } = await two()
    const put: string[] = []
    one.onPutOut((room, { id }) => void put.push(`${room} ${id}`))
    await one.open(session('a', '1'))
    await one.enter(ROOM, 'a')
    await one.enter(OTHER, 'a')
    await other.leave(ROOM, 'a')
    expect(await other.inside(ROOM, user('1'))).toBe(false)
    await one.sweep(0)
    expect(put).toEqual([`${ROOM} a`])
    expect(await one.inside(ROOM, user('1'))).toBe(false)
    expect(await one.inside(OTHER, user('1'))).toBe(true)
    await one.sweep(0)
    expect(put).toHaveLength(1)
  })

  test('where another node says so, that somebody is inside is asked again', async () => {
    const { one, other } = await two()
    await one.open(session('a', '1'))
    await one.enter(ROOM, 'a')
    await other.leave(ROOM, 'a')
    one.doubt(ROOM, user('1'))
    expect(await one.inside(ROOM, user('1'))).toBe(false)
    await one.enter(ROOM, 'a')
    one.doubt(ROOM, user('1'))
    expect(await one.inside(ROOM, user('1'))).toBe(true)
    expect(await one.leave(ROOM, 'a')).toEqual({ last: true })
  })

  test('sessions of a lost node are given to one sweeper each, as if each had closed', async () => {
    const { one, other, instances } = await two()
    const third = await presenceOf(await enter())
    await one.open(session('keeps', '1'))
    await one.enter(OTHER, 'keeps')
    for (const n of [1, 2, 3, 4, 5]) {
      await other.open(session(`s${n}`, `${n}`))
      await other.enter(ROOM, `s${n}`)
    }
    await other.enter(OTHER, 's1')
    expect(await one.sweep(10)).toEqual([])
    await lose(instances[1] as string)
    const swept = (await Promise.all([one.sweep(3), third.sweep(3), one.sweep(3)])).flat()
    expect(swept.map(({ session: { id } }) => id).sort()).toEqual(['s1', 's2', 's3', 's4', 's5'])
    expect(swept.find(({ session: { id } }) => id === 's1')).toEqual({
      session: session('s1', '1'),
      rooms: [ROOM],
      last: null,
    })
    expect(swept.filter(({ last }) => last === 'online')).toHaveLength(4)
    expect(await one.occupants(ROOM)).toEqual([])
    expect(await one.roomsOf(user('1'))).toEqual([OTHER])
    expect(await third.sweep(10)).toEqual([])
  })

  test('a node that counts no more writes nothing, and begins under its new name with none of its sessions', async () => {
    await empty()
    let instance = await enter()
    const presence = postgresPresence({ pool, instance: () => instance })
    await presence.open(session('a', '1'))
    await presence.enter(ROOM, 'a')
    await lose(instance)
    await expect(presence.enter(OTHER, 'a')).rejects.toThrow(StoreFailure)
    await expect(presence.open(session('b', '2'))).rejects.toThrow(StoreFailure)
    instance = await enter()
    await presence.open(session('c', '3'))
    expect(await presence.enter(ROOM, 'a')).toEqual({ again: true, full: false })
    expect(await presence.close('a')).toEqual({ rooms: [], last: null })
    // Still another's, until it is swept.
    expect((await presence.occupants(ROOM)).map(({ id }) => id)).toEqual(['a'])
    expect(await presence.sweep(10)).toMatchObject([{ session: { id: 'a' }, rooms: [ROOM], last: 'online' }])
    expect(await presence.present(10)).toEqual(['3'])
  })

  test('what a crash of the database lost is there again, with who is where and how', async () => {
    const { one, other } = await two()
    await one.open(session('a', '1'))
    await one.open(session('b', '2'), 'invisible')
    await other.open(session('c', '1'))
    for (const id of ['a', 'b']) await one.enter(ROOM, id)
    await other.enter(ROOM, 'c')
    await crash()
    expect(await one.occupants(ROOM)).toEqual([])
    await other.sweep(0)
    await one.sweep(0)
    const hidden = new Map((await one.occupants(ROOM)).map(({ id, invisible }) => [id, invisible]))
    expect(hidden).toEqual(new Map(Object.entries({ a: false, b: true, c: false })))
    expect((await other.counts([ROOM])).get(ROOM)).toBe(1)
    expect(await other.close('c')).toEqual({ rooms: [], last: null })
    expect(await one.close('a')).toEqual({ rooms: [ROOM], last: 'online' })
  })

  test('a statement whose answer was lost leaves nobody half inside, and a session’s end is told once it is written', async () => {
    await empty()
    const instance = await enter()
    let losing = false
    const leaky = {
      query: async (...query: Parameters<Pool['query']>) => {
        const rows = await pool.query(...query)
        if (losing) throw new StoreFailure('the store cannot be reached: ECONNRESET')
        return rows
      },
    }
    const presence = postgresPresence({ pool: leaky, instance: () => instance })
    await presence.open(session('a', '1'))
    await presence.enter(OTHER, 'a')
    losing = true
    await expect(presence.enter(ROOM, 'a')).rejects.toThrow(StoreFailure)
    await expect(presence.open(session('b', '2'))).rejects.toThrow(StoreFailure)
    const closing = presence.close('a')
    await new Promise(resolve => setTimeout(resolve, 50))
    losing = false
    expect(await closing).toEqual({ rooms: [OTHER], last: 'online' })
    expect(await presence.occupants(ROOM)).toEqual([])
    expect(await presence.present(10)).toEqual([])
  })
})

class Counting {
  asked = 0

  query: Pool['query'] = (sql, values) => {
    this.asked += 1
    return pool.query(sql, values)
  }
}

/** Each session on one of several nodes; everything else is asked of one after the other. */
class Spread implements Presence {
  readonly #all: readonly Presence[]
  #turn = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(all: readonly Presence[]) {
    this.#all = all
  }

  #of(id: string): Presence {
    return this.#all[(id.codePointAt(id.length - 1) ?? 0) % this.#all.length] as Presence
  }

  get #any(): Presence {
    return this.#all[this.#turn++ % this.#all.length] as Presence
  }

  open: Presence['open'] = (each, status) => this.#of(each.id).open(each, status)
  close: Presence['close'] = id => this.#of(id).close(id)
  /** One after the other: who comes at once on two nodes comes in no order. */
  enter: Presence['enter'] = (room, id, most) => {
    const entered = this.#last.then(() => this.#of(id).enter(room, id, most))
    this.#last = entered
    return entered
  }
  leave: Presence['leave'] = async (room, id) => {
    const left = await this.#any.leave(room, id)
    await Promise.all(this.#all.map(each => each.sweep(0)))
    return left
  }
  occupants: Presence['occupants'] = room => this.#any.occupants(room)
  counts: Presence['counts'] = rooms => this.#any.counts(rooms)
  inside: Presence['inside'] = (room, who) => this.#any.inside(room, who)
  roomsOf: Presence['roomsOf'] = who => this.#any.roomsOf(who)
  sessionsOf: Presence['sessionsOf'] = who => this.#any.sessionsOf(who)
  present: Presence['present'] = most => this.#any.present(most)
  statusOf: Presence['statusOf'] = who => this.#any.statusOf(who)
  setStatus: Presence['setStatus'] = (who, status) => this.#any.setStatus(who, status)
  sweep: Presence['sweep'] = most => this.#any.sweep(most)
  onPutOut: Presence['onPutOut'] = () => {}
  doubt: Presence['doubt'] = () => {}
}

function user(id: string): UserId {
  return id as UserId
}

function session(id: string, of: string): SessionRef {
  return { id, user: user(of), wire: 'dino', token: null }
}
