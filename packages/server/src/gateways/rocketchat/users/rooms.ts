// Somebody's rooms in brief, as `users.info` lists them. Which of X's groups others are in, nobody is told.
import type { Account } from '../../../room/facts.ts'
import type { Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { subscriptionDocuments } from '../rooms/subscription-document.ts'

export async function roomsOfUser(gate: Gate, account: Account, isOwn: boolean): Promise<Document[]> {
  const rooms = await gate.parts.reading.roomsOf(account.id)
  const told = rooms.filter(({ suite }) => isOwn || suite !== 'xchat')
  const shown = await subscriptionDocuments(gate, account, told)
  return shown
    .map(({ _id, rid, name, t, roles, unread }) => ({ _id, rid, name, t, roles, unread }))
    .sort((a, b) => (`${a.t} ${a.name}` < `${b.t} ${b.name}` ? -1 : 1))
}
