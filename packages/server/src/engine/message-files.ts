// Files that go with messages: sent before the message, bound to it in the transaction that appends it, read by whoever may
// read it, and erased with it (the store sees to that). Until then a file is its sender's alone, and ends by itself. All
// refusals of a reader are one: what is not theirs is not there.
import type { RoomId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Account } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import type { Document, Store } from '../store/store.ts'
import type { Beside } from './engine.ts'
import type { Found } from './media.ts'
import type { MediaReads } from './media-reads.ts'
import { bytesOf, type FileInfo, guardOf, MEDIUM, type Medium, mediumOf, putMedium } from './media-records.ts'
import type { Reading } from './reading.ts'

export interface MessageFile extends Medium {
  readonly file: FileInfo
  readonly bytes: number
}

export interface FoundFile extends Found {
  readonly medium: MessageFile
}

export interface MessageFilesParts {
  readonly store: Store
  readonly clock: Clock
  readonly reading: Reading
  readonly reads: MediaReads
}

export class MessageFiles {
  readonly #parts: MessageFilesParts

  constructor(parts: MessageFilesParts) {
    this.#parts = parts
  }

  /** What the user has sent to this room under that key, whether it goes with a message by now or not. */
  async own(by: Account, room: RoomId, key: string): Promise<MessageFile | undefined> {
    const medium = await this.#find(key)
    return medium?.by === by.id && medium.room === room ? medium : undefined
  }

  /**
   * For the submission of the message with that id, which must name these files: from then on they go with it and with no
   * other. `said`: what is known of them now.
   */
  binding(by: Account, room: RoomId, files: ReadonlyMap<string, FileInfo>, messageId: string) {
    return async (): Promise<Beside | Rejection> => {
      const documents = await Promise.all([...files.keys()].map(key => this.#parts.store.document(MEDIUM, key)))
      const media = documents.map(document => this.#fileIn(document))
      const [guards, rows] = [[], []] as [Beside['guards'][number][], Beside['rows'][number][]]
      for (const [index, [key, file]] of [...files].entries()) {
        const medium = media[index]
        if (!medium || medium.room !== room || medium.by !== by.id || medium.messageId !== null)
          return { rejected: 'medium.unknown', key }
        guards.push(guardOf(MEDIUM, key, documents[index]))
        rows.push(putMedium({ ...withoutBytes(medium), file, messageId, endsAt: null }))
      }
      return { guards, rows }
    }
  }

  /**
   * For a reader, or with null for anybody. `members`: only members of the room get it, though others may read there.
   * undefined also where it is there for somebody else.
   */
  async open(reader: Account | null, key: string, members: boolean): Promise<FoundFile | undefined> {
    const medium = await this.#find(key)
    if (!medium || !(await this.#mayRead(reader, medium, members))) return undefined
    return { medium, bytes: medium.bytes, read: part => this.#parts.reads.open(reader?.id ?? null, medium, part) }
  }

  /** Those of a room that are there, by their keys. Whether somebody may know of them is the caller's matter. */
  async named(room: RoomId, keys: readonly string[]): Promise<ReadonlyMap<string, MessageFile>> {
    const media = await Promise.all(keys.map(key => this.#find(key)))
    return new Map(media.flatMap(medium => (medium?.room === room ? [[medium.key, medium]] : [])))
  }

  async #mayRead(reader: Account | null, medium: MessageFile, members: boolean): Promise<boolean> {
    const { reading } = this.#parts
    if (members && reader) {
      const found = await reading.room(medium.room)
      if (!found?.room.members.has(reader.id)) return false
    }
    if (medium.messageId !== null) return reading.shows(reader, medium.room, medium.messageId)
    return reader?.id === medium.by && (await reading.covers(reader, medium.room, medium.sequence)) === true
  }

  async #find(key: string): Promise<MessageFile | undefined> {
    return this.#fileIn(await this.#parts.store.document(MEDIUM, key))
  }

  #fileIn(document: Document | undefined): MessageFile | undefined {
    if (!document || (document.dueAt !== null && document.dueAt <= this.#parts.clock.now())) return undefined
    const medium = mediumOf(document)
    const { file } = medium
    return file ? { ...medium, file, bytes: bytesOf(medium.segments) } : undefined
  }
}

function withoutBytes({ bytes: _, ...medium }: MessageFile): Medium {
  return medium
}
