// Every route's positive answer is exactly what its shape says: the shapes are what documents are made of.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES } from '../../packages/server/src/gateways/xchat/index.ts'
import type { TestServer } from '../server.ts'
import { ask } from './http.ts'
import { goodRequests, LAN, openScene, type Scene } from './requests.ts'
import { A, startXchatServer, tokenOf } from './start.ts'

let server: TestServer
let scene: Scene
let good: ReturnType<typeof goodRequests>

beforeAll(async () => {
  server = await startXchatServer({ config: { xchat: LAN } })
  scene = await openScene(server.url)
  good = goodRequests(scene)
})
afterAll(async () => {
  await scene?.hook.close()
  await server?.remove()
})

describe('the answer of', () => {
  test.each(ROUTES.map(route => [route.operation, route] as const))(
    '%s has its shape and nothing else',
    async (name, route) => {
      const { path, body, who = A, token = tokenOf(who) } = await good[name]!()
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
      enableChatGroupInvite: write,
      disableChatGroupInvite: write,
      getChatInvite: read,
      addChatJoinRequest: write,
      getChatGroupJoinRequests: read,
      rejectChatGroupJoinRequests: write,
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
