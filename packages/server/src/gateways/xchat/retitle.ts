// A change of a group's title or avatar: the same but for the name of the field.
import { z } from 'zod'
import { checkAdmin } from '../../room/admins.ts'
import type { actionSignatures } from './actions.ts'
import { signaturesOf } from './actions.ts'
import { changeConversation, groupOf } from './group.ts'
import { Refusal } from './problem.ts'
import type { Operation, Route } from './route.ts'
import { route } from './route.ts'

type Signed = { readonly action_signatures: z.output<typeof actionSignatures> }

export function retitleRoute<Body extends z.ZodType<Signed>>(
  operation: Operation,
  part: 'title' | 'avatar',
  body: Body,
  ciphertextOf: (sent: z.output<Body>) => string,
): Route {
  return route({
    operation,
    method: 'PUT',
    path: `/chat/conversations/:id/${part}`,
    scopes: ['dm.write', 'users.read', 'tweet.read'],
    query: z.object({}),
    body,
    answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
    async run(call, parts) {
      const { id } = call.caller.account
      const group = await groupOf(call, `there is a ${part} only of`, parts, room => checkAdmin(room, id))
      if (group instanceof Refusal) return group
      const sent = call.body()
      if (sent instanceof Refusal) return sent
      const signatures = signaturesOf(sent.action_signatures)
      const command = { command: 'retitle', actor: id, part, value: ciphertextOf(sent), signatures } as const
      const done = await changeConversation(call, group, command, parts)
      if (done instanceof Refusal) return done
      return { data: { conversation_id: group.address.id, sequence_id: done.events[0]?.id ?? '' } }
    },
  })
}
