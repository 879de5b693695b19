// `e2e.updateGroupKey` (the seed; design 6): a member's copy of the room's key is saved, or suggested where the member
// has one. The result is the subscription that now holds the key, as the seed shows it; nothing is revealed to, and of,
// whoever is no member.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { accountOf } from '../encode.ts'
import { errorOf, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { list } from '../params.ts'
import { subscriptionDocument } from '../rooms/subscription-document.ts'
import { submit } from '../submit.ts'

const NAME = 'e2e.updateGroupKey'
const text = z.string()
const SILENT: ReadonlySet<string> = new Set(['room.unknown', 'member.required', 'members.absent'])

export const e2eUpdateGroupKey = method({
  name: NAME,
  params: list(text, text, text),
  // The real server's slip, which its clients have seen for years (RC-107).
  anonymousAs: 'e2e.acceptSuggestedGroupKey',
  async run(call, [rid, uid, key]) {
    const { parts } = call.gate
    const caller = call.caller.account
    const found = await roomOf(parts, caller, rid)
    if (!found || !isUserId(uid)) return undefined
    if (!found.room.members.has(caller.id) || !found.room.members.has(uid)) return undefined
    if (found.room.suite === 'xchat') return notAllowed(NAME)
    const done = await submit(call, found.room.id, { command: 'save-wrap', actor: caller.id, user: uid, key })
    if (isRejection(done)) return SILENT.has(done.rejected) ? undefined : errorOf(done, NAME)
    const saved = done.events[0]?.body
    if (saved?.type !== 'wrap.saved' || saved.as !== 'accepted') return undefined
    const account = await accountOf(parts, uid)
    if (!account) return undefined
    const shown = uid === caller.id ? ({ keys: 'own' } as const) : ({ keys: 'saved', key } as const)
    return subscriptionDocument(call.gate, done.room, account, shown)
  },
})
