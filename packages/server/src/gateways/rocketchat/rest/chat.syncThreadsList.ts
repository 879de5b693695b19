// `chat.syncThreadsList`: messages with replies that have changed since a time.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { changesSince, deletedDocument } from '../messages/sync.ts'
import { route } from '../route.ts'
import { roomNamed, timeIn } from './room-named.ts'

export const chatSyncThreadsList = route({
  verb: 'GET',
  paths: ['/v1/chat.syncThreadsList'],
  input: z.looseObject({ rid: z.unknown().optional(), updatedSince: z.string().optional() }),
  async run(call, { rid, updatedSince }) {
    const { gate, caller } = call
    if (!gate.settings.get('Threads_enabled')) return new MeteorError('error-not-allowed', 'Threads Disabled')
    if (typeof rid !== 'string' || rid === '')
      return new MeteorError('error-room-id-param-not-provided', 'The required "rid" query param is missing.')
    const since = sinceIn(updatedSince)
    if (since instanceof MeteorError) return since
    const refused = new MeteorError('error-not-allowed', 'Not Allowed')
    const found = await roomNamed(call, rid, refused, refused)
    if (found instanceof MeteorError) return found
    const changes = await changesSince(gate.parts, caller.account, found.room, since.getTime())
    if (isRejection(changes)) return errorOf(changes, 'chat.syncThreadsList')
    const threads = changes.updated.filter(({ done }) => done?.thread && done.thread.count > 0)
    const update = await documentsFor(gate.parts, caller.account, found.room, threads)
    return { threads: { update, remove: changes.deleted.filter(({ thread }) => !thread).map(deletedDocument) } }
  },
})

export function sinceIn(text: string | undefined): Date | MeteorError {
  const refuse = (reason: string) => new MeteorError('error-updatedSince-param-invalid', reason)
  if (!text) return refuse('The required param "updatedSince" is missing.')
  return timeIn(text) ?? refuse('The "updatedSince" query parameter must be a valid date.')
}
