// A Rocket.Chat client's end-to-end encryption, as the web and the mobile client go about it (rocketchat.md 5, 6.5), in both
// generations of the formats (e2e-formats.ts).
import type { Ddp, Frame, RestAnswer } from './ddp.ts'
import {
  type Generation,
  keyIdOf,
  newPair,
  newRoomKey,
  openContent,
  type Pair,
  pairOf,
  type RoomKey,
  type SealedContent,
  sealContent,
  unwrapPrivate,
  unwrapRoomKey,
  wordsOf,
  wrapPrivate,
  wrapRoomKey,
} from './e2e-formats.ts'

export type { Generation } from './e2e-formats.ts'

/** Whatever carries calls: the real ddp-client, or the raw one. */
export interface Wire {
  // biome-ignore lint/suspicious/noExplicitAny: results are looked at by each test
  call(method: string, ...params: unknown[]): Promise<any>
}

/** REST in the name of the client's user, below `/api/v1/`. */
export type Rest = (verb: 'GET' | 'POST', path: string, body?: unknown) => Promise<RestAnswer>

/** `made`: the client has made the room's key; `ready`: it has it; `waiting`: somebody has to give it. */
export type Entered = 'made' | 'ready' | 'waiting'

export class E2eClient {
  readonly wire: Wire
  readonly id: string
  readonly generation: Generation
  /** The keys in use. */
  readonly rooms = new Map<string, RoomKey>()
  readonly #old = new Map<string, RoomKey>()
  readonly #rest: Rest | undefined
  #pair: Pair | undefined

  constructor(wire: Wire, id: string, generation: Generation, rest?: Rest) {
    this.wire = wire
    this.id = id
    this.generation = generation
    this.#rest = rest
  }

  /** The private key's JWK text: must never be seen on any wire. */
  get privateText(): string {
    return this.#pair?.privateText ?? ''
  }

  /** Makes a key pair, wraps the private half with a passphrase, and uploads both. */
  async setUp(passphrase: string): Promise<void> {
    this.#pair = await newPair()
    await this.#upload(passphrase, {})
  }

  /** A second device: fetches the pair and opens it with the passphrase. */
  async restore(passphrase: string): Promise<void> {
    const { public_key, private_key } = await this.wire.call('e2e.fetchMyKeys')
    this.#pair = await pairOf(public_key, await unwrapPrivate(private_key, this.id, passphrase))
  }

  /** The same pair, wrapped anew. */
  async changePassphrase(passphrase: string): Promise<void> {
    await this.#upload(passphrase, { force: true })
  }

  async #upload(passphrase: string, more: object): Promise<void> {
    const { publicText, privateText } = this.#own()
    const private_key = await wrapPrivate(this.generation, this.id, passphrase, privateText)
    await this.wire.call('e2e.setUserPublicAndPrivateKeys', { public_key: publicText, private_key, ...more })
  }

  /** The first in the room makes its key (rocketchat.md 6.2). */
  async createRoomKey(rid: string): Promise<void> {
    const made = await newRoomKey(this.generation)
    await this.wire.call('e2e.setRoomKeyID', rid, made.id)
    this.rooms.set(rid, made)
    await this.wire.call('e2e.updateGroupKey', rid, this.id, await wrapRoomKey(made, this.#own().publicText))
  }

  /** Gives the room's key to every member who lacks it, one by one, as clients before 7.0 do. */
  async shareRoomKey(rid: string): Promise<string[]> {
    const { users } = await this.wire.call('e2e.getUsersOfRoomWithoutKey', rid)
    for (const { _id, e2e } of users) {
      await this.wire.call('e2e.updateGroupKey', rid, _id, await wrapRoomKey(this.#roomKey(rid), e2e.public_key))
    }
    return users.map(({ _id }: { _id: string }) => _id)
  }

  /** Opens the key that stands on the own subscription, and the former ones; false where there is none. */
  async openRoomKey(rid: string): Promise<boolean> {
    const own = await this.#subscription(rid)
    if (!own?.E2EKey || !this.#pair) return false
    for (const { E2EKey } of own.oldRoomKeys ?? []) await this.#keepOld(E2EKey)
    this.rooms.set(rid, await unwrapRoomKey(own.E2EKey, this.#pair.privateKey))
    return true
  }

  /** Opens a room as the web client does: with the key there is, or the one that somebody suggests, or by making one. Of
   * several who make one at once all but one throw theirs away. */
  async enter(rid: string): Promise<Entered> {
    const own = await this.#subscription(rid)
    for (const { E2EKey } of own.oldRoomKeys ?? []) await this.#keepOld(E2EKey)
    if (own.E2ESuggestedKey && (await this.#settle(rid, own.E2ESuggestedKey))) return 'ready'
    if (await this.openRoomKey(rid)) return 'ready'
    const room = await this.#room(rid)
    if (room.e2eKeyId) return this.#ask(rid, room.e2eKeyId)
    const made = await newRoomKey(this.generation)
    const { status, body } = await this.#call('POST', 'e2e.setRoomKeyID', { rid, keyID: made.id })
    if (status !== 200 && body.errorType === 'error-room-e2e-key-already-exists')
      return this.#ask(rid, (await this.#room(rid)).e2eKeyId)
    this.rooms.set(rid, made)
    const key = await wrapRoomKey(made, this.#own().publicText)
    await this.#done('POST', 'e2e.updateGroupKey', { rid, uid: this.id, key })
    return 'made'
  }

  /** True where the suggestion could be opened and was taken. */
  async #settle(rid: string, suggested: string): Promise<boolean> {
    const opened = await unwrapRoomKey(suggested, this.#own().privateKey).catch(() => undefined)
    await this.#done('POST', `e2e.${opened ? 'accept' : 'reject'}SuggestedGroupKey`, { rid })
    if (opened) await this.openRoomKey(rid)
    return opened !== undefined
  }

  async #ask(rid: string, keyId: string): Promise<'waiting'> {
    this.rooms.delete(rid)
    await this.wire.call('stream-notify-room-users', `${rid}/e2ekeyRequest`, rid, keyId)
    return 'waiting'
  }

  /** Gives those who wait the keys of these rooms, former ones too; to whom, by room. */
  async serveWaiting(...rids: string[]): Promise<Record<string, string[]>> {
    const query = rids.map(rid => `roomIds[]=${rid}`).join('&')
    const { usersWaitingForE2EKeys } = await this.#done('GET', `e2e.fetchUsersWaitingForGroupKey?${query}`)
    const usersSuggestedGroupKeys: Record<string, object[]> = {}
    for (const [rid, users] of Object.entries<Frame[]>(usersWaitingForE2EKeys)) {
      if (!this.rooms.has(rid)) continue
      const former: Frame[] = (await this.#subscription(rid)).oldRoomKeys ?? []
      usersSuggestedGroupKeys[rid] = await Promise.all(
        users.map(async ({ _id, public_key }) => ({
          _id,
          key: await wrapRoomKey(this.#roomKey(rid), public_key),
          oldKeys: await Promise.all(former.map(one => this.#rewrapped(one, public_key))),
        })),
      )
    }
    await this.#done('POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys })
    return Object.fromEntries(
      Object.entries(usersSuggestedGroupKeys).map(([rid, users]) => [rid, users.map(one => (one as Frame)._id)]),
    )
  }

  async #rewrapped({ e2eKeyId, ts, E2EKey }: Frame, publicText: string): Promise<object> {
    const opened = await unwrapRoomKey(E2EKey, this.#own().privateKey)
    return { e2eKeyId, ts: new Date(ts.$date), E2EKey: await wrapRoomKey(opened, publicText) }
  }

  /** Another key of the room, which so far this client alone has. */
  async resetRoomKey(rid: string): Promise<RestAnswer> {
    const made = await newRoomKey(this.generation)
    const e2eKey = await wrapRoomKey(made, this.#own().publicText)
    const answer = await this.#call('POST', 'e2e.resetRoomKey', { rid, e2eKey, e2eKeyId: made.id })
    if (answer.status === 200) await this.openRoomKey(rid)
    return answer
  }

  async encrypt(rid: string, msg: string): Promise<SealedContent> {
    return sealContent(this.#roomKey(rid), { msg })
  }

  async send(rid: string, msg: string): Promise<{ _id: string }> {
    return this.wire.call('sendMessage', {
      rid,
      msg: '',
      t: 'e2e',
      e2e: 'pending',
      content: await this.encrypt(rid, msg),
    })
  }

  /** With the key that the message names where this client knows it, else with the one in use. */
  // biome-ignore lint/suspicious/noExplicitAny: a message document
  async decrypt(message: any): Promise<string> {
    const { key } = this.#old.get(keyIdOf(message.content)) ?? this.#roomKey(message.rid)
    return wordsOf(await openContent(message.content, key))
  }

  async #keepOld(wrapped: string): Promise<void> {
    const opened = await unwrapRoomKey(wrapped, this.#own().privateKey)
    this.#old.set(opened.id, opened)
  }

  async #subscription(rid: string): Promise<Frame> {
    return (await this.wire.call('subscriptions/get')).find((one: Frame) => one.rid === rid)
  }

  async #room(rid: string): Promise<Frame> {
    return (await this.wire.call('rooms/get')).find((one: Frame) => one._id === rid)
  }

  #call(...asked: Parameters<Rest>): Promise<RestAnswer> {
    if (!this.#rest) throw new Error('a client without REST')
    return this.#rest(...asked)
  }

  async #done(...asked: Parameters<Rest>): Promise<Frame> {
    const { status, body } = await this.#call(...asked)
    if (status !== 200) throw new Error(`${asked[1]}: ${JSON.stringify(body)}`)
    return body
  }

  #own(): Pair {
    if (!this.#pair) throw new Error('no key pair')
    return this.#pair
  }

  #roomKey(rid: string): RoomKey {
    const held = this.rooms.get(rid)
    if (!held) throw new Error('no key of this room')
    return held
  }
}

/** Reads a whole room as its member sees it: what was said, the oldest first. */
export async function saidIn(client: E2eClient, wire: Ddp, rid: string): Promise<string[]> {
  const { messages } = await wire.call('loadHistory', rid, null, 100)
  const sealed = messages.filter((one: Frame) => one.t === 'e2e').toReversed()
  return Promise.all(sealed.map((one: Frame) => client.decrypt(one).catch(() => 'unreadable')))
}
