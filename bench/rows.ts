// One figure of the benchmark, and how figures are printed. A ratio is always "more is better", so that one rule
// (ratio above `accept`) judges throughput, latency and memory alike.

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

export interface NotRun {
  readonly id: string
  readonly reason: string
}

export function row(id: string, value: number, unit: string, rest: Partial<Row> = {}): Row {
  const reference = rest.reference ?? null
  const ratio = reference === null ? null : value / reference
  return { id, value, unit, reference, ratio, accept: null, aim: null, against: '', detail: '', ...rest }
}

/** A row of which less is better: the ratio is turned round. */
export function lessIsBetter(id: string, value: number, unit: string, rest: Partial<Row> = {}): Row {
  const reference = rest.reference ?? null
  return row(id, value, unit, { ...rest, ratio: reference === null ? null : reference / value })
}

export function figure(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

function verdict({ ratio, accept, aim }: Row): string {
  if (ratio === null || accept === null) return ''
  if (aim !== null && ratio >= aim) return 'aim'
  return ratio >= accept ? 'accept' : 'below'
}

export function table(rows: readonly Row[]): string {
  const head = ['row', 'value', 'unit', 'reference', 'against', 'ratio', 'accept', 'aim', '', 'detail']
  const lines = rows.map(r => [
    r.id,
    figure(r.value),
    r.unit,
    figure(r.reference),
    r.against,
    figure(r.ratio),
    figure(r.accept),
    figure(r.aim),
    verdict(r),
    r.detail,
  ])
  const right = new Set([1, 3, 5, 6, 7])
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map(line => line[i]!.length)))
  return [head, ...lines]
    .map(line =>
      line
        .map((cell, i) => (right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
