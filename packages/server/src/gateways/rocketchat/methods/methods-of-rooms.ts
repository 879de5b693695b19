// Methods about rooms and who is in them.
import type { Method } from '../method.ts'
import { addUsersToRoom } from './addUsersToRoom.ts'
import { createChannel } from './createChannel.ts'
import { createPrivateGroup } from './createPrivateGroup.ts'
import { joinRoom } from './joinRoom.ts'
import { leaveRoom } from './leaveRoom.ts'

export const ROOMS: readonly Method[] = [addUsersToRoom, createChannel, createPrivateGroup, joinRoom, leaveRoom]
