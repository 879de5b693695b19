// Methods about what a user keeps of their rooms; direct rooms.
import type { Method } from '../method.ts'
import { blocking } from './blocking.ts'
import { createDirectMessage } from './createDirectMessage.ts'
import { canAccessRoom, getRoomById, getRoomByTypeAndName, getRoomNameById } from './getRoomById.ts'
import { getRoomIdByNameOrId } from './getRoomIdByNameOrId.ts'
import { ignoreUser } from './ignoreUser.ts'
import { hideRoom, openRoom } from './openRoom.ts'
import { readMessages } from './readMessages.ts'
import { readThreads } from './readThreads.ts'
import { roomsGet } from './rooms-get.ts'
import { saveAudioNotificationValue, saveNotificationSettings } from './saveNotificationSettings.ts'
import { subscriptionsGet } from './subscriptions-get.ts'
import { toggleFavorite } from './toggleFavorite.ts'
import { unreadMessages } from './unreadMessages.ts'

export const SUBSCRIPTIONS: readonly Method[] = [
  ...blocking,
  canAccessRoom,
  createDirectMessage,
  getRoomById,
  getRoomByTypeAndName,
  getRoomIdByNameOrId,
  getRoomNameById,
  hideRoom,
  ignoreUser,
  openRoom,
  readMessages,
  readThreads,
  roomsGet,
  saveAudioNotificationValue,
  saveNotificationSettings,
  subscriptionsGet,
  toggleFavorite,
  unreadMessages,
]
