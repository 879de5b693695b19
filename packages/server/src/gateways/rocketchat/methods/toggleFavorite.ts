// `toggleFavorite`: a room among the user's favorites, or not. The result is how many were changed.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id } from '../params.ts'
import { keep, ownMembership } from '../rooms/membership-acts.ts'

const NAME = 'toggleFavorite'

export const toggleFavorite = method({
  name: NAME,
  params: z.union([z.tuple([id]), z.tuple([id, z.boolean().nullish()]).rest(z.unknown())]),
  async run({ gate, caller }, [rid, f]) {
    const own = await ownMembership(gate, caller, rid)
    if (!own)
      return new MeteorError('error-invalid-subscription', 'You must be part of a room to favorite it', {
        method: NAME,
      })
    const favorite = f ?? true
    if ((own.membership.kept.f ?? false) === favorite) return 0
    await keep(gate, own, { fields: { f: favorite } })
    return 1
  },
})
