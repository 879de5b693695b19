// `chat.getURLPreview`: this server fetches no address that a client names; the preview is the address itself.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'
import { roomNamed } from './room-named.ts'

export const chatGetUrlPreview = route({
  verb: 'GET',
  paths: ['/v1/chat.getURLPreview'],
  input: z.object({ roomId: id, url: z.string().max(2_048) }),
  async run(call, { roomId, url }) {
    const refused = new MeteorError('error-not-allowed', 'Not allowed')
    const found = await roomNamed(call, roomId, refused, refused)
    return found instanceof MeteorError ? found : { urlPreview: { url, meta: {}, headers: {}, ignoreParse: true } }
  },
})
