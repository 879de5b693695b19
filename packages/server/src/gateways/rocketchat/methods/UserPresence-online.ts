// `UserPresence:online`: the user is back at the client; on every wire.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const userPresenceOnline = method({
  name: 'UserPresence:online',
  params: nothing,
  async run({ gate, caller }) {
    await gate.parts.statuses.change(caller.account.id, before => (before === 'away' ? 'online' : null))
    return undefined
  },
})
