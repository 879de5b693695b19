// The lines of an export (protocol/transparency.md): JSON, one a line. First the header, then rooms with their events,
// then users with their key logs, so that every key that an event names was logged before its user is written down; last
// how many there are of each, without which the file is a part of one.
import type { UserId } from '@conclave/wire'
import type { ChainHead } from '@conclave/wire/transparency/chain'
import type { ServedKey } from '@conclave/wire/transparency/key-log'
import type { Suite } from '../room/events.ts'

export const EXPORT_VERSION = 1

export interface HeaderLine {
  readonly conclave: 'export'
  readonly version: number
  /** ms since 1970, when it was begun. */
  readonly at: number
  /** The Conclave that wrote it. */
  readonly by: string
}

/** A room as the server shows it at this sequence. */
export interface RoomLine {
  readonly kind: 'room'
  readonly id: string
  readonly suite: Suite
  /** Of its newest event. */
  readonly sequence: number
  readonly head: ChainHead
  readonly members: readonly UserId[]
  readonly admins: readonly UserId[]
  readonly epoch: string | null
}

/** An event of the room before it, as it is stored: ciphertext is ciphertext. */
export interface EventLine {
  readonly kind: 'event'
  readonly room: string
  readonly sequence: number
  readonly id: string
  readonly at: number
  readonly actor: UserId | null
  readonly body: unknown
  readonly erased?: true
  /** Control events: with these it is an entry of the chain. */
  readonly link?: { readonly number: number; readonly salt: string; readonly digest: string; readonly hash: string }
}

/** Who has a key log, and the keys that are served for them. */
export interface UserLine {
  readonly kind: 'user'
  readonly id: string
  readonly username: string
  readonly head: ChainHead
  readonly keys: readonly ServedKey[]
}

/** An entry of the key log of the user before it. */
export interface KeyLine {
  readonly kind: 'key'
  readonly user: string
  readonly number: number
  readonly hash: string
  readonly entry: unknown
}

export interface EndLine {
  readonly kind: 'end'
  readonly rooms: number
  readonly events: number
  readonly users: number
  readonly keys: number
}

export type ExportLine = RoomLine | EventLine | UserLine | KeyLine
