// The entries of a room log (design 1, 2): what a command may append and what every view is folded from.
// An event body carries no sequence and no id; the store gives both when it appends (EventBody -> RoomEvent).
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import type { Acl } from './acl.ts'

export type Suite = 'none' | 'xchat' | 'rocketchat'
/** `static` stays, `temporary` goes with its owner, `private` is seen by owners and members only,
 * `public` is a room that Rocket.Chat lists as a channel, `direct` belongs to an ordered pair of users. */
export type RoomKind = 'static' | 'temporary' | 'private' | 'public' | 'direct'
/** Owner = Rocket.Chat owner = X admin; moderator = Rocket.Chat moderator. */
export type RoomRole = 'owner' | 'moderator'

/** The kinds that are changed into each other. */
export type OpenOrHidden = Extract<RoomKind, 'public' | 'private'>

/** What a room is set to apart from its name, its place and who is in it: Rocket.Chat's settings of rooms. */
export interface RoomConfig {
  readonly description: string
  readonly announcement: string
  /** Its owners, its moderators and those who were given a voice write; nobody else. */
  readonly readOnly: boolean
  readonly reactWhenReadOnly: boolean
  /** Takes no messages and nobody new. */
  readonly archived: boolean
  readonly broadcast: boolean
  /** Shown before others in lists of rooms. */
  readonly featured: boolean
  /** A favourite of whoever is put into it by default. */
  readonly favorite: boolean
  /** What clients list of a team beside its main room. */
  readonly sidepanel: readonly ('channels' | 'discussions')[]
  /** What whoever joins by themselves has to know; never the code itself. */
  readonly joinCode: JoinCode | null
  readonly customFields: Readonly<Record<string, unknown>>
  /** Types of system messages that its clients do not show. */
  readonly hiddenMessages: readonly string[]
}

/** `digest` is made of the code and the salt by whoever has the code (gateways/rocketchat/rooms/join-code.ts). */
export interface JoinCode {
  readonly salt: string
  readonly digest: string
}

/** What one change sets; what is not named stays. */
export type RoomChanges = Partial<RoomConfig> & {
  readonly topic?: string
  readonly isDefault?: boolean
  readonly kind?: OpenOrHidden
}

/** A room's key encrypted to one member's public key of the named version. */
export interface Wrap {
  readonly user: UserId
  /** As the client sent it: base64 of 113 bytes (xchat), key id + base64 (rocketchat). */
  readonly key: string
  readonly publicKeyVersion: string
}

/** Rocket.Chat: a member's copy of a key that the room had before. */
export interface OldKey {
  readonly keyId: string
  /** ms since 1970 when another one took its place. */
  readonly at: number
  /** As that member's accepted copy was: key id and base64. */
  readonly key: string
}

/** Rocket.Chat: copies of the room's keys that somebody has made for a member. */
export interface SuggestedWrap {
  readonly user: UserId
  readonly key: string
  /** Newest first. */
  readonly old: readonly OldKey[]
}

/** An X action signature as it was verified and as it is served (x-chat.md 3.9, 5.4). */
export interface Signed {
  readonly messageId: string
  /** Base64 thrift MessageEventDetail, byte for byte as the signer sent it. */
  readonly detail: string
  /** Base64 of the 64-byte r||s. */
  readonly signature: string
  readonly publicKeyVersion: string
  readonly signatureVersion: string
}

/** A ban or a mute. `until` in ms since 1970; null never ends. */
export interface Sanction {
  readonly kind: 'ban' | 'mute'
  readonly user: UserId
  readonly from: number
  readonly until: number | null
  readonly reason: string
  readonly by: UserId | null
}

/** What a message carries, by the suite that it was sent under. */
export type Content =
  | {
      readonly suite: 'none'
      readonly text: string
      /** What only one wire's clients show: unknown activity fields on Dino, alias, attachments on Rocket.Chat. */
      readonly extra?: {
        readonly dino?: Readonly<Record<string, unknown>>
        readonly rocketchat?: Readonly<Record<string, unknown>>
      }
    }
  | {
      readonly suite: 'xchat'
      /** Base64 thrift MessageCreateEvent, as the sender signed it. */
      readonly createEvent: string
      readonly signature: string
      readonly publicKeyVersion: string
      readonly signatureVersion: string
      readonly epoch: string
      readonly conversationToken?: string
    }
  | {
      readonly suite: 'rocketchat'
      /** The `content` object, or the ciphertext in `msg` of clients before 7.0. Opaque. */
      readonly content: Readonly<Record<string, unknown>> | null
      readonly msg: string
      readonly extra?: Readonly<Record<string, unknown>>
    }

/** Whom a message names, as their names were when it was sent. */
export interface Mentions {
  readonly users: readonly { readonly id: UserId; readonly username: string; readonly name: string }[]
  /** Everybody, or everybody who is there. */
  readonly groups: readonly ('all' | 'here')[]
}

/** The message that a reply belongs to, of the same room. */
export interface ThreadRef {
  readonly id: EventId
  readonly sequence: number
}

/** Rocket.Chat: what a room is a discussion of. Whoever is a member of that room may come into this one. */
export interface DiscussionOf {
  readonly parent: RoomId
  /** The message that it is about; a message has one discussion at most. */
  readonly message: ThreadRef | null
}

/** Rocket.Chat: the team that a room is of, named by its main room. That room's members are the team's. */
export interface TeamPlace {
  readonly main: RoomId
  /** Whoever comes into the team comes into this room too. */
  readonly isDefault: boolean
}

/** What was done to a message after it was sent. Times in ms since 1970. */
export interface Done {
  /** Of the newest of it. */
  readonly at: number
  readonly edited?: { readonly at: number; readonly by: UserId | null }
  readonly pinned?: { readonly at: number; readonly by: UserId | null }
  /** Emoji and who reacted with it, both in the order of reacting; none without users. */
  readonly reactions?: readonly { readonly emoji: string; readonly users: readonly UserId[] }[]
  /** Replies that are not erased, and the newest one's time and sequence. */
  readonly thread?: { readonly count: number; readonly last: number; readonly sequence: number }
  /** Who is told of replies. */
  readonly followers?: readonly UserId[]
}

export type EventBody =
  | {
      readonly type: 'room.created'
      readonly channel: ChannelId
      readonly suite: Suite
      readonly kind: RoomKind
      /** Plain name; null where the room has none (X groups, direct rooms). */
      readonly name: string | null
      /** X title and avatar as the clients gave them, which may be ciphertext. */
      readonly title: string | null
      readonly avatar: string | null
      readonly ttlMs: number | null
      readonly topic: string
      readonly sort: number
      readonly tags: readonly string[]
      readonly members: readonly UserId[]
      readonly owners: readonly UserId[]
      readonly moderators: readonly UserId[]
      readonly acls: readonly Acl[]
      readonly pair: readonly [UserId, UserId] | null
      /** Its place among its maker's rooms, where their number has a limit: 0, 1, 2 … */
      readonly slot?: number
      readonly isDefault: boolean
      readonly isAdmin: boolean
      readonly config?: Partial<RoomConfig>
      readonly discussionOf?: DiscussionOf
      readonly team?: TeamPlace
    }
  /** X's signed GroupCreate, kept so that members can verify it. */
  | { readonly type: 'group.signed'; readonly signed: Signed }
  | {
      readonly type: 'members.added'
      readonly users: readonly UserId[]
      /** `rotation`: reads from the epoch opened just before (xchat); `all`: the whole log. */
      readonly reads: 'rotation' | 'all'
      readonly signed: Signed | null
      /** The group's title and avatar under the new key; null keeps the old ones. */
      readonly title: string | null
      readonly avatar: string | null
    }
  | {
      readonly type: 'members.removed'
      readonly users: readonly UserId[]
      readonly how: 'left' | 'kicked' | 'banned' | 'account'
      readonly reason: string
      /** True where nobody rotated with the removal and the suite demands it (L4). */
      readonly closes: boolean
      readonly signed: Signed | null
    }
  | {
      readonly type: 'epoch.opened'
      /** X conversation key version, or Rocket.Chat key id. */
      readonly version: string
      /** One for every member (xchat); the opener's own, if any (rocketchat). */
      readonly wraps: readonly Wrap[]
      readonly signed: Signed | null
    }
  /** Rocket.Chat: one member's copy of the room key is saved or suggested. */
  | {
      readonly type: 'wrap.saved'
      readonly user: UserId
      readonly key: string
      readonly as: 'accepted' | 'suggested'
    }
  /** Rocket.Chat: one member has made copies for others, each at most once. */
  | { readonly type: 'wraps.suggested'; readonly wraps: readonly SuggestedWrap[] }
  /** Rocket.Chat: a member takes what was suggested to them, or refuses it. */
  | { readonly type: 'suggestion.settled'; readonly user: UserId; readonly accepted: boolean }
  /** Rocket.Chat: a member's copies can be opened by nobody any more, for their key pair is gone. */
  | { readonly type: 'wraps.dropped'; readonly user: UserId }
  | {
      readonly type: 'message'
      readonly messageId: string | null
      readonly content: Content
      /** Only its sender and these users see it: a whisper in a plain room (dino.md section 4, `message`). */
      readonly to?: readonly UserId[]
      /** ms since 1970 when it goes by itself; absent where it stays. */
      readonly expiresAt?: number
      /** Keys of the files that go with it and are erased with it. */
      readonly media?: readonly string[]
      readonly thread?: ThreadRef
      readonly mentions?: Mentions
    }
  /** The message holds this instead of what it held. In the store it stands with the message alone, so that a later edit or
   * a deletion leaves nothing of it: null in an event that was read from there. */
  | {
      readonly type: 'message.edited'
      readonly target: EventId
      readonly sequence: number
      readonly content: Content | null
      readonly mentions?: Mentions
    }
  /** `on` false takes it away again; so with pins and followers. */
  | {
      readonly type: 'message.reacted'
      readonly target: EventId
      readonly sequence: number
      readonly user: UserId
      readonly emoji: string
      readonly on: boolean
    }
  | {
      readonly type: 'message.pinned'
      readonly target: EventId
      readonly sequence: number
      readonly on: boolean
    }
  | {
      readonly type: 'thread.followed'
      readonly target: EventId
      readonly sequence: number
      readonly user: UserId
      readonly on: boolean
    }
  | {
      readonly type: 'messages.deleted'
      readonly targets: readonly EventId[]
      readonly sequences: readonly number[]
      /** Part of emptying the whole room, which clients are told of once instead of message by message. */
      readonly whole?: true
      readonly signed: Signed | null
    }
  | {
      readonly type: 'roles.changed'
      readonly user: UserId
      readonly role: RoomRole
      readonly granted: boolean
      readonly signed: Signed | null
      /** Gone with the membership, of whose end is told. */
      readonly lost?: true
    }
  /** A direct room of two: while either blocks the other, nobody writes in it. */
  | { readonly type: 'direct.blocked'; readonly by: UserId; readonly on: boolean }
  /** A member whom Rocket.Chat's clients show as the room's leader; it opens nothing, and goes with the membership. */
  | { readonly type: 'leader.changed'; readonly user: UserId; readonly granted: boolean }
  | { readonly type: 'acls.changed'; readonly acls: readonly Acl[] }
  | { readonly type: 'room.renamed'; readonly name: string }
  | {
      readonly type: 'room.retitled'
      readonly title: string | null
      readonly avatar: string | null
      readonly signed: Signed | null
    }
  /** How long messages last that are sent from now on, in ms; null: they stay. */
  | { readonly type: 'ttl.changed'; readonly ttlMs: number | null; readonly signed: Signed }
  /** A link by which others may ask to be let in; it takes the place of an earlier one. */
  | {
      readonly type: 'invite.enabled'
      readonly url: string
      /** Under which its token is claimed and found. */
      readonly key: string
      /** ms since 1970; null never ends. */
      readonly expiresAt: number | null
      readonly signed: Signed
    }
  | { readonly type: 'invite.disabled'; readonly signed: Signed }
  /** Somebody who is no member asks to be let in, and is none by that. */
  | { readonly type: 'join.requested'; readonly user: UserId; readonly signed: Signed }
  /** `signed` null: the server ended them, with an account or by a ban. */
  | { readonly type: 'join.rejected'; readonly users: readonly UserId[]; readonly signed: Signed | null }
  | {
      readonly type: 'room.described'
      readonly topic: string
      readonly sort: number
      readonly tags: readonly string[]
      readonly isDefault: boolean
      readonly isAdmin: boolean
    }
  | { readonly type: 'room.configured'; readonly changes: RoomChanges }
  /** Rocket.Chat: a room has begun that is a discussion of this one, under a name that may change since. */
  | {
      readonly type: 'discussion.started'
      readonly discussion: RoomId
      readonly name: string
      readonly message: ThreadRef | null
    }
  /** Rocket.Chat: the room comes into a team, or out of it; the main room becomes a team, or is none any more. */
  | { readonly type: 'team.changed'; readonly team: TeamPlace | null }
  | {
      readonly type: 'sanction.set'
      readonly sanction: Sanction
      /** Part of a kick, which is told to clients as a kick and not as a ban. */
      readonly kick?: true
    }
  | {
      readonly type: 'sanction.lifted'
      readonly kind: Sanction['kind']
      readonly user: UserId
      /** The end of a mute in a read-only room: this member may write there, until they are muted or go. */
      readonly voice?: true
    }
  | { readonly type: 'suite.switched'; readonly suite: 'none' | 'rocketchat' }
  | { readonly type: 'room.removed'; readonly reason: string }

export type EventType = EventBody['type']

/** One entry of a room log. */
export interface RoomEvent {
  readonly room: RoomId
  /** 1, 2, 3 ... without gaps in its room. */
  readonly sequence: number
  /** Snowflake, unique everywhere, growing within the room. */
  readonly id: EventId
  /** ms since 1970. */
  readonly at: number
  /** Who did it; null is the server. */
  readonly actor: UserId | null
  readonly body: EventBody
  /** True where this one's content is gone, deleted by a later event or by its own time, or hidden by who reads it; the
   * body then holds none of it. */
  readonly erased?: boolean
  /** Of a message: what was done to it, as it stands now. Absent where nothing was. */
  readonly done?: Done
}

/** What is done to a message that stays. */
export type MessageChange = Extract<
  EventBody,
  { type: 'message.edited' | 'message.reacted' | 'message.pinned' | 'thread.followed' }
>

export function isMessageChange(body: EventBody): body is MessageChange {
  switch (body.type) {
    case 'message.edited':
    case 'message.reacted':
    case 'message.pinned':
    case 'thread.followed':
      return true
    default:
      return false
  }
}

/** A control event changes who may do what; messages, what is done to them, and deletions do not. */
export function isControl(body: EventBody): boolean {
  return body.type !== 'message' && body.type !== 'messages.deleted' && !isMessageChange(body)
}
