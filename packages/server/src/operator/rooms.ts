// What an operator may see of rooms and sanctions: names and numbers, never content.
import type { RoomId, UserId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import type { Sanction } from '../room/events.ts'

const PAGE = 500

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
  await eachRoom(core, async id => {
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

export interface SanctionShown {
  readonly scope: 'global' | 'channel' | 'room'
  readonly target: string | null
  readonly kind: Sanction['kind']
  readonly user: string
  readonly until: string | null
  readonly reason: string
}

/** Those in force. */
export async function listSanctions(core: Core): Promise<SanctionShown[]> {
  const now = core.clock.now()
  const found: SanctionShown[] = []
  const add = (scope: SanctionShown['scope'], target: string | null, sanctions: readonly Sanction[]): void => {
    for (const { kind, user, until, reason } of sanctions) {
      if (until !== null && until <= now) continue
      found.push({ scope, target, kind, user, until: until === null ? null : new Date(until).toISOString(), reason })
    }
  }
  for (let after: UserId | null = null; ; ) {
    const page = await core.store.accounts(after, PAGE)
    for (const account of page) add('global', null, account.sanctions)
    if (page.length < PAGE) break
    after = (page.at(-1)?.id ?? null) as UserId | null
  }
  for (const channel of await core.store.channels()) add('channel', uuidOf(channel.id), channel.sanctions)
  await eachRoom(core, async id => {
    const state = await core.rooms.load(id)
    if (state) add('room', uuidOf(id), state.sanctions)
  })
  return found
}

async function eachRoom(core: Core, visit: (id: RoomId) => Promise<void>): Promise<void> {
  for (let after: RoomId | null = null; ; ) {
    const page: readonly RoomId[] = await core.store.allRooms(after, PAGE)
    for (const id of page) await visit(id)
    if (page.length < PAGE) return
    after = page.at(-1) ?? null
  }
}
