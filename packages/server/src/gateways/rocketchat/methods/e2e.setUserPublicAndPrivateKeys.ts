// `e2e.setUserPublicAndPrivateKeys` (rocketchat.md 5.2). Whoever has a pair can be given room keys: the rooms in which
// the caller waits for one are told.
import { z } from 'zod'
import { isRefused } from '../../../identity/rejection.ts'
import { MeteorError } from '../errors.ts'
import { SIGNAL } from '../live/tell.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'

const NAME = 'e2e.setUserPublicAndPrivateKeys'

export const e2eSetUserPublicAndPrivateKeys = method({
  name: NAME,
  params: list(z.object({ public_key: z.string(), private_key: z.string(), force: z.boolean().nullish() })),
  async run({ gate, caller }, [{ public_key: publicKey, private_key: privateKey, force }]) {
    const { identity, reading, bus } = gate.parts
    const user = caller.account.id
    const set = await identity.keyPairs.set(user, { publicKey, privateKey }, force === true)
    if (isRefused(set)) {
      return set.rejected === 'pair.exists'
        ? new MeteorError('error-keys-already-set', 'Keys already set', { method: NAME })
        : new MeteorError('error-invalid-keys', 'Invalid keys', { method: NAME })
    }
    for (const room of await reading.roomsOf(user)) {
      if (room.suite !== 'rocketchat' || !room.epoch || room.keys.get(user)?.accepted) continue
      bus.publish(`room:${room.id}`, { kind: 'signal', name: SIGNAL.queue, room: room.id, from: null, args: [] })
    }
    return undefined
  },
})
