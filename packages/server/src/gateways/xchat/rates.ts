// The wire's own rate limits, off by default (`limits.rates`). X publishes none for its chat routes: these are of the
// size of its other ones, per user and operation. Public keys have a daily bucket of their own (x-chat.md 1.2).
import type { Allowance } from '../../quota/quota.ts'

const QUARTER = 15 * 60 * 1000
const DAY = 24 * 60 * 60 * 1000

const READ: Allowance = { limit: 900, window: QUARTER }
const LIST: Allowance = { limit: 300, window: QUARTER }
const SEND: Allowance = { limit: 450, window: QUARTER }
const CHANGE: Allowance = { limit: 60, window: QUARTER }

/** A file of 100 MB has 34 segments. */
const SEGMENT: Allowance = { limit: 9_000, window: QUARTER }

/** Every operation of the wire has its place here; `Operation` is made of these names. */
export const RATES = {
  getUsersMe: READ,
  getUsersById: READ,
  getUsersByUsername: READ,
  getUsersPublicKey: READ,
  getUsersPublicKeys: LIST,
  getUsersKeyLog: READ,
  addUserPublicKey: CHANGE,
  initializeChatGroup: CHANGE,
  createChatConversation: CHANGE,
  addConversationKeys: CHANGE,
  addChatGroupMembers: CHANGE,
  removeChatGroupMembers: CHANGE,
  leaveChatConversation: CHANGE,
  addChatGroupAdmins: CHANGE,
  removeChatGroupAdmins: CHANGE,
  updateChatGroupTitle: CHANGE,
  updateChatGroupAvatar: CHANGE,
  updateChatConversationTtl: CHANGE,
  muteChatConversation: CHANGE,
  enableChatGroupInvite: CHANGE,
  disableChatGroupInvite: CHANGE,
  getChatInvite: READ,
  addChatJoinRequest: CHANGE,
  getChatGroupJoinRequests: READ,
  rejectChatGroupJoinRequests: CHANGE,
  sendChatMessage: SEND,
  deleteChatMessages: SEND,
  markChatConversationRead: SEND,
  sendChatTypingIndicator: SEND,
  getChatConversationEvents: READ,
  getChatConversations: LIST,
  getChatConversation: READ,
  getChatConversationChain: READ,
  createActivitySubscription: CHANGE,
  getActivitySubscriptions: LIST,
  updateActivitySubscription: CHANGE,
  deleteActivitySubscription: CHANGE,
  deleteActivitySubscriptionsByIds: CHANGE,
  activityStream: LIST,
  createWebhooks: CHANGE,
  getWebhooks: LIST,
  validateWebhooks: CHANGE,
  deleteWebhooks: CHANGE,
  createWebhookReplayJob: CHANGE,
  chatMediaUploadInitialize: SEND,
  chatMediaUploadAppend: SEGMENT,
  chatMediaUploadFinalize: SEND,
  chatMediaDownload: READ,
} as const satisfies Readonly<Record<string, Allowance>>

/** Registrations of a user in a day, announced as `x-user-limit-24hour-*`. */
export const REGISTRATIONS: Allowance = { limit: 10, window: DAY }

/** Tokens that an address may show and nobody has, off or on: guessing 256 bits is idle, and users with outdated ones
 * behind one proxy must not lock out their neighbours. */
export const UNKNOWN_TOKENS: Allowance = { limit: 1_000, window: 60 * 1000 }

/** Links that a user may try and that lead nowhere, off or on: guessing 128 bits is idle, and must not cost reads. */
export const UNKNOWN_INVITES: Allowance = { limit: 60, window: 60 * 1000 }
