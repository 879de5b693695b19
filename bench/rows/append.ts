// Acknowledged durable messages through the whole server, each sender in a room of its own with one message in flight,
// beside bare node:sqlite on the same disk and a bare `ws` echo (one read and one write a message, nothing stored) in the
// same rounds; over Dino also the same server on PostgreSQL.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Postgres } from '../../engines/postgres.ts'
import { postgresPrograms } from '../../scripts/engines.js'
import { Child } from '../child.ts'
import type { Result } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import { contest, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { type Entry, figure, lessIsBetter, notInstalled, type Row, row } from '../rows.ts'
import { ownPostgres } from '../whole/engines.ts'
import { type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'
import { TEXT } from './fanout.ts'

const WIRES: readonly WireName[] = ['dino4', 'ddp']
/** `accepted`: messages a second; null where only the comparison counts. `postgres`: what is accepted of it, against SQLite. */
const SENDERS: readonly Target[] = [
  { senders: 1, accepted: null, postgres: null },
  { senders: 64, accepted: 10_000, postgres: null },
  { senders: 1_000, accepted: 40_000, postgres: 0.6 },
]
const POSTGRES = 'dino4-postgres'

interface Target {
  readonly senders: number
  readonly accepted: number | null
  readonly postgres: number | null
}

export async function appendRows(pace: Pace): Promise<Entry[]> {
  const entries: Entry[] = []
  const running: { stop(): Promise<unknown> }[] = []
  const loads: Loaded[] = []
  const most = Math.max(...pace.senders)
  const loadedWith = async (settings: NodeJS.ProcessEnv, users: number): Promise<Loaded> => {
    const loaded = await load(users, [], settings, { own: users })
    loads.push(loaded)
    return loaded
  }
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bench-sqlite-'))
  const sqlite = new Child('servers/sqlite.ts', [join(directory, 'bare.db')])
  const echo = new Child('servers/bare.ts', ['echo'])
  running.push(sqlite, echo)
  try {
    const [echoes] = await Promise.all([echo.answer<{ port: number }>(), sqlite.answer()])
    const sites: Site[] = []
    const add = async (names: readonly (readonly [string, WireName])[], settings: NodeJS.ProcessEnv) => {
      const loaded = await loadedWith(settings, most * names.length)
      const serving = await serve(loaded, pace.node, settings)
      running.unshift(serving.child)
      // Nobody hears the others, whose connections stay open.
      for (const [n, [name, wire]] of names.entries()) sites.push({ ...serving, loaded, name, wire, first: n * most })
    }
    await add(
      WIRES.map(wire => [wire, wire]),
      {},
    )
    const postgres = await startedPostgres()
    if (postgres === null) entries.push(notInstalled('append/dino4-postgres', 'PostgreSQL'))
    else {
      running.push(postgres)
      await add([[POSTGRES, 'dino4']], { CONCLAVE_STORE: postgres.url })
    }
    for (const target of SENDERS.filter(({ senders }) => pace.senders.includes(senders))) {
      const { senders } = target
      const scores = await contest(
        [
          { name: 'echo', wire: 'raw', pid: echo.pid, port: echoes.port },
          ...sites.map(({ name, wire, child, port, loaded, first }) => {
            const rooms = Array.from({ length: senders }, (_, i) => loaded.rooms[`own${first + i}`]!)
            return { name, wire, pid: child.pid, port, rooms, firstUser: FIRST_USER + first }
          }),
        ],
        { sockets: senders, senders, window: senders, size: TEXT, ...timesOf(pace) },
        [{ name: 'sqlite', measure: () => sqlite.ask<Result>({ senders, seconds: pace.seconds }) }],
      )
      for (const name of ['sqlite', 'echo']) {
        const bare = scores.get(name)!
        entries.push(row(`append/bare-${name}/${senders}`, bare.answers, 'messages/s', { detail: answerTimes(bare) }))
      }
      for (const wire of WIRES) entries.push(...rowsOf(wire, target, scores.get(wire)!, scores.get('sqlite')!))
      const other = scores.get(POSTGRES)
      if (other !== undefined) entries.push(postgresRow(target, other, scores.get('dino4')!))
    }
    return entries
  } finally {
    for (const one of running) await one.stop()
    for (const loaded of loads) loaded.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Site extends Serving {
  readonly name: string
  readonly wire: WireName
  /** Of its users, and of their rooms. */
  readonly first: number
  readonly loaded: Loaded
}

/** With every commit on the disk; null where there is none to start. */
async function startedPostgres(): Promise<Postgres | null> {
  try {
    postgresPrograms()
  } catch {
    return null
  }
  return ownPostgres()
}

function postgresRow({ senders, postgres }: Target, score: Score, sqlite: Score): Row {
  return row(`append/${POSTGRES}/${senders}`, score.answers, 'messages/s', {
    reference: sqlite.answers,
    against: 'the same on SQLite',
    accept: postgres,
    detail: `${answerTimes(score)}, without the CPU of PostgreSQL`,
  })
}

function timesOf({ seconds, rounds, warm }: Pace) {
  return { seconds, rounds, warm }
}

function answerTimes(score: Score): string {
  const cpu = `${figure(score.answersPerCpu)}/CPU-s`
  return `answer p50 ${figure(score.answerP50)} p99 ${figure(score.answerP99)} ms, ${cpu}, load ${Math.round(score.loadShare * 100)} %`
}

function rowsOf(wire: WireName, target: Target, score: Score, bare: Score): Row[] {
  const { senders, accepted } = target
  const against = 'bare node:sqlite'
  const detail = answerTimes(score)
  const rows = [
    row(`append/${wire}/${senders}`, score.answers, 'messages/s', {
      reference: bare.answers,
      against,
      detail,
    }),
  ]
  if (accepted !== null)
    rows.push(
      row(`append/${wire}/${senders}/absolute`, score.answers, 'messages/s', {
        reference: accepted,
        against: 'what is accepted',
      }),
    )
  const times = { reference: bare.answerP99, against }
  rows.push(lessIsBetter(`append/${wire}/${senders}/p99`, score.answerP99, 'ms p99', times))
  return rows
}
