// `users.setPreferences`: what a user, or an administrator for them, sets for their clients.
import { z } from 'zod'
import { isRefused } from '../../../identity/rejection.ts'
import { MeteorError } from '../errors.ts'
import { tellUser } from '../live/tell.ts'
import { route } from '../route.ts'
import { personWithId, standsAbove } from '../users/find.ts'
import { preferencesOf, preferencesShape, savedPreferences } from '../users/preferences.ts'

export const usersSetPreferences = route({
  verb: 'POST',
  paths: ['/v1/users.setPreferences'],
  input: z.looseObject({ userId: z.string().max(256).optional(), data: preferencesShape }),
  async run({ gate, caller }, { userId, data }) {
    const isOwn = userId === undefined || userId === caller.account.id
    if (!isOwn && !gate.permissions.may(caller.account, 'edit-other-user-info'))
      return new MeteorError('error-action-not-allowed', 'Editing user is not allowed')
    const target = isOwn ? await gate.people.about(caller.account) : await personWithId(gate, userId)
    if (!target)
      return new MeteorError('error-invalid-user', 'The optional "userId" param provided does not match any users')
    if (standsAbove(target.account, caller.account))
      return new MeteorError('error-action-not-allowed', 'Editing user is not allowed')
    const changed = await gate.people.change(target.account.id, { profile: savedPreferences(data) })
    if (isRefused(changed)) return new MeteorError('error-conflict', 'Try again')
    const { account, profile } = changed
    const preferences = preferencesOf(gate, profile)
    const told = { type: 'updated', id: account.id, diff: { 'settings.preferences': preferences }, unset: {} }
    tellUser(gate.parts, account.id, 'userData', told)
    const language = profile.language === null ? {} : { language: profile.language }
    return { user: { _id: account.id, settings: { preferences: { ...profile.preferences, ...language } } } }
  },
})
