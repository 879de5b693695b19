// Rooms made over this wire: they lie in the server's own channel and take a name that no other plain room has.

import type { RoomId, UserId } from '@conclave/wire'
import { blankRoom } from '../../room/commands/create-room.ts'
import type { RoomKind, Suite } from '../../room/events.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Call } from './method.ts'
import { submit } from './submit.ts'

export interface NewRoom {
  readonly kind: RoomKind
  readonly suite: Suite
  readonly name: string | null
  readonly topic: string
  readonly members: readonly UserId[]
  readonly owners: readonly UserId[]
  readonly pair: readonly [UserId, UserId] | null
}

export async function createRoom(call: Call, room: NewRoom): Promise<RoomState | Rejection> {
  const { parts } = call.gate
  const done = await submit(
    call,
    parts.newId() as RoomId,
    {
      command: 'create-room',
      actor: call.caller.account.id,
      claimName: room.name !== null,
      slot: null,
      epoch: null,
      room: blankRoom(room),
    },
    parts.roomsChannel,
  )
  return isRejection(done) ? done : done.room
}

/** The users of these names; names that nobody has are left out, as the real server does. */
export async function usersNamed(parts: GatewayParts, names: readonly string[]): Promise<UserId[]> {
  const found = new Set<UserId>()
  for (const name of names) {
    const account = await parts.identity.users.find({ username: name.replace(/^@/, '') })
    if (account?.active) found.add(account.id)
  }
  return [...found]
}
