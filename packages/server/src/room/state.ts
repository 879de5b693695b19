// A room as its control events leave it. Messages do not change it: their sequence and id live in the head.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { Acl } from './acl.ts'
import type { DiscussionOf, OldKey, RoomConfig, RoomKind, RoomRole, Sanction, Suite, TeamPlace } from './events.ts'

export interface Member {
  /** First sequence that this member may read; 0 for the whole log. */
  readonly from: number
  /** ms since 1970. */
  readonly at: number
}

/** One version of a room's key. `sequence` is the event that opened it. */
export interface Epoch {
  readonly version: string
  readonly sequence: number
  readonly at: number
  readonly by: UserId | null
  /** Rocket.Chat: opened while the room was public, by whoever could enter: it goes when the room becomes private. */
  readonly whilePublic?: true
}

/** Rocket.Chat: a member's copies of the room key, each wrapped with that member's public key. */
export interface MemberKeys {
  readonly accepted: string | null
  readonly suggested: string | null
  /** Copies of the room's former keys, newest first. */
  readonly old: readonly OldKey[]
  /** Those that came with the suggestion. */
  readonly suggestedOld: readonly OldKey[]
  /** ms since 1970 when they came to be without a key though they are a member; 0 for no time of its own. */
  readonly since: number
}

export const NO_KEYS: MemberKeys = { accepted: null, suggested: null, old: [], suggestedOld: [], since: 0 }

/** X: the link by which others may ask to be let in. */
export interface Invite {
  readonly url: string
  /** Under which its token is claimed. */
  readonly key: string
  /** ms since 1970; null never ends. */
  readonly expiresAt: number | null
}

/** `at`: ms since 1970 when it came into the team. */
export interface InTeam extends TeamPlace {
  readonly at: number
  readonly by: UserId | null
}

export interface RoomState {
  readonly id: RoomId
  readonly channel: ChannelId
  readonly suite: Suite
  readonly kind: RoomKind
  readonly name: string | null
  readonly title: string | null
  readonly avatar: string | null
  readonly ttlMs: number | null
  readonly topic: string
  readonly sort: number
  readonly tags: readonly string[]
  readonly isDefault: boolean
  readonly isAdmin: boolean
  readonly pair: readonly [UserId, UserId] | null
  /** Of a direct room: whom it was made for, by whom it is found. One, two (the pair) or more; they stay named when they go. */
  readonly direct: readonly UserId[] | null
  /** Its place among its maker's rooms, where their number has a limit. */
  readonly slot: number | null
  readonly createdAt: number
  readonly createdBy: UserId | null
  readonly updatedAt: number
  readonly members: ReadonlyMap<UserId, Member>
  /** Roles are held apart from membership: a Dino owner need not be a member. */
  readonly roles: ReadonlyMap<UserId, readonly RoomRole[]>
  /** Of a direct room of two: who of them blocks the other. */
  readonly blockers: ReadonlySet<UserId>
  /** Members whom Rocket.Chat's clients show as leaders. */
  readonly leaders: ReadonlySet<UserId>
  /** Members who may write though the room is read-only. */
  readonly voiced: ReadonlySet<UserId>
  readonly config: RoomConfig
  readonly discussionOf: DiscussionOf | null
  readonly team: InTeam | null
  readonly acls: readonly Acl[]
  readonly sanctions: readonly Sanction[]
  readonly epoch: Epoch | null
  /** Encryption was switched on or off since it was made. */
  readonly switched: boolean
  readonly invite: Invite | null
  /** X: who asks to be let in, and since when (ms since 1970), in the order of asking. Never members. */
  readonly requests: ReadonlyMap<UserId, number>
  /** Rocket.Chat's per-member keys; empty in rooms of other suites. */
  readonly keys: ReadonlyMap<UserId, MemberKeys>
  /** Rocket.Chat: somebody has gone since the newest key was made, who may hold it still. */
  readonly outdated: boolean
  readonly closed: boolean
  readonly removed: boolean
  /** How many lines its control events are to Rocket.Chat's clients. */
  readonly notices: number
  /** The newest control event's sequence (L3). */
  readonly control: number
}

/** As every room begins: shared, so that a room that sets nothing costs nothing. */
export const PLAIN_CONFIG: RoomConfig = {
  description: '',
  announcement: '',
  readOnly: false,
  reactWhenReadOnly: false,
  archived: false,
  broadcast: false,
  featured: false,
  favorite: false,
  sidepanel: [],
  joinCode: null,
  customFields: {},
  hiddenMessages: [],
}

export function hasRole(state: RoomState, user: UserId, role: RoomRole): boolean {
  return state.roles.get(user)?.includes(role) ?? false
}

/** Whether it is the main room of a team, whose members are the team's. */
export function isTeam({ id, team }: RoomState): boolean {
  return team?.main === id
}

/** Every user that holds the role, in the order of the log. */
export function usersWith(state: RoomState, role: RoomRole): UserId[] {
  const users: UserId[] = []
  for (const [user, roles] of state.roles) if (roles.includes(role)) users.push(user)
  return users
}

/** Rocket.Chat: since when a member is without a key of the room, in ms since 1970, as far as the room knows. */
export function keylessSince({ members, keys, epoch, createdAt }: RoomState, user: UserId): number {
  return Math.max(members.get(user)?.at ?? createdAt, keys.get(user)?.since ?? 0, epoch?.at ?? 0)
}

/** The room's link, if it opens anything now. `now` in ms since 1970. */
export function inviteOf({ invite, members }: RoomState, now: number): Invite | null {
  // Nobody is left who could let anybody in.
  if (!invite || members.size === 0) return null
  return invite.expiresAt === null || invite.expiresAt > now ? invite : null
}

/** The sanction of that kind that is in force for the user now, if any. `now` in ms since 1970. */
export function sanctionOn(
  sanctions: readonly Sanction[],
  user: UserId,
  kind: Sanction['kind'],
  now: number,
): Sanction | undefined {
  if (sanctions.length === 0) return undefined
  return sanctions.find(s => s.kind === kind && s.user === user && (s.until === null || s.until > now))
}

/** One that everybody may find: it has members, and no key. */
export function isOpenRoom({ kind, suite }: RoomState): boolean {
  return suite === 'none' && kind !== 'private' && kind !== 'direct'
}
