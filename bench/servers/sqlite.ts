// Bare node:sqlite to compare with: one table clustered on (room, sequence), WAL, synchronous FULL, one transaction per
// turn of the event loop for all senders that wait; a sender sends again in the turn after its answer.

import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Result } from '../client/orders.ts'
import { percentile } from '../numbers.ts'

export interface SqliteRun {
  readonly senders: number
  readonly seconds: number
}

const file = process.argv[2]!
const db = new DatabaseSync(file)
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
db.exec(
  'CREATE TABLE events (room INTEGER, sequence INTEGER, body TEXT, PRIMARY KEY (room, sequence)) STRICT, WITHOUT ROWID',
)
const insert = db.prepare('INSERT INTO events (room, sequence, body) VALUES (?, ?, ?)')
const begin = db.prepare('BEGIN IMMEDIATE')
const commit = db.prepare('COMMIT')
const body = 'x'.repeat(300)
let sequence = 0

async function run({ senders, seconds }: SqliteRun): Promise<Result> {
  const sent = new Float64Array(senders).fill(performance.now())
  const answers: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  let now = began
  while (now - began < seconds * 1_000) {
    begin.run()
    for (let i = 0; i < senders; i++) insert.run(i, ++sequence, body)
    commit.run()
    now = performance.now()
    for (let i = 0; i < senders; i++) {
      answers.push(now - sent[i]!)
      sent[i] = now
    }
    await new Promise(setImmediate)
  }
  const used = process.cpuUsage(cpu)
  return {
    seconds: (now - began) / 1_000,
    deliveries: 0,
    answers: answers.length,
    deliveryP50: Number.NaN,
    deliveryP99: Number.NaN,
    answerP50: percentile(answers, 0.5),
    answerP99: percentile(answers, 0.99),
    serverCpu: (used.user + used.system) / 1e6,
    loadCpu: 0,
    bytesPerFrame: 0,
  }
}

process.on('message', (order: SqliteRun) => void run(order).then(result => process.send!(result)))
process.on('disconnect', () => {
  db.close()
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  process.exit()
})
process.send!({ ready: true })
