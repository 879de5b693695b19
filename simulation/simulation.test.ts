// Seeds of the simulation, and proof that they find what is wrong: every fault of faults.ts, planted alone, breaks one.
import { describe, expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { type Report, runSeeds } from './report.ts'

/** What `npm test` runs; more by `npm run simulate`. */
const SEEDS = 2_000
/** As many at once as the smallest machine has cores. */
const PROCESSES = 2
/** Of the same seeds, how many a planted fault is looked for in, which ends at the first that finds it: the 219th at most. */
const FAULT_SEEDS = 600
/** ms: they wait for each other, and a busy machine is no reason to fail. */
const PATIENCE = 900_000

/** So many at once, in the order in which they were asked for. */
let free = PROCESSES
const waiting: (() => void)[] = []
async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1
  else await new Promise<void>(resolve => waiting.push(resolve))
  try {
    return await run()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
}

async function ranOf(first: number, count: number, fault?: string): Promise<Report[]> {
  const reports: Report[] = []
  await inTurn(() =>
    runSeeds({ first, count, ...(fault === undefined ? {} : { fault }) }, report => reports.push(report)),
  )
  return reports
}

describe.concurrent('the simulation', { timeout: PATIENCE }, () => {
  test('runs a seed again to the last line', async () => {
    const [once, again] = await Promise.all([ranOf(1, 12), ranOf(1, 12)])
    expect(again).toEqual(once)
    expect(new Set(once.map(({ hash }) => hash)).size).toBe(12)
    expect((await ranOf(7, 1))[0]?.hash).toBe(once[6]?.hash)
  })

  const portion = SEEDS / 4
  for (let first = 1; first <= SEEDS; first += portion) {
    test(`finds no broken invariant in seeds ${first} to ${first + portion - 1}`, async () => {
      const reports = await ranOf(first, portion)
      expect(reports.filter(({ broken }) => broken !== null)).toEqual([])
      expect(reports).toHaveLength(portion)
      expect(reports.every(({ steps }) => steps >= 200)).toBe(true)
      // Something happens in them: messages are taken, and reach who watches.
      expect(sum(reports, 'committed') / portion).toBeGreaterThan(40)
      expect(sum(reports, 'delivered') / portion).toBeGreaterThan(40)
    })
  }

  test('plants at least fifteen faults', () => {
    expect(FAULTS.length).toBeGreaterThanOrEqual(15)
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
  })

  for (const { name } of FAULTS) {
    test(`finds that ${name}`, async () => {
      const reports = await ranOf(1, FAULT_SEEDS, name)
      expect(reports.at(-1)?.broken, `not found by ${reports.length} seeds`).not.toBeNull()
      expect(reports.at(-1)?.invariant).not.toBe('bug')
    })
  }
})

function sum(reports: readonly Report[], field: 'committed' | 'delivered'): number {
  return reports.reduce((total, report) => total + report[field], 0)
}
