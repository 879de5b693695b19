// GET /2/chat/invites/{token}: ours. Where a link leads: the id that a request to join is signed for, and nothing else of a
// group to which the caller does not belong (L10).
import { z } from 'zod'
import { resourceId } from '../conversation.ts'
import { invitedBy } from '../invites.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'

export const getChatInvite = route({
  operation: 'getChatInvite',
  method: 'GET',
  path: '/chat/invites/:token',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.object({ conversation_id: z.string() }) }),
  async run({ caller, param }, parts) {
    const invited = await invitedBy(param('token'), caller, parts)
    return invited instanceof Refusal ? invited : { data: { conversation_id: resourceId(invited.room) } }
  },
})
