// `createDirectMessage`: the one direct room of two users, made when there is none.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { createRoom, usersNamed } from '../create.ts'
import { suiteOfNew } from '../encryption.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { pairOf, ridOf } from '../names.ts'
import { id } from '../params.ts'

const NAME = 'createDirectMessage'

export const createDirectMessage = method({
  name: NAME,
  params: z.array(z.unknown()).min(1).max(8),
  async run(call, given) {
    const { parts } = call.gate
    const { account } = call.caller
    const names = given.filter(one => typeof one === 'string').map(one => id.safeParse(one))
    if (names.some(one => !one.success) || names.length === 0) return new MeteorError(400, 'Match failed')
    const users = await usersNamed(
      call.gate,
      names.map(one => one.data as string),
    )
    const [other] = users
    if (other === undefined) return new MeteorError('error-invalid-user', 'Invalid user', { method: NAME })
    if (users.length > 1 || names.length > 1) return notAllowed(NAME, 'A direct room has two users')
    if (other === account.id) return notAllowed(NAME, 'Nobody talks to themselves')
    const pair = pairOf(account.id, other)
    const known = await parts.reading.direct(pair, 'direct')
    if (known) return { rid: ridOf(known), _id: ridOf(known), t: 'd', inserted: false }
    const suite = suiteOfNew(call.gate, 'd', undefined)
    if (suite instanceof MeteorError) return suite
    const members = [...pair]
    const made = await createRoom(call, {
      kind: 'direct',
      suite,
      name: null,
      topic: '',
      members,
      owners: [],
      pair,
    })
    if (!isRejection(made)) return { rid: ridOf(made), _id: ridOf(made), t: 'd', inserted: true }
    const raced = made.rejected === 'room.taken' ? await parts.reading.direct(pair, 'direct') : undefined
    return raced ? { rid: ridOf(raced), _id: ridOf(raced), t: 'd', inserted: false } : errorOf(made, NAME)
  },
})
