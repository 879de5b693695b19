// `POST /join`, `POST /leave`: takes the sessions of users into a room, or out of it. The room's own rules hold.
import type { RoomId } from '@conclave/wire'
import { z } from 'zod'
import type { Rejection } from '../../../../room/rejection.ts'
import { putInsideElsewhere, sessionsElsewhere } from '../../elsewhere.ts'
import { leftJson } from '../../encode-people.ts'
import { CODE, type Code, refusalOf } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import { stamp } from '../../gate.ts'
import { putInside } from '../../inside.ts'
import type { Found } from '../../rooms.ts'
import { tellUser } from '../../tell.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { oneRoom, userIds } from '../shapes.ts'
import { roomBy } from '../targets.ts'

interface Failure {
  readonly code: Code
  readonly message: string
}

const outcome = z.object({
  success: z.number().int(),
  failures: z.number().int(),
  errors: z.array(z.object({ code: z.number().int(), message: z.string() })),
})

export const join = route({
  method: 'POST',
  path: '/join',
  summary: 'Takes users who are online into a room.',
  wrapped: false,
  body: z.object({ user_ids: userIds, ...oneRoom }),
  answer: outcome,
  async run(gate, body) {
    const found = await roomBy(gate, body)
    const errors: Failure[] = []
    let success = 0
    for (const user of body.user_ids) {
      const failure =
        found instanceof Fault ? { code: CODE.NO_SUCH_ROOM, message: found.text } : await takeInside(gate, user, found)
      if (failure) errors.push(failure)
      else success += 1
    }
    return { data: { success, failures: errors.length, errors } }
  },
})

export const leave = route({
  method: 'POST',
  path: '/leave',
  summary: 'Takes users out of a room.',
  wrapped: false,
  body: z.object({ user_ids: userIds, ...oneRoom }),
  answer: z.null(),
  async run(gate, body) {
    const found = await roomBy(gate, body)
    if (found instanceof Fault) return found
    for (const user of body.user_ids) await takeOut(gate, user, found.room.id)
    return NOTHING
  },
})

/** null when every session of the user that is open is inside, on whatever node. */
export async function takeInside(gate: Gate, user: string, { room, channel }: Found): Promise<Failure | null> {
  const account = await gate.parts.identity.users.find({ id: user })
  const sessions = account ? [...gate.feeds.sessionsOf(account.id)] : []
  const elsewhere = account && gate.parts.nodes.shared ? await sessionsElsewhere(gate, account.id) : []
  if (!account || sessions.length + elsewhere.length === 0)
    return { code: CODE.NO_SUCH_USER, message: `user not online: ${user}` }
  for (const session of sessions) {
    const { live } = session
    if (!live || session.rooms.has(room.id)) continue
    const barred = await putInside(gate, session, live, room.id)
    if (!barred) continue
    return failureOf(gate, barred, { room, channel })
  }
  if (elsewhere.length === 0) return null
  const barred = await gate.parts.occupancy.barred(account.id, room.id)
  if (barred) return failureOf(gate, barred, { room, channel })
  const isInside = await putInsideElsewhere(gate, account.id, room.id, elsewhere)
  return isInside ? null : failureOf(gate, { rejected: 'unavailable' }, { room, channel })
}

function failureOf({ parts }: Gate, barred: Rejection, { room, channel }: Found): Failure {
  const { code, text } = refusalOf(barred, { now: parts.clock.now(), room, channel })
  return { code, message: text }
}

async function takeOut(gate: Gate, user: string, id: RoomId): Promise<void> {
  const { occupancy, identity, bus } = gate.parts
  const account = await identity.users.find({ id: user })
  if (!account) return
  for (const session of await occupancy.occupants(id)) {
    if (session.user !== account.id) continue
    const { room, last } = await occupancy.leave(session, id)
    // Whoever was taken out did not ask for it, and learns of it as the others do.
    if (last && room) tellUser(bus, account.id, 'gn_user_left', leftJson(room, account, stamp(gate)))
  }
}
