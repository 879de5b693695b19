// apply(state, event) -> state. Pure; messages give back the very same state.
import type { UserId } from '@conclave/wire'
import { OLD_KEYS } from '../limits.ts'
import type { RoomEvent, RoomRole } from './events.ts'
import { isControl } from './events.ts'
import { noticesIn } from './notices.ts'
import { type Epoch, isOpenRoom, type Member, type MemberKeys, NO_KEYS, PLAIN_CONFIG, type RoomState } from './state.ts'

/** Throws on a log that no sequence of commands can produce: that is a bug or damage, never a client's doing. */
export function apply(state: RoomState | undefined, event: RoomEvent): RoomState {
  const { body } = event
  if (body.type === 'room.created') {
    if (state) throw new Error(`room ${event.room} is created twice at ${event.sequence}`)
    return created(event)
  }
  if (!state) throw new Error(`room ${event.room} begins with ${body.type}`)
  if (!isControl(body)) return state
  const notices = state.notices + noticesIn(body)
  return { ...state, ...change(state, event), notices, control: event.sequence, updatedAt: event.at }
}

/** Folds a log, or the control events of one, from nothing or from an older state. */
export function fold(state: RoomState | undefined, events: Iterable<RoomEvent>): RoomState | undefined {
  let folded = state
  for (const event of events) folded = apply(folded, event)
  return folded
}

function created(event: RoomEvent): RoomState {
  const body = event.body as Extract<RoomEvent['body'], { type: 'room.created' }>
  const roles = new Map<UserId, readonly RoomRole[]>()
  for (const user of body.owners) roles.set(user, ['owner'])
  for (const user of body.moderators) roles.set(user, [...(roles.get(user) ?? []), 'moderator'])
  return {
    id: event.room,
    channel: body.channel,
    suite: body.suite,
    kind: body.kind,
    name: body.name,
    title: body.title,
    avatar: body.avatar,
    ttlMs: body.ttlMs,
    topic: body.topic,
    sort: body.sort,
    tags: body.tags,
    isDefault: body.isDefault,
    isAdmin: body.isAdmin,
    pair: body.pair,
    direct: body.kind === 'direct' ? body.members : null,
    slot: body.slot ?? null,
    createdAt: event.at,
    createdBy: event.actor,
    updatedAt: event.at,
    members: new Map(body.members.map((user): [UserId, Member] => [user, { from: 0, at: event.at }])),
    roles,
    leaders: new Set(),
    blockers: new Set(),
    voiced: new Set(),
    config: body.config ? { ...PLAIN_CONFIG, ...body.config } : PLAIN_CONFIG,
    discussionOf: body.discussionOf ?? null,
    team: body.team ? { ...body.team, at: event.at, by: event.actor } : null,
    acls: body.acls,
    sanctions: [],
    epoch: null,
    switched: false,
    invite: null,
    requests: new Map(),
    keys: new Map(),
    outdated: false,
    closed: false,
    removed: false,
    notices: 0,
    control: event.sequence,
  }
}

function change(state: RoomState, event: RoomEvent): Partial<RoomState> {
  const { body } = event
  switch (body.type) {
    case 'members.added': {
      const from = body.reads === 'all' ? 0 : event.sequence - 1
      const members = new Map(state.members)
      for (const user of body.users) members.set(user, { from, at: event.at })
      const requests = requestsWithout(state, body.users)
      return { members, requests, title: body.title ?? state.title, avatar: body.avatar ?? state.avatar }
    }
    case 'members.removed': {
      const members = new Map(state.members)
      const roles = new Map(state.roles)
      const keys = new Map(state.keys)
      for (const user of body.users) {
        members.delete(user)
        // Roles of encrypted rooms go with membership; a plain room's owner may leave and stay its owner (Dino).
        if (state.suite !== 'none') roles.delete(user)
        keys.delete(user)
      }
      const [leaders, voiced] = [without(state.leaders, body.users), without(state.voiced, body.users)]
      const outdated = state.outdated || (state.epoch !== null && state.suite !== 'xchat')
      return { members, roles, leaders, voiced, keys, outdated, closed: state.closed || body.closes }
    }
    case 'epoch.opened': {
      const opened = { version: body.version, sequence: event.sequence, at: event.at, by: event.actor }
      const epoch: Epoch = isOpenRoom(state) ? { ...opened, whilePublic: true } : opened
      if (state.suite === 'xchat') return { epoch, closed: false }
      const keys = new Map<UserId, MemberKeys>()
      for (const [user, held] of state.keys) keys.set(user, afterEpoch(state, held, event.at))
      for (const { user, key } of body.wraps) keys.set(user, { ...keysOf(keys, user), ...settled(key) })
      return { epoch, keys, outdated: false, closed: false }
    }
    case 'wrap.saved': {
      const held = keysOf(state.keys, body.user)
      const { key } = body
      return withKeys(state, body.user, { ...held, ...(body.as === 'accepted' ? settled(key) : offered(key, [])) })
    }
    case 'wraps.suggested': {
      const keys = new Map(state.keys)
      for (const { user, key, old } of body.wraps) keys.set(user, { ...keysOf(keys, user), ...offered(key, old) })
      return { keys }
    }
    case 'suggestion.settled': {
      const held = keysOf(state.keys, body.user)
      if (!body.accepted)
        return withKeys(state, body.user, { ...held, suggested: null, suggestedOld: [], since: event.at })
      const old = held.old.length > 0 ? held.old : held.suggestedOld
      return withKeys(state, body.user, { ...held, ...settled(held.suggested), old })
    }
    case 'wraps.dropped':
      return withKeys(state, body.user, { ...NO_KEYS, since: event.at })
    case 'roles.changed': {
      const roles = new Map(state.roles)
      const others = (roles.get(body.user) ?? []).filter(role => role !== body.role)
      const held = body.granted ? [...others, body.role] : others
      if (held.length > 0) roles.set(body.user, held)
      else roles.delete(body.user)
      return { roles }
    }
    case 'direct.blocked':
      return { blockers: body.on ? new Set(state.blockers).add(body.by) : without(state.blockers, [body.by]) }
    case 'leader.changed':
      return { leaders: body.granted ? new Set(state.leaders).add(body.user) : without(state.leaders, [body.user]) }
    case 'room.configured': {
      const { topic = state.topic, isDefault = state.isDefault, kind = state.kind, ...config } = body.changes
      const epoch = kind === 'private' && state.epoch?.whilePublic ? null : state.epoch
      return { topic, isDefault, kind, epoch, config: { ...state.config, ...config } }
    }
    case 'team.changed': {
      const { team } = body
      // A default room of its team is as long in it as one that is none.
      const held = state.team && team && state.team.main === team.main ? state.team : { at: event.at, by: event.actor }
      return { team: team && { ...held, ...team } }
    }
    case 'acls.changed':
      return { acls: body.acls }
    case 'room.renamed':
      return { name: body.name }
    case 'room.retitled':
      return { title: body.title, avatar: body.avatar }
    case 'ttl.changed':
      return { ttlMs: body.ttlMs }
    case 'invite.enabled': {
      const { url, key, expiresAt } = body
      return { invite: { url, key, expiresAt } }
    }
    case 'invite.disabled':
      return { invite: null }
    case 'join.requested':
      return { requests: new Map(state.requests).set(body.user, event.at) }
    case 'join.rejected':
      return { requests: requestsWithout(state, body.users) }
    case 'room.described':
      return { topic: body.topic, sort: body.sort, tags: body.tags, isDefault: body.isDefault, isAdmin: body.isAdmin }
    case 'sanction.set': {
      const { kind, user } = body.sanction
      // What has run out goes when the next one comes, so that the list stays as long as what is in force.
      const kept = state.sanctions.filter(
        s => !(s.kind === kind && s.user === user) && (s.until === null || s.until > event.at),
      )
      const requests = kind === 'ban' ? requestsWithout(state, [user]) : state.requests
      const voiced = kind === 'mute' ? without(state.voiced, [user]) : state.voiced
      return { sanctions: [...kept, body.sanction], requests, voiced }
    }
    case 'sanction.lifted':
      return {
        sanctions: state.sanctions.filter(s => !(s.kind === body.kind && s.user === body.user)),
        voiced: body.voice ? new Set(state.voiced).add(body.user) : state.voiced,
      }
    case 'suite.switched':
      return { suite: body.suite, switched: true }
    case 'room.removed':
      return {
        removed: true,
        members: new Map(),
        leaders: new Set(),
        blockers: new Set(),
        voiced: new Set(),
        closed: false,
        invite: null,
        requests: new Map(),
      }
    case 'group.signed':
    case 'discussion.started':
    case 'room.created':
    case 'message':
    case 'messages.deleted':
    case 'message.edited':
    case 'message.reacted':
    case 'message.pinned':
    case 'thread.followed':
      return {}
  }
}

function keysOf(keys: ReadonlyMap<UserId, MemberKeys>, user: UserId): MemberKeys {
  return keys.get(user) ?? NO_KEYS
}

function withKeys(state: RoomState, user: UserId, held: MemberKeys): Partial<RoomState> {
  return { keys: new Map(state.keys).set(user, held) }
}

function settled(accepted: string | null): Pick<MemberKeys, 'accepted' | 'suggested' | 'suggestedOld'> {
  return { accepted, suggested: null, suggestedOld: [] }
}

function offered(
  suggested: string,
  suggestedOld: MemberKeys['suggestedOld'],
): Pick<MemberKeys, 'suggested' | 'suggestedOld'> {
  return { suggested, suggestedOld }
}

/** What a member holds once the room has another key. The first one takes nothing away. */
function afterEpoch({ epoch }: RoomState, held: MemberKeys, at: number): MemberKeys {
  if (!epoch) return held
  const { accepted } = held
  const old = accepted === null ? held.old : [{ keyId: epoch.version, at, key: accepted }, ...held.old]
  return { ...held, ...settled(null), old: old.slice(0, OLD_KEYS) }
}

function without(set: ReadonlySet<UserId>, users: readonly UserId[]): ReadonlySet<UserId> {
  if (!users.some(user => set.has(user))) return set
  const left = new Set(set)
  for (const user of users) left.delete(user)
  return left
}

function requestsWithout({ requests }: RoomState, users: readonly UserId[]): ReadonlyMap<UserId, number> {
  if (!users.some(user => requests.has(user))) return requests
  const left = new Map(requests)
  for (const user of users) left.delete(user)
  return left
}
