// `unpinMessage`: true when it is pinned no more.
import { z } from 'zod'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { pin } from './pinMessage.ts'

export const unpinMessage = method({
  name: 'unpinMessage',
  params: list(z.looseObject({ _id: id })),
  run: (call, [{ _id }]) => pin(call, _id, false),
})
