/**
 * Checks a room's chain (protocol/transparency.md): its links, that in rooms of suite `xchat` every change is signed by who
 * made it, with a key of their log, that each key is newer than the last and wrapped for exactly the members (L1, L2, L5),
 * and that what is served of the room is what the chain says. Take every link in order, then `end`, then `compare`.
 */
import { compareIds, groupIdOf, pairIdOf, type RoomId, type UserId } from '../ids.ts'
import { TRANSPARENCY_MESSAGES } from '../limits.ts'
import { DELETE_FOR_ALL } from '../xchat/detail.ts'
import type { GroupChange, MessageEventDetail } from '../xchat/events.ts'
import { compareVersions, isKeyVersion } from '../xchat/keys.ts'
import type { ChainHead, Link } from './chain.ts'
import type { ChainCrypto } from './crypto.ts'
import type { Fault, FaultKind } from './fault.ts'
import { type Fields, fieldsOf, Links, textIn, textsIn } from './links.ts'
import { follow, type Roster, UNKNOWN, without } from './roster.ts'
import { type KeysOf, readMessage, readSigned } from './signed.ts'

/** What `GET /2/chat/conversations/{id}` says, and the version of the newest key where it is known. */
export interface ServedRoom {
  /** X's routes show rooms of suite `xchat` alone. */
  readonly suite: string
  readonly members: readonly string[]
  /** Of a direct room, whose number a client takes from the chain itself. */
  readonly pair?: readonly [string, string] | undefined
  /** Not of direct rooms, which have none. */
  readonly admins?: readonly string[] | undefined
  readonly epoch?: string | null | undefined
}

/** A new key that was wrapped for these; whoever is added right after it is among them. */
interface Opened {
  readonly number: number
  readonly sequence: number
  readonly version: string
  readonly users: readonly string[]
}

/** One signature that made admins of several users, or ordinary members: an entry each, the first one has it. */
interface SignedList {
  readonly granted: boolean
  readonly users: ReadonlySet<string>
  readonly sequence: number
}

/** An entry that changes an X room, and what stood before it. */
interface Act {
  readonly link: Link
  readonly sequence: number
  readonly body: Fields
  readonly actor: string | undefined
  readonly before: Roster
}

/** Who may do what is signed. */
type Standing = 'anybody' | 'member' | 'admin'

type At = { readonly number: number } | { readonly sequence: number }

export class RoomCheck {
  readonly #links: Links
  readonly #crypto: ChainCrypto
  readonly #keysOf: KeysOf
  readonly #reader: string | undefined
  #roster: Roster = UNKNOWN
  #opened: Opened | null = null
  #list: SignedList | null = null
  /** Where the newest key was opened, and by whom. */
  #keyed = ''
  /** A group's making is signed right after its first key. */
  #makingUnsigned = false
  #sequence = 0
  #eventId = '0'
  /** Of everything that was signed: each is used once, or it was said again by somebody else than its signer. */
  readonly #messageIds = new Set<string>()
  /** Of the messages under the newest key, for under an older one none counts any more; and of so many before them. */
  #sent = new Set<string>()
  #sentBefore = new Set<string>()

  /** `keysOf`: the checked logs of those who signed and of the members. `reader`: who it is that checks, where entries may
   * be closed to them; what lets somebody else in does not tell them who was there. */
  constructor(room: string, keysOf: KeysOf, crypto: ChainCrypto, remembered?: ChainHead, reader?: string) {
    this.#reader = reader
    this.#links = new Links('room chain', room, crypto, remembered)
    this.#crypto = crypto
    this.#keysOf = keysOf
  }

  get head(): ChainHead {
    return this.#links.head
  }

  get roster(): Roster {
    return this.#roster
  }

  async take(link: Link): Promise<readonly Fault[]> {
    const { entry, faults: broken } = await this.#links.take(link)
    const body = fieldsOf(entry?.body)
    const faults = [...broken]
    if (!entry || !body) {
      if (entry) faults.push(this.#fault('malformed', link, 'the entry has no body'))
      faults.push(...this.#settle())
      this.#roster = { ...this.#roster, members: null, admins: null }
      return faults
    }
    faults.push(...this.#place(link, entry))
    if ((link.number === 1) !== (body.type === 'room.created'))
      faults.push(this.#fault('malformed', link, 'a chain begins with the making of its room, and only there'))
    if (body.type !== 'members.added') faults.push(...this.#settle())
    if (this.#makingUnsigned && body.type !== 'epoch.opened' && body.type !== 'group.signed') {
      this.#makingUnsigned = false
      faults.push(this.#fault('unsigned', link, 'the making of the group is not signed'))
    }
    const before = this.#roster
    this.#roster = follow(before, body)
    if (body.type === 'room.created') {
      this.#makingUnsigned = this.#roster.suite === 'xchat' && this.#roster.pair === null
      faults.push(...this.#founded(link))
    }
    if (this.#roster.suite === 'xchat' || this.#roster.suite === null)
      faults.push(
        ...(await this.#change({ link, sequence: this.#sequence, body, actor: textIn(entry, 'actor'), before })),
      )
    return faults
  }

  /** What of a making nobody signs: a direct room's members, a group's admins. */
  #founded(link: Link): readonly Fault[] {
    const { suite, pair, members, admins } = this.#roster
    if (suite !== 'xchat' || members === null || admins === null) return []
    const ghosts = [...(pair ? without(members, new Set(pair)) : []), ...without(admins, members)]
    if (ghosts.length === 0) return []
    return [
      this.#fault(
        'member.ghost',
        link,
        `it was made with ${listed(ghosts)}, who ${ghosts.length === 1 ? 'does' : 'do'} not belong to it`,
      ),
    ]
  }

  /** An event of the room's log that is no control event: a message or a deletion, in its place between the links. */
  async message(event: Fields): Promise<readonly Fault[]> {
    const sequence = Number(event.sequence)
    const at = { sequence }
    const faults = [...this.#settle(), ...this.#place(at, event)]
    const body = fieldsOf(event.body)
    const content = fieldsOf(body?.content)
    const actor = textIn(event, 'actor')
    if (body?.type === 'messages.deleted' && fieldsOf(body.signed)) {
      const detail = await this.#signed(body, actor)
      if (typeof detail === 'string') faults.push(this.#fault('signature', at, detail))
      else if (!isDeletion(detail, body))
        faults.push(this.#fault('signature', at, 'what was signed is not what happened'))
      return faults
    }
    if (this.#roster.suite !== 'xchat' || body?.type !== 'message') return faults
    if (content?.suite !== 'xchat') return [...faults, this.#fault('message', at, 'a message that is not encrypted')]
    if (actor === undefined || this.#roster.members?.has(actor) === false)
      faults.push(this.#fault('message', at, `${actor ?? 'nobody'} is no member`))
    if (textIn(content, 'epoch') !== this.#roster.epoch)
      faults.push(this.#fault('message', at, 'it is under a key that is not the newest'))
    if (event.erased === true || actor === undefined) return faults
    const signer = { user: actor, conversationId: this.#conversationId() }
    const messageId = textIn(body, 'messageId') ?? ''
    const sent = `${actor} ${messageId}`
    if (this.#sent.has(sent) || this.#sentBefore.has(sent))
      faults.push(this.#fault('message', at, 'it was sent once and stands twice'))
    this.#sent.add(sent)
    if (this.#sent.size >= TRANSPARENCY_MESSAGES) {
      this.#sentBefore = this.#sent
      this.#sent = new Set()
    }
    const read = await readMessage(messageId, content, signer, this.#keysOf, this.#crypto)
    if (!read.ok) faults.push(this.#fault('signature', at, read.error))
    else if (read.value !== textIn(content, 'epoch'))
      faults.push(this.#fault('signature', at, 'another key version was signed'))
    return faults
  }

  end(served: ChainHead): readonly Fault[] {
    const faults = [...this.#settle(), ...this.#links.end(served)]
    if (this.#makingUnsigned) faults.push(this.#fault('unsigned', null, 'the making of the group is not signed'))
    return faults
  }

  /** What is served of the room now, against what its chain says. */
  compare(served: ServedRoom): readonly Fault[] {
    const { suite, members, admins, epoch, pair } = this.#roster
    if (members === null || admins === null)
      return [this.#fault('closed', null, 'no entry that may be read says who the members are')]
    const faults: Fault[] = []
    if (served.suite !== suite)
      faults.push(this.#fault('link', null, `it is served as of suite ${served.suite}, its chain says ${suite}`))
    if (served.pair && !isSame(served.pair, new Set(pair)))
      faults.push(this.#fault('link', null, `it is not the chain of ${served.pair.join(' and ')}`))
    const shown = new Set(served.members)
    for (const user of without(shown, members))
      faults.push(this.#fault('member.ghost', null, `${user} is served as a member and no entry made them one`))
    for (const user of without(members, shown))
      faults.push(this.#fault('member.withheld', null, `${user} is a member and not served as one`))
    if (pair === null && served.admins && !isSame(served.admins, admins))
      faults.push(this.#fault('admin', null, `the admins are ${listed(admins)}, served are ${listed(served.admins)}`))
    if (served.epoch !== undefined && served.epoch !== epoch)
      faults.push(this.#fault('epoch.served', null, `the newest key is ${epoch}, served is ${served.epoch}`))
    return faults
  }

  /** Sequences and ids grow within a room. */
  #place(at: At, event: Fields): readonly Fault[] {
    const sequence = Number(event.sequence)
    const id = textIn(event, 'id') ?? ''
    const grows = Number.isSafeInteger(sequence) && sequence > this.#sequence && compareIds(id, this.#eventId) > 0
    if (!grows) return [this.#fault('order', at, 'its sequence or its id is not newer than the one before')]
    this.#sequence = sequence
    this.#eventId = id
    return []
  }

  /** A new key, once everybody who came with it has come. */
  #settle(): readonly Fault[] {
    const opened = this.#opened
    this.#opened = null
    const { members } = this.#roster
    if (!opened || members === null || isSame(opened.users, members)) return []
    const wrapped = new Set(opened.users)
    const missing = without(members, wrapped)
    const extra = without(wrapped, members)
    const what = [
      ...(missing.size > 0 ? [`not wrapped for ${listed(missing)}`] : []),
      ...(extra.size > 0 ? [`wrapped for ${listed(extra)}, no members`] : []),
    ]
    const text = `the key ${opened.version} is ${what.join(' and ') || 'wrapped twice for one member'}`
    return [this.#fault('wraps', opened, text)]
  }

  async #change(act: Act): Promise<readonly Fault[]> {
    const { body, actor, before } = act
    switch (body.type) {
      case 'group.signed':
        return this.#made(act)
      case 'epoch.opened':
        return this.#rotated(act)
      case 'members.added':
        return this.#added(act)
      case 'members.removed': {
        // Nobody has to sign it: the other wires and the operator take members away, and the room closes (L4).
        const users = textsIn(body, 'users') ?? []
        const by = users.length === 1 && users[0] === actor ? 'member' : 'admin'
        return this.#checkSigned(act, by, detail => isList(detail, 'memberRemove', users))
      }
      case 'roles.changed':
        return this.#appointed(act)
      case 'room.retitled':
        // What the key of a removal brings with it has no place in what is signed.
        if (!fieldsOf(body.signed) && actor !== undefined && this.#keyed === `${act.sequence - 1} ${actor}`) return []
        return this.#demandSigned(act, 'admin', detail => {
          const change = groupChange(detail, 'title') ?? groupChange(detail, 'avatar')
          return change !== undefined && (change.value ?? null) === body[change.kind]
        })
      case 'ttl.changed':
        return this.#demandSigned(act, before.pair ? 'member' : 'admin', detail => {
          if (detail.kind !== 'metadataChange') return false
          const { change } = detail
          if (change.kind === 'durationChange') return change.ttlMsec === String(body.ttlMs)
          return change.kind === 'durationRemove' && body.ttlMs === null
        })
      case 'invite.enabled':
        return this.#demandSigned(act, 'admin', detail => {
          const change = groupChange(detail, 'inviteEnable')
          const end = change?.expiresAtMsec === undefined ? null : Number(change.expiresAtMsec)
          return change?.inviteUrl === body.url && end === body.expiresAt
        })
      case 'invite.disabled':
        return this.#demandSigned(act, 'admin', detail => groupChange(detail, 'inviteDisable')?.disabledBy === actor)
      case 'join.requested':
        // Somebody who is no member, and who alone can ask for themselves.
        return this.#demandSigned(act, 'anybody', detail => {
          return groupChange(detail, 'joinRequest')?.userId === actor && actor === body.user
        })
      case 'join.rejected':
        // Nobody signs what ends with an account or by a ban.
        return this.#checkSigned(act, 'admin', detail => isList(detail, 'joinReject', textsIn(body, 'users') ?? []))
      case 'suite.switched':
        return [this.#fault('unsigned', act.link, 'the suite of an X room is never switched')]
      default:
        // Of what is not known here, that its signature is right.
        return this.#checkSigned(act, 'anybody', () => true)
    }
  }

  async #made(act: Act): Promise<readonly Fault[]> {
    this.#makingUnsigned = false
    const { members, admins, epoch } = this.#roster
    return this.#checkSigned(act, 'member', detail => {
      const change = groupChange(detail, 'create')
      if (!change || members === null || admins === null) return false
      return (
        isSame(change.memberIds, members) && isSame(change.adminIds, admins) && change.conversationKeyVersion === epoch
      )
    })
  }

  async #rotated(act: Act): Promise<readonly Fault[]> {
    const { link, sequence, body, before } = act
    const faults: Fault[] = []
    const version = textIn(body, 'version') ?? ''
    const wraps = (Array.isArray(body.wraps) ? body.wraps : []).map(wrap => fieldsOf(wrap) ?? {})
    const users = wraps.map(wrap => textIn(wrap, 'user') ?? '')
    if (!isKeyVersion(version) || (before.epoch !== null && compareVersions(version, before.epoch) <= 0))
      faults.push(this.#fault('epoch.order', link, `the key ${version} is not newer than ${before.epoch}`))
    for (const wrap of wraps) {
      const [user, of] = [textIn(wrap, 'user') ?? '', textIn(wrap, 'publicKeyVersion') ?? '']
      if (this.#keysOf(user)?.has(of) === false)
        faults.push(this.#fault('wraps', link, `it is wrapped for ${user} at the key ${of}, which was never logged`))
    }
    this.#opened = { number: link.number, sequence, version, users }
    this.#keyed = `${sequence} ${act.actor}`
    this.#sent.clear()
    this.#sentBefore.clear()
    if (!fieldsOf(body.signed)) return [...faults, this.#fault('unsigned', link, `the key ${version} is not signed`)]
    const unsigned = await this.#checkSigned(act, 'member', detail => {
      if (detail.kind !== 'keyChange' || detail.event.conversationKeyVersion !== version) return false
      const keys = detail.event.participantKeys
      const said = new Map(keys.map(key => [key.userId, `${key.encryptedConversationKey} ${key.publicKeyVersion}`]))
      return (
        keys.length === wraps.length &&
        said.size === wraps.length &&
        wraps.every(wrap => said.get(textIn(wrap, 'user') ?? '') === `${wrap.key} ${wrap.publicKeyVersion}`)
      )
    })
    return [...faults, ...unsigned]
  }

  /** With the key that only the new roster holds, right before it. What is signed says who was there, which is where a
   * reader starts who may not see more. */
  async #added(act: Act): Promise<readonly Fault[]> {
    const { link, sequence, body, actor, before } = act
    const faults: Fault[] = []
    const users = textsIn(body, 'users') ?? []
    const opened = this.#opened
    if (!opened || opened.sequence !== sequence - 1)
      faults.push(this.#fault('wraps', link, `${listed(users)} came without a new key`))
    if (!fieldsOf(body.signed)) {
      faults.push(this.#fault('unsigned', link, `nobody signed that ${listed(users)} came`), ...this.#settle())
      return faults
    }
    faults.push(...this.#standing(act, 'member'))
    if (before.pair) faults.push(this.#fault('member.ghost', link, `nobody comes to a direct room: ${listed(users)}`))
    const detail = await this.#signed(body, actor)
    const change = typeof detail === 'string' ? undefined : groupChange(detail, 'memberAdd')
    if (typeof detail === 'string') faults.push(this.#fault('signature', link, detail))
    else if (
      !change ||
      !isSame(change.memberIds, new Set(users)) ||
      (before.members !== null && !isSame(change.currentMemberIds, before.members)) ||
      (before.admins !== null && !isSame(change.currentAdminIds, before.admins)) ||
      (opened && change.conversationKeyVersion !== opened.version)
    ) {
      faults.push(this.#fault('signature', link, 'what was signed is not what happened'))
    } else if (before.members === null || before.admins === null) {
      faults.push(...this.#letIn(act, users, change))
    }
    return [...faults, ...this.#settle()]
  }

  /** Who was there by the word of who let the reader in. What is signed has no mark between its lists, so a server can
   * divide them anew; not so that everybody stands in the one where they have to be. */
  #letIn(
    { link, actor }: Act,
    users: readonly string[],
    { currentMemberIds, currentAdminIds }: ChangeOf<'memberAdd'>,
  ): readonly Fault[] {
    if (this.#reader === undefined || !users.includes(this.#reader)) return []
    const members = new Set([...currentMemberIds, ...users])
    const admins = new Set(currentAdminIds)
    this.#roster = { ...this.#roster, suite: 'xchat', members, admins }
    if (
      members.size !== currentMemberIds.length + users.length ||
      without(admins, members).size > 0 ||
      users.some(user => admins.has(user))
    )
      return [this.#fault('signature', link, 'what was signed says of nobody clearly whether they were there')]
    return currentMemberIds.includes(actor ?? '') ? [] : [this.#fault('actor', link, `${actor} was no member`)]
  }

  async #appointed(act: Act): Promise<readonly Fault[]> {
    const { link, sequence, body, before } = act
    if (body.role !== 'owner') return []
    const user = textIn(body, 'user') ?? ''
    const granted = body.granted === true
    if (!fieldsOf(body.signed)) {
      const list = this.#list
      const covered = list?.granted === granted && list.users.has(user) && list.sequence === sequence - 1
      if (covered) this.#list = { ...list, sequence }
      // Who left has ceased to be one.
      if (covered || (!granted && before.members?.has(user) === false)) return []
      return [
        this.#fault('unsigned', link, `nobody signed that ${user} ${granted ? 'became' : 'ceased to be'} an admin`),
      ]
    }
    // Where the last admin left, any member makes the next.
    const by = granted && before.admins?.size === 0 ? 'member' : 'admin'
    return this.#checkSigned(act, by, detail => {
      const change = groupChange(detail, granted ? 'adminAdd' : 'adminRemove')
      if (!change?.ids.includes(user)) return false
      this.#list = { granted, users: new Set(change.ids), sequence }
      return true
    })
  }

  /** The same of what no server does by itself. */
  async #demandSigned(
    act: Act,
    by: Standing,
    says: (detail: MessageEventDetail) => boolean,
  ): Promise<readonly Fault[]> {
    if (fieldsOf(act.body.signed)) return this.#checkSigned(act, by, says)
    return [this.#fault('unsigned', act.link, `nobody signed this ${act.body.type}`)]
  }

  /** Nothing where nothing is signed. `by`: who may do it. `says`: whether the signed detail is what the entry's body is. */
  async #checkSigned(act: Act, by: Standing, says: (detail: MessageEventDetail) => boolean): Promise<readonly Fault[]> {
    const { link, body, actor } = act
    if (!fieldsOf(body.signed)) return []
    const faults = this.#standing(act, by)
    const detail = await this.#signed(body, actor)
    if (typeof detail === 'string') return [...faults, this.#fault('signature', link, detail)]
    return says(detail) ? faults : [...faults, this.#fault('signature', link, 'what was signed is not what happened')]
  }

  /** As far as it is known who was there. */
  #standing({ link, actor, before }: Act, by: Standing): readonly Fault[] {
    const { members, admins } = before
    if (by === 'anybody' || members === null || actor === undefined) return []
    if (!members.has(actor)) return [this.#fault('actor', link, `${actor} was no member`)]
    if (by === 'member' || admins === null || admins.has(actor)) return []
    return [this.#fault('actor', link, `${actor} was no admin`)]
  }

  /** The signed detail, or what is wrong with it. */
  async #signed(body: Fields, actor: string | undefined): Promise<MessageEventDetail | string> {
    if (actor === undefined) return 'it is signed and nobody did it'
    const messageId = textIn(fieldsOf(body.signed), 'messageId') ?? ''
    if (this.#messageIds.has(messageId)) return 'it was signed once and stands twice'
    this.#messageIds.add(messageId)
    const signer = { user: actor, conversationId: this.#conversationId() }
    const read = await readSigned(fieldsOf(body.signed) ?? {}, signer, this.#keysOf, this.#crypto)
    return read.ok ? read.value : read.error
  }

  #conversationId(): string {
    const { pair } = this.#roster
    return pair ? pairIdOf(pair[0] as UserId, pair[1] as UserId, ':') : groupIdOf(this.#links.id as RoomId)
  }

  #fault(kind: FaultKind, at: At | null, text: string): Fault {
    if (at === null) return this.#links.fault(kind, null, text)
    if ('number' in at) return this.#links.fault(kind, at.number, text)
    return { ...this.#links.fault(kind, null, text), at: { sequence: at.sequence } }
  }
}

/** The change that has this kind among its own. */
type ChangeOf<K extends GroupChange['kind'], C = GroupChange> = C extends { kind: infer Kinds }
  ? K extends Kinds
    ? C
    : never
  : never

function groupChange<K extends GroupChange['kind']>(detail: MessageEventDetail, kind: K): ChangeOf<K> | undefined {
  if (detail.kind !== 'groupChange' || detail.change.kind !== kind) return undefined
  return detail.change as ChangeOf<K>
}

/** What somebody hides from themselves is signed too, and no deletion. */
function isDeletion(detail: MessageEventDetail, body: Fields): boolean {
  const targets = textsIn(body, 'targets')
  if (detail.kind !== 'messageDelete' || targets === undefined) return false
  return detail.event.action === DELETE_FOR_ALL && isSame(detail.event.sequenceIds, new Set(targets))
}

function isList(
  detail: MessageEventDetail,
  kind: 'memberRemove' | 'joinReject',
  users: readonly string[] | undefined,
): boolean {
  const change = groupChange(detail, kind)
  return change !== undefined && users !== undefined && isSame(change.ids, new Set(users))
}

/** The list holds each of the set once and nobody else. */
function isSame(list: readonly string[], set: ReadonlySet<string>): boolean {
  return list.length === set.size && list.every(one => set.has(one)) && new Set(list).size === set.size
}

const LISTED = 5

function listed(users: Iterable<string>): string {
  const all = [...users]
  const more = all.length - LISTED
  return all.length === 0 ? 'nobody' : all.slice(0, LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
