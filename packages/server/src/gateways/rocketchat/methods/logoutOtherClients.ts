// `logoutOtherClients`: the same, as Meteor names it; the client's own token goes on.

import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { logOutOthers } from '../users/tokens.ts'

export const logoutOtherClients = method({
  name: 'logoutOtherClients',
  params: nothing,
  async run({ gate, caller }) {
    await logOutOthers(gate, caller)
    return undefined
  },
})
