// `POST /kick`: takes users out of rooms; they may come back.
import { z } from 'zod'
import type { Gate } from '../../gate.ts'
import { inNameOf } from '../acting.ts'
import { perUser } from '../per-user.ts'
import { Fault, route } from '../route.ts'
import { anyUserId, base64, oneRoom, short } from '../shapes.ts'
import { roomBy, textOf } from '../targets.ts'

const kickOne = z.object({
  target: short.optional(),
  ...oneRoom,
  reason: base64.nullish(),
  admin_id: anyUserId.nullish(),
})

export const kick = route({
  method: 'POST',
  path: '/kick',
  summary: 'Takes users out of rooms.',
  wrapped: false,
  body: perUser(kickOne),
  answer: z.record(z.string(), z.enum(['OK', 'FAIL'])),
  async run(gate, body) {
    const data: Record<string, string> = {}
    for (const [user, wanted] of Object.entries(body)) data[user] = (await out(gate, user, wanted)) ? 'OK' : 'FAIL'
    return { data }
  },
})

/** Not for whoever is unknown; somebody who is not inside is out already. */
async function out(gate: Gate, id: string, wanted: z.output<typeof kickOne>): Promise<boolean> {
  const account = await gate.parts.identity.users.find({ id })
  const found = await roomBy(gate, wanted)
  const reason = textOf(wanted.reason ?? undefined, 'reason')
  if (!account || found instanceof Fault || reason instanceof Fault) return false
  const kicking = { session: null, room: found.room.id, user: account.id, reason, banMs: 0 }
  const done = await inNameOf(gate.parts, wanted.admin_id, actor => gate.parts.sanctions.kick({ actor, ...kicking }))
  return !(done instanceof Fault)
}
