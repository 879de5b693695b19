// A user with X's own software: @xdevplatform/xdk over HTTP and the engine of @xdevplatform/chat-xdk. The bare WASM
// class, since `createChat` works only once in a process (x-chat.md section 7, last bullet but one).
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Decoded, GroupChange, GroupInviteEnable, MetadataChange, WritableDetail } from '@conclave/wire'
import { encodeBase64, encodeBase64NoPad, encodeDetail, groupChangePayload, metadataPayload } from '@conclave/wire'
import type {
  ActionSignature,
  DecryptEventsResult,
  EncryptMessageParams,
  GroupCreateParams,
  GroupMembersChangeParams,
  PreparedConversationChange,
  PublicKeyInput,
  PublicKeyRegistrationPayload,
  SendPayload,
  SigningKeyEntry,
} from '@xdevplatform/chat-xdk'
import { Client } from '@xdevplatform/xdk'
import { tokenOf } from './start.ts'

/** What is used of the WASM class. */
export interface Engine {
  generateKeypairs(): PublicKeyRegistrationPayload
  exportKeys(): Uint8Array
  importKeys(keys: Uint8Array, version?: string): void
  setIdentity(user: string, version: string): void
  setCacheKeys(enabled: boolean): void
  prepareConversationKeyChange(params: {
    publicKeys: PublicKeyInput[]
    conversationId?: string
  }): PreparedConversationChange
  prepareGroupCreate(params: GroupCreateParams): PreparedConversationChange
  prepareGroupMembersChange(params: GroupMembersChangeParams): PreparedConversationChange
  encryptMessage(params: EncryptMessageParams): SendPayload
  encryptReply(params: EncryptMessageParams & { replyToEvent: string }): SendPayload
  encryptAddReaction(params: Record<string, unknown>): SendPayload
  prepareMessageDelete(params: {
    conversationId: string
    sequenceIds: string[]
    deleteForAll: boolean
  }): ActionSignature
  sign(data: Uint8Array): Uint8Array
  encrypt(text: string, key: Uint8Array): string
  decrypt(text: string, key: Uint8Array): string
  encryptStream(bytes: Uint8Array, key: Uint8Array): Uint8Array
  decryptStream(bytes: Uint8Array, key: Uint8Array): Uint8Array
  decryptEvents(events: string[], keys: SigningKeyEntry[]): DecryptEventsResult
  verifyKeyBinding(identity: string, signing: string, signature: string): boolean
}

const folder = join(dirname(createRequire(import.meta.url).resolve('@xdevplatform/chat-xdk')), 'pkg')
const wasm = await import(pathToFileURL(join(folder, 'chat_xdk_wasm.js')).href)
await wasm.default({ module_or_path: readFileSync(join(folder, 'chat_xdk_wasm_bg.wasm')) })

export interface Read {
  /** Oldest first. */
  readonly texts: readonly string[]
  readonly types: readonly string[]
  /** Kinds of the group's changes, in the engine's words, with what each says. */
  // biome-ignore lint/suspicious/noExplicitAny: the engine's answer as it came
  readonly changes: readonly any[]
  /** The same of the conversation's settings. */
  // biome-ignore lint/suspicious/noExplicitAny: the engine's answer as it came
  readonly settings: readonly any[]
  readonly errors: Readonly<Record<string, string>>
  readonly verified: boolean
  /** Envelopes, oldest first. */
  readonly events: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's answer as it came
  readonly raw: any
}

export class Person {
  readonly id: string
  readonly client: Client
  readonly engine: Engine
  version = ''
  /** Conversation keys by version, as prepared or read. */
  readonly keys = new Map<string, Uint8Array>()

  constructor(url: string, id: string) {
    this.id = id
    this.client = new Client({ accessToken: tokenOf(id), baseUrl: url })
    this.engine = new wasm.Chat() as Engine
  }

  async register(): Promise<void> {
    const payload = this.engine.generateKeypairs()
    const answer = await this.client.chat.addUserPublicKey(this.id, payload as never)
    this.version = String(answer.data?.publicKeyVersion)
    this.engine.importKeys(this.engine.exportKeys(), this.version)
    this.engine.setIdentity(this.id, this.version)
  }

  /** Newest keys of the users, for wrapping. */
  async publicKeys(ids: readonly string[]): Promise<PublicKeyInput[]> {
    const keys: PublicKeyInput[] = []
    for (const id of ids) {
      const answer = await this.client.users.getPublicKey(id)
      for (const key of answer.data ?? []) {
        keys.push({ userId: id, publicKey: String(key.publicKey), keyVersion: String(key.publicKeyVersion) })
      }
    }
    return keys
  }

  async signingKeys(ids: readonly string[]): Promise<SigningKeyEntry[]> {
    const answer = await this.client.users.getPublicKeys([...ids])
    return (answer.data ?? []).map(key => ({
      userId: String((key as { userId?: string }).userId),
      publicKeyVersion: String(key.publicKeyVersion),
      publicKey: String(key.signingPublicKey),
      identityPublicKey: String(key.publicKey),
      identityPublicKeySignature: String(key.identityPublicKeySignature),
    }))
  }

  async begin(other: string): Promise<{ id: string; version: string; answer: unknown }> {
    const prepared = this.engine.prepareConversationKeyChange({ publicKeys: await this.publicKeys([this.id, other]) })
    const answer = await this.client.chat.addConversationKeys(other, rotationOf(prepared) as never)
    return { ...this.#keep(prepared), answer }
  }

  async rotate(id: string, members: readonly string[]): Promise<string> {
    const publicKeys = await this.publicKeys(members)
    const prepared = this.engine.prepareConversationKeyChange({ publicKeys, conversationId: id })
    await this.client.chat.addConversationKeys(id, rotationOf(prepared) as never)
    return this.#keep(prepared).version
  }

  async createGroup(others: readonly string[], title: string | null = 'Team', more: { ttlMsec?: number } = {}) {
    const initialized = await this.client.chat.initializeGroup()
    const id = String(initialized.data?.conversationId)
    const members = [this.id, ...others]
    const prepared = this.engine.prepareGroupCreate({
      publicKeys: await this.publicKeys(members),
      conversationId: id,
      memberIds: members,
      adminIds: [this.id],
      title,
      ...more,
    })
    const answer = await this.client.chat.createConversation({
      conversationId: id,
      groupMembers: members,
      groupAdmins: [this.id],
      ...(title === null ? {} : { groupName: title }),
      ...(more.ttlMsec === undefined ? {} : { ttlMsec: String(more.ttlMsec) }),
      ...rotationOf(prepared),
    } as never)
    return { ...this.#keep(prepared), answer }
  }

  /** As X's own command line does it: what is current is read from the server. */
  async add(id: string, users: readonly string[], newTitle: string | null = null) {
    const { data } = await this.client.chat.getConversation(id)
    const current = (data as { memberIds?: string[]; adminIds?: string[]; groupName?: string }) ?? {}
    const members = current.memberIds ?? []
    const prepared = this.engine.prepareGroupMembersChange({
      publicKeys: await this.publicKeys([...members, ...users]),
      conversationId: id,
      newMemberIds: [...users],
      currentMemberIds: members,
      currentAdminIds: current.adminIds ?? [],
      currentPendingMemberIds: [],
      currentTitle: current.groupName ?? null,
    })
    const kept = this.#keep(prepared)
    const encryptedTitle =
      newTitle === null ? {} : { encryptedTitle: this.engine.encrypt(newTitle, prepared.conversationKey) }
    const body = { userIds: [...users], ...rotationOf(prepared), ...encryptedTitle }
    const answer = await this.client.chat.addGroupMembers(id, body as never)
    return { ...kept, answer, body }
  }

  /** A request that X's SDK has no method for, through the SDK's own client. `body` in the wire's words. */
  async request(method: string, path: string, body: object): Promise<Record<string, unknown>> {
    const security = [{ OAuth2UserToken: ['dm.write'] }]
    const headers = { 'content-type': 'application/json' }
    return this.client.request(method, `/2/chat/conversations/${path}`, {
      body: JSON.stringify(body),
      security,
      headers,
    } as never)
  }

  /** A change of a group that X's engine does not prepare, signed by X's engine over our text. */
  signed(id: string, change: GroupChange): Record<string, unknown> {
    const messageId = randomUUID()
    const text = groupChangePayload({ messageId, senderId: this.id, conversationId: id }, change)
    return this.#action(messageId, { kind: 'groupChange', change, forKeyRotation: false }, text)
  }

  /** The same for a change of a conversation's settings. `id` in the form that is signed. */
  signedSetting(id: string, change: MetadataChange): Record<string, unknown> {
    const messageId = randomUUID()
    const text = metadataPayload({ messageId, senderId: this.id, conversationId: id }, change)
    return this.#action(messageId, { kind: 'metadataChange', change }, text)
  }

  #action(messageId: string, detail: WritableDetail, text: Decoded<string>): Record<string, unknown> {
    if (!text.ok) throw new Error(text.error)
    return {
      message_id: messageId,
      encoded_message_event_detail: encodeBase64(encodeDetail(detail)),
      message_event_signature: {
        signature: encodeBase64NoPad(this.engine.sign(new TextEncoder().encode(text.value))),
        public_key_version: this.version,
        signature_version: '7',
      },
    }
  }

  /** An addition with the group's link in what is signed, which X's engine verifies and does not prepare. */
  async addNaming(id: string, users: readonly string[], groupInviteEnable: GroupInviteEnable) {
    const { data } = await this.client.chat.getConversation(id)
    const { memberIds = [], adminIds = [] } = data as { memberIds?: string[]; adminIds?: string[] }
    const publicKeys = await this.publicKeys([...memberIds, ...users])
    const prepared = this.engine.prepareConversationKeyChange({ publicKeys, conversationId: id })
    const kept = this.#keep(prepared)
    const rotation = snake(rotationOf(prepared)) as { action_signatures: object[] }
    const addition = this.signed(id, {
      kind: 'memberAdd',
      memberIds: users,
      currentMemberIds: memberIds,
      currentAdminIds: adminIds,
      conversationKeyVersion: kept.version,
      groupInviteEnable,
    })
    const action_signatures = [...rotation.action_signatures, addition]
    const body = { user_ids: users, ...rotation, action_signatures }
    return { ...kept, body, answer: await this.request('POST', `${id}/members`, body) }
  }

  /** Takes members away, with a key for those who stay that X's engine makes. */
  async remove(id: string, users: readonly string[], newTitle: string | null = null) {
    const { data } = await this.client.chat.getConversation(id)
    const members = (data as { memberIds?: string[] }).memberIds ?? []
    const publicKeys = await this.publicKeys(members.filter(user => !users.includes(user)))
    const prepared = this.engine.prepareConversationKeyChange({ publicKeys, conversationId: id })
    const kept = this.#keep(prepared)
    const rotation = snake(rotationOf(prepared)) as { action_signatures: object[] }
    const title = newTitle === null ? {} : { encrypted_title: this.engine.encrypt(newTitle, prepared.conversationKey) }
    const removal = this.signed(id, { kind: 'memberRemove', ids: users })
    const action_signatures = [...rotation.action_signatures, removal]
    const body = { user_ids: users, ...rotation, ...title, action_signatures }
    return { ...kept, body, answer: await this.request('DELETE', `${id}/members`, body) }
  }

  /** An encrypted message, ready to send. */
  message(id: string, version: string, text: string): SendPayload {
    return this.engine.encryptMessage({
      conversationId: id,
      text,
      conversationKey: this.#key(version),
      conversationKeyVersion: version,
    })
  }

  /** Sends what the engine made and gives the envelope. */
  async send(id: string, payload: SendPayload): Promise<string> {
    const answer = await this.client.chat.sendMessage(id, {
      messageId: payload.messageId,
      encodedMessageCreateEvent: payload.encryptedContent,
      encodedMessageEventSignature: payload.encodedEventSignature,
    } as never)
    return String((answer.data as { encodedMessageEvent?: string }).encodedMessageEvent)
  }

  /** Deletes messages with the signature that X's engine makes. */
  async delete(id: string, sequenceIds: string[], whom: 'all' | 'self', media?: readonly string[]): Promise<unknown> {
    const prepared = this.engine.prepareMessageDelete({
      conversationId: id,
      sequenceIds,
      deleteForAll: whom === 'all',
    })
    return this.client.chat.deleteMessages(id, {
      sequenceIds,
      deleteMessageAction: `delete_for_${whom}`,
      actionSignatures: [signatureOf(prepared)],
      ...(media ? { mediaHashKeys: media } : {}),
    } as never)
  }

  async say(id: string, version: string, text: string): Promise<string> {
    return this.send(id, this.message(id, version, text))
  }

  /** Reads one page with everything that it needs and decrypts it. */
  async read(id: string, people: readonly string[], maxResults = 100): Promise<Read> {
    const answer = await this.client.chat.getConversationEvents(id, { maxResults } as never)
    // biome-ignore lint/suspicious/noExplicitAny: the SDK's types are those of another version
    const { data = [], meta = {} } = answer as any
    const page: string[] = data.map((event: { encodedEvent: string }) => event.encodedEvent)
    const events = [...(meta.conversationKeyEvents ?? []), ...page.reverse()]
    const result = this.engine.decryptEvents(events, await this.signingKeys(people))
    for (const [version, key] of Object.entries(result.conversationKeys.keys)) this.keys.set(version, key)
    const read = result.messages.map(message => message.event)
    return {
      texts: read.filter(event => event.type === 'message').map(event => String(event.content?.text)),
      types: read.map(event => event.type),
      changes: read.flatMap(event => (event.type === 'groupChange' ? [event.change] : [])),
      settings: read.flatMap(event => (event.type === 'settingsChange' ? [event.change] : [])),
      errors: result.errors,
      verified: read.every(event => event.verified),
      events,
      raw: answer,
    }
  }

  #key(version: string): Uint8Array {
    const key = this.keys.get(version)
    if (!key) throw new Error(`${this.id} does not hold the key ${version}`)
    return key
  }

  #keep(prepared: PreparedConversationChange): { id: string; version: string } {
    this.keys.set(prepared.conversationKeyVersion, prepared.conversationKey)
    return { id: prepared.conversationId, version: prepared.conversationKeyVersion }
  }
}

export function rotationOf(prepared: PreparedConversationChange) {
  return {
    conversationKeyVersion: prepared.conversationKeyVersion,
    conversationParticipantKeys: prepared.participantKeys.map(key => ({
      userId: key.userId,
      encryptedConversationKey: key.encryptedKey,
      publicKeyVersion: key.publicKeyVersion,
    })),
    actionSignatures: prepared.actionSignatures.map(signatureOf),
  }
}

/** Names as they stand on the wire: the SDK's own client does not turn them for routes that it does not know. */
function snake(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snake)
  if (typeof value !== 'object' || value === null) return value
  const turned = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [turned(name), snake(inner)]))
}

function signatureOf(signature: ActionSignature) {
  return {
    messageId: signature.messageId,
    encodedMessageEventDetail: signature.encodedMessageEventDetail,
    ...(signature.signaturePayload === undefined ? {} : { signaturePayload: signature.signaturePayload }),
    messageEventSignature: {
      signature: signature.signature,
      publicKeyVersion: signature.publicKeyVersion,
      signatureVersion: signature.signatureVersion,
    },
  }
}
