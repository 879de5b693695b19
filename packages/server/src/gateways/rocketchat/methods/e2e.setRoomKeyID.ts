// `e2e.setRoomKeyID`: the room's first key, once (rocketchat.md 5.3). Of two clients that try, one wins.
import { isRejection } from '../../../room/rejection.ts'
import { isOpenRoom } from '../../../room/state.ts'
import { errorOf, invalidRoom, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'e2e.setRoomKeyID'
const NO_ACCESS: ReadonlySet<string> = new Set(['room.unknown', 'member.required', 'room.kind', 'banned', 'acl'])

export const e2eSetRoomKeyId = method({
  name: NAME,
  params: list(id, id),
  async run(call, [rid, version]) {
    const { account } = call.caller
    const found = await roomOf(call.gate.parts, account, rid)
    if (!found || !(found.room.members.has(account.id) || isOpenRoom(found.room))) return invalidRoom(NAME)
    if (found.room.suite === 'xchat') return notAllowed(NAME)
    const done = await submit(call, found.room.id, {
      command: 'open-epoch',
      actor: account.id,
      version,
      wraps: [],
      signatures: null,
      replaces: false,
    })
    if (!isRejection(done)) return undefined
    return NO_ACCESS.has(done.rejected) ? invalidRoom(NAME) : errorOf(done, NAME)
  },
})
