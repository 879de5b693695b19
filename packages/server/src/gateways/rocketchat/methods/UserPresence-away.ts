// `UserPresence:away`: the user has left the client alone; on every wire.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const userPresenceAway = method({
  name: 'UserPresence:away',
  params: nothing,
  async run({ gate, caller }) {
    await gate.parts.statuses.change(caller.account.id, before => (before === 'online' ? 'away' : null))
    return undefined
  },
})
