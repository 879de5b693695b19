// The events of this wire by their names: each has its file under events/.
import { malformed } from './errors.ts'
import { history } from './events/history.ts'
import { join } from './events/join.ts'
import { leave } from './events/leave.ts'
import { listChannels } from './events/list_channels.ts'
import { listRooms } from './events/list_rooms.ts'
import { login } from './events/login.ts'
import { message } from './events/message.ts'
import { usersInRoom } from './events/users_in_room.ts'
import { type EventHandler, type LoginHandler, refused } from './gate.ts'
import type { Served } from './session.ts'

const REQUESTS: Readonly<Record<string, EventHandler>> = {
  list_channels: listChannels,
  list_rooms: listRooms,
  join,
  leave,
  users_in_room: usersInRoom,
  history,
}

/** Events of the seed that this server does not serve yet: known by name, so that they are answered. */
const LATER = [
  'received',
  'read',
  'msg_status',
  'update_user_info',
  'request_admin',
  'report',
  'status',
  'get_acl',
  'set_acl',
  'create',
  'invite',
  'delete',
  'kick',
  'ban',
  'remove_room',
  'rename_room',
  'whisper',
]

const later: EventHandler = async () => refused(malformed('this server does not serve this event yet'))

const SERVED = new Map<unknown, Served>([
  ['login', { event: 'login', anonymous: true, run: login satisfies LoginHandler }],
  ['message', { event: 'message', anonymous: false, pipelined: true, run: message }],
  ...Object.entries(REQUESTS).map(([event, run]) => entry(event, run)),
  ...LATER.map(event => entry(event, later)),
])

function entry(event: string, run: EventHandler): [string, Served] {
  return [event, { event, anonymous: false, pipelined: false, run }]
}

/** `event`: whatever the client named. */
export function servedAs(event: unknown): Served | undefined {
  return SERVED.get(event)
}
