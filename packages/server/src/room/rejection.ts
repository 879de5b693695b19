// Every expected refusal, one union with stable codes. A gateway turns each into its own wire's error through
// one total table; nothing else ever becomes an answer to a client. Bugs are thrown instead.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Acl } from './acl.ts'
import type { Sanction } from './events.ts'

/** Which part of a signed change is meant. */
export type SignedPart =
  | 'key change'
  | 'member add'
  | 'member remove'
  | 'group create'
  | 'message'
  | 'delete'
  | 'title'
  | 'avatar'
  | 'admin add'
  | 'admin remove'
  | 'ttl'
  | 'mute'
  | 'invite enable'
  | 'invite disable'
  | 'join request'
  | 'join reject'

export type Rejection =
  // the room and who may touch it
  | { readonly rejected: 'room.unknown' }
  | { readonly rejected: 'room.taken'; readonly room: RoomId }
  | { readonly rejected: 'room.closed' }
  | { readonly rejected: 'room.archived' }
  | { readonly rejected: 'room.readonly' }
  /** One of the two of a direct room has blocked the other. */
  | { readonly rejected: 'room.blocked' }
  /** The room is joined with a code; whether one was given at all. */
  | { readonly rejected: 'code.wrong'; readonly given: boolean }
  | { readonly rejected: 'room.full'; readonly limit: number }
  | { readonly rejected: 'room.kind'; readonly text: string }
  | { readonly rejected: 'name.taken'; readonly name: string }
  /** That place among the maker's rooms is taken; another one may be free. */
  | { readonly rejected: 'slot.taken' }
  | { readonly rejected: 'member.required' }
  | { readonly rejected: 'occupant.required'; readonly where: 'room' | 'origin' }
  | { readonly rejected: 'role.required'; readonly text: string }
  | { readonly rejected: 'owner.last' }
  | { readonly rejected: 'acl'; readonly acl: Acl; readonly reason: string }
  | { readonly rejected: 'banned'; readonly scope: 'global' | 'channel' | 'room'; readonly sanction: Sanction }
  | { readonly rejected: 'muted'; readonly scope: 'global' | 'channel' | 'room'; readonly sanction: Sanction }
  | { readonly rejected: 'account.inactive' }
  // members
  | { readonly rejected: 'members.none' }
  | { readonly rejected: 'members.duplicate'; readonly user: UserId }
  | { readonly rejected: 'members.already'; readonly user: UserId }
  | { readonly rejected: 'members.absent'; readonly user: UserId }
  | { readonly rejected: 'members.unaddable'; readonly user: UserId }
  /** A removal with the next key would take away whoever makes that key: leaving is another thing. */
  | { readonly rejected: 'members.self'; readonly user: UserId }
  | { readonly rejected: 'role.held'; readonly user: UserId }
  | { readonly rejected: 'role.absent'; readonly user: UserId }
  // invites and requests to join
  /** No such link, or none any more: whoever asks learns no more. */
  | { readonly rejected: 'invite.unknown' }
  | { readonly rejected: 'invite.absent' }
  | { readonly rejected: 'invite.taken' }
  | { readonly rejected: 'invite.past' }
  | { readonly rejected: 'join.already'; readonly as: 'member' | 'pending' }
  | { readonly rejected: 'join.absent'; readonly user: UserId }
  | { readonly rejected: 'join.full'; readonly limit: number }
  // epochs and wraps (L1, L2)
  | { readonly rejected: 'epoch.missing' }
  | { readonly rejected: 'epoch.malformed' }
  | { readonly rejected: 'epoch.exists'; readonly current: string }
  | { readonly rejected: 'epoch.stale'; readonly current: string | null }
  | { readonly rejected: 'epoch.ahead'; readonly current: string | null }
  | { readonly rejected: 'wrap.missing'; readonly user: UserId }
  | { readonly rejected: 'wrap.extra'; readonly user: UserId }
  | { readonly rejected: 'wrap.duplicate'; readonly user: UserId }
  | { readonly rejected: 'wrap.malformed'; readonly user: UserId }
  | { readonly rejected: 'wrap.outdated'; readonly user: UserId; readonly newest: string }
  /** A field that the change needs was not sent. */
  | {
      readonly rejected: 'field.missing'
      readonly field: 'conversation_key_version' | 'conversation_participant_keys' | 'action_signatures'
    }
  // signatures (L5)
  | { readonly rejected: 'signature.missing'; readonly part: SignedPart }
  | { readonly rejected: 'signature.extra' }
  | { readonly rejected: 'signature.detail'; readonly text: string }
  | { readonly rejected: 'signature.version'; readonly version: string }
  | { readonly rejected: 'signature.key'; readonly version: string }
  | { readonly rejected: 'signature.mismatch'; readonly part: SignedPart; readonly field: string }
  | { readonly rejected: 'signature.roster'; readonly field: string }
  | { readonly rejected: 'signature.comma'; readonly part: SignedPart }
  | { readonly rejected: 'signature.invalid'; readonly part: SignedPart }
  // messages
  | { readonly rejected: 'message.empty' }
  | { readonly rejected: 'message.size'; readonly limit: number }
  | { readonly rejected: 'message.malformed'; readonly text: string }
  | { readonly rejected: 'message.plaintext' }
  | { readonly rejected: 'message.suite'; readonly wanted: 'xchat' | 'rocketchat' | 'none' }
  | { readonly rejected: 'message.unknown'; readonly id: EventId | null }
  /** The id was used for something else, or by somebody else (L7). */
  | { readonly rejected: 'message.taken'; readonly key: string }
  /** So many stretches of messages the user hides in this room already. */
  | { readonly rejected: 'hidden.full'; readonly limit: number }
  /** No file of the room has this key. */
  | { readonly rejected: 'medium.unknown'; readonly key: string }
  // not done on this wire or at this time
  | { readonly rejected: 'suite.refused'; readonly text: string }
  | { readonly rejected: 'acl.malformed'; readonly field: 'type' | 'action' | 'value'; readonly text: string }
  | { readonly rejected: 'limit'; readonly text: string }
  | { readonly rejected: 'conflict'; readonly current: string | null }
  | { readonly rejected: 'busy' }
  | { readonly rejected: 'unavailable' }

export type RejectionCode = Rejection['rejected']

export function isRejection(value: object): value is Rejection {
  return 'rejected' in value
}
