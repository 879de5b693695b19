// `readMessages`: everything in a room is read; with the second argument the replies in its threads too.
import { z } from 'zod'
import { internal, MeteorError, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id } from '../params.ts'
import { mayEnter } from '../rooms/access.ts'
import { membershipIn, readAll } from '../rooms/membership-acts.ts'

const NAME = 'readMessages'

export const readMessages = method({
  name: NAME,
  params: z.union([z.tuple([id]), z.tuple([id, z.boolean().nullish()]).rest(z.unknown())]),
  async run({ gate, caller }, [rid, threads]) {
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return new MeteorError('error-room-does-not-exist', 'This room does not exist', { method: NAME })
    const own = await membershipIn(gate, caller, found)
    // Without a membership the real server falls over here (RC-192); its clients know that answer.
    if (!own) return mayEnter(gate, caller, found) ? internal : notAllowed(NAME)
    await readAll(gate, own, threads ?? false)
    return undefined
  },
})
