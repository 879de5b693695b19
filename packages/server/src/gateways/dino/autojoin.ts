// Auto-join (dino.md section 9): at log-in a user enters every room whose `autojoin` rules they meet; operators, owners
// and channel admins meet all of them.
import type { Session } from '../../engine/sessions.ts'
import type { Account } from '../../room/facts.ts'
import { joinsAtLogin, visitorOf } from '../../room/rights.ts'
import type { Gate } from './gate.ts'
import { putInside } from './inside.ts'
import type { DinoSession } from './session.ts'

export async function autojoin(gate: Gate, session: DinoSession, live: Session, account: Account): Promise<void> {
  const { config, engine } = gate.parts
  if (!config.dino.autojoin) return
  for (const { channel, rooms } of await gate.directory.all()) {
    for (const room of rooms) {
      if (session.rooms.has(room.id)) continue
      if (!joinsAtLogin(room, visitorOf(engine.settings.acl, room, channel, account))) continue
      if (session.live !== live) return
      await putInside(gate, session, live, room.id)
    }
  }
}
