// The X Chat wire: `/2/…` over HTTP. Everything that is refused here is problem+json, and nothing that a client sends
// is answered with 500 (x-chat.md 1.3).
import type { FastifyInstance } from 'fastify'
import { Turns } from '../../identity/turns.ts'
import { JOIN_REQUESTS } from '../../limits.ts'
import { drained } from '../drain.ts'
import type { Gateway, GatewayParts } from '../gateway.ts'
import { Activity } from './activity/index.ts'
import { refusalOf } from './failure.ts'
import { oauth } from './oauth/plugin.ts'
import { openapi } from './openapi.ts'
import { Previous } from './previous.ts'
import { invalidRequest, problem, Refusal } from './problem.ts'
import { PREFIX } from './realm/config.ts'
import { type AnswerFailure, realmPlugin } from './realm/index.ts'
import type { Route, XchatParts } from './route.ts'
import { CALLER, refuse, register } from './route.ts'
import { activityStream } from './routes/activity-stream.ts'
import { addChatGroupAdmins } from './routes/add-chat-group-admins.ts'
import { addChatGroupMembers } from './routes/add-chat-group-members.ts'
import { addChatJoinRequest } from './routes/add-chat-join-request.ts'
import { addConversationKeys } from './routes/add-conversation-keys.ts'
import { addUserPublicKey } from './routes/add-user-public-key.ts'
import { chatMediaDownload } from './routes/chat-media-download.ts'
import { chatMediaUploadAppend } from './routes/chat-media-upload-append.ts'
import { chatMediaUploadFinalize } from './routes/chat-media-upload-finalize.ts'
import { chatMediaUploadInitialize } from './routes/chat-media-upload-initialize.ts'
import { createActivitySubscription } from './routes/create-activity-subscription.ts'
import { createChatConversation } from './routes/create-chat-conversation.ts'
import { createWebhookReplayJob } from './routes/create-webhook-replay-job.ts'
import { createWebhooks } from './routes/create-webhooks.ts'
import { deleteActivitySubscription } from './routes/delete-activity-subscription.ts'
import { deleteActivitySubscriptionsByIds } from './routes/delete-activity-subscriptions-by-ids.ts'
import { deleteChatMessages } from './routes/delete-chat-messages.ts'
import { deleteWebhooks } from './routes/delete-webhooks.ts'
import { disableChatGroupInvite } from './routes/disable-chat-group-invite.ts'
import { enableChatGroupInvite } from './routes/enable-chat-group-invite.ts'
import { getActivitySubscriptions } from './routes/get-activity-subscriptions.ts'
import { getChatConversation } from './routes/get-chat-conversation.ts'
import { getChatConversationChain } from './routes/get-chat-conversation-chain.ts'
import { getChatConversationEvents } from './routes/get-chat-conversation-events.ts'
import { getChatConversations } from './routes/get-chat-conversations.ts'
import { getChatGroupJoinRequests } from './routes/get-chat-group-join-requests.ts'
import { getChatInvite } from './routes/get-chat-invite.ts'
import { getUsersById } from './routes/get-users-by-id.ts'
import { getUsersByUsername } from './routes/get-users-by-username.ts'
import { getUsersKeyLog } from './routes/get-users-key-log.ts'
import { getUsersMe } from './routes/get-users-me.ts'
import { getUsersPublicKey } from './routes/get-users-public-key.ts'
import { getUsersPublicKeys } from './routes/get-users-public-keys.ts'
import { getWebhooks } from './routes/get-webhooks.ts'
import { initializeChatGroup } from './routes/initialize-chat-group.ts'
import { leaveChatConversation } from './routes/leave-chat-conversation.ts'
import { markChatConversationRead } from './routes/mark-chat-conversation-read.ts'
import { muteChatConversation } from './routes/mute-chat-conversation.ts'
import { rejectChatGroupJoinRequests } from './routes/reject-chat-group-join-requests.ts'
import { removeChatGroupAdmins } from './routes/remove-chat-group-admins.ts'
import { removeChatGroupMembers } from './routes/remove-chat-group-members.ts'
import { sendChatMessage } from './routes/send-chat-message.ts'
import { sendChatTypingIndicator } from './routes/send-chat-typing-indicator.ts'
import { updateActivitySubscription } from './routes/update-activity-subscription.ts'
import { updateChatConversationTtl } from './routes/update-chat-conversation-ttl.ts'
import { updateChatGroupAvatar } from './routes/update-chat-group-avatar.ts'
import { updateChatGroupTitle } from './routes/update-chat-group-title.ts'
import { validateWebhooks } from './routes/validate-webhooks.ts'
import { Gate } from './session.ts'

export const ROUTES: readonly Route[] = [
  getUsersMe,
  getUsersById,
  getUsersByUsername,
  getUsersPublicKey,
  getUsersPublicKeys,
  getUsersKeyLog,
  addUserPublicKey,
  initializeChatGroup,
  createChatConversation,
  addConversationKeys,
  addChatGroupMembers,
  removeChatGroupMembers,
  leaveChatConversation,
  addChatGroupAdmins,
  removeChatGroupAdmins,
  updateChatGroupTitle,
  updateChatGroupAvatar,
  updateChatConversationTtl,
  muteChatConversation,
  enableChatGroupInvite,
  disableChatGroupInvite,
  getChatInvite,
  addChatJoinRequest,
  getChatGroupJoinRequests,
  rejectChatGroupJoinRequests,
  sendChatMessage,
  deleteChatMessages,
  markChatConversationRead,
  sendChatTypingIndicator,
  getChatConversationEvents,
  getChatConversations,
  getChatConversation,
  getChatConversationChain,
  createActivitySubscription,
  getActivitySubscriptions,
  updateActivitySubscription,
  deleteActivitySubscription,
  deleteActivitySubscriptionsByIds,
  activityStream,
  createWebhooks,
  getWebhooks,
  validateWebhooks,
  deleteWebhooks,
  createWebhookReplayJob,
  chatMediaUploadInitialize,
  chatMediaUploadAppend,
  chatMediaUploadFinalize,
  chatMediaDownload,
]

export async function xchatGateway(parts: GatewayParts): Promise<Gateway> {
  const previous = new Previous(parts.reading)
  const activity = await Activity.open({ ...parts, previous })
  const own = { ...parts, previous, activity, joins: new Turns(JOIN_REQUESTS) }
  await parts.http.register(plugin(own), { prefix: '/2' })
  await parts.http.register(oauth(parts))
  if (parts.config.xchat.pinBackup.enabled)
    await parts.http.register(realmPlugin(own, answerFailure(own)), { prefix: PREFIX })
  const body = invalidRequest('path', 'path: this is no valid URL')
  const unreadableUrl = { prefix: '/2/', type: 'application/problem+json; charset=utf-8', body }
  return { name: 'xchat', upgrades: [], unreadableUrl, close: () => activity.close() }
}

function plugin(parts: XchatParts) {
  return async (scope: FastifyInstance): Promise<void> => {
    // Bodies stay text until a route reads them: the path comes before the shape (x-chat.md 6), and an empty body
    // with a JSON content type, which X's SDK sends, is no error.
    scope.decorateRequest(CALLER)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(/^application\/(?:[a-z.+-]*\+)?json(?:;|$)/i, { parseAs: 'string' }, (_, body, done) =>
      done(null, body),
    )
    scope.setNotFoundHandler((_, reply) => {
      const detail = 'there is nothing at this path with this method'
      return refuse(reply, new Refusal(problem('about:blank', 'Not Found', 404, detail)))
    })
    scope.setErrorHandler(answerFailure(parts))
    const gate = new Gate(parts)
    for (const route of ROUTES) register(scope, gate, parts, route)
    let page: string | null = null
    scope.get('/openapi.json', { exposeHeadRoute: false }, (_, reply) => {
      page ??= JSON.stringify(openapi(ROUTES, parts.publicUrl()))
      return reply.type('application/json; charset=utf-8').send(page)
    })
  }
}

function answerFailure(parts: XchatParts): AnswerFailure {
  return async (error, request, reply) => {
    await drained(error, request.raw)
    return refuse(reply, refusalOf(error, parts))
  }
}
