// What clients write to streams.
import type { Method } from '../method.ts'
import { streamNotifyRoom } from './stream-notify-room.ts'
import { streamNotifyRoomUsers } from './stream-notify-room-users.ts'

export const STREAMS: readonly Method[] = [streamNotifyRoom, streamNotifyRoomUsers]
