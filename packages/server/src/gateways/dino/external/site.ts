// Where the embedding site gets to hear of things: hooked in once, when the gateway opens, and only where somebody is to
// be told.
import { externally, tellDisconnect, tellJoin } from '../external.ts'
import type { Gate } from '../gate.ts'
import { kicked, rowsOfDecided, rowsOfSanctions } from './log.ts'
import { placed } from './parts.ts'

export function tellSite(gate: Gate): void {
  const { outgoing, engine, sanctions, occupancy } = gate.parts
  if (!outgoing.enabled) return
  engine.onDecided(decided => rowsOfDecided(gate, decided))
  sanctions.onDecided(changed => rowsOfSanctions(gate, changed))
  sanctions.onKickedOut(({ room, account, actor, reason }) =>
    externally(gate, 'kick', kicked(account.id, account, actor, reason, placed(room)), room.id),
  )
  occupancy.onEntered(({ account, room, again }) => {
    if (!again) tellJoin(gate, account, room)
  })
  occupancy.onDeparture({ left: async () => {}, gone: async user => tellDisconnect(gate, user) })
  externally(gate, 'restart', {})
}
