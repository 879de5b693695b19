// `dino.singleSession`: of a user's sessions on this wire the newest stays, on whatever nodes they are; the others are
// told with `gn_disconnect` and closed (dino.md section 2).

import type { BusMessage } from '../../bus/bus.ts'
import type { Session } from '../../engine/sessions.ts'
import type { ReadonlyFew } from '../../few.ts'
import type { Account } from '../../room/facts.ts'
import { disconnectedJson } from './encode-people.ts'
import { type Gate, stamp } from './gate.ts'
import type { DinoSession } from './session.ts'

const SIGNAL = 'dino/replaced'

/**
 * After a log-in whose session hears what concerns its user. Of two that come at once each looks at both, in the one order
 * in which presence took them, so that the same one stays for both; the one that came first may end itself.
 */
export async function keepNewest(gate: Gate, account: Account, live: Session): Promise<void> {
  const { parts } = gate
  if (!parts.config.dino.singleSession) return
  const own = (await parts.presence.sessionsOf(account.id)).filter(({ wire, token }) => wire === live.wire && token)
  const replaced = own.slice(0, -1).map(({ id }) => id)
  if (replaced.length === 0) return
  const json = disconnectedJson(account, stamp(gate))
  parts.bus.publish(`user:${account.id}`, {
    kind: 'signal',
    name: SIGNAL,
    room: null,
    from: null,
    args: [replaced, json],
  })
}

export function endReplaced(sessions: ReadonlyFew<DinoSession>, message: BusMessage): void {
  if (message.kind !== 'signal' || message.name !== SIGNAL) return
  const [replaced, json] = message.args as [readonly string[], string]
  for (const session of [...sessions]) {
    if (!session.live || !replaced.includes(session.live.id)) continue
    session.emit('gn_disconnect', json)
    session.end()
  }
}
