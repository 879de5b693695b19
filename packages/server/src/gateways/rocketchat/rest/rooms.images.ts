// `rooms.images`: the pictures of a room, newest first, or from one on.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { listFiles } from '../files/file-list.ts'
import { roomOf } from '../names.ts'
import { id } from '../params.ts'
import { route, unauthorized } from '../route.ts'
import { PAGED, pageOf } from './page.ts'

export const roomsImages = route({
  verb: 'GET',
  paths: ['/v1/rooms.images'],
  input: z.looseObject({ ...PAGED, roomId: id, startingFromId: id.optional() }),
  async run({ gate, caller }, input) {
    const found = await roomOf(gate.parts, caller.account, input.roomId)
    if (!found) return unauthorized
    const page = pageOf(gate, input)
    const from = input.startingFromId === undefined ? {} : { from: input.startingFromId }
    const listed = await listFiles(gate, caller, found.room, { typeGroup: 'image', ...from }, page)
    if (isRejection(listed)) return unauthorized
    return { files: listed.files, count: listed.files.length, offset: page.offset, total: listed.total }
  },
})
