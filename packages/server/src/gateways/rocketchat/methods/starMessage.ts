// `starMessage`: for the caller to find again; nobody else sees it. False where there is no such message for a member.
import { z } from 'zod'
import { STARRED } from '../../../limits.ts'
import { MeteorError } from '../errors.ts'
import { tellStar } from '../live/tell.ts'
import { type FoundMessage, messageOf } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'

const NAME = 'starMessage'

export const starMessage = method({
  name: NAME,
  params: list(z.looseObject({ _id: id, starred: z.boolean() })),
  async run(call, [{ _id, starred }]) {
    const refused = checkStarring(call)
    if (refused) return refused
    const found = await messageOf(call.gate, call.caller, _id)
    if (!found?.room.members.has(call.caller.account.id)) return false
    return (await star(call, found, starred)) ?? true
  },
})

export function checkStarring({ gate }: Call): MeteorError | null {
  if (gate.settings.get('Message_AllowStarring')) return null
  return new MeteorError('error-action-not-allowed', 'Message starring not allowed', {
    method: NAME,
    action: 'Message_starring',
  })
}

export async function star({ gate, caller }: Call, message: FoundMessage, on: boolean): Promise<MeteorError | null> {
  const { parts } = gate
  const { room, target } = message
  const user = caller.account.id
  if (on && (await parts.reading.countStarred(room.id, user)) >= STARRED)
    return new MeteorError('error-not-allowed', `At most ${STARRED} messages of a room can be starred`, {
      method: NAME,
    })
  const row = { put: 'star', room: room.id, user, sequence: target.sequence, on, at: parts.clock.now() } as const
  await parts.write({ guards: [], append: null, rows: [row] })
  tellStar(parts, room, user, target.sequence)
  return null
}
