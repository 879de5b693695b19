// `*.info`: the room's own document.
import { z } from 'zod'
import { shown } from './answer.ts'
import { familyRoutes } from './family.ts'

export const info = familyRoutes({
  families: ['channels', 'groups'],
  verb: 'GET',
  name: 'info',
  input: z.looseObject({}),
  run: (call, _, { room }, family) => shown(call, room, family),
})
