// The links that follow from what is committed: the pure half of every store, so that all adapters chain alike
// (protocol/transparency.md). Hashes are kept beside the log, in the transaction that writes it.
import { hash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { type KeyEntry, type Link, linkOf, type RoomEntry, startHash, toHex } from '@conclave/wire/transparency/chain'
import type { RoomEvent } from '../room/events.ts'
import type { PublicKey } from '../room/facts.ts'
import type { ChainLink, KeyLogEntry } from './store.ts'

/** Bytes of what makes the digest of an entry that somebody may not read impossible to guess. */
export const SALT_BYTES = 16

/** Where a room's chain stands while a batch is written. */
export interface ChainDraft {
  readonly number: number
  readonly hash: Uint8Array
}

export interface DraftLink extends ChainDraft {
  readonly digest: Uint8Array
}

/** Before a room's first control event. */
export function startOfRoom(room: RoomEvent['room']): ChainDraft {
  return { number: 0, hash: startHash('room chain', room, sha256) }
}

export function startOfKeys(user: UserId): ChainDraft {
  return { number: 0, hash: startHash('key log', user, sha256) }
}

/** The link of a control event. `salt`: SALT_BYTES from a cryptographic source. */
export function linkOfEvent(last: ChainDraft, event: RoomEvent, salt: Uint8Array): DraftLink {
  const number = last.number + 1
  return { number, ...linkOf('room chain', last.hash, roomEntryOf(number, event, toHex(salt)), sha256) }
}

function roomEntryOf(number: number, { sequence, id, at, actor, body }: RoomEvent, salt: string): RoomEntry {
  return { number, sequence, id, at, actor, salt, body }
}

/** A link of a room's chain as it is served and exported. */
export function shownLink({ number, digest, hash, opened }: ChainLink): Link {
  return { number, digest, hash, ...(opened && { entry: roomEntryOf(number, opened.event, opened.salt) }) }
}

/** An entry of a key log as a link. */
export function shownKey(logged: KeyLogEntry): Link {
  return { number: logged.number, hash: logged.hash, entry: keyEntryOf(logged, logged.key) }
}

/** The link of a change of somebody's keys. `key`: X only. */
export function linkOfKey(
  last: ChainDraft,
  change: Pick<KeyEntry, 'at' | 'kind' | 'fingerprint'>,
  key: PublicKey | null,
): DraftLink {
  const number = last.number + 1
  return { number, ...linkOf('key log', last.hash, keyEntryOf({ number, ...change }, key), sha256) }
}

/** An entry of a key log as it is chained and served. */
export function keyEntryOf(
  { number, at, kind, fingerprint }: Pick<KeyEntry, 'number' | 'at' | 'kind' | 'fingerprint'>,
  key: PublicKey | null,
): KeyEntry {
  if (key === null) return { number, at, kind, fingerprint }
  const { version, identityKey, signingKey, identityKeySignature, signingKeySignature } = key
  const logged = { version, identityKey, signingKey, identityKeySignature, signingKeySignature }
  return { number, at, kind, fingerprint, key: logged }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}
