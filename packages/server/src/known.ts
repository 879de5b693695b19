// What the bus of many nodes looks things up in, where they come to it as ids and versions.
import type { ClusterBus } from './bus/cluster.ts'
import type { Core } from './engine/core.ts'
import { TOKEN_ID } from './identity/limits.ts'

export function knownOf({ rooms, identity }: Pick<Core, 'rooms' | 'identity'>): Parameters<ClusterBus['attach']>[0] {
  return {
    rooms,
    accounts: identity.accounts,
    channels: identity.channels,
    tokenOf: hash => hash.slice(0, TOKEN_ID),
    forget: () => {
      rooms.clear()
      identity.forget()
    },
  }
}
