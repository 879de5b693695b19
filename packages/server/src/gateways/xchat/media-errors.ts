// The one table from a refused upload or download to X's problem. Total over what media meet, as errors.ts is over the rest.
import type { MediaRejection } from '../../engine/media.ts'
import type { Rejection } from '../../room/rejection.ts'
import type { About } from './errors.ts'
import { problemOf } from './errors.ts'
import type { Problem } from './problem.ts'
import { invalidField, invalidRequest, notFound, problem } from './problem.ts'

type Own = Exclude<MediaRejection, Rejection>
type Table = {
  readonly [C in Own['rejected']]: (rejection: Extract<Own, { rejected: C }>, what: What) => Problem
}

/** What was asked for: an upload by its session, a medium by its key. */
export interface What {
  readonly resource: 'upload' | 'media'
  readonly parameter: 'id' | 'media_hash_key'
  readonly value: string
}

const QUOTAS = {
  uploads: (most: number) => `at most ${most} uploads may be unfinished at a time`,
  announced: (most: number) => `all unfinished uploads may have at most ${most} bytes`,
  kept: (most: number) => `all media of a user may have at most ${most} bytes`,
} as const

const TABLE: Table = {
  'media.unknown': (_, { resource, parameter, value }) => notFound(resource, parameter, value),
  'media.size': ({ most }) => invalidField('total_bytes', `must be at most ${most}`),
  'media.quota': ({ of, most }) => {
    const detail = `total_bytes: ${QUOTAS[of](most)}`
    return problem('usage-capped', 'Usage Cap Exceeded', 429, detail, { parameter: 'total_bytes' })
  },
  'media.index': ({ most }) => invalidField('segment_index', `must be a number from 0 to ${most}`),
  'media.segment': ({ most }) => invalidField('media', `must have 1 to ${most} bytes`),
  'media.taken': ({ index }) => invalidField('segment_index', `${index} is already there with other bytes`),
  'media.total': ({ announced, held }) => {
    const than = held > announced ? 'more than' : 'less than'
    const detail = `total_bytes: does not match: the segments (num_parts) have ${held} bytes, ${than} the announced ${announced}`
    return invalidRequest('total_bytes', detail)
  },
  'media.parts': ({ held }) => invalidField('num_parts', `does not match: ${held} segments are there`),
}

export function problemOfMedia(rejection: MediaRejection, what: What, about: About): Problem {
  const entry = (TABLE as Readonly<Record<string, (rejection: never, what: What) => Problem>>)[rejection.rejected]
  return entry ? entry(rejection as never, what) : problemOf(rejection as Rejection, about)
}
