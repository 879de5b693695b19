// `channels.getAllUserMentionsByChannel`: messages of a room that name the caller, newest first.
import { z } from 'zod'
import { markedPage } from '../marked-page.ts'
import { PAGED } from '../page.ts'
import { familyRoutes } from './family.ts'

export const getAllUserMentionsByChannel = familyRoutes({
  families: ['channels', 'groups'],
  verb: 'GET',
  name: 'getAllUserMentionsByChannel',
  input: z.looseObject({ ...PAGED }),
  run: (call, paged, found) =>
    markedPage(call, found, { of: 'mentioning', sought: call.caller.account.id }, paged, 'mentions'),
})
