// One figure of the benchmark, and how figures are printed. A ratio is always "more is better", so that one rule
// (ratio above `accept`) judges throughput, latency and memory alike. What the target table asks for is known by the row's id.

import { targetOf } from './targets.ts'

export interface Row {
  readonly id: string
  readonly value: number
  readonly unit: string
  /** The same figure of what it is compared with, from the same run; null where there is none. */
  readonly reference: number | null
  readonly ratio: number | null
  readonly accept: number | null
  readonly aim: number | null
  /** What `reference` is. */
  readonly against: string
  /** The rest in words: wall-clock rate, percentiles. */
  readonly detail: string
}

/** What was left out. */
export interface NotRun {
  readonly id: string
  readonly reason: string
  /** It should have run and did not; otherwise something is not installed here. */
  readonly failed: boolean
}

export type Entry = Row | NotRun

/** Of a run: what is not installed is no failure. */
export function exitCode(notRun: readonly NotRun[]): 0 | 1 {
  return notRun.some(({ failed }) => failed) ? 1 : 0
}

export function notInstalled(id: string, what: string): NotRun {
  return { id, reason: `${what}: not installed`, failed: false }
}

export function row(id: string, value: number, unit: string, rest: Partial<Row> = {}): Row {
  const reference = rest.reference ?? null
  const ratio = reference === null ? null : finite(value / reference)
  return { id, value, unit, reference, ratio, ...targetOf(id), against: '', detail: '', ...rest }
}

/** A row of which less is better: the ratio is turned round. */
export function lessIsBetter(id: string, value: number, unit: string, rest: Partial<Row> = {}): Row {
  const reference = rest.reference ?? null
  return row(id, value, unit, { ...rest, ratio: reference === null ? null : finite(reference / value) })
}

/** For `--json`: the shape that others read. A ratio of at least `accept` is good, whatever the unit. */
export function report(machine: object, rows: readonly Row[]): string {
  const told = rows.map(({ id, value, unit, reference, ratio, accept, aim }) => ({
    ...{ id, value: finite(value), unit, reference: reference === null ? null : finite(reference) },
    ...{ ratio, accept, aim },
  }))
  return `${JSON.stringify({ machine, rows: told }, null, 2)}\n`
}

/** Nothing is said of what was measured too shortly to come to anything. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** Whether a row reaches what is accepted, what is aimed at, or neither; empty where nothing is asked. */
export function verdict({ ratio, accept, aim }: Row): '' | 'aim' | 'accept' | 'below' {
  if (ratio === null || (accept ?? aim) === null) return ''
  if (aim !== null && ratio >= aim) return 'aim'
  return accept !== null && ratio >= accept ? 'accept' : 'below'
}

const HEAD = ['row', 'value', 'unit', 'reference', 'against', 'ratio', 'accept', 'aim', '', 'detail']
const RIGHT = new Set([1, 3, 5, 6, 7])

function cells(r: Row): string[] {
  const { id, unit, against, detail } = r
  const [value, reference, ratio, accept, aim] = [r.value, r.reference, r.ratio, r.accept, r.aim].map(figure)
  return [id, value!, unit, reference!, against, ratio!, accept!, aim!, verdict(r), detail]
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(cells)
  const widths = HEAD.map((title, i) => Math.max(title.length, ...lines.map(line => line[i]!.length)))
  return [HEAD, ...lines]
    .map(line =>
      line
        .map((cell, i) => (RIGHT.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** For RESULTS.md. */
export function markdown(rows: readonly Row[]): string {
  const rule = HEAD.map((_, i) => (RIGHT.has(i) ? '--:' : '---'))
  const lines = rows.map(r => {
    const line = cells(r)
    line[0] = `\`${line[0]}\``
    if (line[8] === 'below') line[8] = '**below**'
    return line
  })
  return [HEAD, rule, ...lines].map(line => `| ${line.join(' | ')} |`).join('\n')
}
