// PUT /2/chat/conversations/{id}/avatar: ours. The avatar's address under the group's key, signed by an admin.
import { actionSignatures } from '../actions.ts'
import { retitleRoute } from '../retitle.ts'
import { encryptedText, object } from '../schema.ts'

const body = object({ encrypted_avatar_url: encryptedText, action_signatures: actionSignatures })

export const updateChatGroupAvatar = retitleRoute(
  'updateChatGroupAvatar',
  'avatar',
  body,
  sent => sent.encrypted_avatar_url,
)
