// `users.resetAvatar`: the picture goes.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { resetAvatar } from '../users/avatars.ts'
import { namesSomebody, personFrom, standsAbove, WHO } from '../users/find.ts'

export const usersResetAvatar = route({
  verb: 'POST',
  paths: ['/v1/users.resetAvatar'],
  input: z.looseObject(WHO),
  async run({ gate, caller }, given) {
    const person = namesSomebody(given) ? await personFrom(gate, given) : await gate.people.about(caller.account)
    if (person instanceof MeteorError) return person
    const isOwn = person.account.id === caller.account.id
    const others = ['edit-other-user-avatar', 'manage-moderation-actions'] as const
    const may =
      (isOwn && gate.settings.get('Accounts_AllowUserAvatarChange')) ||
      others.some(id => gate.permissions.may(caller.account, id))
    if (!may || standsAbove(person.account, caller.account))
      return new MeteorError('error-not-allowed', 'Reset avatar is not allowed', { method: 'users.resetAvatar' })
    return (await resetAvatar(gate, person)) ?? {}
  },
})
