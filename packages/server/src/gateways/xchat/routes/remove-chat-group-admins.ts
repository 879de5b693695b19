// DELETE /2/chat/conversations/{id}/admins: ours. Admins of a group become ordinary members, by an admin's signature.
import { checkAdmin } from '../../../room/admins.ts'
import { adminsRoute } from '../admins.ts'

export const removeChatGroupAdmins = adminsRoute('removeChatGroupAdmins', 'DELETE', false, checkAdmin)
