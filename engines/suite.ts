// A group of tests that need real engines. Without these it fails in one sentence; only where the operator says so
// (CONCLAVE_TEST_SKIP) it is skipped, and the reason is counted and shown.
import { describe } from 'vitest'
import { type Engine, skipped } from '../scripts/engines.js'

export function suite(...engines: Engine[]): (name: string, tests: () => void) => void {
  const reasons = engines.flatMap(engine => skipped(engine) ?? [])
  return (name, tests) => {
    if (reasons.length > 0) describe.skip(`${name} # ${reasons.join(', ')}`, tests)
    else describe(name, tests)
  }
}
