// The clients of a seed. Each has a user, talks to one node at a time, watches rooms there, and does what honest and
// dishonest clients of all wires do: it goes by what its node shows it, which may be old, and asks again when it heard nothing.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { Unsubscribe } from '../packages/server/src/bus/bus.ts'
import { changeChannelAcls } from '../packages/server/src/engine/channel-acls.ts'
import type { Answer } from '../packages/server/src/engine/engine.ts'
import type { Session } from '../packages/server/src/engine/sessions.ts'
import type { SessionRef } from '../packages/server/src/presence/presence.ts'
import { blankRoom } from '../packages/server/src/room/commands/create-room.ts'
import type { SendMessage } from '../packages/server/src/room/commands/send-message.ts'
import type { Command } from '../packages/server/src/room/decide.ts'
import type { Wrap } from '../packages/server/src/room/events.ts'
import type { Account, KeySet } from '../packages/server/src/room/facts.ts'
import { isRejection } from '../packages/server/src/room/rejection.ts'
import { type ActionSignature, conversationIdOf } from '../packages/server/src/room/signatures.ts'
import { type RoomState, sanctionOn, usersWith } from '../packages/server/src/room/state.ts'
import { StoreFailure } from '../packages/server/src/store/store.ts'
import type { Chance } from './chance.ts'
import type { Judge } from './judge.ts'
import type { SimulatedNode } from './node.ts'
import type { Scheduler } from './scheduler.ts'
import { keyNumber, sign } from './signing.ts'
import { Watch } from './watch.ts'
import { groupChange, keyChange, message, type Signer, wrapsFor } from './xchat.ts'

export interface Stage {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly judge: Judge
  readonly channels: readonly ChannelId[]
  readonly users: readonly UserId[]
  readonly operator: UserId
  readonly rooms: RoomId[]
  tell(line: string): void
  broken(error: unknown): void
  /** Towards the end of some seeds people are put out of rooms, and whoever does that may not come through it. */
  readonly rough: boolean
  /** It crashes right after its next commit: in the middle of what it is doing, as a rule. */
  strike(node: SimulatedNode): void
}

interface Sent {
  readonly room: RoomId
  readonly command: SendMessage
}

/** Watches that one client keeps. */
const WATCHES = 3

export class Client {
  readonly user: UserId
  readonly #stage: Stage
  readonly #number: number
  node: SimulatedNode
  #session: Session | null = null
  #opening: Promise<Session | null> | null = null
  #unsubscribe: Unsubscribe | null = null
  readonly watches: Watch[] = []
  readonly #sent: Sent[] = []
  readonly #times = new Map<string, number>()
  /** Signatures that were used, for replays. */
  readonly #signed: ActionSignature[] = []
  #ids = 0
  #keys = 1

  constructor(number: number, user: UserId, node: SimulatedNode, stage: Stage) {
    this.#number = number
    this.user = user
    this.node = node
    this.#stage = stage
  }

  /** At the first moment: the rooms that everybody goes into. */
  found(number: number): Promise<void> {
    const founding = [this.#createPlain, this.#createGroup, this.#createEncrypted, this.#createHidden]
    return (founding[number % founding.length] as () => Promise<void>).call(this)
  }

  async act(): Promise<void> {
    const { chance, rough } = this.#stage
    const act = chance.weighted<() => Promise<void>>([
      [30, this.#send],
      [8, this.#sendAgain],
      [5, this.#sendWrongly],
      [5, this.#rotate],
      [8, this.#add],
      [5, this.#remove],
      [3, this.#leave],
      [rough ? 14 : 3, this.#sanction],
      [2, this.#lift],
      [rough ? 10 : 2.5, this.#sanctionBeyond],
      [2, this.#liftBeyond],
      [2, this.#register],
      [2, this.#changeRole],
      [1.5, this.#changeAcls],
      [1, this.#changeChannelAcls],
      [1.5, this.#changeAccount],
      [7, this.#read],
      [rough ? 40 : 6, this.enter],
      [6, this.watch],
      [1, this.#createPlain],
      [1.5, this.#createGroup],
      [1, this.#createEncrypted],
      [0.5, this.#removeRoom],
      [1, this.#deleteMessages],
      [2, this.#saveWrap],
    ])
    try {
      await act.call(this)
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
      this.#stage.tell(`${this.user} is told that the store is not there`)
    }
  }

  /** It has a session. */
  get connected(): boolean {
    return this.#session !== null
  }

  /** Its node is gone, or it is put off. */
  disconnect(): void {
    const session = this.#session
    this.#session = null
    this.#opening = null
    this.#unsubscribe?.()
    this.#unsubscribe = null
    for (const watch of this.watches.splice(0)) watch.end()
    if (!session) return
    this.#close(session, this.node)
  }

  /** Of a node that is gone the others close it. */
  #close({ id, user, wire }: Session, node: SimulatedNode): void {
    if (!node.up) return
    const { scheduler, broken } = this.#stage
    const failed = (error: unknown): void => {
      if (!(error instanceof StoreFailure)) broken(error)
    }
    scheduler.plan(node.life, 0, () => void node.core.occupancy.close({ id, user, wire, token: null }).catch(failed))
  }

  get #chance(): Chance {
    return this.#stage.chance
  }

  get #core() {
    return this.node.core
  }

  /** One of the first ones as a rule, so that many meet there; mostly one that the client is in. */
  #room(): RoomId {
    const { chance, rooms, judge } = this.#stage
    const among = chance.percent(70) ? rooms.slice(0, 4) : rooms
    const own = among.filter(room => judge.model.rooms.get(room)?.members.has(this.user))
    return chance.one(own.length > 0 && chance.percent(75) ? own : among)
  }

  #others(most: number, but: Iterable<UserId> = []): UserId[] {
    const out = new Set([...but, this.user])
    return this.#chance.some(
      this.#stage.users.filter(user => !out.has(user)),
      most,
    )
  }

  #id(): string {
    this.#ids += 1
    return `${this.user}-${this.#ids}`
  }

  async #submit(room: RoomId, command: Command, channel?: ChannelId): Promise<Answer> {
    const { judge, tell } = this.#stage
    const sends = command.command === 'send-message' ? command : null
    const messageId = sends?.messageId ?? null
    const times = (): number => this.#times.get(messageId ?? '') ?? 0
    if (messageId !== null) this.#times.set(messageId, times() + 1)
    const asked = {
      room,
      actor: command.actor,
      messageId,
      digest: sends?.digest ?? '',
      times,
      command: command.command,
    }
    const told = `${this.user}@${this.node.name} ${command.command} in ${room}${messageId === null ? '' : ` ${messageId}`}`
    tell(told)
    const answer = await this.#core.engine.submit({
      room,
      command,
      session: this.#session?.id ?? null,
      bytes: 100,
      ...(channel === undefined ? {} : { channel }),
      ...(this.#chance.percent(50) ? { unordered: true as const } : {}),
    })
    tell(`${told}: ${isRejection(answer) ? answer.rejected : answer.events.map(event => event.sequence).join()}`)
    judge.answered(asked, answer)
    return answer
  }

  /** What the node says of a room; undefined where there is none. */
  #state(room: RoomId): Promise<RoomState | undefined> {
    return this.#core.rooms.load(room)
  }

  async #signer(user = this.user): Promise<Signer> {
    return { user, keys: await this.#core.identity.publicKeys.of(user) }
  }

  async #keysOf(users: Iterable<UserId>): Promise<Map<UserId, KeySet | undefined>> {
    const keys = new Map<UserId, KeySet | undefined>()
    for (const user of users) keys.set(user, await this.#core.identity.publicKeys.of(user))
    return keys
  }

  async #send(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state) return
    await this.#sendOf(await this.#message(state), room)
  }

  async #sendOf(command: SendMessage, room: RoomId): Promise<void> {
    this.#sent.push({ room, command })
    if (this.#sent.length > 20) this.#sent.shift()
    await this.#submit(room, command)
  }

  async #message(state: RoomState, epoch = state.epoch?.version): Promise<SendMessage> {
    const messageId = this.#id()
    const content = await this.#content(state, messageId, epoch ?? '1')
    const inside = state.suite === 'none' && (await this.#core.occupancy.inside(state.id, this.user))
    return {
      command: 'send-message',
      actor: this.user,
      content,
      messageId,
      digest: JSON.stringify(content),
      inside,
      attributes: null,
      origin: null,
    }
  }

  async #content(state: RoomState, messageId: string, epoch: string): Promise<SendMessage['content']> {
    if (state.suite === 'none') return { suite: 'none', text: `text of ${messageId}` }
    if (state.suite === 'xchat')
      return message(this.#chance, await this.#signer(), epoch, conversationIdOf(state), messageId)
    const content = { algorithm: 'rc.v2.aes-sha2', kid: epoch, iv: IV, ciphertext: this.#base64(32) }
    return { suite: 'rocketchat', content, msg: '' }
  }

  #base64(count: number): string {
    return Buffer.from(this.#chance.bytes(count)).toString('base64')
  }

  /** What was sent before, perhaps over another node: the same, or something else under its id (L7). */
  async #sendAgain(): Promise<void> {
    const sent = this.#chance.pick(this.#sent)
    if (!sent) return
    const { room, command } = sent
    if (this.#chance.percent(80)) return void (await this.#submit(room, command))
    const other = { ...command, digest: `${command.digest} and more` }
    if (other.content.suite === 'none') other.content = { suite: 'none', text: 'something else' }
    await this.#submit(room, other)
  }

  async #sendWrongly(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state) return
    const command = await this.#message(state)
    const wrong = this.#chance.below(4)
    if (wrong === 0 && state.suite !== 'none') falsify(command, { suite: 'none', text: 'plain' })
    else if (wrong === 1 && state.epoch) {
      const old = state.suite === 'xchat' ? String(BigInt(state.epoch.version) - 1n) : 'former-key-id'
      return this.#sendOf(await this.#message(state, old), room)
    } else if (wrong === 2 && command.content.suite === 'xchat')
      falsify(command, { ...command.content, signature: Buffer.from(this.#chance.bytes(64)).toString('base64') })
    else if (wrong === 3) {
      const [other] = this.#others(1)
      if (other) falsify(command, command.content, other)
    }
    await this.#submit(room, command)
  }

  async #createPlain(): Promise<void> {
    await this.#create({ suite: 'none', kind: 'public' })
  }

  async #createHidden(): Promise<void> {
    await this.#create({ suite: 'none', kind: 'private' })
  }

  async #createEncrypted(): Promise<void> {
    const room = await this.#create({ suite: 'rocketchat', kind: 'private' })
    if (room === null) return
    const wraps = [{ user: this.user, key: `first${this.#base64(24)}`, publicKeyVersion: '1' }]
    await this.#submit(room, {
      command: 'open-epoch',
      actor: this.user,
      version: this.#id(),
      wraps,
      signatures: null,
      replaces: false,
    })
  }

  /** Its id; null where it was not made, as far as anybody knows. */
  async #create(named: Parameters<typeof blankRoom>[0]): Promise<RoomId | null> {
    const { chance, channels, rooms } = this.#stage
    const room = this.#core.store.newId() as RoomId
    const members = [this.user, ...this.#others(chance.below(3) + 3)]
    // Names meet on purpose: only one room bears each.
    const name = `room ${chance.below(40)}`
    const answer = await this.#submit(
      room,
      {
        command: 'create-room',
        actor: this.user,
        room: blankRoom({ ...named, name, members, owners: [this.user] }),
        claimName: true,
        slot: null,
        epoch: null,
      },
      chance.one(channels),
    )
    if (isRejection(answer)) return null
    rooms.push(room)
    return room
  }

  async #createGroup(): Promise<void> {
    const { chance, channels, rooms, scheduler } = this.#stage
    const signer = await this.#signer()
    const members = [this.user, ...this.#others(chance.below(3) + 3)]
    const room = this.#core.store.newId() as RoomId
    const version = String(Math.floor(scheduler.now))
    const wraps = wrapsFor(chance, await this.#keysOf(members))
    const change = {
      kind: 'create',
      memberIds: members,
      adminIds: [this.user],
      title: 'Team',
      conversationKeyVersion: version,
    } as const
    const signatures = [
      keyChange(signer, version, wraps, `g${room}`, this.#id()),
      groupChange(signer, change, '', this.#id()),
    ]
    const blank = blankRoom({ suite: 'xchat', kind: 'private', title: 'Team', members, owners: [this.user] })
    const command = {
      command: 'create-room',
      actor: this.user,
      room: blank,
      claimName: false,
      slot: null,
      epoch: { version, wraps, signatures },
    } as const
    const answer = await this.#submit(room, command, chance.one(channels))
    if (!isRejection(answer)) rooms.push(room)
  }

  /** A newer version than that of the room, as a client's clock gives it; sometimes one that no honest one would give. */
  #version(state: RoomState): string {
    const now = Math.floor(this.#stage.scheduler.now)
    const kind = this.#chance.below(20)
    if (kind === 0) return state.epoch?.version ?? '1'
    if (kind === 1) return String(now + 660_000)
    if (kind === 2) return String(now + 300_000)
    const held = BigInt(state.epoch?.version ?? 0)
    return String(held >= BigInt(now) ? held + 1n : now)
  }

  /** Wraps for a roster; sometimes with one missing, one too many, or one for another key. */
  async #wraps(roster: readonly UserId[]): Promise<Wrap[]> {
    const wraps = wrapsFor(this.#chance, await this.#keysOf(roster))
    const kind = this.#chance.below(16)
    if (kind === 0) wraps.pop()
    const [first] = wraps
    if (kind === 1 && first) wraps.push({ ...first, user: this.#stage.operator })
    if (kind === 2 && first) wraps[0] = { ...first, publicKeyVersion: '1700000000000' }
    return wraps
  }

  /** As it is signed; sometimes as it was. */
  #roster(state: RoomState): UserId[] {
    const members = [...state.members.keys()]
    return this.#chance.percent(5) ? members.slice(1) : members
  }

  /** Signs a change; sometimes with somebody else's key, for another room, or again what was signed before. */
  #sign(signer: Signer, change: Parameters<typeof groupChange>[1], conversation: string): ActionSignature {
    const kind = this.#chance.below(16)
    const id = this.#id()
    const again = kind === 0 ? this.#chance.pick(this.#signed) : undefined
    const made =
      kind === 1
        ? { ...groupChange(signer, change, conversation, id), signature: sign(keyNumber(47), id) }
        : groupChange(signer, change, kind === 2 ? 'g77' : conversation, again?.messageId ?? id)
    this.#signed.push(made)
    return made
  }

  async #rotate(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state || state.suite === 'none') return
    if (state.suite === 'rocketchat') {
      const wraps = [{ user: this.user, key: `next${this.#base64(24)}`, publicKeyVersion: '1' }]
      const replaces = state.epoch !== null
      const rotation = { command: 'open-epoch', actor: this.user, version: this.#id(), wraps, replaces } as const
      await this.#submit(room, { ...rotation, signatures: null })
      return
    }
    const version = this.#version(state)
    const wraps = await this.#wraps([...state.members.keys()])
    const signatures = [keyChange(await this.#signer(), version, wraps, conversationIdOf(state), this.#id())]
    const rotation = { command: 'open-epoch', actor: this.user, version, wraps, signatures, replaces: false } as const
    await this.#submit(room, rotation)
  }

  async #add(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state) return
    const users = this.#others(1 + this.#chance.below(2), this.#chance.percent(90) ? state.members.keys() : [])
    if (users.length === 0) return
    if (state.suite !== 'xchat') {
      await this.#submit(room, { command: 'add-members', actor: this.user, users, signed: null })
      return
    }
    const version = this.#version(state)
    const wraps = await this.#wraps([...state.members.keys(), ...users])
    const signer = await this.#signer()
    const change = {
      kind: 'memberAdd',
      memberIds: users,
      currentMemberIds: this.#roster(state),
      currentAdminIds: usersWith(state, 'owner'),
      currentTitle: state.title ?? undefined,
      conversationKeyVersion: version,
      currentPendingMemberIds: [],
    } as const
    const conversation = conversationIdOf(state)
    const signatures = [
      keyChange(signer, version, wraps, conversation, this.#id()),
      this.#sign(signer, change, conversation),
    ]
    const signed = { version, wraps, signatures, title: null, avatar: null }
    await this.#submit(room, { command: 'add-members', actor: this.user, users, signed })
  }

  async #remove(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    const user = state && this.#chance.pick([...state.members.keys()].filter(one => one !== this.user))
    if (!state || user === undefined) return
    const removal = { command: 'remove-members', actor: this.user, users: [user], how: 'kicked', reason: '' } as const
    if (state.suite !== 'xchat' || this.#chance.percent(30)) {
      await this.#submit(room, { ...removal, keepOwner: false })
      return
    }
    const version = this.#version(state)
    const wraps = await this.#wraps([...state.members.keys()].filter(one => one !== user))
    const signer = await this.#signer()
    const conversation = conversationIdOf(state)
    const signatures = [
      keyChange(signer, version, wraps, conversation, this.#id()),
      this.#sign(signer, { kind: 'memberRemove', ids: [user] }, conversation),
    ]
    const signed = { version, wraps, signatures, title: null, avatar: null }
    await this.#submit(room, { ...removal, keepOwner: false, signed })
  }

  async #leave(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state) return
    const change = { kind: 'memberRemove', ids: [this.user] } as const
    const leave =
      state.suite === 'xchat' && this.#chance.percent(60)
        ? { signed: { leave: [this.#sign(await this.#signer(), change, conversationIdOf(state))] } }
        : {}
    const leaving = { command: 'remove-members', actor: this.user, users: [this.user], how: 'left' } as const
    await this.#submit(room, { ...leaving, reason: '', keepOwner: false, ...leave })
  }

  async #account(): Promise<Account | undefined> {
    return this.#core.identity.accounts.load(this.user)
  }

  /** In a rough seed somebody who is inside, if anybody is. */
  async #victim(room: RoomId): Promise<UserId | undefined> {
    const [user] = this.#others(1)
    if (!this.#stage.rough) return user
    const inside = (await this.#core.occupancy.occupants(room)).filter(one => one.user !== this.user)
    return this.#chance.pick(inside)?.user ?? user
  }

  #strike(): void {
    if (this.#stage.rough && this.#chance.percent(40)) this.#stage.strike(this.node)
  }

  async #sanction(): Promise<void> {
    const room = this.#room()
    const user = await this.#victim(room)
    const actor = this.#stage.rough && this.#chance.percent(80) ? null : await this.#account()
    if (user === undefined || actor === undefined) return
    const { sanctions } = this.#core
    this.#strike()
    const asked = { actor, session: null, user, reason: '' }
    const kind = this.#chance.below(3)
    this.#stage.tell(`${this.user}@${this.node.name} ${['kicks', 'bans', 'mutes'][kind]} ${user} in ${room}`)
    if (kind === 0) {
      const banMs = this.#chance.percent(50) ? 0 : 2_000
      return void (await sanctions.kick({ ...asked, room, banMs }))
    }
    const imposing = { ...asked, scope: { of: 'room', room }, until: this.#until(), summary: '' } as const
    await (kind === 1 ? sanctions.ban(imposing) : sanctions.mute(imposing))
  }

  #until(): number | null {
    const { rough, scheduler } = this.#stage
    return rough || this.#chance.percent(50) ? null : Math.floor(scheduler.now) + 1_500
  }

  async #lift(): Promise<void> {
    const [user] = this.#others(1)
    const actor = await this.#account()
    if (user === undefined || !actor) return
    const kind = this.#chance.percent(50) ? 'ban' : 'mute'
    const scope = { of: 'room', room: this.#room() } as const
    await this.#core.sanctions.lift({ actor, session: null, user, kind, scope })
  }

  /** From a channel or the whole server; mostly by the server's own hand. */
  async #sanctionBeyond(): Promise<void> {
    const room = this.#room()
    const user = await this.#victim(room)
    if (user === undefined) return
    const { channels, tell, rough } = this.#stage
    const { sanctions } = this.#core
    this.#strike()
    const there = rough ? this.#stage.judge.model.rooms.get(room)?.channel : undefined
    const scope = this.#chance.percent(rough ? 20 : 50)
      ? ({ of: 'global' } as const)
      : ({ of: 'channel', channel: there ?? this.#chance.one(channels) } as const)
    const actor = this.#chance.percent(rough ? 95 : 70) ? null : ((await this.#account()) ?? null)
    const imposing = { actor, session: null, user, scope, until: this.#until(), reason: '', summary: '' }
    tell(`${this.user}@${this.node.name} bans or mutes ${user} (${scope.of})`)
    await (this.#chance.percent(70) ? sanctions.ban(imposing) : sanctions.mute({ ...imposing, actor: null }))
  }

  async #liftBeyond(): Promise<void> {
    const { channels, judge, tell } = this.#stage
    const held = [...judge.model.accounts.values()].flatMap(({ value }) => value.sanctions)
    const found = this.#chance.pick(held)
    const channel = this.#chance.one(channels)
    const inChannel = this.#chance.pick(judge.model.channels.get(channel)?.value.sanctions ?? [])
    const lifted = found ?? inChannel
    if (!lifted) return
    const scope = found ? ({ of: 'global' } as const) : ({ of: 'channel', channel } as const)
    tell(`${this.node.name} lifts a ${lifted.kind} of ${lifted.user} (${scope.of})`)
    const { kind, user } = lifted
    await this.#core.sanctions.lift({ actor: null, session: null, user, kind, scope })
  }

  async #register(): Promise<void> {
    const identity = keyNumber(40 + (this.#number % 4))
    const signing = keyNumber(this.#number * 4 + (this.#keys++ % 4))
    this.#stage.tell(`${this.user}@${this.node.name} registers a key`)
    await this.#core.identity.publicKeys.register(this.user, this.user, {
      identityKey: identity.spki,
      signingKey: signing.spki,
      identityKeySignature: sign(signing, Buffer.from(identity.spki, 'base64')),
      signingKeySignature: sign(identity, Buffer.from(signing.spki, 'base64')),
      fingerprint: '',
      version: null,
      mayAssign: true,
    })
  }

  async #changeRole(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    const user = state && this.#chance.pick([...state.members.keys()])
    if (user === undefined) return
    const role = this.#chance.percent(60) ? 'moderator' : 'owner'
    const granted = this.#chance.percent(60)
    await this.#submit(room, { command: 'change-role', actor: this.user, user, role, granted })
  }

  #acl() {
    return [{ action: 'message', type: 'gender', value: this.#chance.one(['w', 'm', null, null]) }]
  }

  async #changeAcls(): Promise<void> {
    await this.#submit(this.#room(), { command: 'set-acls', actor: this.user, changes: this.#acl() })
  }

  async #changeChannelAcls(): Promise<void> {
    const { identity, writer, clock } = this.#core
    const { channels, operator } = this.#stage
    const parts = { identity, clock, write: writer.write, rules: this.#core.acl }
    await changeChannelAcls(parts, { channel: this.#chance.one(channels), actor: operator, changes: this.#acl() })
  }

  /** By an operator: somebody is switched off or on, or is something else to the access rules. */
  async #changeAccount(): Promise<void> {
    const [user] = this.#others(1)
    if (user === undefined) return
    const change = this.#chance.weighted<object>([
      [1, { active: false }],
      [3, { active: true }],
      [2, { attributes: { gender: this.#chance.one(['m', 'w']) } }],
    ])
    this.#stage.tell(`${this.node.name} changes ${user}: ${JSON.stringify(change)}`)
    await this.#core.identity.users.change(user, change)
  }

  async #read(): Promise<void> {
    const account = await this.#account()
    if (!account) return
    const order = this.#chance.percent(50) ? 'newest' : 'oldest'
    await this.#core.reading.page(account, this.#room(), { select: 'all', order, limit: 20 })
  }

  /** One at a time, as a client has one connection. null where it may have none. */
  #open(): Promise<Session | null> {
    if (this.#session) return Promise.resolve(this.#session)
    if (!this.#opening) {
      const opening = this.#openNow().finally(() => {
        if (this.#opening === opening) this.#opening = null
      })
      this.#opening = opening
    }
    return this.#opening
  }

  async #openNow(): Promise<Session | null> {
    const { node, user } = this
    const account = await this.#account()
    if (!account?.active || sanctionOn(account.sanctions, user, 'ban', node.core.clock.now())) return null
    let ended = false
    const end = (): void => {
      ended = true
      if (this.#session === session) this.disconnect()
    }
    const opening = { user, wire: 'rocketchat', token: null, expiresAt: null, address: '', end } as const
    let session: Session | null = null
    // As gateways do: what concerns the user by name, and the end of the account with it, is followed first.
    await node.bus.follow(`user:${user}`)
    const unsubscribe = node.bus.subscribe(`user:${user}`, () => {})
    try {
      session = await node.core.sessions.open(opening)
    } catch (error) {
      unsubscribe()
      throw error
    }
    if (ended || this.node !== node || this.#session) {
      unsubscribe()
      this.#close(session, node)
      return null
    }
    this.#session = session
    this.#unsubscribe = unsubscribe
    return session
  }

  async enter(): Promise<void> {
    const session = await this.#open()
    if (!session) return
    const ref: SessionRef = { id: session.id, user: this.user, wire: session.wire, token: null }
    const room = this.#room()
    if (this.#chance.percent(this.#stage.rough ? 95 : 70)) await this.#core.occupancy.enter(ref, room, null)
    else await this.#core.occupancy.leave(ref, room)
  }

  async watch(): Promise<void> {
    const room = this.#room()
    if (this.watches.length >= WATCHES) this.watches.shift()?.end()
    if (this.watches.some(watch => watch.room === room && !watch.ended)) return
    const { judge, broken, tell } = this.#stage
    tell(`${this.user}@${this.node.name} watches ${room}`)
    const watch = new Watch(this.node, room, this.user, judge, broken)
    this.watches.push(watch)
    await watch.start()
  }

  async #removeRoom(): Promise<void> {
    const { rooms } = this.#stage
    const room = rooms.at(-1)
    if (room !== undefined && rooms.length > 4)
      await this.#submit(room, { command: 'remove-room', actor: this.user, reason: '' })
  }

  async #deleteMessages(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    if (!state || state.suite === 'xchat') return
    const placed = await this.#core.store.messagesIn(room, { limit: 3 })
    const targets = placed.slice(0, 1)
    if (targets.length > 0)
      await this.#submit(room, { command: 'delete-messages', actor: this.user, targets, senderMay: true })
  }

  async #saveWrap(): Promise<void> {
    const room = this.#room()
    const state = await this.#state(room)
    const user = state?.suite === 'rocketchat' ? this.#chance.pick([...state.members.keys()]) : undefined
    if (user === undefined) return
    await this.#submit(room, { command: 'save-wrap', actor: this.user, user, key: `copy${this.#base64(24)}` })
  }
}

const IV = Buffer.alloc(12).toString('base64')

/** Another content, or another sender, in what is about to be sent. */
function falsify(command: SendMessage, content: SendMessage['content'], actor = command.actor): void {
  Object.assign(command, { content, actor })
}
