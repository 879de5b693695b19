// GET /2/chat/conversations/{id}/events: history, newest first and in both directions, from where the caller became a member.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { about, resourceId, roomOf } from '../conversation.ts'
import type { Encoded } from '../encode.ts'
import { problemOf } from '../errors.ts'
import { eventsPage, type Place } from '../events-page.ts'
import { pageToken } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { route } from '../route.ts'
import { maxResults, names, tokenOf } from '../schema.ts'

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
    pagination_token: tokenOf(['events', 'newer']).optional(),
    'chat_message_event.fields': names(FIELDS),
  }),
  body: z.object({}),
  answer: z.object({
    data: z.array(item),
    meta: z.object({
      result_count: z.int(),
      has_more: z.boolean(),
      /** Older events. */
      next_token: z.string().optional(),
      /** Newer events, also those that come later. */
      previous_token: z.string().optional(),
      conversation_key_events: z.array(z.string()),
    }),
  }),
  async run({ caller, param, query }, parts) {
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const page = await eventsPage(caller.account, room, query.max_results, placeAt(query.pagination_token), parts)
    if (isRejection(page)) return new Refusal(problemOf(page, about(parts, resourceId(room), room)))
    const data = page.events.map(event => itemOf(event, query['chat_message_event.fields']))
    return {
      data,
      meta: {
        result_count: data.length,
        has_more: page.more,
        ...(page.older === null ? {} : { next_token: pageToken('events', String(page.older)) }),
        ...(page.newer === null ? {} : { previous_token: pageToken('newer', String(page.newer)) }),
        conversation_key_events: page.keyChanges,
      },
    }
  },
})

function placeAt(token: { readonly list: 'events' | 'newer'; readonly place: string } | undefined): Place {
  if (!token) return { from: 'newest' }
  return {
    from: token.list === 'newer' ? 'above' : 'below',
    sequence: Math.min(Number(token.place), Number.MAX_SAFE_INTEGER),
  }
}

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
