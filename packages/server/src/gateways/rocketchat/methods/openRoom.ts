// `openRoom`, `hideRoom`: a room in the user's list, or out of it until somebody else writes. The result is how many were
// changed.

import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { keep, ownMembership } from '../rooms/membership-acts.ts'
import { isOpen } from '../rooms/subscription-document.ts'

const change = (name: string, hidden: boolean) =>
  method({
    name,
    params: list(id),
    async run({ gate, caller }, [rid]) {
      const own = await ownMembership(gate, caller, rid)
      if (!own || isOpen(own.room, own.membership) !== hidden) return 0
      await keep(gate, own, { hidden })
      return 1
    },
  })

export const openRoom = change('openRoom', false)
export const hideRoom = change('hideRoom', true)
