// `users.updateOwnBasicInfo`: what a user changes of themselves. A new password or address wants the current password.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { PASSWORD_TEXT } from '../limits.ts'
import { route } from '../route.ts'
import { fullDocument } from '../users/documents.ts'
import { saveOwnProfile, USER_FIELDS } from '../users/save.ts'
import { checkSecondFactor, proofOf } from '../users/second-factor.ts'
import { setStatus } from '../users/status.ts'

export const usersUpdateOwnBasicInfo = route({
  verb: 'POST',
  paths: ['/v1/users.updateOwnBasicInfo'],
  input: z.looseObject({
    data: z.looseObject({
      email: USER_FIELDS.email,
      name: USER_FIELDS.name,
      username: USER_FIELDS.username,
      nickname: USER_FIELDS.nickname,
      bio: USER_FIELDS.bio,
      statusText: USER_FIELDS.statusText,
      statusType: z.string().max(32).optional(),
      currentPassword: z.string().max(PASSWORD_TEXT).optional(),
      newPassword: z.string().max(PASSWORD_TEXT).optional(),
    }),
    customFields: USER_FIELDS.customFields,
  }),
  async run({ gate, caller, header }, { data, customFields }) {
    const given = { ...data, realname: data.name, statusType: undefined }
    if (data.email || data.newPassword) {
      const proof = data.currentPassword
        ? { code: data.currentPassword, method: 'password' }
        : proofOf(header('x-2fa-code'), header('x-2fa-method'))
      const refused = await checkSecondFactor(gate, caller, { remember: false, required: true }, proof)
      if (refused) return refused
    }
    if (data.statusType !== undefined) {
      const refused = await setStatus(gate, caller.account, { status: data.statusType }, 'setUserStatus')
      if (refused) return refused
    }
    const saved = await saveOwnProfile(gate, caller, given, customFields)
    return saved instanceof MeteorError ? saved : { user: await fullDocument(gate, saved) }
  },
})
