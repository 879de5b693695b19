// `POST /broadcast`: `gn_broadcast` to everybody who is logged in, or to one room.
import { z } from 'zod'
import { isHidden } from '../../../../room/rights.ts'
import { idOf, PROVIDER } from '../../encode.ts'
import { stamp } from '../../gate.ts'
import { roomName } from '../../names.ts'
import { tellAll, tellRoom } from '../../tell.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { base64, oneRoom, short } from '../shapes.ts'
import { roomBy, textOf } from '../targets.ts'

const ADMIN = { id: '0', displayName: Buffer.from('Admin').toString('base64') }

export const broadcast = route({
  method: 'POST',
  path: '/broadcast',
  summary: 'Shows a text (base64) to everybody, or to one room.',
  wrapped: false,
  body: z.object({ body: base64, verb: short.min(1), ...oneRoom }),
  answer: z.null(),
  async run(gate, { body, verb, room_id, room_name }) {
    const text = textOf(body, 'body')
    if (text instanceof Fault) return text
    if (text === '') return new Fault('body is blank')
    const activity = { actor: ADMIN, content: body, verb, ...stamp(gate), provider: PROVIDER }
    const { bus } = gate.parts
    if (room_id === undefined && room_name === undefined) {
      tellAll(bus, 'gn_broadcast', JSON.stringify(activity))
      return NOTHING
    }
    const found = await roomBy(gate, { room_id, room_name })
    if (found instanceof Fault) return found
    if (isHidden(found.room)) return new Fault('only the members of the room write to it')
    const target = { id: idOf(found.room.id), objectType: 'room', displayName: roomName(found.room) }
    tellRoom(bus, found.room.id, 'gn_broadcast', JSON.stringify({ ...activity, target }))
    return NOTHING
  },
})
