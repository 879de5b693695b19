// Rooms that newcomers are put into (`default`): looked for when somebody is made by hand, which is seldom.
import type { Account } from '../../../room/facts.ts'
import type { Gate } from '../gate.ts'
import { DEFAULT_ROOMS } from '../limits.ts'
import { typeOf } from '../names.ts'

export async function joinDefaultRooms({ parts }: Gate, account: Account): Promise<void> {
  let joined = 0
  for (const { id } of await parts.reading.channels()) {
    for (const room of await parts.reading.roomsIn(id)) {
      if (!room.isDefault || room.removed || room.suite !== 'none' || room.kind === 'direct') continue
      // Into a private room nobody comes by themselves; that it is a default one is an administrator's word.
      const actor = typeOf(room) === 'p' ? null : account.id
      const command = { command: 'add-members', actor, users: [account.id], signed: null } as const
      // A room that takes nobody now is left out: the account is there all the same.
      await parts.engine.submit({ room: room.id, command, session: null, bytes: 0 })
      if (++joined >= DEFAULT_ROOMS) return
    }
  }
}
