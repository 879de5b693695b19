// `chat.getMessages`: several messages by their ids, as the method `getMessages` gives them.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { MESSAGES_NAMED } from '../limits.ts'
import { id } from '../params.ts'
import { listed } from '../query.ts'
import { route } from '../route.ts'

const ids = z.preprocess(listed, z.array(id).max(MESSAGES_NAMED).optional())

export const chatGetMessages = route({
  verb: 'GET',
  paths: ['/v1/chat.getMessages'],
  // The name of the list is not documented: those that the neighbouring routes have are taken.
  input: z
    .looseObject({ msgIds: ids, messageIds: ids, messages: ids })
    .refine(({ msgIds, messageIds, messages }) => msgIds ?? messageIds ?? messages, { path: ['msgIds'] }),
  async run({ gate, caller, bytes }, { msgIds, messageIds, messages }) {
    const params = [msgIds ?? messageIds ?? messages]
    const answer = await dispatch(gate, caller, { name: 'getMessages', params, bytes })
    return 'error' in answer ? answer.error : { messages: answer.result }
  },
})
