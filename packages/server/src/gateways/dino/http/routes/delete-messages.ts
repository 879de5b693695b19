// `POST /delete-messages`: erases everything that a user has written. In X rooms messages are deleted over X alone; there
// they are counted as failed.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import type { Gate } from '../../gate.ts'
import { route } from '../route.ts'
import { short, userId } from '../shapes.ts'

interface Target {
  readonly id: EventId
  readonly sequence: number
  readonly sender: UserId | null
}

/** Messages of one command; one event names them all. */
const CHUNK = 500

const counts = z.object({
  status: z.literal('OK'),
  success: z.number().int(),
  failed: z.number().int(),
  total: z.number().int(),
})

export const deleteMessages = route({
  method: 'POST',
  path: '/delete-messages',
  summary: 'Erases everything that a user has written.',
  wrapped: false,
  body: z.object({ id: userId, type: short.optional() }),
  answer: counts,
  async run(gate, { id }) {
    let success = 0
    let failed = 0
    const until = gate.parts.clock.now() + 1
    for (let since = 0; ; ) {
      const page = await gate.parts.reading.sentBy(id, since, until, CHUNK)
      for (const [room, targets] of byRoom(page, id)) {
        const erased = await erase(gate, room, targets)
        if (erased) success += targets.length
        else failed += targets.length
      }
      const last = page.at(-1)
      if (!last || page.length < CHUNK) break
      // What is erased is found again, so a whole page of one millisecond would be found for ever.
      since = last.at > since ? last.at : since + 1
    }
    return { data: { status: 'OK', success, failed, total: success + failed } }
  },
})

function byRoom(
  events: Awaited<ReturnType<Gate['parts']['reading']['sentBy']>>,
  sender: UserId,
): ReadonlyMap<RoomId, readonly Target[]> {
  const rooms = new Map<RoomId, Target[]>()
  for (const { room, id, sequence, erased } of events) {
    if (erased) continue
    const targets = rooms.get(room)
    const target = { id, sequence, sender }
    if (targets) targets.push(target)
    else rooms.set(room, [target])
  }
  return rooms
}

async function erase({ parts }: Gate, room: RoomId, targets: readonly Target[]): Promise<boolean> {
  const command = { command: 'delete-messages', actor: null, targets, senderMay: false } as const
  return !isRejection(await parts.engine.submit({ room, command, session: null, bytes: 64 * targets.length }))
}
