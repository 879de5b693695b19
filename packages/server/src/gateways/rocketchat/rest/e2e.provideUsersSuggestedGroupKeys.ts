// `e2e.provideUsersSuggestedGroupKeys`: copies of room keys for members who wait, one command for each room. Rooms that are
// not the caller's and users who are no members are passed over in silence: nobody learns which.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { KEY_ID, SUGGESTED_TOGETHER, WRAPPED_KEY } from '../../../limits.ts'
import type { SuggestedWrap } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf } from '../errors.ts'
import { KEY_ROOMS, SENT_OLD_KEYS } from '../limits.ts'
import { roomOf } from '../names.ts'
import { date, id } from '../params.ts'
import { route } from '../route.ts'
import { submit } from '../submit.ts'

const NAME = 'e2e.provideUsersSuggestedGroupKeys'

const key = z.string().min(1).max(WRAPPED_KEY)
const oldKey = z.object({ e2eKeyId: z.string().min(1).max(KEY_ID), ts: date, E2EKey: key })
const copy = z.object({ _id: id, key, oldKeys: z.array(oldKey).max(SENT_OLD_KEYS).nullish() })
const copies = z
  .record(z.string(), z.array(copy).max(SUGGESTED_TOGETHER))
  .refine(rooms => Object.keys(rooms).length <= KEY_ROOMS, `must have at most ${KEY_ROOMS} rooms`)

/** What went wrong with the server and not with the room: it may be tried again. */
const AGAIN: ReadonlySet<string> = new Set(['busy', 'unavailable', 'conflict'])

export const e2eProvideUsersSuggestedGroupKeys = route({
  verb: 'POST',
  paths: ['/v1/e2e.provideUsersSuggestedGroupKeys'],
  input: z.looseObject({ usersSuggestedGroupKeys: copies }),
  async run(call, { usersSuggestedGroupKeys }) {
    const { gate, caller } = call
    if (!gate.settings.get('E2E_Enable')) return {}
    for (const [rid, users] of Object.entries(usersSuggestedGroupKeys)) {
      const found = await roomOf(gate.parts, caller.account, rid)
      if (!found?.room.members.has(caller.account.id)) continue
      const wraps = users.flatMap(wrapOf)
      const done = await submit(call, found.room.id, { command: 'suggest-wraps', actor: caller.account.id, wraps })
      if (isRejection(done) && AGAIN.has(done.rejected)) return errorOf(done, NAME)
    }
    return {}
  },
})

function wrapOf({ _id, key, oldKeys }: z.output<typeof copy>): SuggestedWrap | [] {
  if (!isUserId(_id)) return []
  const old = (oldKeys ?? []).map(({ e2eKeyId, ts, E2EKey }) => ({ keyId: e2eKeyId, at: ts.getTime(), key: E2EKey }))
  return { user: _id, key, old }
}
