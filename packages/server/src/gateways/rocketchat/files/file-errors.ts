// The one table from what files are refused for to this wire's errors; total over what media meet, as errors.ts is over the
// rest.
import type { MediaRejection } from '../../../engine/media.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError, tooMany } from '../errors.ts'
import { tooLarge } from './file-rules.ts'

type Own = Exclude<MediaRejection, Rejection>
type Table = { readonly [C in Own['rejected']]: (rejection: Extract<Own, { rejected: C }>) => MeteorError }

export const invalidFile = new MeteorError('invalid-file', '')
/** Only a client that cuts files itself can cause these. */
const broken = () => new MeteorError('error-invalid-file', 'Invalid file')

const TABLE: Table = {
  'media.unknown': () => invalidFile,
  'media.size': () => tooLarge,
  'media.quota': ({ of }) =>
    of === 'kept'
      ? new MeteorError('error-file-quota-exceeded', 'Your files here take up all the room that you have')
      : tooMany(1_000),
  'media.index': () => tooLarge,
  'media.segment': broken,
  'media.taken': broken,
  'media.total': () => tooLarge,
  'media.parts': broken,
}

export function fileErrorOf(rejection: MediaRejection, method: string): MeteorError {
  const entry = (TABLE as Readonly<Record<string, (rejection: never) => MeteorError>>)[rejection.rejected]
  return entry ? entry(rejection as never) : errorOf(rejection as Rejection, method)
}
