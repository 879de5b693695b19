// What clients write to streams.
import type { Method } from '../method.ts'
import { streamNotifyRoom } from './stream-notify-room.ts'
import { streamNotifyRoomUsers } from './stream-notify-room-users.ts'
import { streamNotifyUser } from './stream-notify-user.ts'
import { STREAM_WRITES } from './stream-writes.ts'

export const STREAMS: readonly Method[] = [streamNotifyRoom, streamNotifyRoomUsers, streamNotifyUser, ...STREAM_WRITES]
