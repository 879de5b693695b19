// What has to hold of every event at the moment in which it is written, by the model alone: under which membership, sanctions,
// keys and epoch it stands, and what is signed of it (L1 to L5).
import type { UserId } from '@conclave/wire'
import { decodeDetail, decodeMessageCreate } from '@conclave/wire/xchat/events'
import { groupChangePayload, messageCreatePayload } from '@conclave/wire/xchat/payloads'
import type { EventBody, RoomEvent, Sanction, Signed } from '../packages/server/src/room/events.ts'
import { conversationIdOf } from '../packages/server/src/room/signatures.ts'
import { Broken } from './broken.ts'
import type { Model, RoomModel } from './model.ts'
import { same } from './same.ts'
import { isSignedBy } from './signing.ts'

/** ms that a client's key version may be ahead of the server's clock (L2), and by which a node's clock may be off. */
const AHEAD = 600_000
export const SKEW = 2_000

/** When something is written. */
interface Moment {
  /** ms since 1970: the time for which it was decided, and the store's clock. */
  readonly at: number
  readonly now: number
  /** The lowest control sequence that the same change was decided on before. */
  readonly first: number
}

export class Laws {
  readonly #model: Model
  readonly #lockstep: boolean

  constructor(model: Model, lockstep: boolean) {
    this.#model = model
    this.#lockstep = lockstep
  }

  /** Under what held when it was written (L2, L3, L4, L5); before the model takes it. */
  lawful(room: RoomModel, event: RoomEvent, { at, now, first }: Moment): void {
    const { body, actor } = event
    if (room.removed) throw new Broken('L3', `${body.type} in ${room.id}, which is removed`)
    const told = `${body.type} ${event.sequence} in ${room.id} by ${actor}`
    if (actor !== null && body.type !== 'room.created') {
      const leaves =
        (body.type === 'members.removed' && body.users.every(user => user === actor)) ||
        (body.type === 'roles.changed' && body.lost && body.user === actor)
      const standing = this.standing(room, actor, at, event.at)
      if (standing && !(leaves && standing !== 'inactive')) throw new Broken('L3', `${told}, who is ${standing}`)
      if (!leaves) this.#entitled(room, body, actor, told)
    }
    switch (body.type) {
      case 'message':
        this.#message(room, event as RoomEvent & { body: typeof body }, at, told)
        return
      case 'members.added': {
        for (const user of body.users) {
          if (room.members.has(user)) throw new Broken('L3', `${told} adds ${user}, who is a member`)
          const standing = this.standing(room, user, at, event.at)
          if (standing) throw new Broken('L3', `${told} adds ${user}, who is ${standing}`)
        }
        if (room.suite === 'xchat') this.#signed(room, body.signed, actor, 'memberAdd', body.users, told)
        return
      }
      case 'members.removed':
        for (const user of body.users)
          if (!room.members.has(user)) throw new Broken('L3', `${told} removes ${user}, who is no member`)
        if (body.signed) this.#signed(room, body.signed, actor, 'memberRemove', body.users, told)
        return
      case 'group.signed':
        this.#signed(room, body.signed, actor, 'create', null, told)
        return
      case 'epoch.opened':
        this.#epoch(room, event as RoomEvent & { body: typeof body }, { at, now, first }, told)
        return
      default:
        return
    }
  }

  /**
   * Why somebody may do nothing here; undefined where they may. `at`: for which it was decided. `logged`: what the log says,
   * which is later where an event of a node whose clock is ahead came before. What runs out in a room runs out by the log.
   */
  standing(room: RoomModel, user: UserId, at: number, logged: number): string | undefined {
    const account = this.#model.accounts.get(user)?.value
    if (!account?.active) return 'inactive'
    if (inForce(account.sanctions, 'ban', user, at)) return 'banned everywhere'
    if (inForce(this.#model.channels.get(room.channel)?.value.sanctions ?? [], 'ban', user, at))
      return 'banned from the channel'
    return inForce(room.sanctions.values(), 'ban', user, logged) ? 'banned from the room' : undefined
  }

  /** Whoever rules others is somebody who may: owners, moderators, those of the channel, operators. */
  #entitled(room: RoomModel, body: EventBody, actor: UserId, told: string): void {
    if (!RULING.has(body.type) || (body.type === 'roles.changed' && body.lost)) return
    const account = this.#model.accounts.get(actor)?.value
    const channel = this.#model.channels.get(room.channel)?.value
    const roles = room.roles.get(actor)
    const inRoom = room.suite === 'none' || room.members.has(actor)
    if (account?.roles.some(role => role !== 'admin' || room.suite !== 'xchat')) return
    if (inRoom && (channel?.owners.includes(actor) || channel?.admins.includes(actor))) return
    const wanted = body.type === 'roles.changed' || body.type === 'acls.changed' ? roles?.has('owner') : roles?.size
    // Over X any member adds; so does whoever joins by themselves.
    if (body.type === 'members.added' && (room.suite === 'xchat' || same(body.users, [actor]))) return
    if (!wanted) throw new Broken('L3', `${told}, who holds no role for that`)
  }

  #message(
    room: RoomModel,
    event: RoomEvent & { body: Extract<EventBody, { type: 'message' }> },
    at: number,
    told: string,
  ): void {
    const { body, actor } = event
    if (actor === null) return
    const account = this.#model.accounts.get(actor)?.value
    const channel = this.#model.channels.get(room.channel)?.value
    const hidden = room.suite !== 'none' || room.kind === 'private' || room.kind === 'direct'
    const belongs = room.members.has(actor) || (room.suite === 'none' && (room.roles.get(actor)?.size ?? 0) > 0)
    if (hidden && !belongs) throw new Broken('L3', `${told}, who is no member`)
    const beyond = [...(account?.sanctions ?? []), ...(channel?.sanctions ?? [])]
    if (inForce(beyond, 'mute', actor, at) || inForce(room.sanctions.values(), 'mute', actor, event.at))
      throw new Broken('L3', `${told}, who is muted`)
    const spared =
      account?.roles.some(role => role !== 'admin') ||
      channel?.owners.includes(actor) ||
      channel?.admins.includes(actor)
    const rules = spared ? [] : [...(room.roles.get(actor)?.has('owner') ? [] : room.acls), ...(channel?.acls ?? [])]
    for (const { action, type, value } of rules) {
      if (action === 'message' && type === 'gender' && account?.attributes.gender !== value)
        throw new Broken('L3', `${told}, against an access rule`)
    }
    const { content } = body
    if (content.suite !== room.suite) throw new Broken('L3', `${told} holds ${content.suite} in ${room.suite}`)
    if (content.suite === 'none') return
    if (room.closed) throw new Broken('L4', `${told}, which is closed`)
    if (content.suite === 'rocketchat') {
      if (this.#lockstep && content.content?.kid !== room.epoch)
        throw new Broken('L3', `${told} under key ${content.content?.kid}, not ${room.epoch}`)
      return
    }
    if (content.epoch !== room.epoch) throw new Broken('L3', `${told} under epoch ${content.epoch}, not ${room.epoch}`)
    const created = decodeMessageCreate(content.createEvent)
    if (!created.ok) throw new Broken('L5', `${told} is malformed`)
    const event_ = created.value.value
    if (event_.conversationKeyVersion !== room.epoch) throw new Broken('L3', `${told} is signed under another epoch`)
    const signed = { messageId: body.messageId ?? '', senderId: actor, conversationId: conversationIdOf(room) }
    const text = messageCreatePayload(signed, event_)
    const key = this.#model.keys.get(actor)?.find(({ version }) => version === content.publicKeyVersion)
    if (!text.ok || !key || !isSignedBy(key.signingKey, text.value, content.signature))
      throw new Broken('L5', `${told} is not signed`)
  }

  #signed(
    room: RoomModel,
    signed: Signed | null,
    actor: UserId | null,
    kind: 'memberAdd' | 'memberRemove' | 'create',
    users: readonly UserId[] | null,
    told: string,
  ): void {
    const detail = signed && decodeDetail(signed.detail)
    if (!signed || actor === null || !detail?.ok) throw new Broken('L5', `${told} without a signature`)
    const decoded = detail.value.value
    if (decoded.kind !== 'groupChange' || decoded.change.kind !== kind)
      throw new Broken('L5', `${told} signs something else`)
    const { change } = decoded
    const named = change.kind === 'memberRemove' ? change.ids : change.kind === 'memberAdd' ? change.memberIds : null
    if (users && !same([...(named ?? [])].sort(), [...users].sort()))
      throw new Broken('L5', `${told} signs other users`)
    if (change.kind === 'memberAdd' && !same([...change.currentMemberIds].sort(), [...room.members.keys()].sort()))
      throw new Broken('L5', `${told} signs another roster`)
    const conversationId = kind === 'create' ? '' : conversationIdOf(room)
    const text = groupChangePayload({ messageId: signed.messageId, senderId: actor, conversationId }, change)
    const key = this.#model.keys.get(actor)?.find(({ version }) => version === signed.publicKeyVersion)
    if (!text.ok || !key || !isSignedBy(key.signingKey, text.value, signed.signature))
      throw new Broken('L5', `${told} is not signed`)
  }

  #epoch(
    room: RoomModel,
    event: RoomEvent & { body: Extract<EventBody, { type: 'epoch.opened' }> },
    { now, first }: Moment,
    told: string,
  ): void {
    const { body, actor } = event
    const { version, wraps, signed } = body
    const last = room.epoch
    if (actor === null || !room.members.has(actor)) throw new Broken('L3', `${told}, who is no member`)
    if (room.suite !== 'xchat') {
      if (last === version) throw new Broken('L2', `${told} again`)
      return
    }
    if (last !== null && BigInt(version) <= BigInt(last)) throw new Broken('L2', `${told}: ${version} after ${last}`)
    if (Number(version) > now + AHEAD + SKEW) throw new Broken('L2', `${told}: ${version} is too far ahead`)
    const detail = signed && decodeDetail(signed.detail)
    if (!signed || !detail?.ok || detail.value.value.kind !== 'keyChange')
      throw new Broken('L5', `${told} without a signed key change`)
    const { conversationKeyVersion, participantKeys } = detail.value.value.event
    const told_ = participantKeys.map(key => [key.userId, key.encryptedConversationKey, key.publicKeyVersion].join())
    const sent = wraps.map(wrap => [wrap.user, wrap.key, wrap.publicKeyVersion].join())
    if (conversationKeyVersion !== version || !same(told_.sort(), sent.sort()))
      throw new Broken('L5', `${told} signs another key change`)
    if (!this.#model.keys.get(actor)?.some(held => held.version === signed.publicKeyVersion))
      throw new Broken('L5', `${told} is signed by a key that nobody registered`)
    const overtaking = room.events.find(one => one.sequence > first && one.body.type === 'epoch.opened')
    if (overtaking) throw new Broken('L2', `${told} won over ${overtaking.sequence} after it had lost`)
  }

  /** After a whole append: one wrap for exactly every member, at their newest key (L1). */
  covered(room: RoomModel, bodies: readonly EventBody[]): void {
    if (room.suite !== 'xchat') return
    const opened = bodies.find(body => body.type === 'epoch.opened')
    if (!opened) {
      if (bodies.some(({ type }) => type === 'members.added' || type === 'room.created'))
        throw new Broken('L1', `members came into ${room.id} without a key`)
      return
    }
    const wrapped = opened.wraps.map(({ user }) => user).sort()
    if (!same(wrapped, [...room.members.keys()].sort()))
      throw new Broken('L1', `wraps for ${wrapped} in ${room.id}, whose members are ${[...room.members.keys()]}`)
    for (const { user, publicKeyVersion } of opened.wraps) {
      if (publicKeyVersion !== this.#model.newestKey(user))
        throw new Broken('L1', `the wrap of ${user} in ${room.id} is for key ${publicKeyVersion}`)
    }
  }
}

const RULING: ReadonlySet<EventBody['type']> = new Set([
  'members.added',
  'members.removed',
  'roles.changed',
  'acls.changed',
  'sanction.set',
  'sanction.lifted',
])

export function inForce(sanctions: Iterable<Sanction>, kind: Sanction['kind'], user: UserId, at: number): boolean {
  for (const one of sanctions)
    if (one.kind === kind && one.user === user && (one.until === null || one.until > at)) return true
  return false
}
