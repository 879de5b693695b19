// `*.addAll`: everybody comes in.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { addAll as addEverybody } from '../../rooms/add-all.ts'
import { shown } from './answer.ts'
import { familyRoutes } from './family.ts'

export const addAll = familyRoutes({
  families: ['channels', 'groups'],
  verb: 'POST',
  name: 'addAll',
  input: z.looseObject({}),
  active: true,
  office: true,
  async run(call, _, found, family) {
    const added = await addEverybody(call, found)
    if (added instanceof MeteorError) return added
    return shown(call, call.gate.parts.reading.newest(found.room), family)
  },
})
