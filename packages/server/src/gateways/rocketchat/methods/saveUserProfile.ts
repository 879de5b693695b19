// `saveUserProfile`: what a user changes of themselves. A new password or address wants a second factor, also where the
// client brings it as `typedPassword`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { PASSWORD_TEXT } from '../limits.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { saveOwnProfile, USER_FIELDS } from '../users/save.ts'
import { checkSecondFactor, proofIn } from '../users/second-factor.ts'
import { setStatus } from '../users/status.ts'

const shape = z.looseObject({
  email: USER_FIELDS.email,
  username: USER_FIELDS.username,
  realname: USER_FIELDS.name,
  nickname: USER_FIELDS.nickname,
  bio: USER_FIELDS.bio,
  statusText: USER_FIELDS.statusText,
  statusType: z.string().max(32).optional(),
  typedPassword: z.string().max(PASSWORD_TEXT).optional(),
  newPassword: z.string().max(PASSWORD_TEXT).optional(),
})

export const saveUserProfile = method({
  name: 'saveUserProfile',
  params: list(shape, USER_FIELDS.customFields.nullish(), z.unknown().optional()),
  async run({ gate, caller }, [given, customFields, last]) {
    if (given.email || given.newPassword) {
      const { proof } = proofIn([last])
      const typed = given.typedPassword ? { code: given.typedPassword, method: 'password' } : null
      const refused = await checkSecondFactor(gate, caller, { remember: false, required: true }, proof ?? typed)
      if (refused) return refused
    }
    if (given.statusType) {
      const refused = await setStatus(gate, caller.account, { status: given.statusType }, 'setUserStatus')
      if (refused) return refused
    }
    const saved = await saveOwnProfile(gate, caller, given, customFields ?? undefined)
    return saved instanceof MeteorError ? saved : true
  },
})
