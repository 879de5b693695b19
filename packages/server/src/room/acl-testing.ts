// For tests: a visitor without a role, an attribute or an origin, in room 10 of channel 20.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { AclTarget, Visitor } from './acl.ts'
import { DEFAULT_RULES } from './acl-rules.ts'

export const room = '10' as RoomId
export const channel = '20' as ChannelId
export const inRoom: AclTarget = { kind: 'room', room, channel }
export const inChannel: AclTarget = { kind: 'channel', channel }

export function visitor(over: Partial<Visitor> = {}): Visitor {
  return {
    rules: DEFAULT_RULES,
    user: '1001' as UserId,
    target: inRoom,
    attributes: {},
    isRoomOwner: false,
    isRoomModerator: false,
    isChannelOwner: false,
    isChannelAdmin: false,
    isOperator: false,
    isSuperuser: false,
    origin: null,
    ...over,
  }
}
