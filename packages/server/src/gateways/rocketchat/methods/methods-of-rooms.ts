// Methods about rooms and who is in them.
import type { Method } from '../method.ts'
import { addAllUserToRoom } from './addAllUserToRoom.ts'
import { addUsersToRoom, addUserToRoom } from './addUsersToRoom.ts'
import { archiveRoom, unarchiveRoom } from './archiveRoom.ts'
import { browsing } from './browseChannels.ts'
import { cleanRoomHistory } from './cleanRoomHistory.ts'
import { createChannel } from './createChannel.ts'
import { createPrivateGroup } from './createPrivateGroup.ts'
import { eraseRoom } from './eraseRoom.ts'
import { getRoomRoles } from './getRoomRoles.ts'
import { getUsersOfRoom } from './getUsersOfRoom.ts'
import { joinRoom } from './joinRoom.ts'
import { leaveRoom } from './leaveRoom.ts'
import { moderation } from './moderation.ts'
import { roomRoles } from './room-roles.ts'
import { roomNameExists } from './roomNameExists.ts'
import { saveRoomSettings } from './saveRoomSettings.ts'
import { spotlight } from './spotlight.ts'

export const ROOMS: readonly Method[] = [
  addAllUserToRoom,
  addUserToRoom,
  addUsersToRoom,
  archiveRoom,
  ...browsing,
  cleanRoomHistory,
  createChannel,
  createPrivateGroup,
  eraseRoom,
  getRoomRoles,
  getUsersOfRoom,
  joinRoom,
  leaveRoom,
  ...moderation,
  roomNameExists,
  ...roomRoles,
  saveRoomSettings,
  spotlight,
  unarchiveRoom,
]
