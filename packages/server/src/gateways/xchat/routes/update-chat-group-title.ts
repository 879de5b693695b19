// PUT /2/chat/conversations/{id}/title: ours. The title under the group's key, signed by an admin. With a rotation it is
// sent along with the members (`encrypted_title`).
import { actionSignatures } from '../actions.ts'
import { retitleRoute } from '../retitle.ts'
import { encryptedText, object } from '../schema.ts'

const body = object({ encrypted_title: encryptedText, action_signatures: actionSignatures })

export const updateChatGroupTitle = retitleRoute('updateChatGroupTitle', 'title', body, sent => sent.encrypted_title)
