// `sendFileMessage`: the message of an uploaded file, over DDP. What the client says of the file but its id is not looked at.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { saidShape, sendFile } from '../files/file-message.ts'
import { roomOfMember } from '../files/member.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'

const REQUIRED = ['_id', 'name', 'type', 'size'] as const

export const sendFileMessage = method({
  name: 'sendFileMessage',
  params: list(id, z.unknown(), z.looseObject({ _id: z.string().optional() }), saidShape.nullish()),
  async run(call, [rid, , file, said]) {
    const { gate, caller } = call
    const found = await roomOfMember(gate, caller, rid)
    if (!found) return false
    const invalid = new MeteorError('error-invalid-file', 'Invalid file')
    if (REQUIRED.some(field => !Object.hasOwn(file, field)) || !file._id) return invalid
    const medium = await gate.parts.media.files.own(caller.account, found.room.id, file._id)
    return medium ? sendFile(call, found.room, medium, said ?? {}) : invalid
  },
})
