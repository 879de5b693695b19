// `POST /set-admin`, `POST /remove-admin`: makes somebody a global moderator, or takes that away.
import { z } from 'zod'
import { isRefused } from '../../../../identity/rejection.ts'
import type { GlobalRole } from '../../../../room/facts.ts'
import type { Gate } from '../../gate.ts'
import { Fault, type Given, NOTHING, route } from '../route.ts'
import { short, userId } from '../shapes.ts'
import { accountFor } from '../users.ts'

const ROLE: GlobalRole = 'globalmod'

export const setAdmin = route({
  method: 'POST',
  path: '/set-admin',
  summary: 'Makes a user a global moderator; one who is not there yet is made.',
  wrapped: false,
  body: z.object({ id: userId, name: short }),
  answer: z.null(),
  async run(gate, { id, name }) {
    const account = await accountFor(gate.parts, id, name)
    return account instanceof Fault ? account : change(gate, account.id, roles => [...roles, ROLE])
  },
})

export const removeAdmin = route({
  method: 'POST',
  path: '/remove-admin',
  summary: 'Takes the role of a global moderator away.',
  wrapped: false,
  body: z.object({ id: userId }),
  answer: z.null(),
  run: (gate, { id }) => change(gate, id, roles => roles),
})

async function change(
  { parts }: Gate,
  id: z.output<typeof userId>,
  next: (others: readonly GlobalRole[]) => readonly GlobalRole[],
): Promise<Given | Fault> {
  const changed = await parts.identity.users.change(id, ({ roles }) => ({
    roles: next(roles.filter(role => role !== ROLE)),
  }))
  if (!isRefused(changed)) return NOTHING
  return new Fault(changed.rejected === 'user.unknown' ? 'no such user' : 'the roles could not be changed, try again')
}
