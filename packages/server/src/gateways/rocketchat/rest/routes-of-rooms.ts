// Routes about rooms and who is in them.
import type { Route } from '../route.ts'
import { channelsAnonymousread } from './channels.anonymousread.ts'
import { directory } from './directory.ts'
import { addAll } from './families/addAll.ts'
import { create } from './families/create.ts'
import { info } from './families/info.ts'
import { invite } from './families/invite.ts'
import { life } from './families/life.ts'
import { lists } from './families/lists.ts'
import { members } from './families/members.ts'
import { people } from './families/people.ts'
import { roles } from './families/roles.ts'
import { settings } from './families/settings.ts'
import { roomsAdminRooms } from './rooms.adminRooms.ts'
import { roomsAutocomplete } from './rooms.autocomplete.ts'
import { roomsBannedUsers } from './rooms.bannedUsers.ts'
import { roomsChangeArchivationState } from './rooms.changeArchivationState.ts'
import { roomsCleanHistory } from './rooms.cleanHistory.ts'
import { roomsDelete } from './rooms.delete.ts'
import { roomsExport } from './rooms.export.ts'
import { roomsInfo } from './rooms.info.ts'
import { roomsInvite } from './rooms.invite.ts'
import { roomsJoin } from './rooms.join.ts'
import { roomsLeave } from './rooms.leave.ts'
import { roomsMembers } from './rooms.members.ts'
import { roomsModeration } from './rooms.moderation.ts'
import { roomsNameExists } from './rooms.nameExists.ts'
import { roomsSaveRoomSettings } from './rooms.saveRoomSettings.ts'
import { spotlight } from './spotlight.ts'

export const ROOMS: readonly Route[] = [
  ...addAll,
  channelsAnonymousread,
  ...create,
  directory,
  ...info,
  ...invite,
  ...life,
  ...lists,
  ...members,
  ...people,
  ...roles,
  ...settings,
  ...roomsAdminRooms,
  ...roomsAutocomplete,
  roomsBannedUsers,
  roomsChangeArchivationState,
  roomsCleanHistory,
  roomsDelete,
  roomsExport,
  roomsInfo,
  roomsInvite,
  roomsJoin,
  roomsLeave,
  ...roomsMembers,
  ...roomsModeration,
  roomsNameExists,
  roomsSaveRoomSettings,
  spotlight,
]
