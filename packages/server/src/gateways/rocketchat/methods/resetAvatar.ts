// `resetAvatar`: the picture goes.
import { invalidUser, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { resetAvatar as dropAvatar } from '../users/avatars.ts'
import { personWithId, standsAbove } from '../users/find.ts'

export const resetAvatar = method({
  name: 'resetAvatar',
  params: list(id.nullish()),
  async run({ gate, caller }, [user]) {
    const isOwn = user === undefined || user === null || user === caller.account.id
    const may = isOwn
      ? gate.settings.get('Accounts_AllowUserAvatarChange')
      : gate.permissions.may(caller.account, 'edit-other-user-avatar')
    if (!may) return notAllowed('resetAvatar')
    const person = isOwn ? await gate.people.about(caller.account) : await personWithId(gate, user)
    if (person && standsAbove(person.account, caller.account)) return notAllowed('resetAvatar')
    return person ? ((await dropAvatar(gate, person)) ?? undefined) : invalidUser('resetAvatar')
  },
})
