// Links into rooms: whoever has one comes in as its maker could add them at that moment, and no more often than it says.
// A link is a document of its room. Its token is its id and a secret, so that a list of links opens nothing.
import { timingSafeEqual } from 'node:crypto'
import type { RoomId, UserId } from '@conclave/wire'
import type { Beside } from '../../../engine/engine.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection, type Rejection } from '../../../room/rejection.ts'
import { belongs, isHidden, mayModerate } from '../../../room/rights.ts'
import { sanctionOn } from '../../../room/state.ts'
import type { DocumentRow, Document as Stored } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document } from '../encode.ts'
import { errorOf, MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { DAY, INVITE_ID_BYTES, INVITE_RETRIES, INVITE_SECRET_BYTES, INVITES } from '../limits.ts'
import { tellUser } from '../live/tell.ts'
import type { Call } from '../method.ts'
import { type Found, ridOf, typeOf } from '../names.ts'

const KIND = 'rocketchat.invite'
/** Characters of an id: base64url of its bytes. */
const ID_LENGTH = Math.ceil((INVITE_ID_BYTES * 4) / 3)

/** What a link may be made for, as the real server offers it; zero: for ever, or for everybody. */
const DAYS: ReadonlySet<number> = new Set([0, 1, 7, 15, 30])
const USES: ReadonlySet<number> = new Set([0, 1, 5, 10, 25, 50, 100])

interface Kept {
  readonly user: UserId
  readonly secret: string
  readonly days: number
  /** Zero: any number. */
  readonly maxUses: number
  readonly uses: number
  /** ms since 1970; null never ends. */
  readonly createdAt: number
  readonly expiresAt: number | null
}

export interface Invite extends Kept {
  readonly id: string
  readonly room: RoomId
  readonly version: number
}

export class Invites {
  readonly #parts: GatewayParts
  /** Uses of one link come one after the other, so that a crowd does not keep losing the race for its counter. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /** One of the same kind that the caller has made and that is good still, or a new one. */
  async findOrCreate(
    { gate, caller }: Call,
    found: Found,
    days: number,
    maxUses: number,
  ): Promise<Invite | MeteorError> {
    const METHOD = 'findOrCreateInvite'
    const { account } = caller
    if (typeOf(found.room) === 'd' || found.room.suite === 'xchat')
      return refusal('error-room-type-not-allowed', 'Cannot create invite links for this room type', METHOD)
    if (!mayInvite(gate, account, found)) return refusal('not_authorized', 'Not authorized', METHOD)
    if (!DAYS.has(days))
      return refusal('invalid-number-of-days', 'Invite should expire in 1, 7, 15 or 30 days, or never (0).', METHOD)
    if (!USES.has(maxUses))
      return refusal(
        'invalid-number-of-uses',
        'Invite should be valid for 1, 5, 10, 25, 50, 100 or any (0) uses.',
        METHOD,
      )
    const { clock, random } = this.#parts
    const now = clock.now()
    const all = await this.of(found.room.id)
    const same = all.find(
      one => one.user === account.id && one.days === days && one.maxUses === maxUses && isGood(one, now),
    )
    if (same) return same
    const ended = all.filter(one => !isGood(one, now))
    if (all.length - ended.length >= INVITES) return refusal('error-not-allowed', 'Too many invites', METHOD)
    const text = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('base64url')
    const invite: Invite = {
      id: text(INVITE_ID_BYTES),
      room: found.room.id,
      version: 0,
      user: account.id,
      secret: text(INVITE_SECRET_BYTES),
      days,
      maxUses,
      uses: 0,
      createdAt: now,
      expiresAt: days === 0 ? null : now + days * DAY,
    }
    const drops = ended.map(({ id }): DocumentRow => ({ drop: 'document', kind: KIND, key: id }))
    await this.#parts.write({ guards: [], append: null, rows: [...drops, rowOf(invite)] })
    tellUser(this.#parts, account.id, 'updateInvites', { invite: inviteDocument(invite, found) })
    return invite
  }

  async of(room: RoomId): Promise<Invite[]> {
    return (await this.#parts.reading.documents(KIND, { owner: room, limit: INVITES * 2 })).map(inviteIn)
  }

  async get(id: string): Promise<Invite | undefined> {
    const document = await this.#parts.reading.document(KIND, id)
    return document && inviteIn(document)
  }

  /** The link of that token, if it opens anything now. */
  async named(token: string): Promise<Invite | undefined> {
    const invite = await this.get(token.slice(0, ID_LENGTH))
    const secret = Buffer.from(token.slice(ID_LENGTH))
    const kept = Buffer.from(invite?.secret ?? '')
    return invite && secret.length === kept.length && timingSafeEqual(secret, kept) ? invite : undefined
  }

  async remove(id: string): Promise<void> {
    await this.#parts.write({ guards: [], append: null, rows: [{ drop: 'document', kind: KIND, key: id }] })
  }

  /** The room that the caller is in by it. Who is a member already uses nothing up. */
  async use(call: Call, token: string): Promise<Found | MeteorError> {
    const id = token.slice(0, ID_LENGTH)
    const before = this.#turns.get(id)
    const turn = (before ?? Promise.resolve()).then(() => this.#use(call, token))
    const settled = turn.catch(() => {})
    this.#turns.set(id, settled)
    try {
      return await turn
    } finally {
      if (this.#turns.get(id) === settled) this.#turns.delete(id)
    }
  }

  async #use(call: Call, token: string): Promise<Found | MeteorError> {
    const { parts } = call.gate
    const { account } = call.caller
    for (let tries = 0; tries < INVITE_RETRIES; tries++) {
      const invite = await this.named(token)
      const found = invite && (await parts.reading.room(invite.room))
      if (!invite || !found) return unknown
      // Also where the use that let them in was the last one: its answer may have been lost.
      if (found.room.members.has(account.id)) return found
      if (!isGood(invite, parts.clock.now())) return expired
      const barred = await this.#barred(call, invite, found)
      if (barred) return barred
      const done = await parts.engine.submit({
        room: invite.room,
        command: {
          command: 'add-members',
          actor: account.id,
          users: [account.id],
          signed: null,
          invitedBy: invite.user,
        },
        session: call.caller.session,
        bytes: call.bytes,
        beside: () => this.#counted(invite),
      })
      if (!isRejection(done)) return { ...found, room: done.room }
      if (done.rejected === 'members.already') return found
      // Another node's use was counted first, or the room has changed: the link is looked at again.
      if (done.rejected !== 'conflict') return refusedBy(done)
    }
    return errorOf({ rejected: 'busy' }, 'useInviteToken')
  }

  /** One more use, while the link is what it was. */
  async #counted(invite: Invite): Promise<Beside> {
    const guard = { of: 'document', id: `${KIND}/${invite.id}`, version: invite.version } as const
    return { guards: [guard], rows: [rowOf({ ...invite, uses: invite.uses + 1 })] }
  }

  async #barred({ gate, caller }: Call, { user }: Invite, found: Found): Promise<MeteorError | null> {
    const { room } = found
    if (sanctionOn(room.sanctions, caller.account.id, 'ban', gate.parts.clock.now()))
      return refusal('error-user-is-banned', 'User is banned from this room', 'useInviteToken')
    const maker = await accountOf(gate.parts, user)
    return maker && mayInvite(gate, maker, found) ? null : unknown
  }
}

/** Whoever may add members to the room; in a hidden one they have to be in it. */
export function mayInvite({ permissions }: Gate, account: Account, { room, channel }: Found): boolean {
  const within = isHidden(room) ? belongs(room, account.id) : room.members.has(account.id)
  return within && mayModerate(room, channel, account) && permissions.may(account, 'create-invite-links', room)
}

/** Links go with their room. */
export async function dropInvites({ reading, write }: GatewayParts, room: RoomId): Promise<void> {
  const documents = await reading.documents(KIND, { owner: room, limit: INVITES * 2 })
  if (documents.length === 0) return
  const rows = documents.map(({ key }): DocumentRow => ({ drop: 'document', kind: KIND, key }))
  await write({ guards: [], append: null, rows })
}

/** Without what opens anything. */
export function inviteDocument(invite: Invite, { room }: Pick<Found, 'room'>): Document {
  const { id, user, days, maxUses, uses, createdAt, expiresAt } = invite
  return {
    _id: id,
    rid: ridOf(room),
    userId: user,
    days,
    maxUses,
    uses,
    createdAt: new Date(createdAt),
    expires: expiresAt === null ? null : new Date(expiresAt),
    _updatedAt: new Date(createdAt),
  }
}

/** For its maker. */
export function openDocument({ parts }: Gate, invite: Invite, found: Found): Document {
  const inviteToken = invite.id + invite.secret
  return { ...inviteDocument(invite, found), inviteToken, url: `${parts.publicUrl()}/invite/${inviteToken}` }
}

export function isGood({ uses, maxUses, expiresAt }: Invite, now: number): boolean {
  return (maxUses === 0 || uses < maxUses) && (expiresAt === null || expiresAt > now)
}

const unknown = new MeteorError('error-invalid-token', 'The invite token is invalid.', {
  method: 'validateInviteToken',
  field: 'token',
})
const expired = new MeteorError('error-invite-expired', 'The invite token has expired.', {
  method: 'validateInviteToken',
  field: 'expires',
})

function refusedBy(rejection: Rejection): MeteorError {
  return rejection.rejected === 'invite.unknown' ? unknown : errorOf(rejection, 'useInviteToken')
}

function refusal(error: string, reason: string, method: string): MeteorError {
  return new MeteorError(error, reason, { method })
}

function rowOf({ id, room, version: _, ...kept }: Invite): DocumentRow {
  return {
    put: 'document',
    document: { kind: KIND, key: id, owner: room, body: JSON.stringify(kept), dueAt: kept.expiresAt },
  }
}

function inviteIn({ key, owner, body, version }: Stored): Invite {
  return { ...(JSON.parse(body) as Kept), id: key, room: owner as RoomId, version }
}
