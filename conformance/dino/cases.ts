// The recorded cases of the real server (cases/dino.json).
import { readFileSync } from 'node:fs'

export interface Expected {
  readonly status_code?: number
  readonly ack_args?: number
  readonly ack?: string
  readonly event?: string | null
  readonly error?: unknown
  readonly shape?: unknown
  readonly broadcast?: readonly {
    readonly event: string
    readonly to: readonly string[]
    readonly shape: unknown
    readonly example: unknown
  }[]
  readonly disconnected_within_1500ms?: boolean
}

export interface Case {
  readonly id: string
  readonly area: string
  readonly seq?: number
  readonly run?: string
  readonly actor: string
  readonly given: string
  readonly request: { readonly event: string; readonly data: unknown }
  readonly expect: Expected
  readonly upstream_defect?: string
}

/** Cases of single functions of the real server: the unit tests of ours run them (acl, duration, base64, whispers, config). */
const FUNCTIONS = new Set(['acl', 'duration', 'base64', 'whisper_parse', 'config'])

const ALL = JSON.parse(readFileSync(new URL('../cases/dino.json', import.meta.url), 'utf8')) as readonly Case[]
const SERVED = ALL.filter(({ area }) => !FUNCTIONS.has(area))

/** Recorded one after the other, in one run. */
export const RECORDED_CASES = SERVED.filter(({ seq }) => seq !== undefined).sort((a, b) => a.seq! - b.seq!)
/** Taken from the real server's own tests, each with a state of its own. */
export const TOLD_CASES = SERVED.filter(({ seq }) => seq === undefined)
