// What an operator may see of rooms: names and numbers, never content.
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { everyRoom } from './every.ts'

export interface RoomShown {
  readonly id: string
  readonly uuid: string
  readonly name: string | null
  readonly kind: string
  readonly suite: string
  readonly members: number
  readonly sequence: number
  readonly closed: boolean
}

export async function listRooms(core: Core): Promise<RoomShown[]> {
  const shown: RoomShown[] = []
  await everyRoom(core.store, async id => {
    const [state, head] = [await core.rooms.load(id), await core.store.head(id)]
    if (!state || state.removed) return
    const { name, kind, suite, members, closed } = state
    shown.push({
      id,
      uuid: uuidOf(id),
      name,
      kind,
      suite,
      members: members.size,
      sequence: head?.sequence ?? 0,
      closed,
    })
  })
  return shown
}
