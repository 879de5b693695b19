// The room that a `chat.*` list is about, and the refusals of the real server where there is none for the caller.

import { MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { type Found, roomOf } from '../names.ts'
import { mayView } from '../rooms/access.ts'
import type { RestCall } from '../route.ts'

export async function roomNamed(
  { gate, caller }: RestCall,
  id: unknown,
  missing: MeteorError,
  refusal = new MeteorError('error-not-allowed', 'Not allowed'),
): Promise<Found | MeteorError> {
  if (typeof id !== 'string' || id === '') return missing
  const found = id.length > ID_TEXT ? undefined : await roomOf(gate.parts, caller.account, id)
  return found && mayView(gate, caller, found) ? found : refusal
}

/** A time in a query. */
export function timeIn(text: unknown): Date | undefined {
  const time = typeof text === 'string' ? new Date(text) : undefined
  return time && !Number.isNaN(time.getTime()) ? time : undefined
}
