// What X's clients send, as an honest one makes it: wraps, key changes, changes of groups, messages; all really signed.
import type { UserId } from '@conclave/wire'
import { encodeBase64 } from '@conclave/wire'
import type { WritableDetail } from '@conclave/wire/xchat/detail'
import type { GroupChange } from '@conclave/wire/xchat/events'
import { decodeMessageCreate, encodeDetail, encodeMessageCreate } from '@conclave/wire/xchat/events'
import { groupChangePayload, messageCreatePayload } from '@conclave/wire/xchat/payloads'
import type { SentContent } from '../packages/server/src/room/commands/send-message.ts'
import type { Wrap } from '../packages/server/src/room/events.ts'
import type { KeySet } from '../packages/server/src/room/facts.ts'
import type { ActionSignature } from '../packages/server/src/room/signatures.ts'
import type { Chance } from './chance.ts'
import { keyOf, sign, wrapOf } from './signing.ts'

/** Who signs: with their newest key, as the server shows it to them. */
export interface Signer {
  readonly user: UserId
  readonly keys: KeySet | undefined
}

export function wrapsFor(chance: Chance, keys: ReadonlyMap<UserId, KeySet | undefined>): Wrap[] {
  return [...keys].map(([user, held]) => ({
    user,
    key: wrapOf(chance.bytes(48)),
    publicKeyVersion: held?.keys.at(-1)?.version ?? '1',
  }))
}

export function keyChange(
  signer: Signer,
  version: string,
  wraps: readonly Wrap[],
  conversation: string,
  messageId: string,
): ActionSignature {
  const participantKeys = wraps.map(wrap => ({
    userId: wrap.user,
    encryptedConversationKey: wrap.key,
    publicKeyVersion: wrap.publicKeyVersion,
  }))
  const event = { conversationKeyVersion: version, participantKeys, forKeyRotation: false }
  return signed(signer, { kind: 'keyChange', event }, `${conversation},${version}`, messageId)
}

export function groupChange(
  signer: Signer,
  change: GroupChange,
  conversationId: string,
  messageId: string,
): ActionSignature {
  const text = groupChangePayload({ messageId, senderId: signer.user, conversationId }, change)
  if (!text.ok) throw new Error(text.error)
  return signed(signer, { kind: 'groupChange', change, forKeyRotation: false }, text.value, messageId)
}

export function message(
  chance: Chance,
  signer: Signer,
  epoch: string,
  conversationId: string,
  messageId: string,
): Extract<SentContent, { createEvent: string }> {
  const bytes = encodeMessageCreate({ contents: chance.bytes(24), conversationKeyVersion: epoch, shouldNotify: true })
  const createEvent = encodeBase64(bytes)
  const read = decodeMessageCreate(createEvent)
  if (!read.ok) throw new Error(read.error)
  const text = messageCreatePayload({ messageId, senderId: signer.user, conversationId }, read.value.value)
  if (!text.ok) throw new Error(text.error)
  const { version, signature } = signatureOf(signer, text.value)
  return { suite: 'xchat', createEvent, signature, publicKeyVersion: version, signatureVersion: '7' }
}

function signed(signer: Signer, detail: WritableDetail, text: string, messageId: string): ActionSignature {
  const { version, signature } = signatureOf(signer, text)
  return {
    messageId,
    detail: encodeBase64(encodeDetail(detail)),
    signature,
    publicKeyVersion: version,
    signatureVersion: '7',
    digest: messageId,
    signingKey: null,
    keyInfos: [],
  }
}

/** Of who never registered a key it is some signature. */
function signatureOf({ keys }: Signer, text: string): { readonly version: string; readonly signature: string } {
  const newest = keys?.keys.at(-1)
  return { version: newest?.version ?? '1', signature: sign(keyOf(newest?.signingKey), text) }
}
