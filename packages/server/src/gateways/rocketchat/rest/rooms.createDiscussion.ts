// `rooms.createDiscussion`: a room about a room, or about one message of it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { DISCUSSION, mayNotStart, startDiscussion } from '../rooms/discussions.ts'
import { failure, route } from '../route.ts'

const shape = z.object(DISCUSSION)

export const roomsCreateDiscussion = route({
  verb: 'POST',
  paths: ['/v1/rooms.createDiscussion'],
  input: z.looseObject({}),
  async run(call, input) {
    const wrong = misnamed(input)
    if (wrong !== null) return failure(wrong)
    const asked = shape.safeParse(input)
    if (!asked.success) return new MeteorError('invalid-params', 'Match error')
    if (!call.gate.settings.get('Discussion_enabled')) return mayNotStart()
    const discussion = await startDiscussion(call, asked.data)
    return discussion instanceof MeteorError ? discussion : { discussion }
  },
})

/** In the words that clients know. */
function misnamed({ prid, t_name: name, users, encrypted }: Record<string, unknown>): string | null {
  if (!prid) return 'Body parameter "prid" is required.'
  if (!name) return 'Body parameter "t_name" is required.'
  if (users && !Array.isArray(users)) return 'Body parameter "users" must be an array.'
  if (encrypted !== undefined && encrypted !== null && typeof encrypted !== 'boolean')
    return 'Body parameter "encrypted" must be a boolean when included.'
  return null
}
