// `channels.messages`, `groups.messages`, `im.messages`: pages of a room, newest first or sorted by `ts` or `u.username` (of
// the newest PAGE_MOST); all of it, or those that name some users, that the caller has starred, or that are pinned.

import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../../room/rejection.ts'
import type { Document } from '../../encode.ts'
import { errorOf } from '../../errors.ts'
import { MENTION_IDS, PAGE_MOST } from '../../limits.ts'
import { countShown, historyOf } from '../../messages/history.ts'
import { sortOf } from '../../rooms/rooms-list.ts'
import { markedPage, mentioningPage } from '../marked-page.ts'
import { PAGED, pageOf } from '../page.ts'
import { familyRoutes } from './family.ts'

const ORDER = { 1: 'oldest', [-1]: 'newest' } as const

function byUsername(documents: readonly Document[], direction: 1 | -1): Document[] {
  const name = ({ u }: Document): string => (u as { readonly username?: string }).username ?? ''
  return documents.toSorted((a, b) => direction * name(a).localeCompare(name(b)))
}

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
    const users = (mentionIds ?? '').split(',').filter(isUserId).slice(0, MENTION_IDS)
    if (users.length > 0) return mentioningPage(call, found, users, paged)
    const { offset, count } = pageOf(gate, paged)
    const [key, direction] = paged.sort === undefined ? (['ts', -1] as const) : sortOf(paged.sort)
    const byUser = key === 'u.username'
    const wanted = byUser ? { count: PAGE_MOST } : { count, skip: offset, order: ORDER[direction] }
    const read = await historyOf(gate.parts, caller.account, found.room, wanted)
    if (isRejection(read)) return errorOf(read, 'messages')
    const documents = read.map(({ document }) => document)
    const shown = byUser ? byUsername(documents, direction).slice(offset, offset + count) : documents
    const total = await countShown(gate.parts, caller.account, found.room)
    return { messages: shown, count: shown.length, offset, total }
  },
})
