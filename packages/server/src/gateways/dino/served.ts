// The events of this wire by their names: each has its file under events/.
import { banUser } from './events/ban.ts'
import { createRoom } from './events/create.ts'
import { deleteMessages } from './events/delete.ts'
import { getAcl } from './events/get_acl.ts'
import { history } from './events/history.ts'
import { inviteUser } from './events/invite.ts'
import { join } from './events/join.ts'
import { kickUser } from './events/kick.ts'
import { leave } from './events/leave.ts'
import { listChannels } from './events/list_channels.ts'
import { listRooms } from './events/list_rooms.ts'
import { login } from './events/login.ts'
import { message } from './events/message.ts'
import { msgStatus } from './events/msg_status.ts'
import { readMessages } from './events/read.ts'
import { receivedMessages } from './events/received.ts'
import { removeRoom } from './events/remove_room.ts'
import { renameRoom } from './events/rename_room.ts'
import { reportMessage } from './events/report.ts'
import { requestAdmin } from './events/request_admin.ts'
import { setAcl } from './events/set_acl.ts'
import { changeStatus } from './events/status.ts'
import { updateUserInfo } from './events/update_user_info.ts'
import { usersInRoom } from './events/users_in_room.ts'
import { whisperTo } from './events/whisper.ts'
import type { EventHandler, LoginHandler } from './gate.ts'
import type { Served } from './request.ts'

const REQUESTS: Readonly<Record<string, EventHandler>> = {
  ban: banUser,
  create: createRoom,
  delete: deleteMessages,
  get_acl: getAcl,
  history,
  invite: inviteUser,
  join,
  kick: kickUser,
  leave,
  list_channels: listChannels,
  list_rooms: listRooms,
  msg_status: msgStatus,
  read: readMessages,
  received: receivedMessages,
  remove_room: removeRoom,
  rename_room: renameRoom,
  report: reportMessage,
  request_admin: requestAdmin,
  set_acl: setAcl,
  status: changeStatus,
  update_user_info: updateUserInfo,
  users_in_room: usersInRoom,
  whisper: whisperTo,
}

const SERVED = new Map<unknown, Served>([
  ['login', { event: 'login', anonymous: true, run: login satisfies LoginHandler }],
  ['message', { event: 'message', anonymous: false, pipelined: true, run: message }],
  ...Object.entries(REQUESTS).map(([event, run]) => entry(event, run)),
])

function entry(event: string, run: EventHandler): [string, Served] {
  return [event, { event, anonymous: false, pipelined: false, run }]
}

/** `event`: whatever the client named. */
export function servedAs(event: unknown): Served | undefined {
  return SERVED.get(event)
}
