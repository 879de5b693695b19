// The recorded cases of the real server (cases/dino.json): which of them this slice of the wire serves.
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

const AREAS = new Set([
  'connect',
  'auth',
  'login',
  'list_channels',
  'list_rooms',
  'join',
  'leave',
  'users_in_room',
  'message',
  'history',
  'multi_session',
  'transport',
])

/** Cases of these areas that need what comes with issue 3: status, update_user_info, delete, whispers. */
const LATER = new Set([
  'message-whisper',
  'history-after-snake',
  'history-after-camel',
  'users_in_room-after-update',
  'users_in_room-invisible-other',
  'users_in_room-invisible-su',
  'message-invisible',
  'join-invisible',
  'join-offline',
  'ts-whisper-ok',
  'ts-whisper-first',
  'ts-whisper-second',
  'ts-whisper-both',
  'ts-whisper-dash-name',
  'ts-whisper-nowhisper',
])

const ALL = JSON.parse(readFileSync(new URL('../cases/dino.json', import.meta.url), 'utf8')) as readonly Case[]
const SLICE = ALL.filter(({ area }) => AREAS.has(area))

/** Recorded one after the other, in one run. */
export const RECORDED_CASES = SLICE.filter(({ seq }) => seq !== undefined).sort((a, b) => a.seq! - b.seq!)
/** Taken from the real server's own tests, each with a state of its own. */
export const TOLD_CASES = SLICE.filter(({ seq }) => seq === undefined)

export function isLater({ id }: Case): boolean {
  return LATER.has(id)
}
