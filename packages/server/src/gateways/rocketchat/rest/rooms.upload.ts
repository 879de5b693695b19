// `rooms.upload/:rid`: a file and its message in one step, as clients did before 8.0. What it brings is plain, so no encrypted
// room takes it.
import { MeteorError } from '../errors.ts'
import { invalidFile } from '../files/file-errors.ts'
import { saidShape, sendFile } from '../files/file-message.ts'
import { isRefused } from '../files/form.ts'
import { roomOfMember } from '../files/member.ts'
import { unauthorized, uploadRoute } from '../route.ts'

export const roomsUpload = uploadRoute({
  paths: ['/v1/rooms.upload/:rid'],
  async run(call, request) {
    const { gate, caller } = call
    const found = await roomOfMember(gate, caller, call.param('rid'))
    if (!found) return unauthorized
    const received = await gate.uploads.receive(call, request, found.room, false)
    if (isRefused(received)) return received
    const said = saidShape.safeParse(Object.fromEntries(received.fields))
    if (!said.success) return new MeteorError('invalid-params', 'The form is malformed')
    const medium = await gate.parts.media.files.own(caller.account, found.room.id, received.key)
    if (!medium) return invalidFile
    const message = await sendFile(call, found.room, medium, said.data)
    return message instanceof MeteorError ? message : { message }
  },
})
