// What a decision may know besides the room: the channel, accounts and public keys, each with the version
// that the append names as a guard (L3). The engine gathers them; nothing in room/ fetches anything.
import type { ChannelId, UserId } from '@conclave/wire'
import type { Acl } from './acl.ts'
import type { AclRules } from './acl-rules.ts'
import type { Sanction } from './events.ts'

export type GlobalRole = 'superuser' | 'globalmod' | 'admin'

export interface Account {
  readonly id: UserId
  /** Grows with every change of the account; compared in the transaction that writes. */
  readonly version: number
  readonly username: string
  readonly name: string
  /** The name that Dino shows: the displayName of the newest login there, else `name`. */
  readonly dinoName: string
  readonly active: boolean
  readonly roles: readonly GlobalRole[]
  /** Roles everywhere that only Rocket.Chat's wire knows, where an administrator there has given others than `user`. */
  readonly wireRoles?: readonly string[]
  /** Bans and mutes everywhere. */
  readonly sanctions: readonly Sanction[]
  /** Dino's user info as the operator sets it; also what ACLs are checked against. */
  readonly attributes: Readonly<Record<string, string>>
  /** What the user says of themselves (dino.md section 4, update_user_info): shown over `attributes`, and opens nothing. */
  readonly info: Readonly<Record<string, string>>
  /** Seen by operators alone (dino.md section 4, status), until the user goes online again; log-ins change nothing of it. */
  readonly invisible: boolean
  readonly excluded: readonly UserId[]
}

export interface Channel {
  readonly id: ChannelId
  readonly version: number
  readonly name: string
  readonly sort: number
  readonly tags: readonly string[]
  readonly owners: readonly UserId[]
  readonly admins: readonly UserId[]
  readonly acls: readonly Acl[]
  readonly sanctions: readonly Sanction[]
}

/** One registered X public key of a user. All values base64; keys are SPKI. */
export interface PublicKey {
  readonly version: string
  readonly identityKey: string
  readonly signingKey: string
  readonly identityKeySignature: string
  readonly signingKeySignature: string
  readonly fingerprint: string
  readonly at: number
}

/** A user's registered X keys, oldest first; `version` is the guard. */
export interface KeySet {
  readonly version: number
  readonly keys: readonly PublicKey[]
}

export interface Facts {
  readonly channel: Channel
  account(user: UserId): Account | undefined
  keys(user: UserId): KeySet | undefined
}

/** What a command wants to know; the engine loads it before it decides. */
export interface Needs {
  readonly accounts: readonly UserId[]
  readonly keys: readonly UserId[]
}

/** Values from outside that a decision uses. Pure functions and numbers only. */
export interface Context {
  /** ms since 1970, the store's clock. */
  readonly now: number
  /** True when the same command was decided before and lost a race. */
  readonly raced: boolean
  /** True when another epoch was opened since it was decided first: whoever rotates now has lost (L2). */
  readonly overtaken: boolean
  readonly settings: RoomSettings
  /** ECDSA P-256/SHA-256 over the text's UTF-8; key as base64 SPKI, signature as base64 r||s. */
  verify(signingKey: string, text: string, signature: string): boolean
}

export interface RoomSettings {
  /** By which every ACL is read and checked. */
  readonly acl: AclRules
  /** Rocket.Chat rooms close after a removal without rotation (L4). */
  readonly lockstep: boolean
  /** Most members of one room. */
  readonly groupSize: number
  /** Another's key without one is saved (`save`, the seed) or suggested. */
  readonly updateGroupKey: 'save' | 'suggest'
}

/** Rocket.Chat's administrator, who counts as an owner of every room but those of X; and who is none, opens nothing: an
 * admin reads, and comes into, no room that its members keep to themselves (L10). */
export function isAdmin(account: Account): boolean {
  return account.roles.includes('admin') || account.roles.includes('superuser')
}

export function isOperator(account: Account): boolean {
  return account.roles.includes('superuser') || account.roles.includes('globalmod')
}
