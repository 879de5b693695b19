// Somebody's rooms in brief, as `users.info` lists them.
import type { Account } from '../../../room/facts.ts'
import type { Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { subscriptionDocuments } from '../subscription-document.ts'

export async function roomsOfUser(gate: Gate, account: Account): Promise<Document[]> {
  const shown = await subscriptionDocuments(gate, account, await gate.parts.reading.roomsOf(account.id))
  return shown
    .map(({ _id, rid, name, t, roles, unread }) => ({ _id, rid, name, t, roles, unread }))
    .sort((a, b) => (`${a.t} ${a.name}` < `${b.t} ${b.name}` ? -1 : 1))
}
