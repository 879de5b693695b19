// What is told of an event (x-chat.md 3.15): the envelope as history has it, the signer's key, and the key change under
// which it stands, so that a client which holds nothing else can decrypt it. Encoded once, however many are told.

import { hash } from 'node:crypto'
import type { EventId, RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import { conversationIdOf } from '../../../room/signatures.ts'
import type { RoomState } from '../../../room/state.ts'
import { hasEnded } from '../../../room/ttl.ts'
import type { GatewayParts } from '../../gateway.ts'
import { encodeEvent, hasForm, isShown } from '../encode.ts'
import { READ_AHEAD } from '../limits.ts'
import type { Previous } from '../previous.ts'
import { isOwnRemoval } from './event-types.ts'
import { ENCODED_CHARACTERS } from './limits.ts'
import type { Subscription } from './subscriptions.ts'

type Parts = Pick<GatewayParts, 'reading' | 'identity' | 'clock'> & { readonly previous: Previous }

/** An event under whose key somebody reads. */
interface KeyChange {
  readonly version: string
  /** Base64 of its envelope. */
  readonly envelope: string
}

export class Payloads {
  readonly #parts: Parts
  readonly #events = new Remembered<string>()
  readonly #keyChanges = new Remembered<KeyChange>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** JSON text; undefined for what this wire does not show. The reader was found to be one who may see the event. */
  async of(event: RoomEvent, room: RoomState, reader: Account): Promise<string | undefined> {
    // A reader may have waited with what was read.
    if (!isShown(event) || hasEnded(event.body, this.#parts.clock.now())) return undefined
    const core = await this.#core(event, room)
    if (core === undefined) return undefined
    // Who was put out reads no key of those who stay.
    const keyChange = isOwnRemoval(event.body, reader.id) ? undefined : await this.#keyChange(event, room, reader)
    if (!keyChange) return `{${core}}`
    const { version, envelope } = keyChange
    return `{${core},"conversation_key_version":"${version}","conversation_key_change_event":"${envelope}"}`
  }

  /** The members of the payload that are the same for everybody, without braces. */
  async #core(event: RoomEvent, room: RoomState): Promise<string | undefined> {
    const known = this.#events.get(event.id)
    if (known !== undefined) return known
    const { identity, previous } = this.#parts
    const before = await previous.of(event)
    const encoded = encodeEvent(event, conversationIdOf(room), before)
    if (!encoded) return undefined
    const { signature, conversationToken, senderId } = encoded
    const keys = signature ? await identity.keys.load(senderId) : undefined
    const signingKey = keys?.keys.find(({ version }) => version === signature?.publicKeyVersion)?.signingKey
    const members = {
      id: encoded.messageId,
      conversation_id: encoded.conversationId,
      sender_id: senderId,
      created_at_msec: String(event.at),
      sequence_id: event.id,
      encoded_event: encoded.envelope,
      ...(conversationToken === undefined ? {} : { conversation_token: conversationToken }),
      ...(signature === null
        ? {}
        : {
            message_event_signature: {
              signature: signature.signature,
              public_key_version: signature.publicKeyVersion,
              signature_version: signature.signatureVersion,
              ...(signingKey === undefined ? {} : { signing_public_key: signingKey }),
            },
          }),
    }
    const text = JSON.stringify(members).slice(1, -1)
    this.#events.keep(event.id, text, text.length)
    return text
  }

  /**
   * The newest key change up to the event, which for a message is that of its own key. Read by the reader's right; whoever
   * may see an event of a group may see the key change under which it stands, since membership begins with one (L1), so what
   * was read for one is good for all who see the event.
   */
  async #keyChange(event: RoomEvent, room: RoomState, reader: Account): Promise<KeyChange | undefined> {
    const wanted = versionOf(event, room)
    const known = wanted === null ? undefined : this.#keyChanges.get(keyOf(room.id, wanted))
    if (known) return known
    const found = await this.#findKeyChange(event, room.id, wanted, reader)
    if (found?.body.type !== 'epoch.opened') return undefined
    const { version } = found.body
    const held = this.#keyChanges.get(keyOf(room.id, version))
    if (held) return held
    const before = await this.#parts.reading.idBefore(room.id, found.sequence, ({ body }) => hasForm(body))
    const encoded = encodeEvent(found, conversationIdOf(room), before)
    if (!encoded) return undefined
    const keyChange = { version, envelope: encoded.envelope }
    this.#keyChanges.keep(keyOf(room.id, version), keyChange, encoded.envelope.length)
    return keyChange
  }

  async #findKeyChange(
    event: RoomEvent,
    room: RoomId,
    wanted: string | null,
    reader: Account,
  ): Promise<RoomEvent | undefined> {
    if (wanted !== null) {
      const found = await this.#parts.reading.keyChange(reader, room, wanted)
      return found && isRejection(found) ? undefined : found
    }
    let before = lastKeyOf(event) + 1
    for (;;) {
      const page = { select: 'control', order: 'newest', before, limit: READ_AHEAD } as const
      const read = await this.#parts.reading.page(reader, room, page)
      if (isRejection(read)) return undefined
      const found = read.events.find(({ body }) => body.type === 'epoch.opened')
      const oldest = read.events.at(-1)
      if (found || !oldest || read.events.length < READ_AHEAD) return found
      before = oldest.sequence
    }
  }
}

/** The version under which an event stands, where it says so itself or no other one came since. */
function versionOf(event: RoomEvent, { epoch }: RoomState): string | null {
  const { body } = event
  if (body.type === 'message' && body.content.suite === 'xchat') return body.content.epoch
  return epoch && epoch.sequence <= lastKeyOf(event) ? epoch.version : null
}

/** The last place for its key change: the key for those who stay is opened right behind a removal. */
function lastKeyOf({ sequence, body }: RoomEvent): number {
  return body.type === 'members.removed' ? sequence + 1 : sequence
}

function keyOf(room: RoomId, version: string): string {
  return `${room}/${version}`
}

/** One delivery: `payload` as JSON text. */
export function deliveryText(subscription: Subscription, type: string, event: EventId, payload: string): string {
  const { filter, tag } = subscription
  const head = {
    event_uuid: eventUuid(event, type, filter.user_id ?? ''),
    filter: { user_id: filter.user_id },
    event_type: type,
    ...(tag === null ? {} : { tag }),
  }
  return `{"data":${JSON.stringify(head).slice(0, -1)},"payload":${payload}}}`
}

/** The same for the same event, type and user, however often and by whatever way it comes: 1 to 19 digits. */
export function eventUuid(event: EventId, type: string, user: string): string {
  const digest = hash('sha256', `${event} ${type} ${user}`, 'buffer')
  return String(BigInt.asUintN(63, digest.readBigUInt64BE()))
}

/** The newest of what was encoded, up to a number of characters. */
class Remembered<V> {
  readonly #held = new Map<string, { readonly value: V; readonly size: number }>()
  #characters = 0

  get(key: string): V | undefined {
    return this.#held.get(key)?.value
  }

  keep(key: string, value: V, size: number): void {
    this.#forget(key)
    this.#held.set(key, { value, size })
    this.#characters += size
    for (const oldest of this.#held.keys()) {
      if (this.#characters <= ENCODED_CHARACTERS) return
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    const held = this.#held.get(key)
    if (!held) return
    this.#held.delete(key)
    this.#characters -= held.size
  }
}
