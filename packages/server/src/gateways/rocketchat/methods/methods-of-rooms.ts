// Methods about rooms and who is in them.
import type { Method } from '../method.ts'
import { addUsersToRoom, addUserToRoom } from './addUsersToRoom.ts'
import { archiveRoom, unarchiveRoom } from './archiveRoom.ts'
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

export const ROOMS: readonly Method[] = [
  addUserToRoom,
  addUsersToRoom,
  archiveRoom,
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
  unarchiveRoom,
]
