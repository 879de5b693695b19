// Somebody's rooms in brief, as `users.info` lists them.
import type { Account } from '../../../room/facts.ts'
import { type Document, subscriptionDocument } from '../encode.ts'
import type { Gate } from '../gate.ts'

export async function roomsOfUser({ parts }: Gate, account: Account): Promise<Document[]> {
  const rooms = await parts.reading.roomsOf(account.id)
  const shown = await Promise.all(rooms.map(room => subscriptionDocument(parts, room, account, { keys: 'own' })))
  return shown
    .map(({ _id, rid, name, t, roles, unread }) => ({ _id, rid, name, t, roles, unread }))
    .sort((a, b) => (`${a.t} ${a.name}` < `${b.t} ${b.name}` ? -1 : 1))
}
