// What vi.waitFor waits for has as long as what expect.poll waits for: it comes at once or not at all, and a machine with other
// work may stand still for seconds. Vitest has no setting for it.
import { vi } from 'vitest'
import { PATIENCE } from './limits.ts'

const { waitFor } = vi
vi.waitFor = (condition, options) => waitFor(condition, options ?? { timeout: PATIENCE })
