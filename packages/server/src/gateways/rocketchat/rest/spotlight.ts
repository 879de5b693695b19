// `spotlight`: users and rooms by what is typed.
import { z } from 'zod'
import { FILTER } from '../limits.ts'
import { route } from '../route.ts'
import { spotlight as search } from '../spotlight.ts'

export const spotlight = route({
  verb: 'GET',
  paths: ['/v1/spotlight'],
  input: z.looseObject({ query: z.string().max(FILTER) }),
  run: (call, { query }) => search(call, { text: query, known: [], users: true, rooms: true }),
})
