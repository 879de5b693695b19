// POST /2/chat/conversations/{id}/admins: ours. Members of a group become its admins, by an admin's signature.
import { checkMakesAdmins } from '../../../room/admins.ts'
import { adminsRoute } from '../admins.ts'

export const addChatGroupAdmins = adminsRoute('addChatGroupAdmins', 'POST', true, checkMakesAdmins)
