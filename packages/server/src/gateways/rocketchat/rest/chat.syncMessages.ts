// `chat.syncMessages`: what has changed in a room since a time, or after or before a cursor.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { roomNamed, timeIn } from './room-named.ts'

const query = z.looseObject({
  roomId: z.unknown().optional(),
  lastUpdate: z.string().optional(),
  next: z.string().optional(),
  previous: z.string().optional(),
  count: z.string().optional(),
  type: z.string().optional(),
})

export const chatSyncMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.syncMessages'],
  input: query,
  async run(call, { roomId, lastUpdate, next, previous, count, type }) {
    const missing = new MeteorError('error-roomId-param-not-provided', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing)
    if (found instanceof MeteorError) return found
    if (!lastUpdate && !type)
      return new MeteorError('error-param-required', 'The required "type" or "lastUpdate" param is missing.')
    const since = timeIn(lastUpdate)
    if (lastUpdate && !since)
      return new MeteorError('error-lastUpdate-param-invalid', 'The "lastUpdate" query parameter must be a valid date.')
    if (type && type !== 'UPDATED' && type !== 'DELETED')
      return new MeteorError('error-type-param-invalid', 'The "type" parameter must be either "UPDATED" or "DELETED".')
    const options = {
      ...(since ? { lastUpdate: { $date: since.getTime() } } : {}),
      ...(next ? { next } : {}),
      ...(previous ? { previous } : {}),
      ...(count ? { count: Number.parseInt(count, 10) } : {}),
      ...(type ? { type } : {}),
    }
    const { gate, caller, bytes } = call
    const answer = await dispatch(gate, caller, { name: 'messages/get', params: [roomId, options], bytes })
    return 'error' in answer ? answer.error : { result: answer.result }
  },
})
