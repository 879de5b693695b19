// `roomNameExists`: whether a plain room has that name, hidden or not: names are taken by all of them.
import { method } from '../method.ts'
import { id, list } from '../params.ts'

export const roomNameExists = method({
  name: 'roomNameExists',
  params: list(id),
  async run({ gate }, [name]) {
    return (await gate.parts.reading.named(name)).length > 0
  },
})
