/**
 * The one rule by which entries are chained (protocol/transparency.md): whoever knows the newest hash knows everything
 * before it. Here is what gets hashed; SHA-256 itself is the platform's, synchronous on a server, WebCrypto elsewhere.
 */
import { encodeUtf8 } from '../utf8.ts'
import { canonicalBytes } from './canonical.ts'

/** `key log`: what somebody registered. `room chain`: who may do what in a room. */
export type ChainKind = 'key log' | 'room chain'

/** SHA-256: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

export const HASH_BYTES = 32

/** Of the chain's start, which binds whose it is: a user's or a room's id, decimal. */
export function startInput(kind: ChainKind, id: string): Uint8Array {
  return encodeUtf8(`conclave ${kind} 1\0${id}`)
}

/** Of a link: the hash before it and the entry's digest. */
export function linkInput(kind: ChainKind, previous: Uint8Array, digest: Uint8Array): Uint8Array {
  const domain = encodeUtf8(`conclave ${kind} 1\0`)
  const input = new Uint8Array(domain.length + 2 * HASH_BYTES)
  input.set(domain)
  input.set(previous, domain.length)
  input.set(digest, domain.length + HASH_BYTES)
  return input
}

export function startHash(kind: ChainKind, id: string, sha256: Sha256): Uint8Array {
  return sha256(startInput(kind, id))
}

/** The link of an entry, whose canonical bytes are its digest's input. */
export function linkOf(
  kind: ChainKind,
  previous: Uint8Array,
  entry: KeyEntry | RoomEntry,
  sha256: Sha256,
): { readonly digest: Uint8Array; readonly hash: Uint8Array } {
  const digest = sha256(canonicalBytes(entry))
  return { digest, hash: sha256(linkInput(kind, previous, digest)) }
}

/** What an X user registers. Keys are base64 SPKI, signatures base64 r||s, the version is decimal. */
export interface LoggedKey {
  readonly version: string
  readonly identityKey: string
  readonly signingKey: string
  /** By the signing key over the identity key's SPKI. */
  readonly identityKeySignature: string
  /** By the identity key over the signing key's SPKI. */
  readonly signingKeySignature: string
}

/** One entry of a user's key log. */
export interface KeyEntry {
  /** 1, 2, 3 … */
  readonly number: number
  /** ms since 1970. */
  readonly at: number
  readonly kind: 'xchat.registered' | 'rocketchat.set' | 'rocketchat.reset'
  readonly fingerprint: string
  /** X only. */
  readonly key?: LoggedKey
}

/** One entry of a room's chain: a control event of its log. */
export interface RoomEntry {
  /** 1, 2, 3 … among the room's control events. */
  readonly number: number
  /** Its place among all events of the room's log. */
  readonly sequence: number
  readonly id: string
  /** ms since 1970. */
  readonly at: number
  /** null: the server. */
  readonly actor: string | null
  /** 16 random bytes as hex: without them the digest of what somebody may not read could be guessed. */
  readonly salt: string
  readonly body: unknown
}

/** A link as it is served and exported: hashes are hex. */
export interface Link {
  readonly number: number
  readonly hash: string
  /** There where the entry is not. */
  readonly digest?: string | undefined
  /** Absent where the reader may not see it. */
  readonly entry?: unknown
}

/** Where a chain stands: its newest link. Number 0 and an empty hash: it has none. */
export interface ChainHead {
  readonly number: number
  readonly hash: string
}

export const NO_HEAD: ChainHead = { number: 0, hash: '' }

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += DIGITS[byte]
  return text
}

/** 32 bytes of 64 lower-case hex digits; undefined for anything else. */
export function hashOfHex(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) return undefined
  const bytes = new Uint8Array(HASH_BYTES)
  for (let at = 0; at < HASH_BYTES; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)
  return bytes
}
