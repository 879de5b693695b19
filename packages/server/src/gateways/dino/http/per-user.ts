// Calls that say something of several users at once: `{ <user id>: … }`. Each is done by itself, one after the other; the
// answer names the first that is not right.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import { durationFault, durationMs } from '../../../room/duration.ts'
import type { Gate } from '../gate.ts'
import { NAMED } from './limits.ts'
import { Fault, type Given, NOTHING } from './route.ts'
import { short, userId } from './shapes.ts'

export function perUser<Each extends z.ZodType>(each: Each) {
  return z
    .record(short, each)
    .refine(users => Object.keys(users).length > 0, 'no user is named')
    .refine(users => Object.keys(users).length <= NAMED, `more than ${NAMED} users`)
}

export async function eachUser<Wanted>(
  gate: Gate,
  body: Readonly<Record<string, Wanted>>,
  impose: (gate: Gate, user: UserId, wanted: Wanted) => Promise<Fault | null>,
): Promise<Given | Fault> {
  for (const [id, wanted] of Object.entries(body)) {
    const user = userId.safeParse(id)
    const fault = user.success ? await impose(gate, user.data, wanted) : new Fault(`${id} is no user id`)
    if (fault) return fault
  }
  return NOTHING
}

/** ms; a sanction of no time is none. `now` in ms since 1970. */
export function lengthOf(duration: string, now: number): number | Fault {
  const ms = durationMs(duration, now)
  if (ms === undefined) return new Fault(durationFault(duration))
  return ms === 0 ? new Fault('a duration of no time is none') : ms
}
