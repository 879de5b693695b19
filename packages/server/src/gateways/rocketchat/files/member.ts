// The room that somebody acts in with files: members alone send and confirm them.
import type { Caller, Gate } from '../gate.ts'
import { type Found, roomOf } from '../names.ts'

/** undefined for a room that there is not, and alike for one that is not theirs. */
export async function roomOfMember({ parts }: Gate, { account }: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(parts, account, rid)
  return found?.room.members.has(account.id) ? found : undefined
}
