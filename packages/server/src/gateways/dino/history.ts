// Messages of the past, newest first, as `join` and `history` show them (dino.md section 4). What was erased is left out.
import type { Page } from '../../engine/reading.ts'
import type { Account } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import type { Origin } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { idOf, published } from './encode.ts'
import { contentOf } from './envelope.ts'
import { userName } from './names.ts'
import { type Attachment, accountsOf, authorDetails } from './people.ts'

export interface PastMessage {
  readonly author: { readonly id: string; readonly displayName: string; readonly attachments: readonly Attachment[] }
  readonly summary: string
  readonly id: string
  readonly content: string
  readonly published: string
}

/** `since` in ms since 1970: with the strategy `unread`, only what is not older. */
export async function historyOf(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  origin: Origin | null,
  since: number | null,
): Promise<readonly PastMessage[] | Rejection> {
  const { type, limit } = parts.config.dino.history
  const page: Page = { select: 'messages', order: 'newest', limit }
  const unread = type === 'unread' && since !== null
  const read = await parts.reading.page(reader, room.id, unread ? { ...page, since } : page, origin)
  if (isRejection(read)) return read
  const events = read.events.filter(event => !event.erased && event.body.type === 'message')
  const authors = await accountsOf(
    parts,
    events.flatMap(event => (event.actor === null ? [] : [event.actor])),
  )
  return events.map(event => {
    const author = event.actor === null ? undefined : authors.get(event.actor)
    const body = event.body as Extract<typeof event.body, { type: 'message' }>
    return {
      author: {
        id: event.actor ?? '0',
        displayName: author ? userName(author) : '',
        attachments: author ? authorDetails(author) : [],
      },
      summary: idOf(room.id),
      id: idOf(event.id),
      content: contentOf(body.content, body.messageId),
      published: published(event.at),
    }
  })
}
