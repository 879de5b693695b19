// Routes about rooms that hang on others, and ways into rooms: discussions, teams, links.
import type { Route } from '../route.ts'
import { invites } from './invites.ts'
import { roomsCreateDiscussion } from './rooms.createDiscussion.ts'
import { roomsGetDiscussions } from './rooms.getDiscussions.ts'
import { teamLists } from './teams.lists.ts'
import { teamMembers } from './teams.members.ts'
import { teamRooms } from './teams.rooms.ts'
import { teams } from './teams.ts'

export const TEAMS: readonly Route[] = [
  ...invites,
  roomsCreateDiscussion,
  roomsGetDiscussions,
  ...teams,
  ...teamLists,
  ...teamMembers,
  ...teamRooms,
]
