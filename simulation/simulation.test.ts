// Seeds of the simulation, and proof that they find what is wrong: every fault of faults.ts, planted alone, breaks one.
import { describe, expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { type Report, runSeeds } from './report.ts'

/** What `npm test` runs; more by `npm run simulate`. */
const SEEDS = 600
/** The smallest machine has two cores, and other files run beside this one. */
const PROCESSES = 1
/** How many a planted fault is looked for in, which ends at the first that finds it. */
const FAULT_SEEDS = 600
/** Where that begins for those that few seeds find: the search that led there is not done again each time. */
const BEGIN: Readonly<Record<string, number>> = {
  'a node leaves it to others to put out whom they ban from a channel': 215,
  'a node leaves it to others to put out whom they ban or remove': 215,
  'whoever lost the race for an epoch wins the next one unseen': 80,
  'a signature over a stale roster is taken': 75,
  'a rotation goes without the wrap of a member': 53,
  'what a node committed is delivered again after it was read': 21,
}
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
    const names = FAULTS.map(({ name }) => name)
    expect(new Set(names).size).toBe(FAULTS.length)
    expect(names).toEqual(expect.arrayContaining(Object.keys(BEGIN)))
  })

  for (const { name } of FAULTS) {
    test(`finds that ${name}`, async () => {
      const reports = await ranOf(BEGIN[name] ?? 1, FAULT_SEEDS, name)
      expect(reports.at(-1)?.broken, `not found by ${reports.length} seeds`).not.toBeNull()
      expect(reports.at(-1)?.invariant).not.toBe('bug')
    })
  }
})

function sum(reports: readonly Report[], field: 'committed' | 'delivered'): number {
  return reports.reduce((total, report) => total + report[field], 0)
}
