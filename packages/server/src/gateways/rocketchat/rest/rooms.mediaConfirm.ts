// `rooms.mediaConfirm/:rid/:fileId`: the message that an uploaded file goes with. Again, it gives the same message.
import { MeteorError } from '../errors.ts'
import { invalidFile } from '../files/file-errors.ts'
import { saidShape, sendFile } from '../files/file-message.ts'
import { roomOfMember } from '../files/member.ts'
import { route, unauthorized } from '../route.ts'

export const roomsMediaConfirm = route({
  verb: 'POST',
  paths: ['/v1/rooms.mediaConfirm/:rid/:fileId'],
  input: saidShape,
  async run(call, said) {
    const { gate, caller } = call
    const found = await roomOfMember(gate, caller, call.param('rid'))
    if (!found) return unauthorized
    const medium = await gate.parts.media.files.own(caller.account, found.room.id, call.param('fileId'))
    if (!medium) return invalidFile
    const message = await sendFile(call, found.room, medium, said)
    return message instanceof MeteorError ? message : { message }
  },
})
