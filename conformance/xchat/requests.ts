// A good request of every operation, for the tests that try them all: total over the gateway's routes.
import type { Hand } from './hand.ts'
import {
  additionBody,
  adminsBody,
  askToJoin,
  deleteBody,
  enroll,
  groupBody,
  invite,
  inviteBody,
  inviteUrl,
  joinBody,
  keysBody,
  leaveBody,
  makeGroup,
  makeHand,
  messageBody,
  muteBody,
  nextVersion,
  noInviteBody,
  registration,
  removalBody,
  retitleBody,
  ttlBody,
  turnAwayBody,
} from './hand.ts'
import { ask } from './http.ts'
import { APP, Hook, subscribe } from './listener.ts'
import { A, B, C, CROWD, tokenOf } from './start.ts'
import { append, begin, sendMedium } from './upload.ts'

/** A server that takes webhooks on this machine, with three people who have keys. */
export interface Scene {
  readonly url: string
  readonly hook: Hook
  readonly a: Hand
  readonly b: Hand
  readonly c: Hand
}

export interface Good {
  /** After `/2`. */
  readonly path: string
  readonly body?: object
  /** Who asks; A where nobody is named. */
  readonly who?: string
  /** The token, where it is not that user's. */
  readonly token?: string
}

export const LAN = { webhooks: { insecure: true, internal: true } }

export async function openScene(url: string): Promise<Scene> {
  const [a, b, c] = [await enroll(url, A), await enroll(url, B), await enroll(url, C)]
  return { url, hook: await Hook.open(), a, b, c }
}

/** By operation. Each is answered well once, whatever was asked before. */
export function goodRequests({ url, hook, a, b, c }: Scene): Readonly<Record<string, () => Promise<Good>>> {
  const conversation = (id: string, rest = ''): string => `/chat/conversations/${id}${rest}`
  const team = () => makeGroup(url, a, [a, b])
  /** A group with a message in it, by the message's sequence id. */
  const said = async (): Promise<{ id: string; event: string }> => {
    const { id, version } = await team()
    const body = messageBody(a, id, version)
    await ask(url, tokenOf(A), 'POST', `/2${conversation(id, '/messages')}`, { body })
    const { data } = (await ask(url, tokenOf(A), 'GET', `/2${conversation(id, '/events')}`)).body
    return { id, event: data[0].id }
  }
  const subscribed = async (): Promise<string> => (await subscribe(url, tokenOf(A), 'chat.sent', A)).subscription_id
  let hooks = 0
  /** A webhook with an address of its own, in the place of the oldest where there are many. */
  const hooked = async (): Promise<string> => {
    const { data } = (await ask(url, APP, 'GET', '/2/webhooks')).body
    if (data.length > 8) await ask(url, APP, 'DELETE', `/2/webhooks/${data[0].id}`)
    const body = { url: `${hook.url}&n=${hooks++}` }
    const answer = await ask(url, APP, 'POST', '/2/webhooks', { body })
    if (answer.status !== 200) throw new Error(`no webhook: ${answer.text}`)
    return answer.body.data.id
  }
  return {
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
      body: (await groupBody(url, a, [a, b])).body,
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
      await ask(url, tokenOf(A), 'POST', `/2${conversation(group.id, '/admins')}`, {
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
    enableChatGroupInvite: async () => {
      const group = await team()
      const body = inviteBody(group, a, inviteUrl(url), Date.now() + 60_000)
      return { path: conversation(group.id, '/invite'), body }
    },
    disableChatGroupInvite: async () => {
      const group = await team()
      await invite(url, group, a)
      return { path: conversation(group.id, '/invite'), body: noInviteBody(group, a) }
    },
    getChatInvite: async () => ({ path: `/chat/invites/${await invite(url, await team(), a)}`, who: C }),
    addChatJoinRequest: async () => {
      const group = await team()
      const token = await invite(url, group, a)
      return { path: `/chat/invites/${token}/join_requests`, body: joinBody(group, c), who: C }
    },
    getChatGroupJoinRequests: async () => {
      const group = await team()
      await askToJoin(url, group, c, await invite(url, group, a))
      return { path: conversation(group.id, '/join_requests') }
    },
    rejectChatGroupJoinRequests: async () => {
      const group = await team()
      await askToJoin(url, group, c, await invite(url, group, a))
      return { path: conversation(group.id, '/join_requests'), body: turnAwayBody(group, a, [C]) }
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
      const { session, key, conversation } = await begin(url, A, (await team()).id, 3)
      const body = { conversation_id: conversation, media_hash_key: key, segment_index: 0, media: 'AAEC' }
      return { path: `/chat/media/upload/${session}/append`, body }
    },
    chatMediaUploadFinalize: async () => {
      const upload = await begin(url, A, (await team()).id, 3)
      await append(url, A, upload, 0, 'AAEC')
      const body = { conversation_id: upload.conversation, media_hash_key: upload.key, num_parts: '1' }
      return { path: `/chat/media/upload/${upload.session}/finalize`, body }
    },
    chatMediaDownload: async () => {
      const { id } = await team()
      return { path: `/chat/media/${id}/${await sendMedium(url, A, id, Buffer.from('bytes'))}` }
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
}
