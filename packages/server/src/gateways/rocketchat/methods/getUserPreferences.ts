// `getUserPreferences`: what the caller has set for their clients, and the defaults of the rest.

import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { preferencesOf } from '../users/preferences.ts'

export const getUserPreferences = method({
  name: 'getUserPreferences',
  params: nothing,
  run: async ({ gate, caller }) => preferencesOf(gate, (await gate.people.about(caller.account)).profile),
})
