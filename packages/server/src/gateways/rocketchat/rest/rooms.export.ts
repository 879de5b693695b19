// `rooms.export`: no room goes out by mail or as a file this way: the operator exports (`conclave export`), with what proves
// it. What is asked wrongly is told so first, as clients expect.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { ID_TEXT, USERS } from '../limits.ts'
import { id } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { route } from '../route.ts'

const day = z.iso.date().optional()
const recipients = z.array(z.string().max(ID_TEXT)).max(USERS).optional()

export const roomsExport = route({
  verb: 'POST',
  paths: ['/v1/rooms.export'],
  input: z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('file'), rid: id, dateFrom: day, dateTo: day, format: z.enum(['html', 'json']) }),
    z.looseObject({
      type: z.literal('email'),
      rid: id,
      toUsers: recipients,
      toEmails: recipients,
      messages: z.array(id).min(1).max(USERS),
    }),
  ]),
  async run({ gate, caller }, input) {
    if (!(await governed(gate, caller, input.rid))) return new MeteorError('error-invalid-room', '')
    if (input.type === 'file' && input.dateFrom && input.dateTo && input.dateFrom > input.dateTo)
      return new MeteorError('error-invalid-dates', 'From date cannot be after To date')
    if (input.type === 'email' && !input.toUsers?.length && !input.toEmails?.length)
      return new MeteorError('error-invalid-recipient', '')
    return new MeteorError('error-action-not-allowed', 'Rooms are exported by the operator of this server')
  },
})
