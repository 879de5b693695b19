// `e2e.resetOwnE2EKey`: the caller starts anew without keys, and is logged out everywhere, here too, once this is answered.

import { resetKeysOf } from '../keys/reset-keys.ts'
import { method } from '../method.ts'
import { nothing } from '../params.ts'

const NAME = 'e2e.resetOwnE2EKey'

export const e2eResetOwnE2eKey = method({
  name: NAME,
  params: nothing,
  twoFactor: { remember: false },
  async run({ gate, caller }) {
    caller.connection?.answerFirst()
    return (await resetKeysOf(gate, caller.account.id, NAME)) ?? true
  },
})
