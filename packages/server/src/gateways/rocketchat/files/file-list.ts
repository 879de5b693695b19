// The files of a room that somebody may see, newest first: pages of its messages with files, by the right of who asks (L10).
import type { MessageFile } from '../../../engine/message-files.ts'
import type { RoomEvent } from '../../../room/events.ts'
import { isRejection, type Rejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import { accountOf, type Document } from '../encode.ts'
import type { Caller, Gate } from '../gate.ts'
import { FILES_SCAN } from '../limits.ts'
import { userRefOf } from '../names.ts'
import type { Page } from '../rest/page.ts'
import { uploadDocument } from './file-documents.ts'

/** Which ones are wanted; those of which nothing is said all are. */
export interface Wanted {
  /** A part of the name, whatever its case. */
  readonly name?: string
  readonly typeGroup?: string
  readonly userId?: string
  /** From this one on, to the older ones. */
  readonly from?: string
}

export interface Listed {
  readonly files: readonly Document[]
  readonly total: number
}

/** `total` of a filtered list counts what is found among the newest FILES_SCAN messages with files. */
export async function listFiles(
  gate: Gate,
  caller: Caller,
  room: RoomState,
  wanted: Wanted,
  { offset, count }: Page,
): Promise<Listed | Rejection> {
  const filtered = Object.values(wanted).some(value => value !== undefined)
  const total = await gate.parts.reading.countFiles(caller.account, room.id)
  if (typeof total === 'object') return total
  const found: MessageFile[] = []
  const enough = filtered ? FILES_SCAN : offset + count
  let begun = wanted.from === undefined
  let before: number | undefined
  for (let scanned = 0; scanned < Math.min(enough, FILES_SCAN); ) {
    const page = await gate.parts.reading.page(caller.account, room.id, {
      select: 'files',
      order: 'newest',
      limit: Math.min(enough - scanned, STEP),
      ...(before === undefined ? {} : { before }),
    })
    if (isRejection(page)) return page
    if (page.events.length === 0) break
    for (const medium of await filesOf(gate, room, page.events)) {
      begun ||= medium.key === wanted.from
      if (begun && isWanted(medium, wanted)) found.push(medium)
    }
    scanned += page.events.length
    before = page.events.at(-1)?.sequence
  }
  const files = found.slice(offset, offset + count).map(async medium => {
    const account = await accountOf(gate.parts, medium.by)
    return uploadDocument(medium, room, userRefOf(account))
  })
  return { files: await Promise.all(files), total: filtered ? found.length : total }
}

/** Messages read at once. */
const STEP = 200

async function filesOf({ parts }: Gate, room: RoomState, events: readonly RoomEvent[]): Promise<MessageFile[]> {
  const keys = events.flatMap(({ body }) => (body.type === 'message' ? (body.media ?? []) : []))
  const named = await parts.media.files.named(room.id, keys)
  return keys.flatMap(key => named.get(key) ?? [])
}

function isWanted({ file, by }: MessageFile, { name, typeGroup, userId }: Wanted): boolean {
  return (
    (name === undefined || file.name.toLowerCase().includes(name.toLowerCase())) &&
    (typeGroup === undefined || file.type.startsWith(`${typeGroup}/`)) &&
    (userId === undefined || by === userId)
  )
}
