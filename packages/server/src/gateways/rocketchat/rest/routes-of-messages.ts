// Routes about messages: `chat.*`, histories.
import type { Route } from '../route.ts'
import { chatDelete } from './chat.delete.ts'
import { chatFollowMessage } from './chat.followMessage.ts'
import { chatGetDeletedMessages } from './chat.getDeletedMessages.ts'
import { chatGetDiscussions } from './chat.getDiscussions.ts'
import { chatGetMentionedMessages } from './chat.getMentionedMessages.ts'
import { chatGetMessage } from './chat.getMessage.ts'
import { chatGetMessageReadReceipts } from './chat.getMessageReadReceipts.ts'
import { chatGetMessages } from './chat.getMessages.ts'
import { chatGetPinnedMessages } from './chat.getPinnedMessages.ts'
import { chatGetStarredMessages } from './chat.getStarredMessages.ts'
import { chatGetThreadMessages } from './chat.getThreadMessages.ts'
import { chatGetThreadsList } from './chat.getThreadsList.ts'
import { chatGetUrlPreview } from './chat.getURLPreview.ts'
import { chatPinMessage } from './chat.pinMessage.ts'
import { chatPostMessage } from './chat.postMessage.ts'
import { chatReact } from './chat.react.ts'
import { chatReportMessage } from './chat.reportMessage.ts'
import { chatSearch } from './chat.search.ts'
import { chatSendMessage } from './chat.sendMessage.ts'
import { chatStarMessage, chatUnStarMessage } from './chat.starMessage.ts'
import { chatSyncMessages } from './chat.syncMessages.ts'
import { chatSyncThreadMessages } from './chat.syncThreadMessages.ts'
import { chatSyncThreadsList } from './chat.syncThreadsList.ts'
import { chatUnfollowMessage } from './chat.unfollowMessage.ts'
import { chatUnPinMessage } from './chat.unPinMessage.ts'
import { chatUpdate } from './chat.update.ts'
import { getAllUserMentionsByChannel } from './families/getAllUserMentionsByChannel.ts'
import { history } from './families/history.ts'
import { messages } from './families/messages.ts'

export const MESSAGES: readonly Route[] = [
  chatDelete,
  chatFollowMessage,
  chatGetDeletedMessages,
  chatGetDiscussions,
  chatGetMentionedMessages,
  chatGetMessage,
  chatGetMessages,
  chatGetMessageReadReceipts,
  chatGetPinnedMessages,
  chatGetStarredMessages,
  chatGetThreadMessages,
  chatGetThreadsList,
  chatGetUrlPreview,
  chatPinMessage,
  chatPostMessage,
  chatReact,
  chatReportMessage,
  chatSearch,
  chatSendMessage,
  chatStarMessage,
  chatSyncMessages,
  chatSyncThreadMessages,
  chatSyncThreadsList,
  chatUnPinMessage,
  chatUnStarMessage,
  chatUnfollowMessage,
  chatUpdate,
  ...getAllUserMentionsByChannel,
  ...history,
  ...messages,
]
