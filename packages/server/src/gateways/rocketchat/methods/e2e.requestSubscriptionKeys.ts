// `e2e.requestSubscriptionKeys`: asks in every room of the caller's whose key the caller lacks (rocketchat.md 5.6).

import { SIGNAL } from '../live/tell.ts'
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const e2eRequestSubscriptionKeys = method({
  name: 'e2e.requestSubscriptionKeys',
  params: nothing,
  // As the real server names it (RC-142).
  anonymousAs: 'requestSubscriptionKeys',
  async run({ gate, caller }) {
    const { reading, bus } = gate.parts
    for (const room of await reading.roomsOf(caller.account.id)) {
      if (room.suite !== 'rocketchat' || !room.epoch || room.keys.get(caller.account.id)?.accepted) continue
      const args = ['e2e.keyRequest', [room.epoch.version]]
      bus.publish(`room:${room.id}`, { kind: 'signal', name: SIGNAL.room, room: room.id, from: null, args })
    }
    return true
  },
})
