// The Feed port: what has changed beside the rooms' logs, in the order of its commits and without a gap, kept by the store
// for a while. A node that missed a message on the bus learns here what it said.
import type { RoomId, UserId } from '@conclave/wire'

export type Change =
  /** Copies of it are old. Of a document: `kind/key`. */
  | { readonly of: 'account' | 'channel' | 'keys' | 'document'; readonly id: string }
  /** A token is gone. */
  | { readonly of: 'token'; readonly hash: string }
  /** An event of a room's log concerns a user by name (room/concerned.ts). */
  | { readonly of: 'membership'; readonly user: UserId; readonly room: RoomId; readonly sequence: number }
  /** An event of a room's log changes the lists of rooms that clients show. */
  | { readonly of: 'listed'; readonly room: RoomId; readonly sequence: number }

export interface Changes {
  /** Oldest first. The last ones may be given again by the next reading: one that is being committed may come before them. */
  readonly changes: readonly Change[]
  /** Where to go on from. */
  readonly cursor: string
  /** More wait than the limit lets through. */
  readonly more: boolean
  /** What stood after the cursor is kept no longer: nothing that was remembered may be relied on. */
  readonly missed: boolean
}

export interface Feed {
  /** Where the feed ends now. Rejects with StoreFailure, as `read` does. */
  position(): Promise<string>
  read(after: string, limit: number): Promise<Changes>
}
