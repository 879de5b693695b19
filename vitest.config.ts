import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { PATIENCE } from './engines/limits.ts'

const commands = join(import.meta.dirname, 'node_modules', '.bin')

// A run starts the server and its commands some hundred times, and reading their text takes half of what each costs.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'compiled')

/** What takes minutes begins first and what takes milliseconds is last, so that all workers end together. By itself vitest
 * goes by what files took before, of which a fresh clone knows nothing, or by their size, which says little. */
const STORES = 'packages/server/src/store/'
const FIRST = ['simulation/simulation.', 'faults/cluster.', STORES, 'conformance/', 'faults/'].map(path =>
  join(import.meta.dirname, path),
)
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = FIRST.findIndex(path => moduleId.startsWith(path))
      return found < 0 ? FIRST.length : found
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'conformance/**/*.test.ts',
      'simulation/**/*.test.ts',
      'engines/**/*.test.ts',
      'faults/**/*.test.ts',
      'scripts/**/*.test.js',
      'bench/**/*.test.ts',
    ],
    globalSetup: 'engines/on-demand.ts',
    setupFiles: 'engines/patience.ts',
    // Only what hangs ends by these: what takes five seconds takes a minute where the machine has other work.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: PATIENCE } },
    // A process per file, which with its servers and clients uses a core at most times. Three at a time are done a quarter
    // sooner and find races that two do not: worth a run by hand (`--maxWorkers 3`).
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // What a test starts runs under the project's Node, however vitest itself was started.
    env: { PATH: [commands, process.env.PATH].join(delimiter) },
  },
})
