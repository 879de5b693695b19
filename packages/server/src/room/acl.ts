// Access rules on channels and rooms (dino.md section 6): what an action needs, in the words of the Dino API.
// They hold on every wire (design 6). Beside this file: acl-rules (what may be set where), acl-check (is a new one
// well formed), acl-evaluate (may this visitor do it).
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { AclRules } from './acl-rules.ts'

/** Characters of one ACL's value: a csv of every country is about 750. */
export const ACL_VALUE = 4_096
/** Characters of a user attribute that is looked at; a longer one counts as missing. */
export const ACL_ATTRIBUTE = 4_096
/** Characters of a refused type, action or value that an error text repeats where it is not itself bounded. */
export const ACL_ECHO = 200

/** `action` as in "join", `type` as in "age", `value` as in "35:50". */
export interface Acl {
  readonly action: string
  readonly type: string
  readonly value: string
}

export type AclTarget =
  | { readonly kind: 'room'; readonly room: RoomId; readonly channel: ChannelId }
  | { readonly kind: 'channel'; readonly channel: ChannelId }

/** Who asks, and about what: every role is the one held in this target (a channel's room roles are false). */
export interface Visitor {
  /** The rules of this server, by which every ACL is read. */
  readonly rules: AclRules
  readonly user: UserId
  readonly target: AclTarget
  /** The account's attributes, which only the operator's systems and the user's own info set. */
  readonly attributes: Readonly<Record<string, string>>
  readonly isRoomOwner: boolean
  readonly isRoomModerator: boolean
  readonly isChannelOwner: boolean
  readonly isChannelAdmin: boolean
  /** Superuser or globalmod. */
  readonly isOperator: boolean
  readonly isSuperuser: boolean
  /** Where the visitor says they come from (Dino's actor.url); `inside`: occupant or member there. */
  readonly origin: { readonly room: RoomId; readonly channel: ChannelId; readonly inside: boolean } | null
}

export interface AclRefusal {
  readonly acl: Acl
  readonly reason: string
}

/** The text that Dino's clients get with 705. */
export function refusalText(refusal: AclRefusal): string {
  const { acl, reason } = refusal
  return `acl "${acl.type}" did not validate for target acl "${acl.value}": ${reason}`
}
