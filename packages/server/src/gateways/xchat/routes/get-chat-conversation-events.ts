// GET /2/chat/conversations/{id}/events: history, newest first, from where the caller became a member.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { about, resourceId, roomOf } from '../conversation.ts'
import type { Encoded } from '../encode.ts'
import { problemOf } from '../errors.ts'
import { eventsPage } from '../events-page.ts'
import { pageToken } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { maxResults, names, paginationToken } from '../schema.ts'

const FIELDS = [
  'conversation_id',
  'conversation_token',
  'created_at',
  'encoded_event',
  'id',
  'is_trusted',
  'message_event_signature',
  'previous_id',
  'sender_id',
] as const

const item = z.object({
  /** The sequence id. */
  id: z.string(),
  /** In the colon form, as it is signed. */
  conversation_id: z.string().optional(),
  sender_id: z.string().optional(),
  created_at: z.iso.datetime().optional(),
  /** Base64 thrift MessageEvent. */
  encoded_event: z.string().optional(),
  is_trusted: z.boolean().optional(),
  previous_id: z.string().optional(),
  conversation_token: z.string().optional(),
  message_event_signature: z
    .object({ signature: z.string(), public_key_version: z.string(), signature_version: z.string().optional() })
    .optional(),
})

export const getChatConversationEvents = route({
  operation: 'getChatConversationEvents',
  method: 'GET',
  path: '/chat/conversations/:id/events',
  scopes: ['dm.read', 'users.read', 'tweet.read'],
  query: z.object({
    max_results: maxResults,
    pagination_token: paginationToken('events'),
    'chat_message_event.fields': names(FIELDS),
  }),
  body: z.object({}),
  answer: z.object({
    data: z.array(item),
    meta: z.object({
      result_count: z.int(),
      has_more: z.boolean(),
      next_token: z.string().optional(),
      conversation_key_events: z.array(z.string()),
    }),
  }),
  async run({ caller, param, query }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const before = query.pagination_token === undefined ? undefined : Number(query.pagination_token)
    const page = await eventsPage(caller.account, room, query.max_results, before, parts)
    if (isRejection(page)) return new Refusal(problemOf(page, about(parts, resourceId(room), room)))
    const data = page.events.map(event => itemOf(event, query['chat_message_event.fields']))
    return {
      data,
      meta: {
        result_count: data.length,
        has_more: page.next !== null,
        ...(page.next === null ? {} : { next_token: pageToken('events', String(page.next)) }),
        conversation_key_events: page.keyChanges,
      },
    }
  },
})

function itemOf(encoded: Encoded, fields: readonly string[] | undefined): z.infer<typeof item> {
  const { event, previous, signature, conversationToken } = encoded
  const shown = {
    id: event.id,
    conversation_id: encoded.conversationId,
    sender_id: encoded.senderId,
    created_at: new Date(event.at).toISOString(),
    encoded_event: encoded.envelope,
    is_trusted: true,
    ...(previous === null ? {} : { previous_id: previous }),
    ...(conversationToken === undefined ? {} : { conversation_token: conversationToken }),
    ...(signature === null
      ? {}
      : {
          message_event_signature: {
            signature: signature.signature,
            public_key_version: signature.publicKeyVersion,
            signature_version: signature.signatureVersion,
          },
        }),
  }
  if (!fields) return shown
  const kept = Object.fromEntries(Object.entries(shown).filter(([name]) => fields.includes(name)))
  return { ...kept, id: event.id }
}
