// `unfollowMessage`: the other way round.
import { z } from 'zod'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { follow } from './followMessage.ts'

export const unfollowMessage = method({
  name: 'unfollowMessage',
  params: list(z.looseObject({ mid: id })),
  run: (call, [{ mid }]) => follow(call, mid, false),
})
