// What a room's document and a membership of it say of the room that it hangs on: a discussion's parent, a room's team.
import { uuidOf } from '@conclave/wire'
import { isTeam, type RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { ridOf } from '../names.ts'

/** A team goes by its main room's id. Of a parent or a team that is gone nothing is said. */
export async function branchDocument(
  { reading }: GatewayParts,
  room: RoomState,
): Promise<Readonly<Record<string, unknown>>> {
  const { discussionOf, team } = room
  if (!discussionOf && !team) return NOTHING
  const parent = discussionOf && (await reading.room(discussionOf.parent))?.room
  const main = team && (await reading.room(team.main))?.room
  return {
    ...(parent ? { prid: ridOf(parent) } : {}),
    ...(team && main && isTeam(main) ? { teamId: uuidOf(team.main) } : {}),
    ...(isTeam(room) ? { teamMain: true } : {}),
    ...(team?.isDefault && main && isTeam(main) ? { teamDefault: true } : {}),
  }
}
const NOTHING = {}
