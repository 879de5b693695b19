// `removeOtherTokens`: every other log-in of the caller's over this wire ends; personal tokens stay.

import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { logOutOthers } from '../users/tokens.ts'

export const removeOtherTokens = method({
  name: 'removeOtherTokens',
  params: nothing,
  async run({ gate, caller }) {
    await logOutOthers(gate, caller)
    return undefined
  },
})
