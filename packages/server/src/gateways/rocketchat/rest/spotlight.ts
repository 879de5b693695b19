// `spotlight`: users and rooms by what is typed.
import { z } from 'zod'
import { FILTER } from '../limits.ts'
import { spotlight as search } from '../rooms/spotlight.ts'
import { route } from '../route.ts'

export const spotlight = route({
  verb: 'GET',
  paths: ['/v1/spotlight'],
  input: z.looseObject({ query: z.string().max(FILTER) }),
  run: (call, { query }) => search(call, { text: query, known: [], users: true, rooms: true }),
})
