// `channels.files`, `groups.files`, `im.files`: the files of a room, newest first.
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import { errorOf } from '../../errors.ts'
import { listFiles } from '../../files/file-list.ts'
import { ID_TEXT } from '../../limits.ts'
import { PAGED, pageOf } from '../page.ts'
import { familyRoutes } from './family.ts'

const text = z.string().min(1).max(ID_TEXT).optional()

export const filesOf = familyRoutes({
  families: ['channels', 'groups', 'im'],
  verb: 'GET',
  name: 'files',
  input: z.looseObject({ ...PAGED, name: text, typeGroup: text, userId: text }),
  async run({ gate, caller }, input, { room }, family) {
    const page = pageOf(gate, input)
    const { name, typeGroup, userId } = input
    const wanted = {
      ...(name === undefined ? {} : { name }),
      ...(typeGroup === undefined || typeGroup === 'all' ? {} : { typeGroup }),
      ...(userId === undefined ? {} : { userId }),
    }
    const listed = await listFiles(gate, caller, room, wanted, page)
    if (isRejection(listed)) return errorOf(listed, `${family}.files`)
    return { files: listed.files, count: listed.files.length, offset: page.offset, total: listed.total }
  },
})
