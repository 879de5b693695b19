// `POST /acl`: sets one rule of a room; a blank value takes it away where the type has a value.
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import { refusalOf } from '../../errors.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { short } from '../shapes.ts'
import { roomBy } from '../targets.ts'

export const postAcl = route({
  method: 'POST',
  path: '/acl',
  summary: 'Sets one rule of a room.',
  wrapped: true,
  body: z.object({ room_id: short, action: short, acl_type: short, acl_value: short.nullish() }),
  answer: z.null(),
  async run(gate, { room_id, action, acl_type: type, acl_value }) {
    const found = await roomBy(gate, { room_id })
    if (found instanceof Fault) return found
    const value = acl_value === undefined || acl_value === null ? null : acl_value
    const done = await gate.parts.engine.submit({
      room: found.room.id,
      command: { command: 'set-acls', actor: null, changes: [{ action, type, value }] },
      session: null,
      bytes: 512,
    })
    return isRejection(done) ? new Fault(refusalOf(done, { now: gate.parts.clock.now(), ...found }).text) : NOTHING
  },
})
