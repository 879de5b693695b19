// `rooms.media/:rid`: a file for a room, which waits for the message that it goes with (`rooms.mediaConfirm`).

import { linkOf } from '../../file-link.ts'
import { isRefused } from '../files/form.ts'
import { roomOfMember } from '../files/member.ts'
import { unauthorized, uploadRoute } from '../route.ts'

export const roomsMedia = uploadRoute({
  paths: ['/v1/rooms.media/:rid'],
  async run(call, request) {
    const found = await roomOfMember(call.gate, call.caller, call.param('rid'))
    if (!found) return unauthorized
    const received = await call.gate.uploads.receive(call, request, found.room, true)
    if (isRefused(received)) return received
    const { key, medium } = received
    return { file: { _id: key, url: linkOf(key, medium.file?.name ?? '') } }
  },
})
