// `saveUserPreferences`: what a user has set for their clients.

import { isRefused } from '../../../identity/rejection.ts'
import { MeteorError } from '../errors.ts'
import { tellUser } from '../live/tell.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { preferencesOf, preferencesShape, savedPreferences } from '../users/preferences.ts'

export const saveUserPreferences = method({
  name: 'saveUserPreferences',
  params: list(preferencesShape),
  async run({ gate, caller }, [given]) {
    const changed = await gate.people.change(caller.account.id, { profile: savedPreferences(given) })
    if (isRefused(changed)) return new MeteorError('error-conflict', 'Try again', { method: 'saveUserPreferences' })
    const preferences = preferencesOf(gate, changed.profile)
    const told = { type: 'updated', id: caller.account.id, diff: { 'settings.preferences': preferences }, unset: {} }
    tellUser(gate.parts, caller.account.id, 'userData', told)
    return true
  },
})
