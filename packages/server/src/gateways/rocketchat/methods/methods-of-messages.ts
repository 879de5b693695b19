// Methods about messages.
import type { Method } from '../method.ts'
import { deleteMessage } from './deleteMessage.ts'
import { followMessage } from './followMessage.ts'
import { getMessages } from './getMessages.ts'
import { getReadReceipts } from './getReadReceipts.ts'
import { getSingleMessage } from './getSingleMessage.ts'
import { getThreadMessages } from './getThreadMessages.ts'
import { getThreadsList } from './getThreadsList.ts'
import { getUserMentionsByChannel } from './getUserMentionsByChannel.ts'
import { loadHistory } from './loadHistory.ts'
import { loadMissedMessages } from './loadMissedMessages.ts'
import { loadNextMessages } from './loadNextMessages.ts'
import { loadSurroundingMessages } from './loadSurroundingMessages.ts'
import { messageSearch } from './messageSearch.ts'
import { messagesGet } from './messages-get.ts'
import { pinMessage } from './pinMessage.ts'
import { reportMessage } from './reportMessage.ts'
import { sendMessage } from './sendMessage.ts'
import { setReaction } from './setReaction.ts'
import { starMessage } from './starMessage.ts'
import { unfollowMessage } from './unfollowMessage.ts'
import { unpinMessage } from './unpinMessage.ts'
import { updateMessage } from './updateMessage.ts'

export const MESSAGES: readonly Method[] = [
  deleteMessage,
  followMessage,
  getMessages,
  getReadReceipts,
  getSingleMessage,
  getThreadMessages,
  getThreadsList,
  getUserMentionsByChannel,
  loadHistory,
  loadMissedMessages,
  loadNextMessages,
  loadSurroundingMessages,
  messagesGet,
  messageSearch,
  pinMessage,
  reportMessage,
  sendMessage,
  setReaction,
  starMessage,
  unfollowMessage,
  unpinMessage,
  updateMessage,
]
