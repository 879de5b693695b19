// `npm run bench`: measures, prints a table, and with `--json FILE` writes it. See README.md.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stopAll } from './child.ts'
import { machine } from './machine.ts'
import { FULL, MANY, type Pace, QUICK, USUAL } from './pace.ts'
import { appendRows } from './rows/append.ts'
import { ceilingRows } from './rows/ceiling.ts'
import { commitRows } from './rows/commit.ts'
import { dinoRows } from './rows/dino.ts'
import { moduleRows, socketIoRows } from './rows/fanout.ts'
import { growthRows } from './rows/growth.ts'
import { historyRows } from './rows/history.ts'
import { bareMemoryRows, memoryRows } from './rows/memory.ts'
import { nodesRows } from './rows/nodes.ts'
import { requestRows } from './rows/requests.ts'
import { roomsRows } from './rows/rooms.ts'
import { stormRows } from './rows/storm.ts'
import { wireRows } from './rows/wires.ts'
import { xchatRows } from './rows/xchat.ts'
import { type Entry, exitCode, markdown, type NotRun, type Row, table } from './rows.ts'

type Measure = (pace: Pace) => Promise<readonly Entry[]>

const groups: Record<string, readonly Measure[]> = {
  load: [ceilingRows],
  fanout: [moduleRows],
  'socket.io': [socketIoRows],
  wires: [wireRows],
  commit: [commitRows],
  dino: [dinoRows],
  rooms: [roomsRows],
  requests: [requestRows],
  xchat: [xchatRows],
  append: [appendRows],
  history: [historyRows],
  growth: [growthRows],
  memory: [bareMemoryRows, memoryRows],
  storm: [stormRows],
  nodes: [nodesRows],
}

/** ms that an interrupted run has for stopping what it started. */
const ENDING = 15_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    connections: { type: 'string' },
    node: { type: 'string' },
  },
})
const full = positionals.includes('full')
const pace: { -readonly [K in keyof Pace]: Pace[K] } = { ...(values.quick ? QUICK : full ? FULL : USUAL) }
if (values.node !== undefined) pace.node = values.node.split(' ')
const words = positionals.filter(word => word !== 'full')
const chosen = words.length === 0 ? Object.keys(groups) : words
if (!values.quick && chosen.join() === 'memory') pace.connections = Math.max(MANY, pace.connections)
if (values.connections !== undefined) pace.connections = Number(values.connections)
if (!Number.isInteger(pace.connections) || pace.connections < 1) {
  console.error('--connections takes a number of connections, such as 10000.')
  process.exit(2)
}
const unknown = chosen.filter(name => !(name in groups))
if (unknown.length > 0) {
  console.error(`No such rows: ${unknown.join(', ')}. There are: ${Object.keys(groups).join(', ')}.`)
  process.exit(2)
}

// Whatever is written lies here, and goes when the run ends. Other users' programs have to get through, not in.
const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
chmodSync(folder, 0o711)
process.env.TMPDIR = folder
process.on('exit', () => {
  stopAll()
  rmSync(folder, { recursive: true, force: true })
})
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (interrupted) process.exit(130)
    interrupted = true
    // What is being measured fails now, and stops what it has started itself.
    stopAll()
    setTimeout(() => process.exit(130), ENDING).unref()
  })
const about = machine()
const began = performance.now()
const rows: Row[] = []
const notRun: NotRun[] = []
for (const name of chosen) {
  for (const measure of groups[name]!) {
    if (interrupted) break
    process.stderr.write(`${name} …`)
    const since = performance.now()
    try {
      for (const entry of await measure(pace)) {
        if ('reason' in entry) notRun.push(entry)
        else rows.push(entry)
      }
    } catch (error) {
      notRun.push({ id: name, reason: (error as Error).message, failed: true })
    }
    process.stderr.write(` ${Math.round((performance.now() - since) / 1_000)} s\n`)
  }
}
const took = (performance.now() - began) / 60_000
console.log(
  `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, Node ${about.node}, load before ${about.load.toFixed(2)}, ${took.toFixed(1)} minutes`,
)
console.log((values.markdown ? markdown : table)(rows))
for (const { id, reason } of notRun) console.log(`not run: ${id}: ${reason}`)
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: about, rows, notRun }, null, 2)}\n`)
process.exitCode = interrupted ? 130 : exitCode(notRun)
