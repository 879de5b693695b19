// `commands.list`: slash commands, of which the server has none: clients do theirs themselves.
import { z } from 'zod'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const commandsList = route({
  verb: 'GET',
  paths: ['/v1/commands.list'],
  input: z.looseObject(PAGED),
  run: async ({ gate }, given) => pagedAnswer('commands', [], pageOf(gate, given)),
})
