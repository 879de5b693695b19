// `npm run bench`: measures, prints a table, and with `--json FILE` writes it. See README.md. A group that breaks, or takes too
// long, is named, and costs none of the others their rows; whatever was measured is printed and written, also when the run is
// interrupted.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Group } from './group.ts'
import { machine } from './machine.ts'
import { FULL, type Pace, QUICK, USUAL } from './pace.ts'
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
import { ddpJoinRows, dinoJoinRows, listRows } from './rows/rooms.ts'
import { stormRows } from './rows/storm.ts'
import { ejabberdRows, wireRows } from './rows/wires.ts'
import { xchatRows } from './rows/xchat.ts'
import { type Entry, exitCode, markdown, type NotRun, type Row, report, table } from './rows.ts'
import { missing } from './targets.ts'

type Measure = (pace: Pace) => Promise<readonly Entry[]>

const groups: Record<string, readonly Measure[]> = {
  load: [ceilingRows],
  fanout: [moduleRows],
  'socket.io': [socketIoRows],
  wires: [wireRows, ejabberdRows],
  commit: [commitRows],
  dino: [dinoRows],
  rooms: [ddpJoinRows, listRows, dinoJoinRows],
  requests: [requestRows],
  xchat: [xchatRows],
  append: [appendRows],
  history: [historyRows],
  growth: [growthRows],
  memory: [bareMemoryRows, memoryRows],
  storm: [stormRows],
  nodes: [nodesRows],
}

/** ms that a group which has to end has for stopping what it started itself. */
const ENDING = 15_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    connections: { type: 'string' },
    node: { type: 'string' },
    limit: { type: 'string' },
  },
})
const full = positionals.includes('full')
const pace: { -readonly [K in keyof Pace]: Pace[K] } = { ...(values.quick ? QUICK : full ? FULL : USUAL) }
if (values.node !== undefined) pace.node = values.node.split(' ')
if (values.connections !== undefined) pace.connections = pace.idle = counted('connections', values.connections)
if (values.limit !== undefined) pace.limit = counted('limit', values.limit)
const words = positionals.filter(word => word !== 'full')
const chosen = words.length === 0 ? Object.keys(groups) : words
const unknown = chosen.filter(name => !(name in groups))
if (unknown.length > 0) refuse(`No such rows: ${unknown.join(', ')}. There are: ${Object.keys(groups).join(', ')}.`)

const about = machine()
const began = performance.now()
const rows: Row[] = []
const notRun: NotRun[] = []
try {
  write()
} catch (error) {
  refuse(`--json: ${(error as Error).message}`)
}

// Whatever is written lies here, and goes when the run ends. Other users' programs have to get through, not in.
const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
chmodSync(folder, 0o711)
process.env.TMPDIR = folder
process.on('exit', () => {
  group.end('the run has ended')
  // What was ended this moment may still write.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})
// A run starts some hundred processes, and reading their text takes half of what each costs.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

let group = new Group()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // What is being measured fails now, and stops what it has started itself.
    if (interrupted) process.exit(130)
    interrupted = true
    group.end('interrupted')
  })
// Of whatever is not waited for: the group that is being measured is broken.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error: unknown) => group.end(error instanceof Error ? error.message : String(error)))

for (const name of chosen) {
  for (const measure of groups[name]!) {
    if (interrupted) break
    process.stderr.write(`${name} …`)
    const since = performance.now()
    await run(name, measure)
    process.stderr.write(` ${Math.round((performance.now() - since) / 1_000)} s\n`)
    write()
  }
}
const took = (performance.now() - began) / 60_000
console.log(
  `${about.cpu}, ${about.cores} cores, ${about.memoryGiB} GiB, Node ${about.node}, load before ${about.load.toFixed(2)}, ${took.toFixed(1)} minutes`,
)
console.log((values.markdown ? markdown : table)(rows))
for (const { id, reason } of notRun) console.log(`not run: ${id}: ${reason}`)
for (const { what, ids, expected } of missing(new Set(rows.map(({ id }) => id)), chosen, pace)) {
  const why = expected ? 'see what was not run' : values.quick ? 'not by --quick' : 'only by `npm run bench -- full`'
  console.log(`no row of the target table: ${what} (${ids.join(', ')}): ${why}`)
}
// What was given up may hold the process open.
process.exit(interrupted ? 130 : exitCode(notRun))

/** Adds what it gives, or why it gave nothing. */
async function run(name: string, measure: Measure): Promise<void> {
  group = new Group()
  const own = group
  const limit = setTimeout(() => own.end(`not done after ${pace.limit} s`), pace.limit * 1_000)
  try {
    for (const entry of await own.run(() => measure(pace), ENDING)) {
      if ('reason' in entry) notRun.push(entry)
      else rows.push(entry)
    }
  } catch (error) {
    notRun.push({ id: name, reason: (error as Error).message, failed: true })
  } finally {
    clearTimeout(limit)
  }
}

function write(): void {
  if (values.json !== undefined) writeFileSync(values.json, report(about, rows))
}

function counted(name: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) refuse(`--${name} takes a number, such as 10000.`)
  return count
}

function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}
