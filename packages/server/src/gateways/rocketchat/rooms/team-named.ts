// The team that a request names: by its id, which is its main room's, or by its name, which is its main room's too.
import { idOfUuid, type RoomId } from '@conclave/wire'
import { z } from 'zod'
import { isTeam } from '../../../room/state.ts'
import type { Gate } from '../gate.ts'
import { ID_TEXT } from '../limits.ts'
import type { Found } from '../names.ts'

const text = z.string().max(ID_TEXT).nullish()
export const TEAM_NAMED = { teamId: text, teamName: text } as const
interface Named {
  readonly teamId?: string | null | undefined
  readonly teamName?: string | null | undefined
}

/** Its main room, whoever asks: who may see or do what there is the caller's matter. */
export async function teamNamed({ parts: { reading } }: Gate, { teamId, teamName }: Named): Promise<Found | undefined> {
  if (teamId) {
    const id = idOfUuid(teamId)
    const found = id === undefined ? undefined : await reading.room(id as RoomId)
    return found && isTeam(found.room) ? found : undefined
  }
  if (!teamName) return undefined
  for (const room of await reading.named(teamName)) if (isTeam(room)) return reading.room(room.id)
  return undefined
}
