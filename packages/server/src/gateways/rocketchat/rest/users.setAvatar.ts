// `users.setAvatar`: a picture as a form, of the caller or, by who may, of somebody else. Addresses of pictures are refused:
// a server that fetches what clients name can be sent anywhere.
import { MeteorError } from '../errors.ts'
import { isRefused, readForm } from '../files/form.ts'
import { AVATAR_BYTES } from '../limits.ts'
import { uploadRoute } from '../route.ts'
import { setAvatar } from '../users/avatars.ts'
import { namesSomebody, personFrom, standsAbove } from '../users/find.ts'

const METHOD = { method: 'users.setAvatar' }
const tooLarge = new MeteorError('error-file-too-large', `File exceeds the allowed size of ${AVATAR_BYTES} bytes`)

export const usersSetAvatar = uploadRoute({
  paths: ['/v1/users.setAvatar'],
  async run({ gate, caller }, request) {
    const others = gate.permissions.may(caller.account, 'edit-other-user-avatar')
    if (!others && !gate.settings.get('Accounts_AllowUserAvatarChange'))
      return new MeteorError('error-not-allowed', 'Change avatar is not allowed', METHOD)
    const chunks: Buffer[] = []
    let bytes = 0
    const fields = await readForm(
      request,
      async file => {
        for await (const chunk of file.chunks) {
          bytes += chunk.length
          if (bytes > AVATAR_BYTES) return tooLarge
          chunks.push(chunk)
        }
        return null
      },
      'image',
    )
    if (isRefused(fields)) return fields
    const who = { userId: fields.get('userId'), username: fields.get('username') }
    const person = namesSomebody(who) ? await personFrom(gate, who) : await gate.people.about(caller.account)
    if (person instanceof MeteorError) return person
    const isOther = person.account.id !== caller.account.id
    if (isOther && (!others || standsAbove(person.account, caller.account)))
      return new MeteorError('error-not-allowed', 'Not allowed', METHOD)
    return (await setAvatar(gate, person, Buffer.concat(chunks))) ?? {}
  },
})
