// `channels.messages`, `groups.messages`, `im.messages`: pages of a room, newest first; all of it, or those that name some
// users, that the caller has starred, or that are pinned.

import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import { errorOf } from '../../errors.ts'
import { countShown, historyOf } from '../../history.ts'
import { markedPage } from '../marked-page.ts'
import { PAGED, pageOf } from '../page.ts'
import { familyRoutes } from './family.ts'

const query = z.looseObject({
  mentionIds: z.string().max(1_024).optional(),
  starredIds: z.string().max(1_024).optional(),
  pinned: z.string().optional(),
  ...PAGED,
})

export const messages = familyRoutes({
  families: ['channels', 'groups', 'im'],
  verb: 'GET',
  name: 'messages',
  input: query,
  async run(call, { mentionIds, starredIds, pinned, ...paged }, found) {
    const { gate, caller } = call
    if (pinned === 'true') return markedPage(call, found, { of: 'pinned' }, paged)
    // Stars are nobody else's to ask for.
    if (starredIds) return markedPage(call, found, { of: 'starred' }, paged)
    const [named] = (mentionIds ?? '').split(',').filter(isUserId)
    if (named) return markedPage(call, found, { of: 'mentioning', sought: named }, paged)
    const { offset, count } = pageOf(gate, paged)
    const shown = await historyOf(gate.parts, caller.account, found.room, { count, skip: offset })
    if (isRejection(shown)) return errorOf(shown, 'messages')
    const total = await countShown(gate.parts, caller.account, found.room)
    return { messages: shown.map(({ document }) => document), count: shown.length, offset, total }
  },
})
