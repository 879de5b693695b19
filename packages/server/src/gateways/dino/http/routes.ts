// The routes of the HTTP API by their paths: each has its file under routes/.
import type { Route } from './route.ts'
import { deleteBan, postBan } from './routes/ban.ts'
import { banned } from './routes/banned.ts'
import { addWord, dropWord } from './routes/blacklist.ts'
import { broadcast } from './routes/broadcast.ts'
import { countJoins } from './routes/count-joins.ts'
import { create } from './routes/create.ts'
import { deleteMessages } from './routes/delete-messages.ts'
import { getAcl } from './routes/get-acl.ts'
import { heartbeat } from './routes/heartbeat.ts'
import { fullHistory, history, latestHistory } from './routes/history.ts'
import { join, leave } from './routes/join.ts'
import { kick } from './routes/kick.ts'
import { lastOnline } from './routes/last-online.ts'
import { deleteMute, postMute } from './routes/mute.ts'
import { muted } from './routes/muted.ts'
import { postAcl } from './routes/post-acl.ts'
import { roles } from './routes/roles.ts'
import { rooms } from './routes/rooms.ts'
import { roomsAcl } from './routes/rooms-acl.ts'
import { roomsForUsers } from './routes/rooms-for-users.ts'
import { send } from './routes/send.ts'
import { removeAdmin, setAdmin } from './routes/set-admin.ts'
import { status } from './routes/status.ts'
import { usersInRooms } from './routes/users-in-rooms.ts'

export const ROUTES: readonly Route[] = [
  getAcl,
  postAcl,
  postBan,
  deleteBan,
  banned,
  postMute,
  deleteMute,
  muted,
  kick,
  roles,
  setAdmin,
  removeAdmin,
  send,
  broadcast,
  create,
  join,
  leave,
  rooms,
  roomsAcl,
  roomsForUsers,
  usersInRooms,
  countJoins,
  history,
  latestHistory,
  fullHistory,
  deleteMessages,
  lastOnline,
  addWord,
  dropWord,
  heartbeat,
  status,
]
