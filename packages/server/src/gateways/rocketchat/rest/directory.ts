// `directory`: what is looked for stands in `query`, a JSON object, or in parameters of its own (newer clients).
import { z } from 'zod'
import { FILTER } from '../limits.ts'
import { browse } from '../rooms/directory.ts'
import { failure, route } from '../route.ts'
import { PAGED, pageOf } from './page.ts'

const text = z.string().max(FILTER).optional()
const asked = z.looseObject({ text, type: z.enum(['channels', 'users', 'teams']).optional(), workspace: text })
const wrong = failure('Please verify the parameters')

export const directory = route({
  verb: 'GET',
  paths: ['/v1/directory'],
  input: z.looseObject({ ...PAGED, query: z.string().max(1_024).optional() }),
  async run(call, input) {
    const read = asked.safeParse({ ...input, ...objectOf(input.query) })
    if (!read.success) return wrong
    const sort = Object.entries(objectOf(input.sort))
    if (sort.length > 1) return failure('This method support only one "sort" parameter')
    const [by, direction] = sort[0] ?? []
    const page = pageOf(call.gate, input)
    const found = await browse(call, {
      ...page,
      type: read.data.type ?? 'channels',
      text: read.data.text ?? '',
      sortBy: by ?? 'name',
      descending: by !== undefined && direction !== 1,
    })
    if (!found) return wrong
    return { result: found.results, count: found.results.length, offset: page.offset, total: found.total }
  },
})

function objectOf(json: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}
