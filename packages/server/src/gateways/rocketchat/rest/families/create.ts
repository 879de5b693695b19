// `channels.create`, `groups.create`: a new room with its maker as owner.
import { z } from 'zod'
import { createNamed, NAMED_ROOM } from '../../rooms/create.ts'
import { failure, type Route, route, unauthorized } from '../../route.ts'
import { shown } from './answer.ts'
import { type Family, pathsOf } from './family.ts'

const shape = z.object(NAMED_ROOM)
const KIND = { channels: 'public', groups: 'private' } as const

export const create: Route[] = (['channels', 'groups'] as const).map(family =>
  route({
    verb: 'POST',
    paths: pathsOf(family, 'create'),
    input: z.looseObject({}),
    async run(call, input) {
      const { gate, caller } = call
      if (!gate.permissions.may(caller.account, family === 'channels' ? 'create-c' : 'create-p')) return unauthorized
      const wrong = misnamed(family, input)
      if (wrong !== null) return failure(wrong)
      const asked = shape.safeParse(input)
      if (!asked.success) return failure('Match error')
      const said = asked.data.extraData?.encrypted === false ? { encrypted: false } : {}
      return shown(call, await createNamed(call, KIND[family], asked.data, `${family}.create`), family, said)
    },
  }),
)

/** In the words that clients know. */
function misnamed(family: Family, { name, members, customFields, extraData }: Record<string, unknown>): string | null {
  const what = family === 'channels' ? 'Param' : 'Body param'
  if (typeof name !== 'string' || name.trim() === '') return `${what} "name" is required`
  if (members && !Array.isArray(members)) return `${what} "members" must be an array if provided`
  if (customFields && typeof customFields !== 'object') return `${what} "customFields" must be an object if provided`
  if (extraData && typeof extraData !== 'object') return `${what} "extraData" must be an object if provided`
  return null
}
