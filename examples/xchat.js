// Ann, Bob and Cat, with X's own libraries: keys, an encrypted group of two, a message, a third member with a new key.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Client } from '@xdevplatform/xdk'

// `createChat` of chat-xdk works once in a process; three people in one program use its engine itself.
const folder = join(dirname(createRequire(import.meta.url).resolve('@xdevplatform/chat-xdk')), 'pkg')
const wasm = await import(join(folder, 'chat_xdk_wasm.js'))
await wasm.default({ module_or_path: readFileSync(join(folder, 'chat_xdk_wasm_bg.wasm')) })

const baseUrl = process.argv[2] ?? 'http://127.0.0.1:4200'
const people = {}
for (const [id, accessToken] of Object.entries({ 1001: 'token-of-ann', 1002: 'token-of-bob', 1003: 'token-of-cat' })) {
  const client = new Client({ accessToken, baseUrl })
  const engine = new wasm.Chat()
  const { data } = await client.chat.addUserPublicKey(id, engine.generateKeypairs())
  engine.importKeys(engine.exportKeys(), data.publicKeyVersion)
  engine.setIdentity(id, data.publicKeyVersion)
  people[id] = { id, client, engine }
}
const [ann, bob, cat] = Object.values(people)
const { data: keys } = await ann.client.users.getPublicKeys(Object.keys(people))
// The newest key of each: the server keeps every one.
const newest = Object.fromEntries(keys.map(key => [key.userId, key]))
const publicKeys = ids =>
  ids.map(userId => ({ userId, publicKey: newest[userId].publicKey, keyVersion: newest[userId].publicKeyVersion }))
const signingKeys = keys.map(key => ({
  userId: key.userId,
  publicKeyVersion: key.publicKeyVersion,
  publicKey: key.signingPublicKey,
  identityPublicKey: key.publicKey,
  identityPublicKeySignature: key.identityPublicKeySignature,
}))

/** What the engine prepared, as the API takes it. */
const rotation = prepared => ({
  conversationKeyVersion: prepared.conversationKeyVersion,
  conversationParticipantKeys: prepared.participantKeys.map(({ userId, encryptedKey, publicKeyVersion }) => ({
    userId,
    encryptedConversationKey: encryptedKey,
    publicKeyVersion,
  })),
  actionSignatures: prepared.actionSignatures.map(action => ({
    messageId: action.messageId,
    encodedMessageEventDetail: action.encodedMessageEventDetail,
    messageEventSignature: {
      signature: action.signature,
      publicKeyVersion: action.publicKeyVersion,
      signatureVersion: action.signatureVersion,
    },
  })),
})
const say = async (from, conversationId, prepared, text) => {
  const { conversationKey, conversationKeyVersion } = prepared
  const sent = from.engine.encryptMessage({ conversationId, conversationKey, conversationKeyVersion, text })
  await from.client.chat.sendMessage(conversationId, {
    messageId: sent.messageId,
    encodedMessageCreateEvent: sent.encryptedContent,
    encodedMessageEventSignature: sent.encodedEventSignature,
  })
}
const read = async (who, conversationId) => {
  const { data } = await who.client.chat.getConversationEvents(conversationId, { maxResults: 100 })
  const events = data.map(event => event.encodedEvent).reverse()
  const { messages } = who.engine.decryptEvents(events, signingKeys)
  return messages.filter(({ event }) => event.type === 'message').map(({ event }) => event.content.text)
}

const conversationId = (await ann.client.chat.initializeGroup()).data.conversationId
const two = [ann.id, bob.id]
const created = ann.engine.prepareGroupCreate({
  publicKeys: publicKeys(two),
  conversationId,
  memberIds: two,
  adminIds: [ann.id],
  title: 'Team',
})
await ann.client.chat.createConversation({
  conversationId,
  groupMembers: two,
  groupAdmins: [ann.id],
  groupName: 'Team',
  ...rotation(created),
})
await say(ann, conversationId, created, 'before Cat')
console.log('bob reads', await read(bob, conversationId))

// A member and a new key, in one step: Cat reads nothing older, and nobody may write under the old key.
const added = ann.engine.prepareGroupMembersChange({
  publicKeys: publicKeys([...two, cat.id]),
  conversationId,
  newMemberIds: [cat.id],
  currentMemberIds: two,
  currentAdminIds: [ann.id],
  currentPendingMemberIds: [],
  currentTitle: 'Team',
})
await ann.client.chat.addGroupMembers(conversationId, { userIds: [cat.id], ...rotation(added) })
await say(ann, conversationId, added, 'welcome, Cat')
console.log('cat reads', await read(cat, conversationId))
console.log('bob reads', await read(bob, conversationId))
try {
  await say(bob, conversationId, created, 'under the old key')
} catch (error) {
  console.log('refused:', error.data.detail)
}
