// Shapes of arguments that many methods share. What does not fit is answered "Match failed" and nothing else.
import { z } from 'zod'
import { ID_TEXT, USERS } from './limits.ts'

export const id = z.string().min(1).max(ID_TEXT)
export const name = z.string().trim().min(1).max(ID_TEXT)
export const usernames = z.array(id).max(USERS)
export const customFields = z.record(z.string(), z.unknown())
/** EJSON's date, or what is left of one where a client or REST sent it another way. */
export const date = z.union([
  z.date(),
  z.object({ $date: z.number().min(-8.64e15).max(8.64e15) }).transform(({ $date }) => new Date($date)),
  z.iso.datetime({ offset: true }).transform(text => new Date(text)),
])

/** Arguments in their order; what follows them is not looked at, as the real server does. */
export function list<T extends [z.ZodType, ...z.ZodType[]]>(...shapes: T) {
  return z.tuple(shapes).rest(z.unknown())
}

export const nothing = z.array(z.unknown())
