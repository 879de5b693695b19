// `chat.syncThreadMessages`: replies of a thread that have changed since a time.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { changesSince, deletedDocument } from '../messages/sync.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'
import { threadNamed } from './chat.getThreadMessages.ts'
import { sinceIn } from './chat.syncThreadsList.ts'

export const chatSyncThreadMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.syncThreadMessages'],
  input: z.looseObject({ tmid: id.optional(), updatedSince: z.string().optional() }),
  async run(call, { tmid, updatedSince }) {
    const { gate, caller } = call
    if (!gate.settings.get('Threads_enabled')) return new MeteorError('error-not-allowed', 'Threads Disabled')
    if (!tmid) return new MeteorError('error-invalid-params', 'The required "tmid" query param is missing.')
    const since = sinceIn(updatedSince)
    if (since instanceof MeteorError) return since
    const found = await threadNamed(call, tmid)
    if (found instanceof MeteorError) return found
    const changes = await changesSince(gate.parts, caller.account, found.room, since.getTime())
    if (isRejection(changes)) return errorOf(changes, 'chat.syncThreadMessages')
    const replies = changes.updated.filter(({ body }) => body.type === 'message' && body.thread?.id === found.target.id)
    const update = await documentsFor(gate.parts, caller.account, found.room, replies)
    const gone = changes.deleted.filter(({ thread }) => thread === found.target.id)
    return { messages: { update, remove: gone.map(deletedDocument) } }
  },
})
