// `POST /status`: a user's status as the site knows it. Of who is not there, whether they are invisible holds from their
// next log-in on, whatever the `stage`.
import { z } from 'zod'
import { STATUS_VERBS, setStatus } from '../../statuses.ts'
import { Fault, NOTHING, route } from '../route.ts'
import { userId } from '../shapes.ts'

export const status = route({
  method: 'POST',
  path: '/status',
  summary: 'Changes the status of a user.',
  wrapped: false,
  body: z.object({ id: userId, status: z.enum(STATUS_VERBS), stage: z.enum(['status', 'login']).nullish() }),
  answer: z.null(),
  async run(gate, { id, status }) {
    const failed = await setStatus(gate, id, status)
    return failed ? new Fault(failed.text) : NOTHING
  },
})
