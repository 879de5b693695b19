// `addUsersToRoom`, and `addUserToRoom` for one: by name. Who is a member already stays one; an X room's members are added
// over X alone.
import { z } from 'zod'
import { invalidRoom, MeteorError } from '../errors.ts'
import { type Call, method } from '../method.ts'
import { id, list, usernames } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { add } from '../rooms/room-acts.ts'
import { personNamed } from '../users/find.ts'

const NAME = 'addUsersToRoom'

export const addUsersToRoom = method({
  name: NAME,
  params: list(z.object({ rid: id, users: usernames })),
  run: (call, [{ rid, users }]) => addNamed(call, rid, users),
})

export const addUserToRoom = method({
  name: 'addUserToRoom',
  params: list(z.object({ rid: id, username: id })),
  run: (call, [{ rid, username }]) => addNamed(call, rid, [username]),
})

async function addNamed(call: Call, rid: string, names: readonly string[]): Promise<true | MeteorError> {
  const { gate, caller } = call
  const found = await governed(gate, caller, rid)
  if (!found) return invalidRoom(NAME)
  const users = []
  for (const username of names) {
    const person = await personNamed(gate, username.replace(/^@/, ''))
    if (!person) return new MeteorError('error-invalid-username', 'Invalid username', { method: NAME })
    users.push(person.account.id)
  }
  const added = await add(call, found, [...new Set(users)], NAME)
  return added instanceof MeteorError ? added : true
}
