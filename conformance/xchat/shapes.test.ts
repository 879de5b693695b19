// Every route's positive answer is exactly what its shape says: the shapes are what documents are made of.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/gateways/xchat/index.ts'
import type { TestServer } from '../server.ts'
import type { Hand } from './hand.ts'
import {
  additionBody,
  adminsBody,
  deleteBody,
  enroll,
  groupBody,
  keysBody,
  leaveBody,
  makeGroup,
  makeHand,
  messageBody,
  muteBody,
  nextVersion,
  registration,
  removalBody,
  retitleBody,
  ttlBody,
} from './hand.ts'
import { ask } from './http.ts'
import { APP, Hook, subscribe } from './listener.ts'
import { A, B, C, CROWD, startXchatServer, tokenOf } from './start.ts'
import { append, begin, sendMedium } from './upload.ts'

let server: TestServer
let hook: Hook
let a: Hand
let b: Hand
let c: Hand

beforeAll(async () => {
  server = await startXchatServer({ config: { xchat: { webhooks: { insecure: true, internal: true } } } })
  hook = await Hook.open()
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})
afterAll(async () => {
  await hook?.close()
  await server?.remove()
})

const conversation = (id: string, rest = '') => `/chat/conversations/${id}${rest}`
const team = () => makeGroup(server.url, a, [a, b])

/** A group with a message in it, by the message's sequence id. */
async function said(): Promise<{ id: string; event: string }> {
  const { id, version } = await team()
  const body = messageBody(a, id, version)
  await ask(server.url, tokenOf(A), 'POST', `/2${conversation(id, '/messages')}`, { body })
  const { data } = (await ask(server.url, tokenOf(A), 'GET', `/2${conversation(id, '/events')}`)).body
  return { id, event: data[0].id }
}

async function subscribed(): Promise<string> {
  return (await subscribe(server.url, tokenOf(A), 'chat.sent', A)).subscription_id
}

/** A webhook with an address of its own. */
async function hooked(): Promise<string> {
  const body = { url: `${hook.url}&n=${hooks++}` }
  return (await ask(server.url, APP, 'POST', '/2/webhooks', { body })).body.data.id
}
let hooks = 0

/** A request of each operation that is answered well. */
const GOOD: Readonly<Record<string, () => Promise<{ path: string; body?: object; who?: string; token?: string }>>> = {
  getUsersMe: async () => ({ path: '/users/me?user.fields=id,created_at' }),
  getUsersById: async () => ({ path: `/users/${B}` }),
  getUsersByUsername: async () => ({ path: `/users/by/username/user${B}` }),
  getUsersPublicKey: async () => ({ path: `/users/${A}/public_keys` }),
  getUsersPublicKeys: async () => ({ path: `/users/public_keys?ids=${A},${CROWD[5]}` }),
  getUsersKeyLog: async () => ({ path: `/users/${A}/key_log?max_results=1` }),
  addUserPublicKey: async () => {
    const who = CROWD[0]!
    return { path: `/users/${who}/public_keys`, body: registration(makeHand(who, nextVersion())), who }
  },
  initializeChatGroup: async () => ({ path: conversation('group/initialize') }),
  createChatConversation: async () => ({
    path: conversation('group'),
    body: (await groupBody(server.url, a, [a, b])).body,
  }),
  addConversationKeys: async () => ({ path: conversation(B, '/keys'), body: keysBody(a, `${A}:${B}`, [a, b]) }),
  addChatGroupMembers: async () => {
    const group = await team()
    return { path: conversation(group.id, '/members'), body: additionBody(group, a, [c]) }
  },
  removeChatGroupMembers: async () => {
    const group = await team()
    return { path: conversation(group.id, '/members'), body: removalBody(group, a, [b]) }
  },
  leaveChatConversation: async () => {
    const group = await team()
    return { path: conversation(group.id, '/leave'), body: leaveBody(group, a) }
  },
  addChatGroupAdmins: async () => {
    const group = await team()
    return { path: conversation(group.id, '/admins'), body: adminsBody(group, a, 'adminAdd', [B]) }
  },
  removeChatGroupAdmins: async () => {
    const group = await team()
    await ask(server.url, tokenOf(A), 'POST', `/2${conversation(group.id, '/admins')}`, {
      body: adminsBody(group, a, 'adminAdd', [B]),
    })
    return { path: conversation(group.id, '/admins'), body: adminsBody(group, a, 'adminRemove', [A]) }
  },
  updateChatGroupTitle: async () => {
    const group = await team()
    return { path: conversation(group.id, '/title'), body: retitleBody(group, a, 'title') }
  },
  updateChatGroupAvatar: async () => {
    const group = await team()
    return { path: conversation(group.id, '/avatar'), body: retitleBody(group, a, 'avatar') }
  },
  updateChatConversationTtl: async () => {
    const group = await team()
    return { path: conversation(group.id, '/ttl'), body: ttlBody(group.id, a, 60_000) }
  },
  muteChatConversation: async () => {
    const group = await team()
    return { path: conversation(group.id, '/mute'), body: muteBody(group.id, a, true) }
  },
  sendChatMessage: async () => {
    const group = await team()
    return { path: conversation(group.id, '/messages'), body: messageBody(a, group.id, group.version) }
  },
  deleteChatMessages: async () => {
    const { id, event } = await said()
    return { path: conversation(id, '/messages/delete'), body: deleteBody(a, id, [event], 'all') }
  },
  markChatConversationRead: async () => {
    const { id, event } = await said()
    return { path: conversation(id, '/read'), body: { seen_until_sequence_id: event } }
  },
  sendChatTypingIndicator: async () => ({ path: conversation((await team()).id, '/typing') }),
  getChatConversationEvents: async () => ({ path: conversation((await team()).id, '/events?max_results=1') }),
  getChatConversations: async () => ({ path: '/chat/conversations?max_results=1&expansions=admin_ids' }),
  chatMediaUploadInitialize: async () => ({
    path: '/chat/media/upload/initialize',
    body: { conversation_id: (await team()).id, total_bytes: 10 },
  }),
  chatMediaUploadAppend: async () => {
    const { session, key, conversation } = await begin(server.url, A, (await team()).id, 3)
    const body = { conversation_id: conversation, media_hash_key: key, segment_index: 0, media: 'AAEC' }
    return { path: `/chat/media/upload/${session}/append`, body }
  },
  chatMediaUploadFinalize: async () => {
    const upload = await begin(server.url, A, (await team()).id, 3)
    await append(server.url, A, upload, 0, 'AAEC')
    const body = { conversation_id: upload.conversation, media_hash_key: upload.key, num_parts: '1' }
    return { path: `/chat/media/upload/${upload.session}/finalize`, body }
  },
  chatMediaDownload: async () => {
    const { id } = await team()
    return { path: `/chat/media/${id}/${await sendMedium(server.url, A, id, Buffer.from('bytes'))}` }
  },
  getChatConversationChain: async () => ({ path: conversation((await team()).id, '/chain?max_results=2') }),
  getChatConversation: async () => ({ path: conversation((await team()).id, '?expansions=member_ids') }),
  createActivitySubscription: async () => ({
    path: '/activity/subscriptions',
    body: { event_type: 'chat.sent', filter: { user_id: A }, tag: 'a tag' },
  }),
  getActivitySubscriptions: async () => {
    await subscribed()
    return { path: '/activity/subscriptions?max_results=1' }
  },
  updateActivitySubscription: async () => ({
    path: `/activity/subscriptions/${await subscribed()}`,
    body: { tag: 'x' },
  }),
  deleteActivitySubscription: async () => ({ path: `/activity/subscriptions/${await subscribed()}` }),
  deleteActivitySubscriptionsByIds: async () => ({ path: `/activity/subscriptions?ids=${await subscribed()},5` }),
  activityStream: async () => {
    const times = [60_000, 1_000].map(ago => new Date(Date.now() - ago).toISOString())
    return { path: `/activity/stream?start_time=${times[0]}&end_time=${times[1]}` }
  },
  createWebhooks: async () => ({ path: '/webhooks', body: { url: hook.url }, token: APP }),
  getWebhooks: async () => ({ path: `/webhooks?n=${await hooked()}`, token: APP }),
  validateWebhooks: async () => ({ path: `/webhooks/${await hooked()}`, token: APP }),
  deleteWebhooks: async () => ({ path: `/webhooks/${await hooked()}`, token: APP }),
  createWebhookReplayJob: async () => {
    const body = { webhook_id: await hooked(), from_date: '202601010000', to_date: '202601010100' }
    return { path: '/webhooks/replay', body, token: APP }
  },
}

describe('the answer of', () => {
  test.each(ROUTES.map(route => [route.operation, route] as const))(
    '%s has its shape and nothing else',
    async (name, route) => {
      const { path, body, who = A, token = tokenOf(who) } = await GOOD[name]!()
      const answer = await ask(server.url, token, route.method, `/2${path}`, { body })
      expect([answer.status, answer.text]).toEqual([route.status ?? 200, answer.text])
      if (typeof route.answer === 'string') return expect(answer.headers.get('content-type')).toBe(route.answer)
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(route.answer.parse(answer.body)).toEqual(answer.body)
    },
  )

  test('each operation asks for the scopes that X documents', () => {
    const scopes = Object.fromEntries(ROUTES.map(route => [route.operation, [...route.scopes].sort().join(' ')]))
    const write = 'dm.write tweet.read users.read'
    const read = 'dm.read tweet.read users.read'
    expect(scopes).toEqual({
      getUsersMe: 'tweet.read users.read',
      getUsersById: 'tweet.read users.read',
      getUsersByUsername: 'tweet.read users.read',
      getUsersPublicKey: read,
      getUsersPublicKeys: read,
      getUsersKeyLog: read,
      addUserPublicKey: write,
      initializeChatGroup: 'dm.write',
      createChatConversation: write,
      addConversationKeys: write,
      addChatGroupMembers: write,
      removeChatGroupMembers: write,
      leaveChatConversation: write,
      addChatGroupAdmins: write,
      removeChatGroupAdmins: write,
      updateChatGroupTitle: write,
      updateChatGroupAvatar: write,
      updateChatConversationTtl: write,
      muteChatConversation: write,
      sendChatMessage: write,
      deleteChatMessages: write,
      markChatConversationRead: write,
      sendChatTypingIndicator: write,
      getChatConversationEvents: read,
      getChatConversations: 'dm.read users.read',
      getChatConversation: read,
      getChatConversationChain: read,
      createActivitySubscription: 'dm.read',
      getActivitySubscriptions: 'dm.read',
      updateActivitySubscription: 'dm.read',
      deleteActivitySubscription: 'dm.read',
      deleteActivitySubscriptionsByIds: 'dm.read',
      activityStream: 'dm.read',
      // Apps' tokens have no scopes.
      createWebhooks: '',
      getWebhooks: '',
      validateWebhooks: '',
      deleteWebhooks: '',
      createWebhookReplayJob: '',
      chatMediaUploadInitialize: 'media.write',
      chatMediaUploadAppend: 'media.write',
      chatMediaUploadFinalize: 'media.write',
      chatMediaDownload: 'media.write',
    })
  })
})
