// Messages of the past, newest first, as `join` and `history` show them (dino.md section 4). What was erased is left out,
// and so are whispers of others.
import type { Page } from '../../engine/reading.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import { isHidden, type Origin } from '../../room/rights.ts'
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

/** `updated`, RFC 3339: with the strategy `unread`, from when on; else from what they have read. */
export async function historyOf(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  origin: Origin | null,
  updated: string | undefined,
): Promise<readonly PastMessage[] | Rejection> {
  const { type, limit } = parts.config.dino.history
  const bounds = type === 'top' ? {} : await unreadBounds(parts, reader, room, updated)
  const page: Page = { select: 'messages', order: 'newest', limit, ...bounds }
  const read = await parts.reading.page(reader, room.id, page, origin)
  return isRejection(read) ? read : pastMessages(parts, read.events)
}

const EVERYTHING = 0
/** After every sequence that there can be. */
const NOTHING = Number.MAX_SAFE_INTEGER - 1

/** From the time that the client names, else after what they have read. As on the real server, nothing is unread to who
 * was never here; but where acks are kept, what is not acked is unread. */
async function unreadBounds(
  { reading, config }: GatewayParts,
  reader: Account,
  room: RoomState,
  updated: string | undefined,
): Promise<Pick<Page, 'since' | 'after'>> {
  if (updated !== undefined) return { since: Date.parse(updated) }
  const cursor = await reading.cursor(room.id, reader.id)
  if (cursor) return { after: cursor.sequence }
  return { after: isHidden(room) && config.dino.deliveryGuarantee ? EVERYTHING : NOTHING }
}

/** Messages as clients see them, in the same order. */
export async function pastMessages(parts: GatewayParts, events: readonly RoomEvent[]): Promise<readonly PastMessage[]> {
  const shown = events.filter(event => !event.erased)
  const authors = await accountsOf(
    parts,
    shown.flatMap(event => event.actor ?? []),
  )
  return shown.flatMap(({ actor, room, id, at, body }) => {
    if (body.type !== 'message') return []
    const author = actor === null ? undefined : authors.get(actor)
    return {
      author: {
        id: actor ?? '0',
        displayName: author ? userName(author) : '',
        attachments: author ? authorDetails(author) : [],
      },
      summary: idOf(room),
      id: idOf(id),
      content: contentOf(body.content, body.messageId, parts),
      published: published(at),
    }
  })
}
