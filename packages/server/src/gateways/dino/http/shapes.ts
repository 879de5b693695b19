// The small shapes that calls are made of. Ids may come as numbers, as some sites send them.
import { isUserId, type UserId } from '@conclave/wire'
import { z } from 'zod'
import { BASE64_TEXT, NAMED, SHORT_TEXT } from './limits.ts'

export const short = z.string().max(SHORT_TEXT)

export const userId = z
  .union([z.string(), z.number().int().min(0)])
  .transform(String)
  .refine(isUserId, 'is no user id')
  .transform(id => id as UserId)

/** An id that need not be anybody's: what is no user id is nobody. */
export const anyUserId = z.union([short, z.number().int().min(0)]).transform(String)

export const base64 = z.string().max(BASE64_TEXT)

export const userIds = z.array(anyUserId).max(NAMED)

export const roomIds = z.array(short).max(NAMED)

/** One room, by id or by name (base64). */
export const oneRoom = { room_id: short.optional(), room_name: base64.optional() }

/** Several, by ids or by names (base64). */
export const someRooms = { room_ids: roomIds.optional(), room_names: z.array(base64).max(NAMED).optional() }

/** What a call with no body means. */
export const nothing = z.unknown().transform(() => ({}))
