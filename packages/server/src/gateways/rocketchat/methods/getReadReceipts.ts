// `getReadReceipts`: this server keeps how far each member has read, and shows it to nobody else on this wire. The
// refusal is the one that clients know.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'

export const noReadReceipts = new MeteorError('error-action-not-allowed', 'This is an enterprise feature', {
  method: 'getReadReceipts',
})

export const getReadReceipts = method({
  name: 'getReadReceipts',
  params: list(z.unknown()),
  run: async () => noReadReceipts,
})
