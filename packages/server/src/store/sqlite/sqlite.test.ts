// SQLite under the contract, on a file and in memory, and what only a file has: locks, versions, node numbers, growth.
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { type OpenStore, storeContract } from '../contract.ts'
import { classOf } from '../projection.ts'
import type { Store } from '../store.ts'
import { chained, loggedOf } from '../testing/chains.ts'
import {
  account,
  added,
  append,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  publicKey,
  removed,
  room,
  rows,
  sequencesOf,
  user,
  whisper,
} from '../testing/items.ts'
import { EMPTIED } from './checkpoint.ts'
import { migrate } from './migrations.ts'
import { BUSY_TIMEOUT } from './open.ts'
import { openSqliteStore } from './store.ts'

const ROOM = room('2070276095283454999')
const clock = { now: () => NOW }
const made: string[] = []
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'conclave-store-'))
  made.push(path)
  return path
}

const inMemory = async (): Promise<OpenStore> => {
  const store = await openSqliteStore({ directory: ':memory:', node: 1, clock })
  return { store, close: () => store.close() }
}
storeContract('sqlite, in memory', inMemory, { durable: false })

storeContract('sqlite, in a file', async (): Promise<OpenStore> => {
  const path = directory()
  const store = await openSqliteStore({ directory: path, node: 1, clock })
  const copies: Store[] = []
  return {
    store,
    close: async () => {
      for (const each of [store, ...copies]) await each.close()
      rmSync(path, { recursive: true, force: true })
    },
    // What the files hold between two commits is what a process that is killed there leaves behind.
    crashAndReopen: async () => {
      const copy = directory()
      for (const file of ['conclave.sqlite', 'conclave.sqlite-wal']) copyFileSync(join(path, file), join(copy, file))
      const reopened = await openSqliteStore({ directory: copy, node: 1, clock })
      copies.push(reopened)
      return reopened
    },
  }
})

describe('a data directory', () => {
  test('is made when it is not there', async () => {
    const path = join(directory(), 'a', 'b')
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    await store.close()
    expect(existsSync(join(path, 'conclave.sqlite'))).toBe(true)
  })

  test('is for one store at a time, and free again when that is closed', async () => {
    const path = directory()
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    await expect(openSqliteStore({ directory: path, node: 1, clock })).rejects.toThrow(
      /in use by another Conclave process\.$/,
    )
    await committed(store, append(ROOM, 0, [created()]))
    await store.reopen()
    await expect(openSqliteStore({ directory: path, node: 1, clock })).rejects.toThrow(
      /in use by another Conclave process\.$/,
    )
    await store.close()
    await (await openSqliteStore({ directory: path, node: 1, clock })).close()
  })

  test('is for one process at a time, and free again when that is killed', async () => {
    const path = directory()
    const holder = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'hold.ts'), path], { stdio: 'pipe' })
    try {
      await new Promise<void>((resolve, reject) => {
        holder.stdout.once('data', () => resolve())
        holder.once('exit', code => reject(new Error(`the holder ended with ${code}`)))
      })
      await expect(openSqliteStore({ directory: path, node: 1, clock })).rejects.toThrow(
        /in use by another Conclave process\.$/,
      )
      const ended = new Promise(resolve => holder.once('exit', resolve))
      holder.kill('SIGKILL')
      await ended
      const store = await openSqliteStore({ directory: path, node: 1, clock })
      expect((await logOf(store, ROOM)).length).toBe(2)
      await store.close()
    } finally {
      holder.kill('SIGKILL')
    }
  })

  test('of a newer Conclave is refused', async () => {
    const path = directory()
    await (await openSqliteStore({ directory: path, node: 1, clock })).close()
    const database = new DatabaseSync(join(path, 'conclave.sqlite'))
    database.exec('PRAGMA user_version = 4711')
    database.close()
    await expect(openSqliteStore({ directory: path, node: 1, clock })).rejects.toThrow(
      /^The database has schema version 4711, this Conclave knows versions up to \d+: start a newer Conclave\.$/,
    )
  })

  test('of another node is refused, and stays free', async () => {
    const path = directory()
    await (await openSqliteStore({ directory: path, node: 1, clock })).close()
    await expect(openSqliteStore({ directory: path, node: 2, clock })).rejects.toThrow(
      'The database belongs to node 1, this process is configured as node 2.',
    )
    await (await openSqliteStore({ directory: path, node: 1, clock })).close()
  })

  test('cannot be opened under a node number that does not exist', async () => {
    for (const node of [-1, 1024, 1.5]) {
      const path = directory()
      await expect(openSqliteStore({ directory: path, node, clock })).rejects.toThrow(/node/)
    }
  })
})

test('a database of the first tables is brought to the newest, and serves what it holds', async () => {
  const path = directory()
  const old = new DatabaseSync(join(path, 'conclave.sqlite'))
  migrate(old, 1)
  const begun = JSON.stringify(created({ kind: 'temporary', members: [user('1'), user('2')] }))
  old.exec(`
    INSERT INTO self VALUES (1, 1, x'');
    INSERT INTO rooms VALUES (${ROOM}, 5, 'none', 'temporary', 3, 1, 2123000000000000002, ${NOW}, ${NOW}, 2, 0, NULL);
    INSERT INTO events VALUES (${ROOM}, 1, 2123000000000000000, ${NOW}, 1, 'c', '${begun}'),
      (${ROOM}, 2, 2123000000000000001, ${NOW}, 1, 'm', '${JSON.stringify(message('2'))}'),
      (${ROOM}, 3, 2123000000000000002, ${NOW}, 1, 'm', '${JSON.stringify(message('3'))}');
    INSERT INTO spans VALUES (1, ${ROOM}, 1, 0, NULL), (2, ${ROOM}, 1, 0, NULL), (3, ${ROOM}, 1, 0, NULL);
    INSERT INTO cursors VALUES (2, ${ROOM}, 2, ${NOW})`)
  expect(old.prepare('PRAGMA user_version').get()?.user_version).toBe(1)
  old.close()
  for (let opened = 0; opened < 2; opened++) {
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    if (opened === 0) {
      await committed(
        store,
        append(ROOM, 1, [message('4'), whisper('5', '2')]),
        rows({ put: 'acks', room: ROOM, user: user('2'), status: 1, sequences: [4] }),
        rows({ put: 'seen', user: user('2'), at: NOW }),
      )
    }
    const page = { room: ROOM, select: 'messages', order: 'oldest', limit: 10 } as const
    expect(sequencesOf(await store.page({ ...page, right: { by: 'member', user: user('2') } }))).toEqual([2, 3, 4, 5])
    expect(sequencesOf(await store.page({ ...page, right: { by: 'member', user: user('3') } }))).toEqual([2, 3, 4])
    expect(await store.acks(ROOM, user('2'), [2, 3, 4, 5])).toEqual(
      new Map([
        [2, 2],
        [3, 0],
        [4, 1],
        [5, 0],
      ]),
    )
    expect(sequencesOf(await store.unacked(user('2'), [ROOM], 10))).toEqual([3, 5])
    expect(await store.temporaryRooms()).toEqual([ROOM])
    expect(await store.seenAt(user('2'))).toBe(NOW)
    expect(await store.nextOutgoing('site')).toBeNull()
    await store.close()
  }
})

test('what a database of older tables holds is chained when it is opened, as if it had been from the beginning (L9)', async () => {
  const path = directory()
  const old = new DatabaseSync(join(path, 'conclave.sqlite'))
  migrate(old, 2)
  const other = room('2070276095283455000')
  const bodies = [created({ members: [user('1')] }), message('2'), added(['2']), message('4'), removed(['2'])]
  const insert = old.prepare(
    'INSERT INTO events (room, sequence, id, at, actor, class, body) VALUES (?, ?, ?, ?, 1, ?, ?)',
  )
  for (const [place, id] of [ROOM, other].entries()) {
    for (const [index, body] of bodies.entries()) {
      const event = BigInt('2123000000000000000') + BigInt(10 * place + index)
      insert.run(id, index + 1, event, NOW, classOf(body), JSON.stringify(body))
    }
    old.exec(`INSERT INTO rooms VALUES (${id}, 5, 'none', 'static', 5, 5, 2123000000000000${place}04, ${NOW}, ${NOW}, 2, 0, NULL);
      INSERT INTO spans VALUES (1, ${id}, 1, 0, NULL), (2, ${id}, 3, 0, 5)`)
  }
  old.exec("INSERT INTO self VALUES (1, 1, x'')")
  const keys = old.prepare('INSERT INTO public_keys VALUES (?, ?, ?, ?)')
  for (const [who, number, version] of [
    [1, 1, '20'],
    [1, 2, '3'],
    [2, 1, '7'],
  ] as const)
    keys.run(who, number, version, JSON.stringify(publicKey(version)))
  old.exec(`INSERT INTO key_log VALUES (1, 1, ${NOW}, 'xchat.registered', 'print 20'), (1, 2, ${NOW}, 'rocketchat.set', 'f'),
    (1, 3, ${NOW}, 'xchat.registered', 'print 3'), (2, 1, ${NOW}, 'xchat.registered', 'print 7')`)
  old.close()
  for (let opened = 0; opened < 2; opened++) {
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    if (opened === 0) {
      await committed(store, append(ROOM, 5, [added(['3'])]))
      await committed(store, rows({ put: 'publicKey', user: user('1'), key: publicKey('40') }))
    }
    expect((await chained(store, ROOM)).length).toBe(4)
    expect((await chained(store, other)).length).toBe(3)
    const log = await loggedOf(store, user('1'))
    expect(log.map(entry => entry.key?.version ?? null)).toEqual(['20', null, '3', '40'])
    expect((await loggedOf(store, user('2'))).map(entry => entry.key)).toEqual([publicKey('7')])
    await store.close()
  }
})

describe('the files', () => {
  test('hold nothing of a deleted message once the log has been moved', async () => {
    const path = directory()
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    const secret = 'a secret that nobody may find'.repeat(20)
    const [events] = await committed(store, append(ROOM, 0, [created(), message('a'), message(secret), message('b')]))
    const target = events?.[2]
    if (target === undefined) throw new Error('no message')
    await committed(store, append(ROOM, 1, [deleted(target)]))
    await store.reopen()
    for (const file of readdirSync(path)) expect(readFileSync(join(path, file)).includes('a secret')).toBe(false)
    await store.close()
  })

  test('hold nothing of it a minute later, though nobody writes any more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const path = directory()
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    try {
      const holding = () =>
        readdirSync(path).filter(file => readFileSync(join(path, file)).includes('a secret that nobody may find'))
      const secret = 'a secret that nobody may find'.repeat(200)
      const [events] = await committed(store, append(ROOM, 0, [created(), message(secret), message('b')]))
      const target = events?.[1]
      if (target === undefined) throw new Error('no message')
      await vi.advanceTimersByTimeAsync(EMPTIED)
      expect(holding()).toEqual(['conclave.sqlite'])
      await committed(store, append(ROOM, 1, [deleted(target)]))
      expect(holding()).not.toEqual([])

      // A backup that reads what was there before holds it up, and nothing else.
      const reader = new DatabaseSync(join(path, 'conclave.sqlite'), { readOnly: true })
      reader.exec('BEGIN')
      reader.prepare('SELECT count(*) FROM events').get()
      await committed(store, append(ROOM, 1, [message('c')]))
      const began = performance.now()
      await vi.advanceTimersByTimeAsync(EMPTIED)
      expect(performance.now() - began).toBeLessThan(BUSY_TIMEOUT)
      expect(statSync(join(path, 'conclave.sqlite-wal')).size).toBeGreaterThan(0)
      reader.close()

      await vi.advanceTimersByTimeAsync(EMPTIED)
      expect(holding()).toEqual([])
      expect(statSync(join(path, 'conclave.sqlite-wal')).size).toBe(0)
      await committed(store, append(ROOM, 1, [message('d')]))
      expect((await logOf(store, ROOM)).length).toBe(6)
    } finally {
      await store.close()
      vi.useRealTimers()
    }
  })

  test('hold no ack of what lies at or below a cursor', async () => {
    const path = directory()
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    const bodies = ['2', '3', '4', '5', '6'].map(text => message(text))
    const acks = (status: 1 | 2, ...sequences: number[]) =>
      rows({ put: 'acks', room: ROOM, user: user('2'), status, sequences })
    await committed(store, append(ROOM, 0, [created(), ...bodies]), acks(1, 2, 3, 6), acks(2, 2, 3, 5))
    await committed(store, rows({ put: 'cursor', room: ROOM, user: user('7'), sequence: 6, at: NOW }))
    await committed(store, rows({ put: 'acks', room: ROOM, user: user('7'), status: 2, sequences: [2] }))
    await store.close()
    const database = new DatabaseSync(join(path, 'conclave.sqlite'))
    const found = database.prepare('SELECT user, sequence, status FROM acks ORDER BY sequence').all()
    database.close()
    expect(found.map(row => ({ ...row }))).toEqual([
      { user: 2, sequence: 5, status: 2 },
      { user: 2, sequence: 6, status: 1 },
    ])
  })

  test('have a log of bounded size under a steady load', async () => {
    const path = directory()
    const store = await openSqliteStore({ directory: path, node: 1, clock })
    await committed(store, append(ROOM, 0, [created({ members: [user('1')] })]))
    const body = message('x'.repeat(2_000))
    let largest = 0
    for (let batch = 0; batch < 60; batch++) {
      await store.commit(Array.from({ length: 500 }, () => append(ROOM, 1, [body])))
      await new Promise(resolve => setImmediate(resolve))
      largest = Math.max(largest, statSync(join(path, 'conclave.sqlite-wal')).size)
    }
    expect(statSync(join(path, 'conclave.sqlite')).size).toBeGreaterThan(40_000_000)
    expect(largest).toBeLessThan(24_000_000)
    await store.close()
  })
})

test('a batch that is undone is forgotten: the next one goes on from what is on disk', async () => {
  const store = await openSqliteStore({ directory: ':memory:', node: 1, clock })
  await committed(store, append(ROOM, 0, [created()]), rows(account('7')))
  const again = { ...rows(account('7')), guards: [{ of: 'account' as const, id: '7', version: 1 }] }
  // SQLite takes no such value, and finds out when what stands before it in the batch is written.
  const untakable = rows({ put: 'ref', kind: 'room', ref: 'r', id: {} as never })
  for (let time = 0; time < 2; time++)
    await expect(
      store.commit([append(ROOM, 1, [message('lost')]), append(ROOM, 1, [added(['3'])]), again, untakable]),
    ).rejects.toThrow(TypeError)
  const [events] = await committed(store, append(ROOM, 1, [message('kept'), added(['3'])]), again)
  expect(events?.map(({ sequence }) => sequence)).toEqual([2, 3])
  expect(await store.head(ROOM)).toMatchObject({ sequence: 3, control: 3, messages: 1 })
  const [more] = await committed(store, append(ROOM, 3, [message('more')]))
  expect(more?.map(({ sequence }) => sequence)).toEqual([4])
  expect(await store.head(ROOM)).toMatchObject({ sequence: 4, control: 3, messages: 2 })
  await store.close()
})

test('a page of the newest messages costs the same in a long log, whatever lies between them', async () => {
  const store = await openSqliteStore({ directory: ':memory:', node: 1, clock })
  await committed(store, append(ROOM, 0, [created({ members: [user('1')] })]))
  const cost = async (): Promise<number> => {
    const times: number[] = []
    for (let n = 0; n < 60; n++) {
      const started = performance.now()
      const query = {
        room: ROOM,
        right: { by: 'member', user: user('1') },
        select: 'messages',
        order: 'newest',
        limit: 50,
      } as const
      expect((await store.page(query))?.length).toBe(50)
      times.push(performance.now() - started)
    }
    return times.sort((a, b) => a - b)[30] as number
  }
  for (let n = 0; n < 2; n++)
    await committed(
      store,
      append(
        ROOM,
        1,
        Array.from({ length: 1_000 }, () => message('a')),
      ),
    )
  await cost()
  const short = await cost()
  for (let n = 0; n < 50; n++)
    await committed(
      store,
      append(
        ROOM,
        1,
        Array.from({ length: 1_000 }, () => message('a')),
      ),
    )
  const long = await cost()
  const changes = Array.from({ length: 100_000 }, () => ({ type: 'acls.changed', acls: [] }) as const)
  await committed(store, append(ROOM, 1, changes))
  const buried = await cost()
  // Without its index the last one is 100 times as slow; the rest is left to busy machines.
  expect(long / short).toBeLessThan(6)
  expect(buried / short).toBeLessThan(6)
  await store.close()
})
