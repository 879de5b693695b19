// `POST /mute`, `DELETE /mute`: mutes users in a room for a time, and lifts that.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import { refusalOf } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import { inNameOf } from '../acting.ts'
import { eachUser, lengthOf, perUser } from '../per-user.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { anyUserId, base64, oneRoom, short, userId } from '../shapes.ts'
import { roomBy, textOf } from '../targets.ts'
import { accountFor } from '../users.ts'

const mute = z.object({ ...oneRoom, duration: short, reason: base64.nullish(), muter_user_id: anyUserId.nullish() })

type Mute = z.output<typeof mute>

export const postMute = route({
  method: 'POST',
  path: '/mute',
  summary: 'Mutes users in a room.',
  wrapped: true,
  body: perUser(mute),
  answer: z.null(),
  run: (gate, body) => eachUser(gate, body, impose),
})

export const deleteMute = route({
  method: 'DELETE',
  path: '/mute',
  summary: 'Lifts a mute.',
  wrapped: true,
  body: z.object({ user_id: userId, ...oneRoom }),
  answer: z.null(),
  async run(gate, { user_id, ...named }) {
    const found = await roomBy(gate, named)
    if (found instanceof Fault) return found
    const scope = { of: 'room', room: found.room.id } as const
    const done = await gate.parts.sanctions.lift({ actor: null, session: null, kind: 'mute', user: user_id, scope })
    return isRejection(done) ? new Fault(refusalOf(done, { now: gate.parts.clock.now() }).text) : NOTHING
  },
})

async function impose(gate: Gate, user: UserId, wanted: Mute): Promise<Fault | null> {
  const found = await roomBy(gate, wanted)
  if (found instanceof Fault) return found
  const now = gate.parts.clock.now()
  const ms = lengthOf(wanted.duration, now)
  if (ms instanceof Fault) return ms
  const reason = textOf(wanted.reason ?? undefined, 'reason')
  if (reason instanceof Fault) return reason
  const account = await accountFor(gate.parts, user, '')
  if (account instanceof Fault) return account
  const scope = { of: 'room', room: found.room.id } as const
  const imposing = { session: null, user: account.id, scope, until: now + ms, reason, summary: wanted.duration }
  const done = await inNameOf(gate.parts, wanted.muter_user_id, actor =>
    gate.parts.sanctions.mute({ actor, ...imposing }),
  )
  return done instanceof Fault ? done : null
}
