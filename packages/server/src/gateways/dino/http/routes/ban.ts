// `POST /ban`, `DELETE /ban`: bans users from a room, a channel or the whole server, and lifts that. Of several bans each
// is done by itself; the answer names the first that is not right.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Scope } from '../../../../engine/sanctions.ts'
import { isRejection } from '../../../../room/rejection.ts'
import { refusalOf } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import { eraseEverywhere, eraseWritten } from '../../moderation.ts'
import { channelOf } from '../../rooms.ts'
import { inNameOf } from '../acting.ts'
import { eachUser, lengthOf, perUser } from '../per-user.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { anyUserId, base64, oneRoom, short, userId } from '../shapes.ts'
import { roomBy, textOf } from '../targets.ts'
import { accountFor } from '../users.ts'

const ban = z.object({
  type: z.enum(['room', 'channel', 'global']).optional(),
  duration: short,
  target: short.optional(),
  ...oneRoom,
  reason: base64.nullish(),
  admin_id: anyUserId.nullish(),
  name: base64.nullish(),
})

type Ban = z.output<typeof ban>

export const postBan = route({
  method: 'POST',
  path: '/ban',
  summary: 'Bans users from a room, a channel or the server.',
  wrapped: true,
  body: perUser(ban),
  answer: z.null(),
  run: (gate, body) => eachUser(gate, body, impose),
})

export const deleteBan = route({
  method: 'DELETE',
  path: '/ban',
  summary: 'Lifts a ban.',
  wrapped: true,
  body: z.object({ user_id: userId, ...oneRoom, channel_id: short.optional(), global: z.boolean().nullish() }),
  answer: z.null(),
  async run(gate, { user_id, room_id, room_name, channel_id, global }) {
    const type = global ? 'global' : channel_id === undefined ? 'room' : 'channel'
    const scope = await scopeOf(gate, type, { target: channel_id, room_id, room_name })
    if (scope instanceof Fault) return scope
    const done = await gate.parts.sanctions.lift({ actor: null, session: null, kind: 'ban', user: user_id, scope })
    return isRejection(done) ? new Fault(refusalOf(done, { now: gate.parts.clock.now() }).text) : NOTHING
  },
})

async function impose(gate: Gate, user: UserId, wanted: Ban): Promise<Fault | null> {
  const { sanctions, clock } = gate.parts
  // Nobody is banned from everywhere by a field that was forgotten.
  const scope = await scopeOf(gate, wanted.type ?? 'room', wanted)
  if (scope instanceof Fault) return scope
  const now = clock.now()
  const ms = lengthOf(wanted.duration, now)
  if (ms instanceof Fault) return ms
  const reason = textOf(wanted.reason ?? undefined, 'reason')
  if (reason instanceof Fault) return reason
  const name = textOf(wanted.name ?? undefined, 'name')
  if (name instanceof Fault) return name
  const account = await accountFor(gate.parts, user, name)
  if (account instanceof Fault) return account
  const done = await inNameOf(gate.parts, wanted.admin_id, actor =>
    sanctions.ban({ actor, session: null, user: account.id, scope, until: now + ms, reason, summary: wanted.duration }),
  )
  if (done instanceof Fault) return done
  if (scope.of === 'room') await eraseWritten(gate, account.id, [scope.room])
  else eraseEverywhere(gate, account.id, scope.of === 'channel' ? scope.channel : null)
  return null
}

async function scopeOf(
  gate: Gate,
  type: 'room' | 'channel' | 'global',
  named: {
    readonly target?: string | undefined
    readonly room_id?: string | undefined
    readonly room_name?: string | undefined
  },
): Promise<Scope | Fault> {
  if (type === 'global') return { of: 'global' }
  if (type === 'room') {
    const found = await roomBy(gate, named)
    return found instanceof Fault ? found : { of: 'room', room: found.room.id }
  }
  const channel = named.target === undefined ? undefined : await channelOf(gate.parts, named.target)
  return channel ? { of: 'channel', channel: channel.id } : new Fault('no such channel')
}
