// `npm run simulate -- --seeds N [--seed S]`: seeds S to S + N - 1, or as many chance ones. Says of each that breaks an
// invariant which one, its trace, and how it is run again; the last line is `N passed, M failed`.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Report, runMany, runSeeds } from './report.ts'

/** Lines of a trace that are shown; all with `--trace`. */
const SHOWN = 60

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 40) : Number(values.seed)
const count = values.seeds === undefined ? (values.seed === undefined ? 1_000 : 1) : Number(values.seeds)
if (!Number.isSafeInteger(first) || first < 0 || !Number.isSafeInteger(count) || count < 1) {
  console.error('--seeds takes a number of seeds, --seed the first of them.')
  process.exit(2)
}

const failed: Report[] = []
let passed = 0
console.log(`seeds ${first} to ${first + count - 1}`)
await runMany(first, count, Math.min(count, availableParallelism()), report => {
  if (report.broken === null) passed += 1
  else failed.push(report)
  if ((passed + failed.length) % 1_000 === 0) console.log(`${passed + failed.length} seeds run`)
})
for (const { seed, broken } of failed) {
  console.log(`\n✗ seed ${seed}: ${broken}`)
  await runSeeds({ first: seed, count: 1, trace: true }, ({ trace = [] }) => {
    if (!values.trace && trace.length > SHOWN) console.log(`  … ${trace.length - SHOWN} lines before these`)
    for (const line of values.trace ? trace : trace.slice(-SHOWN)) console.log(`  ${line}`)
  })
  console.log(`  again: npm run simulate -- --seed ${seed} --trace`)
}
if (count === 1 && values.trace && failed.length === 0)
  await runSeeds({ first, count: 1, trace: true }, ({ trace = [] }) => console.log(trace.join('\n')))
console.log(`\n${passed} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
