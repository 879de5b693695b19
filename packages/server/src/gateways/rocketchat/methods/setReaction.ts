// `setReaction`: puts an emoji on a message, or takes one's own away; without `shouldReact` whichever is not so yet.
import { z } from 'zod'
import { EMOJI } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import { tellUser } from '../live/tell.ts'
import { messageOf } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { SERVER } from '../names.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'setReaction'

export const setReaction = method({
  name: NAME,
  params: list(z.string(), id, z.boolean().nullish()),
  async run(call, [emoji, messageId, shouldReact]) {
    const refused = await react(call, emoji, messageId, shouldReact ?? undefined)
    if (refused?.error !== 'You_have_been_muted') return refused ?? undefined
    const { parts } = call.gate
    const at = new Date(parts.clock.now())
    const told = { _id: parts.newId(), msg: refused.reason, ts: at, u: SERVER, private: true, _updatedAt: at }
    tellUser(parts, call.caller.account.id, 'message', { ...told, rid: refused.details?.rid })
    return false
  },
})

/** As shortcodes are written, and as emoji of the custom kind are: without what could be anything else. */
const SHORTCODE = /^[^\s:<>"'&]+$/u

export async function react(
  call: Call,
  text: string,
  messageId: string,
  shouldReact: boolean | undefined,
): Promise<MeteorError | null> {
  const name = text.replace(/:/g, '')
  const found = await messageOf(call.gate, call.caller, messageId)
  if (!found) return notAllowed(NAME)
  if (name.length > EMOJI - 2 || !SHORTCODE.test(name))
    return new MeteorError('error-not-allowed', 'Invalid emoji provided.', { method: NAME })
  const emoji = `:${name}:`
  const { event, room, target, inside } = found
  const actor = call.caller.account.id
  const given = event.done?.reactions ?? []
  const own = given.filter(({ users }) => users.includes(actor))
  const reacted = own.some(each => each.emoji === emoji)
  const on = shouldReact ?? !reacted
  if (on === reacted) return null
  const reactions = { all: given.reduce((sum, { users }) => sum + users.length, 0), own: own.length }
  const done = await submit(call, room.id, { command: 'react', actor, target, emoji, on, reactions, inside })
  return isRejection(done) ? errorOf(done, NAME) : null
}
