// A process that runs seeds, one after another, and says what became of each as a line of JSON. It goes by the simulation's
// time from its first import on, so it does nothing else.
//
//   node simulation/worker.ts FIRST COUNT [--trace] [--fault NAME]
//
// With a fault it ends at the first seed that finds it.
import { parseArgs } from 'node:util'
import { plant } from './plant.ts'
import type { Report } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { trace: { type: 'boolean', default: false }, fault: { type: 'string' } },
})
const [first = 1, count = 1] = positionals.map(Number)
if (values.fault !== undefined) plant(values.fault)
const { runSeed } = await import('./seed.ts')
for (let seed = first; seed < first + count; seed++) {
  const { trace, ...ran } = await runSeed(seed)
  const report: Report = values.trace ? { ...ran, trace } : ran
  process.stdout.write(`${JSON.stringify(report)}\n`)
  if (values.fault !== undefined && ran.broken !== null) break
}
process.exit(0)
