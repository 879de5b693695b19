// POST /2/chat/conversations/group/initialize: an id for a group that the caller, and nobody else, may then create.
import type { RoomId } from '@conclave/wire'
import { groupIdOf } from '@conclave/wire'
import { z } from 'zod'
import { rememberInitialized } from '../initialized.ts'
import { route } from '../route.ts'

export const initializeChatGroup = route({
  operation: 'initializeChatGroup',
  method: 'POST',
  path: '/chat/conversations/group/initialize',
  scopes: ['dm.write'],
  query: z.object({}),
  body: z.object({}),
  answer: z.object({ data: z.object({ conversation_id: z.string() }) }),
  async run({ caller }, parts) {
    const room = parts.newId() as RoomId
    await rememberInitialized(room, caller.account.id, parts)
    return { data: { conversation_id: groupIdOf(room) } }
  },
})
