// Acknowledged durable messages through the whole server, each sender in a room of its own with one message in flight,
// beside bare node:sqlite on the same disk and a bare `ws` echo (one read and one write a message, nothing stored) in the
// same rounds.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../child.ts'
import type { Result } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import { contest, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, OWN_ROOMS } from '../whole/world.ts'
import { TEXT } from './fanout.ts'

const WIRES: readonly WireName[] = ['dino4', 'ddp']
/** The absolute targets (10 k and 40 k accepted) as shares of what bare node:sqlite did on the machine of the targets. */
const SENDERS = [
  { senders: 1, accept: null, aim: 0.8 },
  { senders: 64, accept: 0.32, aim: 0.8 },
  { senders: 1_000, accept: 0.39, aim: 0.8 },
]

export async function appendRows(pace: Pace): Promise<Row[]> {
  const loaded = await load(OWN_ROOMS, [])
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bench-sqlite-'))
  const sqlite = new Child('servers/sqlite.ts', [join(directory, 'bare.db')])
  const echo = new Child('servers/bare.ts', ['echo'])
  let server: Serving | undefined
  try {
    const [echoes] = await Promise.all([echo.answer<{ port: number }>(), sqlite.answer()])
    server = await serve(loaded)
    const { pid } = server.child
    const { port } = server
    const rows: Row[] = []
    for (const target of SENDERS) {
      const { senders } = target
      const rooms = Array.from({ length: senders }, (_, i) => loaded.rooms[`own${i}`]!)
      const scores = await contest(
        [
          { name: 'echo', wire: 'raw', pid: echo.pid, port: echoes.port },
          ...WIRES.map(wire => ({ name: wire, wire, pid, port, rooms, firstUser: FIRST_USER })),
        ],
        { sockets: senders, senders, window: senders, size: TEXT, seconds: pace.seconds, rounds: pace.rounds },
        [{ name: 'sqlite', measure: () => sqlite.ask<Result>({ senders, seconds: pace.seconds }) }],
      )
      for (const name of ['sqlite', 'echo']) {
        const bare = scores.get(name)!
        rows.push(row(`append/bare-${name}/${senders}`, bare.answers, 'messages/s', { detail: answerTimes(bare) }))
      }
      for (const wire of WIRES) rows.push(...rowsOf(wire, target, scores.get(wire)!, scores.get('sqlite')!))
    }
    return rows
  } finally {
    await server?.child.stop()
    await sqlite.stop()
    await echo.stop()
    loaded.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

function answerTimes(score: Score): string {
  const cpu = `${figure(score.answersPerCpu)}/CPU-s`
  return `answer p50 ${figure(score.answerP50)} p99 ${figure(score.answerP99)} ms, ${cpu}, load ${Math.round(score.loadShare * 100)} %`
}

function rowsOf(wire: WireName, target: (typeof SENDERS)[number], score: Score, bare: Score): Row[] {
  const { senders, accept, aim } = target
  const against = 'bare node:sqlite'
  const detail = answerTimes(score)
  const rows = [
    row(`append/${wire}/${senders}`, score.answers, 'messages/s', {
      reference: bare.answers,
      against,
      accept,
      aim,
      detail,
    }),
  ]
  if (senders === 64) {
    const times = { reference: bare.answerP99, against, accept: 1 / 3, aim: 1 / 1.5 }
    rows.push(lessIsBetter(`append/${wire}/${senders}/p99`, score.answerP99, 'ms', times))
  }
  return rows
}
