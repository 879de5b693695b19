// Create a room of any suite: plain, Rocket.Chat private, direct, or an X group or pair with its first key.
import type { UserId } from '@conclave/wire'
import { ACLS, NAME } from '../../limits.ts'
import { checkAcl } from '../acl-check.ts'
import type { Claim, CommandRule, Decision } from '../decision.ts'
import { directKey, discussionKeys, nameKey, slotKey } from '../decision.ts'
import type { EventBody, Wrap } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import { isOperator } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkChannelAcls, checkStanding, visitorOf } from '../rights.ts'
import { checkVersion, checkWraps } from '../rotation.ts'
import type { ActionSignature } from '../signatures.ts'
import {
  changeOf,
  checkKeyChange,
  keysOf,
  readActions,
  sameSet,
  signedOf,
  usersNamed,
  verifyAction,
} from '../signatures.ts'
import { checkTtl } from '../ttl.ts'
import { checkConfig } from './configure-room.ts'

type Created = Extract<EventBody, { type: 'room.created' }>

/** An X room's first key and what its creator signed of it. null: not sent. */
export interface FirstEpoch {
  readonly version: string
  readonly wraps: readonly Wrap[]
  readonly signatures: readonly ActionSignature[] | null
}

export interface CreateRoom {
  readonly command: 'create-room'
  readonly actor: UserId | null
  readonly room: Omit<Created, 'type' | 'channel' | 'slot'>
  /** The name must be free; an imported room may share one and then holds no name row (design 6). */
  readonly claimName: boolean
  /** The place that it takes among its maker's rooms, where their number has a limit; null takes none. */
  readonly slot: number | null
  /** xchat only. */
  readonly epoch: FirstEpoch | null
}

/** A room with what is named, and nothing else: no name, nobody in it, no rules. */
export function blankRoom(
  named: Pick<CreateRoom['room'], 'suite' | 'kind'> & Partial<CreateRoom['room']>,
): CreateRoom['room'] {
  return {
    name: null,
    title: null,
    avatar: null,
    ttlMs: null,
    topic: '',
    sort: 0,
    tags: [],
    members: [],
    owners: [],
    moderators: [],
    acls: [],
    pair: null,
    isDefault: false,
    isAdmin: false,
    ...named,
  }
}

export const createRoom: CommandRule<CreateRoom> = {
  needs(_state, command) {
    const accounts = [...command.room.members, ...command.room.owners, ...command.room.moderators]
    return {
      accounts: command.actor === null ? accounts : [command.actor, ...accounts],
      keys: command.epoch ? [...command.room.members, ...usersNamed(command.epoch.signatures ?? [])] : [],
    }
  },

  decide(state, command, facts, context) {
    if (state) return { rejected: 'room.taken', room: state.id }
    const { actor, room } = command
    if (actor !== null) {
      const account = actorOf(facts, actor)
      if (isRejection(account)) return account
      const barred =
        checkStanding(null, facts.channel, account, context.now) ??
        (room.kind === 'direct'
          ? null
          : checkChannelAcls(facts.channel, 'create', visitorOf(context.settings.acl, null, facts.channel, account)))
      if (barred) return barred
      if (room.suite !== 'none' && !room.members.includes(actor)) return { rejected: 'member.required' }
      if ((room.isDefault || room.isAdmin) && !isOperator(account))
        return { rejected: 'role.required', text: 'only operators make default and admin rooms' }
    }
    const unfit = checkShape(command, facts, context)
    if (unfit) return unfit
    const slot = actor === null || command.slot === null ? {} : { slot: command.slot }
    const created: Created = { type: 'room.created', channel: facts.channel.id, ...room, ...slot }
    if (room.suite !== 'xchat') return { events: [created], claims: claimsOf(command) }
    return createSigned(command, created, facts, context)
  },
}

function checkShape(command: CreateRoom, facts: Facts, context: Context): Rejection | null {
  const { room } = command
  for (const text of [room.name, room.title, room.avatar, room.topic]) {
    if (text !== null && text.length > NAME)
      return { rejected: 'limit', text: `names and titles have at most ${NAME} characters` }
  }
  const wrongTtl = checkTtl(room.ttlMs)
  if (wrongTtl) return wrongTtl
  if (room.members.length > context.settings.groupSize)
    return { rejected: 'room.full', limit: context.settings.groupSize }
  const unset = room.config && checkConfig(room.config)
  if (unset) return unset
  if (room.acls.length > ACLS) return { rejected: 'limit', text: `at most ${ACLS} rules on a room` }
  for (const acl of room.acls) {
    const checked = checkAcl(acl, 'room', context.settings.acl)
    if (!checked.ok) return { rejected: 'acl.malformed', field: checked.field, text: checked.text }
  }
  for (const list of [room.members, room.owners, room.moderators]) {
    const seen = new Set<UserId>()
    for (const user of list) {
      if (seen.has(user)) return { rejected: 'members.duplicate', user }
      seen.add(user)
      const account = facts.account(user)
      const barred = user !== command.actor && account && checkStanding(null, facts.channel, account, context.now)
      if (!account || barred) return { rejected: 'members.unaddable', user }
    }
  }
  // Found by its users: their set is what it is named by.
  if (room.kind === 'direct' && (room.members.length === 0 || (room.pair !== null) !== (room.members.length === 2)))
    return { rejected: 'room.kind', text: 'a direct room is of its members, and of a pair where there are two' }
  if (room.suite === 'none') return null
  // Roles of encrypted rooms go with membership.
  const outside = [...room.owners, ...room.moderators].find(user => !room.members.includes(user))
  return outside === undefined ? null : { rejected: 'members.absent', user: outside }
}

function claimsOf({ actor, room, claimName, slot }: CreateRoom): Claim[] {
  const claims: Claim[] = []
  if (room.name !== null && claimName) claims.push({ space: 'name', key: nameKey(room.name) })
  if (room.kind === 'direct')
    claims.push({ space: room.suite === 'xchat' ? 'direct.xchat' : 'direct', key: directKey(room.members) })
  if (slot !== null && actor !== null) claims.push({ space: 'slot', key: slotKey(actor, slot) })
  return [...claims, ...discussionKeys(room.discussionOf)]
}

function createSigned(command: CreateRoom, created: Created, facts: Facts, context: Context): Decision | Rejection {
  const { actor, room, epoch } = command
  if (!epoch || actor === null) return { rejected: 'epoch.missing' }
  const { version, wraps, signatures } = epoch
  for (const user of room.members)
    if ((facts.keys(user)?.keys.length ?? 0) === 0) return { rejected: 'members.unaddable', user }
  const problem = checkVersion(version, null, context) ?? checkWraps(wraps, new Set(room.members), facts)
  if (problem) return problem
  if (signatures === null) return { rejected: 'field.missing', field: 'action_signatures' }
  const actions = readActions(signatures, room.pair ? ['key change'] : ['key change', 'group create'], actor, facts)
  if (isRejection(actions)) return actions
  const keyChange = actions.get('key change')
  if (!keyChange) throw new Error('readActions gives every part that it was asked for')
  const mismatch = checkKeyChange(keyChange, { version, wraps })
  if (mismatch) return mismatch
  const events: EventBody[] = [created, { type: 'epoch.opened', version, wraps, signed: signedOf(keyChange) }]
  const groupCreate = actions.get('group create')
  if (groupCreate) {
    const untrue = checkGroupCreate(command, groupCreate, version)
    if (untrue) return untrue
    // GroupCreate signs no conversation id, so the one given here is the one that members are shown.
    const forged = verifyAction(groupCreate, 'group create', actor, '', facts, context)
    if (forged) return forged
    events.push({ type: 'group.signed', signed: signedOf(groupCreate) })
  }
  return { events, claims: claimsOf(command), messageKeys: keysOf(signatures, actor) }
}

function checkGroupCreate(
  { room }: CreateRoom,
  groupCreate: Parameters<typeof signedOf>[0],
  version: string,
): Rejection | null {
  const change = changeOf(groupCreate, 'create')
  if (!change) return { rejected: 'signature.missing', part: 'group create' }
  const mismatch = (field: string): Rejection => ({ rejected: 'signature.mismatch', part: 'group create', field })
  if (!sameSet(change.memberIds, room.members)) return mismatch('group_members')
  if (!sameSet(change.adminIds, room.owners)) return mismatch('group_admins')
  if (change.conversationKeyVersion !== version) return mismatch('conversation_key_version')
  if ((change.title ?? null) !== room.title) return mismatch('group_name')
  if ((change.avatarUrl ?? null) !== room.avatar) return mismatch('group_avatar_url')
  if (change.ttlMsec !== undefined && change.ttlMsec !== String(room.ttlMs ?? '')) return mismatch('ttl_msec')
  return null
}
