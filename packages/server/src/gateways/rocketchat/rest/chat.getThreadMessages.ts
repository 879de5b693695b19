// `chat.getThreadMessages`: replies of a thread, oldest first.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import type { FoundMessage } from '../messages/found-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { id } from '../params.ts'
import { type RestCall, route } from '../route.ts'
import { markedPage } from './marked-page.ts'
import { PAGED } from './page.ts'

export const chatGetThreadMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getThreadMessages'],
  input: z.looseObject({ tmid: id.optional(), ...PAGED }),
  async run(call, { tmid, ...paged }) {
    const found = await threadNamed(call, tmid)
    if (found instanceof MeteorError) return found
    return markedPage(call, found, { of: 'replies', sought: found.target.sequence }, paged)
  },
})

/** What begins a thread; unknown and another's look the same. */
export async function threadNamed(
  { gate, caller }: RestCall,
  tmid: string | undefined,
): Promise<FoundMessage | MeteorError> {
  if (!gate.settings.get('Threads_enabled')) return new MeteorError('error-not-allowed', 'Threads Disabled')
  if (!tmid) return new MeteorError('error-invalid-params', 'The required "tmid" query param is missing.')
  return (await messageOf(gate, caller, tmid)) ?? new MeteorError('error-not-allowed', 'Not Allowed')
}
