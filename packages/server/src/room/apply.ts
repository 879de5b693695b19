// apply(state, event) -> state. Pure; messages give back the very same state.
import type { UserId } from '@conclave/wire'
import type { RoomEvent, RoomRole } from './events.ts'
import { isControl } from './events.ts'
import type { Member, MemberKeys, RoomState } from './state.ts'

/** Throws on a log that no sequence of commands can produce: that is a bug or damage, never a client's doing. */
export function apply(state: RoomState | undefined, event: RoomEvent): RoomState {
  const { body } = event
  if (body.type === 'room.created') {
    if (state) throw new Error(`room ${event.room} is created twice at ${event.sequence}`)
    return created(event)
  }
  if (!state) throw new Error(`room ${event.room} begins with ${body.type}`)
  if (!isControl(body)) return state
  return { ...state, ...change(state, event), control: event.sequence, updatedAt: event.at }
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
    slot: body.slot ?? null,
    createdAt: event.at,
    createdBy: event.actor,
    updatedAt: event.at,
    members: new Map(body.members.map((user): [UserId, Member] => [user, { from: 0, at: event.at }])),
    roles,
    acls: body.acls,
    sanctions: [],
    epoch: null,
    invite: null,
    requests: new Map(),
    keys: new Map(),
    closed: false,
    removed: false,
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
      return { members, roles, keys, closed: state.closed || body.closes }
    }
    case 'epoch.opened': {
      const epoch = { version: body.version, sequence: event.sequence, at: event.at, by: event.actor }
      const keys = new Map<UserId, MemberKeys>()
      if (state.suite === 'rocketchat') {
        for (const wrap of body.wraps) keys.set(wrap.user, { accepted: wrap.key, suggested: null })
      }
      return { epoch, keys, closed: false }
    }
    case 'wrap.saved': {
      const keys = new Map(state.keys)
      const held = keys.get(body.user) ?? { accepted: null, suggested: null }
      keys.set(
        body.user,
        body.as === 'accepted' ? { accepted: body.key, suggested: null } : { ...held, suggested: body.key },
      )
      return { keys }
    }
    case 'roles.changed': {
      const roles = new Map(state.roles)
      const others = (roles.get(body.user) ?? []).filter(role => role !== body.role)
      const held = body.granted ? [...others, body.role] : others
      if (held.length > 0) roles.set(body.user, held)
      else roles.delete(body.user)
      return { roles }
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
      return { sanctions: [...kept, body.sanction], requests }
    }
    case 'sanction.lifted':
      return { sanctions: state.sanctions.filter(s => !(s.kind === body.kind && s.user === body.user)) }
    case 'suite.switched':
      return { suite: body.suite }
    case 'room.removed':
      return { removed: true, members: new Map(), closed: false, invite: null, requests: new Map() }
    case 'group.signed':
    case 'room.created':
    case 'message':
    case 'messages.deleted':
      return {}
  }
}

function requestsWithout({ requests }: RoomState, users: readonly UserId[]): ReadonlyMap<UserId, number> {
  if (!users.some(user => requests.has(user))) return requests
  const left = new Map(requests)
  for (const user of users) left.delete(user)
  return left
}
